/** Where the character begins that the byte at `at` is part of, in UTF-8. */
export function characterStart(text: Buffer, at: number): number {
  let start = Math.min(at, text.length);
  while (start > 0 && start < text.length && (text[start] & 0xc0) === 0x80) start--;
  return start;
}

/** The beginning of a text, at most so many bytes, no character cut. */
export function firstBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text.slice(0, maxBytes)); // a character has at least one byte
  return bytes.toString('utf8', 0, characterStart(bytes, maxBytes));
}

/** The pieces of a text in UTF-8, each at most `maxBytes` long (4 or more) and made of whole characters. */
export function* piecesOf(
  text: string,
  maxBytes: number,
): Generator<{ readonly startByte: number; readonly text: string }> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length;) {
    const end = characterStart(bytes, start + maxBytes);
    yield { startByte: start, text: bytes.toString('utf8', start, end) };
    start = end;
  }
}
