/** Where the character begins that the byte at `at` is part of, in UTF-8. */
export function characterStart(text: Buffer, at: number): number {
  let start = Math.min(at, text.length);
  while (start > 0 && start < text.length && (text[start] & 0xc0) === 0x80) start--;
  return start;
}

/** How far back a better place for an end is looked for. */
const LOOK_BACK_BYTES = 1024;
/** In UTF-8 these bytes are no part of any other character. */
const SEAMS = new Set(Buffer.from('\n,;"{}[]<>|'));

/**
 * Where a part of a text best ends that may reach from `from` to `at`: behind a line, a sentence or a member, if there is such a
 * place in the last kilobyte, so that what stands together stays together (a number that is cut in two escapes a rule
 * that hides it). Else before the character at `at`.
 */
export function partEnd(text: Buffer, from: number, at: number): number {
  if (at >= text.length) return text.length;
  const earliest = Math.max(at - LOOK_BACK_BYTES, from + Math.ceil((at - from) / 2));
  for (let end = at; end >= earliest; end--) if (SEAMS.has(text[end - 1])) return end;
  return characterStart(text, at);
}

/**
 * The bytes of UTF-8 that a text takes within JSON, without its quotes.
 *
 * @param enough More need not be counted: of a text that is longer as it is, its own length is given.
 */
export function jsonBytes(text: string, enough = Infinity): number {
  return text.length > enough ? text.length : Buffer.byteLength(JSON.stringify(text)) - 2;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** What JSON has a letter for; other controls take six bytes. */
const LETTERED = new Set(Buffer.from('\b\t\n\f\r'));

/** Where a text must end so that it takes at most so many bytes within JSON, from `from` on. */
export function jsonEnd(text: Buffer, from: number, maxBytes: number): number {
  let left = maxBytes;
  for (let at = from; at < text.length; at++) {
    const byte = text[at];
    if (byte === QUOTE || byte === BACKSLASH) left -= 2;
    else if (byte >= 0x20) left -= 1;
    else left -= LETTERED.has(byte) ? 2 : 6;
    if (left < 0) return at;
  }
  return text.length;
}

/** The beginning of a text, at most so many bytes within JSON: see {@link partEnd}. */
export function firstBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text.slice(0, maxBytes + 1)); // a character has at least one byte
  return bytes.toString('utf8', 0, partEnd(bytes, 0, jsonEnd(bytes, 0, maxBytes)));
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
