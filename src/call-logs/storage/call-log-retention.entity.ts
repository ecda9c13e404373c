import { Column, Entity, Index, PrimaryColumn, UpdateDateColumn, VersionColumn } from 'typeorm';

/**
 * How long records of calls are kept: a tenant's default (`groupId` null) or one group's own. There is no foreign key to
 * the group, because its records outlive it and are kept as was decided.
 */
@Entity('call_log_retention')
@Index('uq_call_log_retention_group', ['tenantId', 'groupId'], { unique: true })
@Index('uq_call_log_retention_tenant', ['tenantId'], { unique: true, where: '"group_id" IS NULL' })
export class CallLogRetention {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'PK_call_log_retention' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @Column({ name: 'group_id', type: 'uuid', nullable: true })
  groupId: string | null;

  /** `inherit`: a group as its tenant, a tenant as `CALL_LOG_KEEP_DAYS` says. */
  @Column({ type: 'varchar', length: 8, default: 'inherit' })
  keep: Keep;

  /** With `keep` = `days`; whole days of UTC. */
  @Column({ type: 'integer', nullable: true })
  days: number | null;

  /** Grows with each change; the ETag of its answers. */
  @VersionColumn({ default: 1 })
  version: number;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}

export const KEEP = ['inherit', 'forever', 'days'] as const;
export type Keep = (typeof KEEP)[number];
