import { excerptOf } from '../../platform/cut-text.js';
import { replaceSecrets } from '../../platform/secrets/redact.js';

const TAIL_BYTES = 65_536;
const HIDDEN = '[redacted]';

/** Keeps the last 64 KiB of what a program writes to its standard error, for administrators to read. */
export class OutputTail {
  private pieces: Buffer[] = [];
  private bytes = 0;

  write(piece: Buffer): void {
    const kept = piece.length > TAIL_BYTES ? piece.subarray(piece.length - TAIL_BYTES) : piece;
    this.pieces.push(kept);
    this.bytes += kept.length;
    while (this.bytes - (this.pieces[0]?.length ?? 0) >= TAIL_BYTES)
      this.bytes -= this.pieces.shift()!.length;
  }

  /** @param secrets Values that are not shown, beside what looks like a secret. */
  text(secrets: readonly string[]): string {
    const whole = Buffer.concat(this.pieces);
    const text = whole
      .subarray(Math.max(0, whole.length - TAIL_BYTES))
      .toString('utf8')
      .replaceAll('\0', '');
    const shown = hideSecrets(text, secrets);
    return excerptOf(shown, Math.max(0, shown.length - TAIL_BYTES), shown.length);
  }
}

/** A text of an upstream without its secrets, and without what looks like one. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  const named = secrets.filter((secret) => secret.length >= 4);
  const hidden = named.reduce((left, secret) => left.replaceAll(secret, HIDDEN), text);
  return replaceSecrets(hidden, HIDDEN).toWellFormed();
}
