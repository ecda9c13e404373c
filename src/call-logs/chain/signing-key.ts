import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';

/** DER of an Ed25519 private key up to its 32 bytes (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const KEY_ID_CHARACTERS = 16;

export type Signature = { readonly keyId: string; readonly signature: Buffer };

/**
 * The key that signs checkpoints and removals (Ed25519, RFC 8032). It is not the master key and is not derived from it: who can
 * read secrets of the installation cannot vouch for its log. Without one (`DATABASE_URL` set, `CHECKPOINT_KEY` not) nothing is
 * signed.
 */
@Injectable()
export class SigningKey {
  readonly pair: KeyPair | undefined;

  constructor({ checkpointKey }: Config) {
    if (checkpointKey) this.pair = keyPairOf(checkpointKey);
  }

  /** SPKI, PEM. */
  get publicKey(): string | undefined {
    return this.pair?.publicKey;
  }

  get keyId(): string | undefined {
    return this.pair?.keyId;
  }

  /** @returns undefined: there is no key. */
  sign(text: string): Signature | undefined {
    return this.pair?.sign(text);
  }
}

export type KeyPair = {
  readonly keyId: string;
  /** SPKI, PEM. */
  readonly publicKey: string;
  sign(text: string): Signature;
};

/** @param seed 32 bytes: the private key of Ed25519. */
export function keyPairOf(seed: Buffer): KeyPair {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(key);
  const keyId = keyIdOf(publicKey);
  return {
    keyId,
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }) as string,
    sign: (text) => ({ keyId, signature: sign(null, Buffer.from(text), key) }),
  };
}

/** A row of `call_log_signing_keys`: the public key, since when it signs, and its own signature over that. */
export function published(pair: KeyPair, createdAt = new Date()) {
  const { keyId, publicKey } = pair;
  return { keyId, publicKey, createdAt, signature: pair.sign(publishedText({ keyId, createdAt })).signature };
}

/** What is signed of it: see docs/tamper-evidence.md. */
export function publishedText({
  keyId,
  createdAt,
}: {
  readonly keyId: string;
  readonly createdAt: Date;
}): string {
  const time = Number.isFinite(Number(createdAt)) ? createdAt.toISOString() : '-'; // infinity is a time in SQL
  return `toolcrib key v1\nid ${keyId}\ntime ${time}\n`;
}

/** The first 16 hex digits of the SHA-256 over the 32 bytes of the public key. */
export function keyIdOf(publicKey: KeyObject): string {
  const { x = '' } = publicKey.export({ format: 'jwk' });
  return createHash('sha256').update(Buffer.from(x, 'base64url')).digest('hex').slice(0, KEY_ID_CHARACTERS);
}

/** Every public key of a text with PEM blocks, by its id. */
export function readPublicKeys(pem: string): Map<string, KeyObject> {
  const blocks = pem.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
  return new Map(
    blocks.map((block) => {
      const key = createPublicKey(block);
      return [keyIdOf(key), key];
    }),
  );
}

export function isSigned(text: string, signature: Buffer, key: KeyObject): boolean {
  return verify(null, Buffer.from(text), key, signature);
}
