import { createHash } from 'node:crypto';
import { cutText } from '../platform/cut-text.js';

/** Clients put up to 20 characters of their own before a name and allow 64. */
export const NAME_MAX = 44;
const HASH_CHARS = 8;

/**
 * Makes the name that agents call a source's tool by: letters, digits, `_` and `-`, beginning with a letter, at most 44 characters. What had
 * to be changed or cut ends in a hash of the whole, so that two names stay two and each stays the same for ever.
 *
 * @param prefix Of the source; empty: the tool keeps its own name.
 */
export function exposedName(prefix: string, ownName: string): string {
  const wanted = prefix === '' ? ownName : `${prefix}_${ownName}`;
  const usable = wanted.replaceAll(/[^A-Za-z0-9_-]+/g, '_');
  const name = /^[A-Za-z]/.test(usable) ? usable : `t_${usable}`;
  return name === wanted && name.length <= NAME_MAX ? name : withHash(name, wanted);
}

/** The same name told apart by a hash of what it stands for. */
export function withHash(name: string, of: string): string {
  const hash = cutText(createHash('sha256').update(of).digest('hex'), HASH_CHARS);
  return `${cutText(name, NAME_MAX - HASH_CHARS - 1)}_${hash}`;
}
