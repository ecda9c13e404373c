import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

export const TENANT_JOB_STATUSES = ['queued', 'running', 'done', 'failed'] as const;
export type TenantJobStatus = (typeof TENANT_JOB_STATUSES)[number];

/** How far a deletion has come: this table, behind this key (as text, one part per column of the primary key). */
export type RemovalPosition = { readonly table: string; readonly after: readonly string[] };

/** What is on record of a tenant's deletion. Belongs to the tenant that asked for it and outlives the one it is about. */
@Entity('tenant_jobs')
@Index('ix_tenant_jobs_tenant', ['tenantId', 'id'])
@Index('ix_tenant_jobs_open', ['id'], { where: `"status" IN ('queued', 'running')` })
export class TenantJob {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  /** Who asked: the operating tenant. */
  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @Column({ type: 'varchar', length: 16 })
  kind: 'delete';

  /** The tenant it is about. No foreign key: the tenant goes, the job stays. */
  @Column({ name: 'subject_id', type: 'uuid' })
  subjectId: string;

  @Column({ name: 'subject_name', type: 'varchar', length: 100 })
  subjectName: string;

  @Column({ name: 'requested_by', type: 'uuid', nullable: true })
  requestedBy: string | null;

  /** Of `jobs`, which does the work; null: it was over before there were jobs for it. No foreign key: jobs are cleaned up. */
  @Column({ name: 'job_id', type: 'uuid', nullable: true })
  jobId: string | null;

  @Column({ type: 'varchar', length: 16, default: 'queued' })
  status: TenantJobStatus;

  @Column({ name: 'done_rows', type: 'bigint', default: 0 })
  doneRows: string;

  /** Counted when the work begins; null before. */
  @Column({ name: 'total_rows', type: 'bigint', nullable: true })
  totalRows: string | null;

  @Column({ type: 'jsonb', nullable: true })
  position: RemovalPosition | null;

  /** Why the last step failed. */
  @Column({ type: 'text', nullable: true })
  error: string | null;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;

  @Column({ name: 'started_at', type: 'timestamptz', precision: 3, nullable: true })
  startedAt: Date | null;

  @Column({ name: 'finished_at', type: 'timestamptz', precision: 3, nullable: true })
  finishedAt: Date | null;
}
