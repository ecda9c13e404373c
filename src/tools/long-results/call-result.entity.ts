import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  Unique,
} from 'typeorm';
import { Tenant } from '../../access/tenant.entity.js';
import { ofTheSameTenant } from '../../platform/database/tenant-relation.js';

/** A result that was too long for its agent, kept for a while so that the agent can page through it. */
@Entity('call_results')
@Unique(['tenantId', 'id']) // what foreign keys of the same tenant refer to
@Index('uq_call_results_handle', ['tenantId', 'handleHash'], { unique: true })
@Index('idx_call_results_age', ['tenantId', 'createdAt'])
@Index('idx_call_results_expires_at', ['expiresAt'])
export class CallResult {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Tenant;

  @Column({ name: 'group_id', type: 'uuid' })
  groupId: string;

  /** Who may read it: see `callerName`. */
  @Column({ type: 'varchar', length: 128 })
  caller: string;

  @Column({ name: 'tool_name', type: 'varchar', length: 128 })
  toolName: string;

  /** SHA-256 of the handle, which itself is in the agent's hands only. */
  @Column({ name: 'handle_hash', type: 'bytea' })
  handleHash: Buffer;

  /** Of the whole text in UTF-8. */
  @Column({ type: 'integer' })
  bytes: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @Column({ name: 'expires_at', type: 'timestamptz', precision: 3 })
  expiresAt: Date;
}

/** A piece of a kept result, so that a page is read without the rest. */
@Entity('call_result_chunks')
@Index('uq_call_result_chunks_start', ['tenantId', 'resultId', 'startByte'], { unique: true })
export class CallResultChunk {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @Column({ name: 'result_id', type: 'uuid' })
  resultId: string;

  @ManyToOne(() => CallResult, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('result_id'))
  result?: CallResult;

  /** Where it begins in the whole; always at the beginning of a character. */
  @Column({ name: 'start_byte', type: 'integer' })
  startByte: number;

  /** The text, sealed. Null: it lay under a master key that is gone. */
  @Column({ type: 'bytea', nullable: true })
  content: Buffer | null;
}
