/**
 * Cuts a text to at most so many characters (UTF-16 units), whole ones: half of a surrogate pair makes JSON that Python's
 * readers refuse altogether. A text that came with such a half is mended, whether or not it is cut.
 */
export function cutText(text: string, maxCharacters: number): string {
  return text.length <= maxCharacters ? text.toWellFormed() : excerptOf(text, 0, maxCharacters);
}

/** The same with … behind what was cut. */
export function shortenText(text: string, maxCharacters: number): string {
  return text.length <= maxCharacters ? text.toWellFormed() : `${cutText(text, maxCharacters)}…`;
}

/** The part of a text from one place to another, without the half of a character at either end. */
export function excerptOf(text: string, from: number, to: number): string {
  const start = isWithinPair(text, from) ? from + 1 : from;
  const end = isWithinPair(text, to) ? to - 1 : to;
  return text.slice(start, end).toWellFormed();
}

function isWithinPair(text: string, at: number): boolean {
  return at > 0 && isOf(text.charCodeAt(at - 1), 0xd800) && isOf(text.charCodeAt(at), 0xdc00);
}

function isOf(unit: number, half: number): boolean {
  return (unit & 0xfc00) === half; // NaN, beyond the end, is of neither
}
