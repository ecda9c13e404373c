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
import { Tenant } from '../access/tenant.entity.js';

export const JOB_STATES = ['queued', 'running', 'done', 'dead', 'cancelled'] as const;
/** `dead`: it failed as often as its plan allows and waits for a person. */
export type JobState = (typeof JOB_STATES)[number];

export type JobProgress = { readonly done: number; readonly total?: number; readonly message?: string };

/** One piece of work to be done behind a request, by any replica. */
@Entity('jobs')
@Unique(['tenantId', 'id'])
@Index('ix_jobs_claim', ['kind', 'priority', 'runAt', 'id'], { where: `"state" = 'queued'` })
@Index('ix_jobs_lane', ['kind', 'tenantId', 'priority', 'runAt', 'id'], { where: `"state" = 'queued'` })
@Index('ix_jobs_due', ['kind', 'runAt'], { where: `"state" = 'queued'` })
@Index('ix_jobs_running', ['kind', 'leaseUntil'], { where: `"state" = 'running'` })
@Index('ix_jobs_tenant', ['tenantId', 'state', 'id'])
@Index('uq_jobs_key', ['tenantId', 'kind', 'uniqueKey'], {
  unique: true,
  where: `"unique_key" IS NOT NULL AND ("unique_for" = 'ever' OR "state" IN ('queued', 'running', 'dead'))`,
})
export class Job {
  /** UUIDv7: sorts by when it was made. */
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Tenant;

  @Column({ type: 'varchar', length: 64 })
  kind: string;

  /** Ids, no secrets: the handler reads the rest from its table. */
  @Column({ type: 'jsonb' })
  payload: Record<string, unknown>;

  @Column({ type: 'varchar', length: 16, default: 'queued' })
  state: JobState;

  /** The smaller goes first. */
  @Column({ type: 'integer', default: 0 })
  priority: number;

  /** Not before. */
  @Column({ name: 'run_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  runAt: Date;

  /** Failed ones, as the retry plan counts them. */
  @Column({ type: 'integer', default: 0 })
  attempts: number;

  /** Leases that ran out in a row: the process died or hung. A step that is stored sets it back. */
  @Column({ type: 'integer', default: 0 })
  losses: number;

  /** Its own retry plan; null: the one of its kind. */
  @Column({ name: 'retry_seconds', type: 'integer', array: true, nullable: true })
  retrySeconds: number[] | null;

  @Column({ name: 'unique_key', type: 'varchar', length: 200, nullable: true })
  uniqueKey: string | null;

  /** `open`: another one may have the key once this is done or cancelled. */
  @Column({ name: 'unique_for', type: 'varchar', length: 8, default: 'open' })
  uniqueFor: 'open' | 'ever';

  /** Fencing token: grows with each run. A run with an older one writes nothing any more. */
  @Column({ type: 'integer', default: 0 })
  fence: number;

  /** Who runs it, or ran it last. */
  @Column({ type: 'varchar', length: 255, nullable: true })
  replica: string | null;

  /** While it runs: others leave it alone until then. */
  @Column({ name: 'lease_until', type: 'timestamptz', precision: 3, nullable: true })
  leaseUntil: Date | null;

  @Column({ type: 'jsonb', nullable: true })
  progress: JobProgress | null;

  /** Why the last attempt failed, fit to be shown. */
  @Column({ name: 'last_error', type: 'varchar', length: 500, nullable: true })
  lastError: string | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  /** Of the last run. */
  @Column({ name: 'started_at', type: 'timestamptz', precision: 3, nullable: true })
  startedAt: Date | null;

  @Column({ name: 'finished_at', type: 'timestamptz', precision: 3, nullable: true })
  finishedAt: Date | null;
}
