import { createHash, randomBytes } from 'node:crypto';

const TOKEN_BYTES = 32;

/** A random secret of 256 bits, 43 characters of base64url. */
export function newSecret(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** What is kept of a random secret: SHA-256 suffices, because nobody can try 2^256 of them. */
export function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
