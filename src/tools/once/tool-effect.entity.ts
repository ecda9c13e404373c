import { Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { Tenant } from '../../access/tenant.entity.js';

/**
 * `running`: `replicaId` runs the tool. `done`: the outcome is stored. `ambiguous`: it ended so that nobody knows whether it
 * took effect; the outcome says how.
 */
export type EffectState = 'running' | 'done' | 'ambiguous';

/** A call of a tool with side effects that is made once however often it is sent: its claim, then its outcome. */
@Entity('tool_effects')
@Index('uq_tool_effects', ['tenantId', 'groupId', 'caller', 'toolName', 'keyHash'], { unique: true })
@Index('idx_tool_effects_expires_at', ['expiresAt'])
export class ToolEffect {
  /** Of the attempt: another one on the same key, after this one expired, has another id. */
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Tenant;

  @Column({ name: 'group_id', type: 'uuid' })
  groupId: string;

  /** See `callerName`. */
  @Column({ type: 'varchar', length: 128 })
  caller: string;

  @Column({ name: 'tool_name', type: 'varchar', length: 128 })
  toolName: string;

  /** SHA-256 of the idempotency key, or of the arguments where they stand for one. */
  @Column({ name: 'key_hash', type: 'bytea' })
  keyHash: Buffer;

  /** SHA-256: the same key with other arguments is a mistake. */
  @Column({ name: 'arguments_hash', type: 'bytea' })
  argumentsHash: Buffer;

  @Column({ type: 'varchar', length: 16 })
  state: EffectState;

  @Column({ name: 'replica_id', type: 'uuid' })
  replicaId: string;

  /** What the agent was answered, sealed. Null: none yet, or it lay under a master key that is gone. */
  @Column({ type: 'bytea', nullable: true })
  outcome: Buffer | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @Column({ name: 'expires_at', type: 'timestamptz', precision: 3 })
  expiresAt: Date;
}
