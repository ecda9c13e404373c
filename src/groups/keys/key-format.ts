import { generateCheckedSecret, isCheckedSecret } from '../../platform/secrets/checked-secret.js';

const SHOWN_LENGTH = 12;

/** Networks that a key may be used from, at most. */
export const NETWORKS_MAX = 100;

/** A new group key: see {@link generateCheckedSecret}. */
export function generateKey(): string {
  return generateCheckedSecret('groupKey');
}

/** Whether a text has the form of a key with a right checksum; says nothing about whether the key opens a group. */
export function isWellFormedKey(text: string): boolean {
  return isCheckedSecret(text, 'groupKey');
}

/** The beginning of a key, to recognise it by: too short to help anyone guess the rest. */
export function shownPrefix(key: string): string {
  return key.slice(0, SHOWN_LENGTH);
}
