import { Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { User } from '../../access/user.entity.js';
import { ofTheSameTenant } from '../../platform/database/tenant-relation.js';

/** A browser that a person lets us push to (W3C Push API). */
@Entity('push_subscriptions')
@Index('uq_push_subscriptions_endpoint', ['tenantId', 'endpointHash'], { unique: true })
@Index('idx_push_subscriptions_user', ['tenantId', 'userId'])
export class PushSubscription {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('user_id'))
  user?: User;

  /** SHA-256: whoever knows an endpoint may push to it, so the endpoint itself is sealed. */
  @Column({ name: 'endpoint_hash', type: 'bytea' })
  endpointHash: Buffer;

  /** Endpoint and keys as JSON, sealed under `push-subscription:<id>`. */
  @Column({ type: 'bytea' })
  ciphertext: Buffer;

  /** Host of the push service, to recognise it by. */
  @Column({ type: 'varchar', length: 253 })
  host: string;

  /** What the browser said of itself. */
  @Column({ name: 'user_agent', type: 'varchar', length: 300, nullable: true })
  userAgent: string | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}
