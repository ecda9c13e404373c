import { StringDecoder } from 'node:string_decoder';

const NEWLINE = '\n';

/** Cuts a stream into lines; one that is longer than allowed ends it. */
export class JsonLines {
  private readonly decoder = new StringDecoder('utf8');
  private pieces: string[] = [];
  private length = 0;

  constructor(private readonly maxCharacters: number) {}

  /** @returns The lines that are whole now. @throws {Error} A line is longer. */
  push(piece: Buffer): string[] {
    const text = this.decoder.write(piece);
    const [first, ...rest] = text.split(NEWLINE);
    this.pieces.push(first);
    this.length += first.length;
    const lines: string[] = [];
    for (const next of rest) {
      this.requireRoom();
      lines.push(this.pieces.join(''));
      this.pieces = [next];
      this.length = next.length;
    }
    this.requireRoom();
    return lines;
  }

  private requireRoom(): void {
    if (this.length > this.maxCharacters)
      throw new Error(`It wrote a line of more than ${this.maxCharacters} characters`);
  }
}
