import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * Records of one tenant that were committed together, hashed and chained to the batch before: see docs/tamper-evidence.md.
 * Append-only.
 */
@Entity('call_log_batches')
export class CallLogBatch {
  @PrimaryColumn({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  /** One lane of one process, from its start: see call-log-lane.ts. */
  @PrimaryColumn({ name: 'writer_id', type: 'uuid' })
  writerId: string;

  /** From 1, without gaps. */
  @PrimaryColumn({ type: 'integer' })
  seq: number;

  /** Of what is hashed, and how. */
  @Column({ type: 'smallint', default: 1 })
  format: number;

  @Column({ name: 'record_count', type: 'smallint' })
  recordCount: number;

  /** Records of the chain up to this batch, itself included. */
  @Column({ name: 'records_total', type: 'bigint' })
  recordsTotal: string;

  /** When the earliest call of the batch arrived. */
  @Column({ name: 'first_at', type: 'timestamptz', precision: 3 })
  firstAt: Date;

  /** When the latest call of the batch arrived. */
  @Column({ name: 'last_at', type: 'timestamptz', precision: 3 })
  lastAt: Date;

  /** 72 bytes for each record: id, time, group, hash. */
  @Column({ type: 'bytea' })
  entries: Buffer;

  /** Merkle root over the entries. */
  @Column({ type: 'bytea' })
  root: Buffer;

  @Column({ name: 'previous_hash', type: 'bytea' })
  previousHash: Buffer;

  @Column({ type: 'bytea' })
  hash: Buffer;
}
