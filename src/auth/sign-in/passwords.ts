import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';

/** argon2id (the library's default) with the first parameters of the OWASP password storage cheat sheet. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

let unknownUserHash: Promise<string> | undefined;

/** @returns A PHC string to keep in `users.password_hash`. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, PARAMETERS);
}

/**
 * @param passwordHash Null for a person who does not exist or has no password: takes as long as a real check, so that
 *   the time of an answer does not tell which addresses are known.
 */
export async function verifyPassword(passwordHash: string | null, password: string): Promise<boolean> {
  unknownUserHash ??= hashPassword(randomBytes(16).toString('base64'));
  const matches = await verify(passwordHash ?? (await unknownUserHash), password);
  return matches && passwordHash !== null;
}
