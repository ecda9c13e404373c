import { generateCheckedSecret, isCheckedSecret } from '../../platform/secrets/checked-secret.js';
import { SECRET_PREFIXES } from '../../platform/secrets/secret-shapes.js';

const SHOWN_LENGTH = 8;

/** A new personal access token: see {@link generateCheckedSecret}. */
export function generatePersonalToken(): string {
  return generateCheckedSecret('personalToken');
}

/** By its beginning only: enough to tell it from an access token. */
export function looksLikePersonalToken(text: string): boolean {
  return text.startsWith(SECRET_PREFIXES.personalToken);
}

/** Form and checksum; says nothing about whether the token opens anything. */
export function isWellFormedPersonalToken(text: string): boolean {
  return isCheckedSecret(text, 'personalToken');
}

/** The beginning of a token, to recognise it by. */
export function shownTokenPrefix(token: string): string {
  return token.slice(0, SHOWN_LENGTH);
}
