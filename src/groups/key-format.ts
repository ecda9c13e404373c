import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const PREFIX = 'mcp_key_';
const SECRET_BYTES = 32;
const CHECKSUM_LENGTH = 6;
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SHAPE = /^mcp_key_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}$/;
const SHOWN_LENGTH = 12;

/**
 * A new group key: `mcp_key_`, 32 random bytes in base64url (43 characters), and a checksum: the CRC-32 of all before
 * it, in base62 (0-9A-Za-z), padded with 0 to 6 characters. A secret scanner can so tell a key from a look-alike
 * without asking us; the checksum proves nothing else.
 */
export function generateKey(): string {
  const body = PREFIX + randomBytes(SECRET_BYTES).toString('base64url');
  return body + checksumOf(body);
}

/** Whether a text has the form of a key with a right checksum; says nothing about whether the key opens a group. */
export function isWellFormedKey(text: string): boolean {
  return SHAPE.test(text) && checksumOf(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH);
}

/** The beginning of a key, to recognise it by: too short to help anyone guess the rest. */
export function shownPrefix(key: string): string {
  return key.slice(0, SHOWN_LENGTH);
}

function checksumOf(body: string): string {
  let rest = crc32(body);
  let digits = '';
  for (; rest > 0; rest = Math.floor(rest / 62)) digits = BASE62.charAt(rest % 62) + digits;
  return digits.padStart(CHECKSUM_LENGTH, '0');
}
