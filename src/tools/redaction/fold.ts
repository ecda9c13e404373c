/** Full-width forms of ASCII, other spaces and dashes, and the digits of all scripts but for those of two code units. */
const FOLDABLE =
  /[\uFF01-\uFF5E\u3000\u00A0\u2000-\u200A\u202F\u2010-\u2015\u2212]|(?=[\u0080-\uFFFF])\p{Nd}/gu;
const MAY_FOLD = /[^\0-\u007F]/;

/**
 * A text with its characters as the plain ones they are read as: `１３８` is `138`. Each stays one character, at its place.
 */
export function fold(text: string): string {
  return MAY_FOLD.test(text) ? text.replace(FOLDABLE, foldCharacter) : text;
}

function foldCharacter(character: string): string {
  const code = character.charCodeAt(0);
  if (code >= 0xff01 && code <= 0xff5e) return String.fromCharCode(code - 0xfee0);
  if (/\p{Nd}/u.test(character)) return character.length === 1 ? String(digitOf(code)) : character;
  return /\p{Zs}/u.test(character) ? ' ' : '-';
}

/** Unicode keeps the ten digits of a script together, in order. */
function digitOf(code: number): number {
  let digit = 0;
  while (digit < 9 && /\p{Nd}/u.test(String.fromCharCode(code - digit - 1))) digit++;
  return digit;
}
