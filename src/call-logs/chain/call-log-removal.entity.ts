import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** That records, or the payload of records, are gone on purpose, signed. Append-only. */
@Entity('call_log_removals')
@Index('idx_call_log_removals_time', ['tenantId', 'createdAt', 'id'])
export class CallLogRemoval {
  /** UUIDv7. */
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  /** `retention`: whole records by age. `erasure`: the payload of single records. `tenant`: a tenant with everything.
   * `entries`: what batches keep of records that retention has removed. */
  @Column({ type: 'varchar', length: 16 })
  kind: RemovalKind;

  /** Of a retention: of this group only. */
  @Column({ name: 'group_id', type: 'uuid', nullable: true })
  groupId: string | null;

  /** Of a retention and of entries: calls that arrived before this time. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  before: Date | null;

  /** Of an erasure: at most 1000. Of a tenant: its id. */
  @Column({ name: 'record_ids', type: 'uuid', array: true, nullable: true })
  recordIds: string[] | null;

  /** Of a retention: records among those that it removes which are in no chain. */
  @Column({ type: 'integer', default: 0 })
  uncovered: number;

  @Column({ type: 'text' })
  reason: string;

  /** The person's address, or the name of the job. */
  @Column({ name: 'removed_by', type: 'varchar', length: 254 })
  removedBy: string;

  /** Null: this installation had no signing key. */
  @Column({ name: 'key_id', type: 'varchar', length: 16, nullable: true })
  keyId: string | null;

  @Column({ type: 'bytea', nullable: true })
  signature: Buffer | null;
}

export type RemovalKind = 'retention' | 'erasure' | 'tenant' | 'entries';
