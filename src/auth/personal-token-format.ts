import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

export const PERSONAL_TOKEN_PREFIX = 'tcp_';
const SECRET_BYTES = 32;
const CHECKSUM_LENGTH = 6;
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SHAPE = /^tcp_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}$/;
const SHOWN_LENGTH = 8;

/**
 * A new personal access token: `tcp_`, 32 random bytes in base64url and a checksum, as a group key has it (see
 * `groups/key-format.ts`): the CRC-32 of all before it in base62, so that secret scanners know one when they see it.
 */
export function generatePersonalToken(): string {
  const body = PERSONAL_TOKEN_PREFIX + randomBytes(SECRET_BYTES).toString('base64url');
  return body + checksumOf(body);
}

/** By its beginning only: enough to tell it from an access token. */
export function looksLikePersonalToken(text: string): boolean {
  return text.startsWith(PERSONAL_TOKEN_PREFIX);
}

/** Form and checksum; says nothing about whether the token opens anything. */
export function isWellFormedPersonalToken(text: string): boolean {
  return SHAPE.test(text) && checksumOf(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH);
}

/** The beginning of a token, to recognise it by. */
export function shownTokenPrefix(token: string): string {
  return token.slice(0, SHOWN_LENGTH);
}

function checksumOf(body: string): string {
  let rest = crc32(body);
  let digits = '';
  for (; rest > 0; rest = Math.floor(rest / 62)) digits = BASE62.charAt(rest % 62) + digits;
  return digits.padStart(CHECKSUM_LENGTH, '0');
}
