import { generateCheckedSecret, isCheckedSecret } from '../../platform/secrets/checked-secret.js';

export const PERSONAL_TOKEN_PREFIX = 'tcp_';
const SHOWN_LENGTH = 8;

/** A new personal access token: see {@link generateCheckedSecret}. */
export function generatePersonalToken(): string {
  return generateCheckedSecret(PERSONAL_TOKEN_PREFIX);
}

/** By its beginning only: enough to tell it from an access token. */
export function looksLikePersonalToken(text: string): boolean {
  return text.startsWith(PERSONAL_TOKEN_PREFIX);
}

/** Form and checksum; says nothing about whether the token opens anything. */
export function isWellFormedPersonalToken(text: string): boolean {
  return isCheckedSecret(text, PERSONAL_TOKEN_PREFIX);
}

/** The beginning of a token, to recognise it by. */
export function shownTokenPrefix(token: string): string {
  return token.slice(0, SHOWN_LENGTH);
}
