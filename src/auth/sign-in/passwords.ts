import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { hash, verify } from '@node-rs/argon2';
import { toOpaque } from '../../platform/identity-text.js';
import { clientOf, networkOf } from '../../platform/network/client-network.js';
import { currentScope } from '../../platform/request-scope.js';
import { passwordPlaces } from './password-places.js';

/** argon2id (the library's default) with the first parameters of the OWASP password storage cheat sheet. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/**
 * Each takes a core for tens of milliseconds, and 19 MiB: one core is left to calls, and a thread of libuv's four to files and host
 * names.
 */
const AT_ONCE = Math.min(3, Math.max(1, availableParallelism() - 1));
/** Some seconds' worth: who would wait longer had better come again. */
const WAITING_MAX = 100;

const places = passwordPlaces(AT_ONCE, WAITING_MAX);

let unknownUserHash: Promise<string> | undefined;

/** @returns A PHC string to keep in `users.password_hash`. @throws {BusyError} Too many passwords are being worked on. */
export function hashPassword(password: string): Promise<string> {
  return inPlace(() => hash(toOpaque(password), PARAMETERS));
}

/** How a password fits: `as_typed` of a hash that was made before passwords were written in one way, and is to be made anew. */
export type PasswordFit = 'yes' | 'as_typed' | 'no';

/**
 * @param passwordHash Null for a person who does not exist or has no password: takes as long as a real check, so that
 *   the time of an answer does not tell which addresses are known.
 * @throws {BusyError} Too many passwords are being worked on.
 */
export async function fitOfPassword(passwordHash: string | null, password: string): Promise<PasswordFit> {
  const known = passwordHash ?? (await hashOfNobody());
  const opaque = toOpaque(password);
  if (await inPlace(() => verify(known, opaque))) return passwordHash === null ? 'no' : 'yes';
  // Whether there is a second look depends on what was typed alone, not on who is known.
  if (opaque === password || !(await inPlace(() => verify(known, password)))) return 'no';
  return passwordHash === null ? 'no' : 'as_typed';
}

/** Whether a password fits, in either way. @throws {BusyError} Too many passwords are being worked on. */
export async function verifyPassword(passwordHash: string | null, password: string): Promise<boolean> {
  return (await fitOfPassword(passwordHash, password)) !== 'no';
}

/** Made once, beside the places: a refusal would be kept. */
function hashOfNobody(): Promise<string> {
  return (unknownUserHash ??= hash(randomBytes(16).toString('base64'), PARAMETERS));
}

/** Whoever asks waits with those of their network; commands, which nobody asked for over one, among themselves. */
function inPlace<T>(work: () => Promise<T>): Promise<T> {
  const ip = currentScope()?.ip ?? '';
  return places([networkOf(ip), clientOf(ip)], work);
}
