import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Client } from 'pg';
import { isSigned, readPublicKeys, SigningKey } from '../call-logs/signing-key.js';
import { StartError } from '../data-dir.js';
import type { Config } from '../config.js';

export type Trust = {
  readonly keys: ReadonlyMap<string, KeyObject>;
  /** What the reader of the report should know about the keys. */
  readonly note: string | undefined;
};

/**
 * Whose signatures count: the keys of a file; else this installation's own; else, with a note, those that the database
 * holds, which vouch for nothing against whoever can write there.
 *
 * @throws {StartError} The file cannot be read or holds no key.
 */
export async function trustedKeys(client: Client, config: Config, file: string | undefined): Promise<Trust> {
  if (file !== undefined) {
    const keys = readPublicKeys(
      await readFile(file, 'utf8').catch((cause: unknown) => {
        throw new StartError(`${file} cannot be read`, { cause });
      }),
    );
    if (keys.size === 0) throw new StartError(`${file} holds no public key in PEM`);
    return { keys, note: undefined };
  }
  const own = new SigningKey(config).publicKey;
  if (own !== undefined) return { keys: readPublicKeys(own), note: undefined };
  const { rows } = await client.query<{ public_key: string }>('SELECT public_key FROM call_log_signing_keys');
  const note =
    'The public keys were taken from the database itself. Give --public-key FILE to check against whoever can write there.';
  return { keys: readPublicKeys(rows.map((row) => row.public_key).join('\n')), note };
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
