import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../config.js';

const FORMAT = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Keeps secrets at rest: AES-256-GCM (NIST SP 800-38D) for what must be shown again, HMAC-SHA256 for what must only be
 * recognised. Both keys are derived from the master key by HKDF (RFC 5869), so neither use weakens the other.
 */
@Injectable()
export class SecretBox {
  private readonly sealKey: Buffer;
  private readonly digestKey: Buffer;
  private readonly signKey: Buffer;

  constructor(config: Config) {
    if (!config.masterKey) throw new Error('SecretBox needs a master key; the start must resolve one first');
    const derive = (use: string) =>
      Buffer.from(hkdfSync('sha256', config.masterKey!, Buffer.alloc(0), `toolcrib/${use}`, 32));
    this.sealKey = derive('seal/v1');
    this.digestKey = derive('digest/v1');
    this.signKey = derive('access-token/v1');
  }

  /**
   * @param context Bound to the ciphertext (GCM's additional data), e.g. `group-key:<id>`: a ciphertext moved to another
   *   row does not open there.
   * @returns format byte, IV, tag, ciphertext.
   */
  seal(secret: string, context: string): Buffer {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.sealKey, iv);
    cipher.setAAD(Buffer.from(context));
    const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return Buffer.concat([Buffer.of(FORMAT), iv, cipher.getAuthTag(), ciphertext]);
  }

  /** @throws {Error} The box was made under another master key or context, or was changed. */
  open(box: Buffer, context: string): string {
    const iv = box.subarray(1, 1 + IV_BYTES);
    const tag = box.subarray(1 + IV_BYTES, 1 + IV_BYTES + TAG_BYTES);
    try {
      if (box[0] !== FORMAT) throw new Error('unknown format');
      const decipher = createDecipheriv('aes-256-gcm', this.sealKey, iv, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(context));
      decipher.setAuthTag(tag);
      return (
        decipher.update(box.subarray(1 + IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
      );
    } catch (cause) {
      throw new Error(
        'A stored secret does not open: TOOLCRIB_MASTER_KEY is not the key it was stored under',
        {
          cause,
        },
      );
    }
  }

  /** Keyed hash to look a secret up by; useless to someone who has only the database. */
  digest(secret: string): Buffer {
    return createHmac('sha256', this.digestKey).update(secret).digest();
  }

  /** The key our own access tokens are signed with (HS256). */
  get tokenSigningKey(): Buffer {
    return this.signKey;
  }
}
