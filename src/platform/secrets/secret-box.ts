import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../config.js';

/** Format 1 does not say which master key it was made under. */
const UNNAMED_FORMAT = 1;
/** Format 2 is bound to a row, but not to a tenant, table and column. */
const UNBOUND_FORMAT = 2;
const FORMAT = 3;
const KEY_ID_BYTES = 4;
const IV_BYTES = 12;
const TAG_BYTES = 16;

type Keys = {
  /** First bytes of a key derived for no other use: names the master key and gives nothing away. */
  readonly id: Buffer;
  readonly seal: Buffer;
  /** As a KeyObject: every call of a tool is checked with it, and from bytes Node makes one each time, which costs five times the HMAC. */
  readonly digest: KeyObject;
  /** As a KeyObject, too: jsonwebtoken takes bytes for a PEM first, on every token, which costs several times the HMAC. */
  readonly sign: KeyObject;
};

/**
 * Keeps secrets at rest: AES-256-GCM (NIST SP 800-38D) for what must be shown again, HMAC-SHA256 for what must only be
 * recognised. The keys are derived from the master key by HKDF (RFC 5869), so no use weakens another. While the master key
 * is being replaced, the previous ones still open and recognise what they made; new secrets are made under the first.
 */
@Injectable()
export class SecretBox {
  /** The present one first. */
  private keys: readonly Keys[] = [];

  constructor(config: Config) {
    this.use(config.masterKeys);
  }

  /** @param masterKeys The present one first; 32 bytes each. */
  use(masterKeys: readonly Buffer[]): void {
    if (masterKeys.length === 0)
      throw new Error('SecretBox needs a master key; the start must resolve one first');
    this.keys = masterKeys.map(deriveKeys);
  }

  /** Name of the present master key, in hexadecimal. */
  get keyId(): string {
    return this.keys[0].id.toString('hex');
  }

  knows(keyId: string): boolean {
    return this.keys.some(({ id }) => id.toString('hex') === keyId);
  }

  get hasPrevious(): boolean {
    return this.keys.length > 1;
  }

  /** How a box made now begins: in the present format, under the present master key. */
  get presentPrefix(): Buffer {
    return Buffer.concat([Buffer.of(FORMAT), this.keys[0].id]);
  }

  /**
   * @param context Bound to the ciphertext (GCM's additional data), see `SealedColumn`: a ciphertext moved to another place
   *   does not open there.
   * @returns format byte, id of the master key, IV, tag, ciphertext.
   */
  seal(secret: string, context: string): Buffer {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.keys[0].seal, iv);
    cipher.setAAD(Buffer.from(context));
    const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return Buffer.concat([this.presentPrefix, iv, cipher.getAuthTag(), ciphertext]);
  }

  /** @throws {Error} The box was made under a master key that is not known, or another context, or was changed. */
  open(box: Buffer, context: string): string {
    return this.openAs(this.isBound(box) ? box : undefined, context);
  }

  /** Opens what was sealed before values were bound to their places, to seal it anew. @throws {Error} As {@link open}. */
  openUnbound(box: Buffer, context: string): string {
    return this.openAs(this.isBound(box) ? undefined : box, context);
  }

  /** Whether a box is bound to its place, as all are but those from before there were places. */
  isBound(box: Buffer): boolean {
    return box[0] === FORMAT;
  }

  private openAs(box: Buffer | undefined, context: string): string {
    const { candidates, body } = box ? this.candidatesOf(box) : { candidates: [], body: Buffer.alloc(0) };
    let cause: unknown = new Error('unknown format or master key');
    for (const { seal } of candidates) {
      try {
        return openBody(body, seal, context);
      } catch (error) {
        cause = error;
      }
    }
    throw new Error('A stored secret does not open: TOOLCRIB_MASTER_KEY is not the key it was stored under', {
      cause,
    });
  }

  /** Keyed hash to look a secret up by; useless to someone who has only the database. */
  digest(secret: string): Buffer {
    return createHmac('sha256', this.keys[0].digest).update(secret).digest();
  }

  /** The hashes that the previous master keys gave the secret. */
  previousDigests(secret: string): readonly Buffer[] {
    return this.keys.slice(1).map(({ digest }) => createHmac('sha256', digest).update(secret).digest());
  }

  /** The key our own access tokens are signed with (HS256). */
  get tokenSigningKey(): KeyObject {
    return this.keys[0].sign;
  }

  /** What verifies a token: by the `kid` of its header, which is {@link keyId}. Tokens of old have none. */
  tokenKeyOf(keyId: string | undefined): KeyObject | undefined {
    return this.keys.find(({ id }) => keyId === undefined || id.toString('hex') === keyId)?.sign;
  }

  private candidatesOf(box: Buffer): { candidates: readonly Keys[]; body: Buffer } {
    if (box[0] === UNNAMED_FORMAT) return { candidates: this.keys, body: box.subarray(1) };
    const id = box.subarray(1, 1 + KEY_ID_BYTES);
    const isNamed = box[0] === FORMAT || box[0] === UNBOUND_FORMAT;
    const candidates = isNamed ? this.keys.filter((keys) => keys.id.equals(id)) : [];
    return { candidates, body: box.subarray(1 + KEY_ID_BYTES) };
  }
}

function deriveKeys(masterKey: Buffer): Keys {
  const derive = (use: string) =>
    Buffer.from(hkdfSync('sha256', masterKey, Buffer.alloc(0), `toolcrib/${use}`, 32));
  return {
    id: derive('key-id/v1').subarray(0, KEY_ID_BYTES),
    seal: derive('seal/v1'),
    digest: createSecretKey(derive('digest/v1')),
    sign: createSecretKey(derive('access-token/v1')),
  };
}

function openBody(body: Buffer, key: Buffer, context: string): string {
  const iv = body.subarray(0, IV_BYTES);
  const tag = body.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(tag);
  return decipher.update(body.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
}
