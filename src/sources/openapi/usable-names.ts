import { cutText } from '../../platform/cut-text.js';

/** What all LLM APIs take as the name of an argument. */
const USABLE = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;
const LENGTH_MAX = 64;

/**
 * Makes a name for an argument of what an API calls it (`filter[name]`, `$top`, `@type`, a name in Chinese).
 *
 * @param taken Names beside it; the new one is added.
 */
export function usableName(name: string, taken: Set<string>): string {
  const base = USABLE.test(name) && name !== '__proto__' ? name : cleaned(name.replaceAll('__', ' '));
  for (let count = 1; ; count++) {
    const end = count === 1 ? '' : `_${count}`;
    const usable = `${cutText(base, LENGTH_MAX - end.length)}${end}`;
    if (taken.size < taken.add(usable).size) return usable;
  }
}

function cleaned(name: string): string {
  const plain = name
    .normalize('NFKD')
    .split(/[^A-Za-z0-9_.-]/)
    .filter((word) => /[A-Za-z0-9]/.test(word))
    .join('_');
  if (plain === '') return 'field';
  return /^[A-Za-z_]/.test(plain) ? plain : `_${plain}`;
}
