import { createPublicKey, type KeyObject } from 'node:crypto';
import { isSigned, keyIdOf, type KeyPair } from './signing-key.js';

/** One key in the place of another, signed by both: each vouches for the other. See docs/tamper-evidence.md. */
export type KeyRotation = {
  readonly oldKeyId: string;
  readonly newKeyId: string;
  readonly createdAt: Date;
  /** Exactly what is signed. */
  readonly text: string;
  readonly oldSignature: Buffer;
  readonly newSignature: Buffer;
};

/** Of these keys, by id. */
export type PublicKeys = ReadonlyMap<string, KeyObject>;

const HEADER = 'toolcrib key rotation v1';
const FORM = new RegExp(`^${HEADER}\\ntime \\S+\\nold ([A-Za-z0-9_-]{43})\\nnew ([A-Za-z0-9_-]{43})\\n$`);

/** To be made while both private keys are there. */
export function rotateKeys(old: KeyPair, next: KeyPair): KeyRotation {
  const createdAt = new Date();
  const text = `${HEADER}\ntime ${createdAt.toISOString()}\nold ${bytesOf(old)}\nnew ${bytesOf(next)}\n`;
  return {
    oldKeyId: old.keyId,
    newKeyId: next.keyId,
    createdAt,
    text,
    oldSignature: old.sign(text).signature,
    newSignature: next.sign(text).signature,
  };
}

/**
 * Adds the keys that those given have vouched for.
 *
 * @param also.predecessors Also keys from before; else only those that came after. Who gives keys by hand means these, and
 *   may have left an old one out on purpose.
 */
export function withRotations(
  keys: PublicKeys,
  rotations: readonly Pick<KeyRotation, 'text' | 'oldSignature' | 'newSignature'>[],
  also: { readonly predecessors: boolean },
): PublicKeys {
  const trusted = new Map(keys);
  const pairs = rotations.map(readRotation).filter((pair) => pair !== undefined);
  for (let size = -1; size !== trusted.size;) {
    size = trusted.size;
    for (const { old, next } of pairs) {
      if (trusted.has(keyIdOf(old))) trusted.set(keyIdOf(next), next);
      else if (also.predecessors && trusted.has(keyIdOf(next))) trusted.set(keyIdOf(old), old);
    }
  }
  return trusted;
}

/** @returns undefined: it is not what both keys have signed. */
function readRotation({
  text,
  oldSignature,
  newSignature,
}: Pick<KeyRotation, 'text' | 'oldSignature' | 'newSignature'>) {
  const match = FORM.exec(text);
  if (!match) return undefined;
  const [old, next] = [match[1], match[2]].map((x) =>
    createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }),
  );
  return isSigned(text, oldSignature, old) && isSigned(text, newSignature, next) ? { old, next } : undefined;
}

/** The 32 bytes of the public key, in base64url. */
function bytesOf({ publicKey }: KeyPair): string {
  return createPublicKey(publicKey).export({ format: 'jwk' }).x ?? '';
}
