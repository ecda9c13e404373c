import { Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { Tenant } from '../tenant.entity.js';

/**
 * `running`: being worked on by `replicaId`. `committed`: what it changes is in the database, the answer is not stored yet.
 * `done`: the answer is stored.
 */
export type IdempotencyState = 'running' | 'committed' | 'done';

/** One `Idempotency-Key` of a user for one operation, and the answer that the request got. */
@Entity('idempotency_keys')
@Index('uq_idempotency_keys', ['tenantId', 'userId', 'operation', 'key'], { unique: true })
@Index('idx_idempotency_keys_expires_at', ['expiresAt'])
export class IdempotencyKey {
  /** Of the attempt: who takes over a dead one gives the row a new id, and the dead one cannot commit any more. */
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Tenant;

  @Column({ name: 'user_id', type: 'uuid' })
  userId: string;

  /** SHA-256 of method and path: a path may be long. */
  @Column({ type: 'bytea' })
  operation: Buffer;

  @Column({ type: 'varchar', length: 255 })
  key: string;

  /** Keyed digest of query and body: the same key with another request is a mistake. */
  @Column({ type: 'bytea' })
  fingerprint: Buffer;

  @Column({ type: 'varchar', length: 16 })
  state: IdempotencyState;

  @Column({ name: 'replica_id', type: 'uuid' })
  replicaId: string;

  @Column({ type: 'smallint', nullable: true })
  status: number | null;

  /** The body, sealed: it may hold a new key that is shown only once. */
  @Column({ type: 'bytea', nullable: true })
  answer: Buffer | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @Column({ name: 'expires_at', type: 'timestamptz', precision: 3 })
  expiresAt: Date;
}
