import { isUtf8 } from 'node:buffer';

const CHARSET = /;\s*charset\s*=\s*(?:"([^"]*)"|([^\s;]*))/i;
/** ASCII is part of it; some clients forget the dash; an empty name says nothing. */
const UTF8_NAMES = ['utf-8', 'utf8', 'us-ascii', 'ascii', ''];
const BOM = '\uFEFF';

/** Reads which charset a body is said to have, when that is not UTF-8: then it is refused (415), not guessed at. */
export function foreignCharset(contentType: string | undefined): string | undefined {
  const [, quoted, bare] = CHARSET.exec(contentType ?? '') ?? [];
  const charset = (quoted ?? bare ?? '').trim().toLowerCase();
  return UTF8_NAMES.includes(charset) ? undefined : charset;
}

/** Reads bytes as UTF-8. @returns Undefined: they are something else, and U+FFFD would be stored for what was meant. */
export function utf8Text(bytes: Buffer): string | undefined {
  return isUtf8(bytes) ? withoutMark(bytes.toString('utf8')) : undefined;
}

/** Takes the byte order mark off, which writers should not put there and readers may ignore (RFC 8259, section 8.1). */
export function withoutMark(text: string): string {
  return text.startsWith(BOM) ? text.slice(1) : text;
}
