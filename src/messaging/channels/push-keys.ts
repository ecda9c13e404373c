import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import webPush from 'web-push';
import { SecretBox } from '../../platform/secrets/secret-box.js';
import { DeliveryFailure } from './channel.js';
import { PUSH_KEY } from './channel-secrets.js';
import { PushKey } from './push-key.entity.js';

const INSERT = `INSERT INTO push_keys (tenant_id, public_key, ciphertext) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`;

/** The key pair that names a tenant to push services (VAPID, RFC 8292): made when it is first asked for. */
@Injectable()
export class PushKeys {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly box: SecretBox,
  ) {}

  /** Base64url. Call it in the tenant's unit of work. */
  async getPublic(tenantId: string): Promise<string> {
    return (await this.row(tenantId)).publicKey;
  }

  /** Both, base64url. @throws {DeliveryFailure} The private one does not open. */
  async get(tenantId: string): Promise<{ readonly publicKey: string; readonly privateKey: string }> {
    const { publicKey, ciphertext } = await this.row(tenantId);
    try {
      return { publicKey, privateKey: this.box.open(ciphertext, PUSH_KEY.contextOf(tenantId, tenantId)) };
    } catch (cause) {
      throw new DeliveryFailure('The stored key for push services does not open', {
        isTemporary: false,
        cause,
      });
    }
  }

  private async row(tenantId: string): Promise<PushKey> {
    return (await this.find(tenantId)) ?? this.make(tenantId);
  }

  private find(tenantId: string): Promise<PushKey | null> {
    return this.dataSource.getRepository(PushKey).findOneBy({ tenantId });
  }

  /** Of two that make one at the same moment, the first one's counts. */
  private async make(tenantId: string): Promise<PushKey> {
    const { publicKey, privateKey } = webPush.generateVAPIDKeys();
    const ciphertext = this.box.seal(privateKey, PUSH_KEY.contextOf(tenantId, tenantId));
    await this.dataSource.query(INSERT, [tenantId, publicKey, ciphertext]);
    return this.dataSource.getRepository(PushKey).findOneByOrFail({ tenantId });
  }
}
