import { toOpaque } from '../../platform/identity-text.js';
import { invalidFields } from '../../platform/rest/validation.js';
import { COMMON_WORDS } from './common-passwords.js';

export const PASSWORD_MIN = 12;
export const PASSWORD_MAX = 256;
/** What has to be left of a password without its guessable parts. */
const REST_MIN = 6;
const CONTEXT_MIN = 4;
const SEQUENCES = ['abcdefghijklmnopqrstuvwxyz', '01234567890', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm'];
const SEQUENCE_MIN = 3;
const LETTERS_OF: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

/**
 * What is wrong with a new password, or null (NIST SP 800-63B, 3.1.1.2): 12 to 256 characters, and not one that guessers try
 * first: common words, the person's own names, repetitions and runs of the keyboard do not count towards its strength. Asks
 * for no digits, capitals or signs, and never for a change because of age.
 *
 * @param context The person's names, the tenant's, ours.
 */
export function findPasswordProblem(typed: string, context: readonly string[]): string | null {
  const password = toOpaque(typed);
  const length = Array.from(password).length;
  if (length < PASSWORD_MIN || length > PASSWORD_MAX) {
    return `must be ${PASSWORD_MIN} to ${PASSWORD_MAX} characters long`;
  }
  const names = [...context, 'toolcrib'].flatMap((text) => text.toLowerCase().split(/[^\p{L}\p{N}]+/u));
  const guessable = [...COMMON_WORDS, ...names.filter((name) => name.length >= CONTEXT_MIN)];
  const lower = password.toLowerCase();
  const rests = [lower, lower.replace(/[0134579@$!]/g, (sign) => LETTERS_OF[sign] ?? sign)].map((text) =>
    restOf(text, guessable),
  );
  return Math.min(...rests.map((rest) => Array.from(rest).length)) < REST_MIN
    ? 'is too easy to guess: common words, your own names, repetitions and runs like 1234 do not count; add other words'
    : null;
}

/** @throws {InvalidInputError} Names the field. */
export function requireGoodPassword(field: string, password: string, context: readonly string[]): void {
  const problem = findPasswordProblem(password, context);
  if (problem) throw invalidFields([{ field, message: `${field} ${problem}` }]);
}

function restOf(text: string, guessable: readonly string[]): string {
  let rest = text;
  for (const word of guessable.toSorted((a, b) => b.length - a.length)) rest = rest.replaceAll(word, ' ');
  rest = withoutRuns(rest);
  // A part that comes again and again counts once; signs and spaces between the parts count nothing.
  rest = rest.replace(/[^\p{L}\p{N}]+/gu, '').replace(/(.{1,32}?)\1+/gu, '$1');
  return /\D/.test(rest) ? rest : '';
}

/** Cuts runs like 4567, dcba or wert. */
function withoutRuns(text: string): string {
  let out = '';
  for (let from = 0; from < text.length;) {
    let to = from + 1;
    while (to < text.length && follows(text[to - 1], text[to])) to += 1;
    if (to - from < SEQUENCE_MIN) out += text.slice(from, to);
    from = to;
  }
  return out;
}

function follows(a: string, b: string): boolean {
  return SEQUENCES.some((run) => run.includes(a + b) || run.includes(b + a));
}
