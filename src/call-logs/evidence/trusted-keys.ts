import { readFile } from 'node:fs/promises';
import type { Client } from 'pg';
import { type PublicKeys, withRotations } from '../chain/key-rotation.js';
import { isSigned, publishedText, readPublicKeys, SigningKey } from '../chain/signing-key.js';
import { StartError } from '../../platform/errors.js';
import type { Config } from '../../platform/config.js';

export type Trust = {
  readonly keys: PublicKeys;
  /** Since when the first of them signs, as it says itself. null: not known; undefined: there is no key. */
  readonly since: Date | null | undefined;
  /** What the reader of the report should know about the keys. */
  readonly note: string | undefined;
};

/** Ends the sentence that names a key. */
export const UNKNOWN_KEY =
  'which is not trusted (a former key of this installation becomes so by `keys rotate-checkpoint`)';

const PUBLISHED =
  'SELECT key_id AS "keyId", public_key AS "publicKey", created_at AS "createdAt", signature FROM call_log_signing_keys';
const ROTATIONS =
  'SELECT text, old_signature AS "oldSignature", new_signature AS "newSignature" FROM call_log_key_rotations ORDER BY created_at';

type Published = {
  readonly keyId: string;
  readonly publicKey: string;
  readonly createdAt: Date;
  readonly signature: Buffer | null;
};
type Rotations = Parameters<typeof withRotations>[1];

/**
 * Whose signatures count: the keys of a file and those that came after them; else this installation's own and those before it;
 * else, with a note, those that the database holds, which vouch for nothing against whoever can write there.
 *
 * @throws {StartError} The file cannot be read or holds no key.
 */
export async function trustedKeys(client: Client, config: Config, file: string | undefined): Promise<Trust> {
  const { rows: published } = await client.query<Published>(PUBLISHED);
  const { rows: rotations } = await client.query<Rotations[number]>(ROTATIONS);
  const own = new SigningKey(config).publicKey;
  if (file !== undefined) {
    const keys = withRotations(await readKeyFile(file), rotations, { predecessors: false });
    return { keys, since: signingSince(keys, published), note: undefined };
  }
  if (own !== undefined) {
    const keys = withRotations(readPublicKeys(own), rotations, { predecessors: true });
    return { keys, since: signingSince(keys, published), note: undefined };
  }
  const keys = readPublicKeys(published.map(({ publicKey }) => publicKey).join('\n'));
  const note =
    'The public keys were taken from the database itself. Give --public-key FILE to check against whoever can write there.';
  return { keys, since: signingSince(keys, published), note };
}

async function readKeyFile(file: string): Promise<PublicKeys> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new StartError(`${file} cannot be read`, { cause });
  });
  const keys = readPublicKeys(text);
  if (keys.size === 0) throw new StartError(`${file} holds no public key in PEM`);
  return keys;
}

/** Each key has signed when it was first used. Where one has not, any time may be meant. */
function signingSince(keys: PublicKeys, published: readonly Published[]): Date | null | undefined {
  if (keys.size === 0) return undefined;
  const times = published.filter((row) => {
    const key = keys.get(row.keyId);
    return key && row.signature && isSigned(publishedText(row), row.signature, key);
  });
  if (times.length < keys.size) return null;
  return new Date(Math.min(...times.map(({ createdAt }) => createdAt.getTime())));
}

export type SignatureState = 'good' | 'unsigned' | 'unknown_key' | 'wrong';

export function checkSignature(
  { keys }: Trust,
  text: string,
  { keyId, signature }: { readonly keyId: string | null; readonly signature: Buffer | null },
): SignatureState {
  if (keyId === null || signature === null) return 'unsigned';
  const key = keys.get(keyId);
  if (!key) return 'unknown_key';
  return isSigned(text, signature, key) ? 'good' : 'wrong';
}
