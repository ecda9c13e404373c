import { Column, CreateDateColumn, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { Tenant } from '../../access/tenant.entity.js';

/** The key pair by which push services know a tenant (VAPID, RFC 8292). Browsers subscribe to the public one, so it stays. */
@Entity('push_keys')
export class PushKey {
  @PrimaryColumn({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Tenant;

  /** Uncompressed P-256 point, base64url. */
  @Column({ name: 'public_key', type: 'varchar', length: 100 })
  publicKey: string;

  /** The private key, base64url, sealed under `push-key:<tenant id>`. */
  @Column({ type: 'bytea' })
  ciphertext: Buffer;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}
