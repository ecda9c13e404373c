import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { SECRET_PREFIXES, type SecretKind } from './secret-shapes.js';

const SECRET_BYTES = 32;
const CHECKSUM_LENGTH = 6;
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const AFTER_PREFIX = /^[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}$/;

/**
 * Makes a secret that people carry around: the prefix of its kind, 32 random bytes in base64url (43 characters), and a checksum: the CRC-32
 * of all before it, in base62 (0-9A-Za-z), padded with 0 to 6 characters. A secret scanner can so tell one from a look-alike
 * without asking us; the checksum proves nothing else.
 */
export function generateCheckedSecret(kind: SecretKind): string {
  const body = SECRET_PREFIXES[kind] + randomBytes(SECRET_BYTES).toString('base64url');
  return body + checksumOf(body);
}

/** Whether a text has the form of a secret of this kind and a right checksum; says nothing about whether we gave it out. */
export function isCheckedSecret(text: string, kind: SecretKind): boolean {
  const prefix = SECRET_PREFIXES[kind];
  if (!text.startsWith(prefix) || !AFTER_PREFIX.test(text.slice(prefix.length))) return false;
  return checksumOf(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH);
}

function checksumOf(body: string): string {
  let rest = crc32(body);
  let digits = '';
  for (; rest > 0; rest = Math.floor(rest / 62)) digits = BASE62.charAt(rest % 62) + digits;
  return digits.padStart(CHECKSUM_LENGTH, '0');
}
