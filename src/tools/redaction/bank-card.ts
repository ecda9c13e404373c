/** What issuers' numbers begin with (ISO/IEC 7812): travel, Visa, Mastercard and Discover, UnionPay. Not times in milliseconds. */
const ISSUER = /^(?:[2-6]|8[01])/;
/** How cards print their digits: in fours with a rest, and the few others. */
const PRINTED = /^(?:4(?:,4){2,3}(?:,[1-4])?|4,6,[45]|6,(?:[7-9]|1[0-3])|8,8)$/;

/** Whether these 13 to 19 digits are a card number by its issuer and its check digit (Luhn, ISO/IEC 7812-1 annex B). */
export function isBankCard(digits: string): boolean {
  if (!/^\d{13,19}$/.test(digits) || !ISSUER.test(digits)) return false;
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/**
 * Replaces the card numbers in groups of digits that single spaces or dashes part: a card may stand between other numbers.
 *
 * @param run E.g. `4111 1111 1111 1111 2028`.
 */
export function replaceCardsIn(run: string, replacement: string): string {
  const parts = run.split(/([ -])/); // groups at even places, what parts them at odd ones
  const output: string[] = [];
  for (let first = 0; first < parts.length;) {
    const last = lastOfCard(parts, first);
    output.push(last === undefined ? parts[first] : replacement);
    first = (last ?? first) + 1;
    if (first < parts.length) output.push(parts[first++]);
  }
  return output.join('');
}

/** Where the card ends that begins with this group; undefined: none does. The longest one counts. */
function lastOfCard(parts: readonly string[], first: number): number | undefined {
  let digits = '';
  let found: number | undefined;
  const sizes: number[] = [];
  for (let index = first; index < parts.length && digits.length < 19; index += 2) {
    digits += parts[index];
    sizes.push(parts[index].length);
    const isPrinted = sizes.length === 1 || PRINTED.test(sizes.join(','));
    if (isPrinted && isBankCard(digits)) found = index;
  }
  return found;
}
