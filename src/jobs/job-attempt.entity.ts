import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { ofTheSameTenant } from '../platform/database/tenant-relation.js';
import { Job } from './job.entity.js';

export const JOB_OUTCOMES = ['done', 'failed', 'timed_out', 'lost', 'released', 'cancelled'] as const;
/** `lost`: its process died or hung. `released`: its process stopped in order and put it back, or the database was
 * away. Neither is a failure of the job. */
export type JobOutcome = (typeof JOB_OUTCOMES)[number];

/** One run of a job that has ended. */
@Entity('job_attempts')
@Index('ix_job_attempts_tenant', ['tenantId', 'finishedAt'])
export class JobAttempt {
  @PrimaryColumn({ name: 'job_id', type: 'uuid' })
  jobId: string;

  /** The fencing token of the run: counts from 1. */
  @PrimaryColumn({ type: 'integer' })
  number: number;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @ManyToOne(() => Job, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('job_id'))
  job?: Job;

  @Column({ type: 'varchar', length: 16 })
  outcome: JobOutcome;

  @Column({ type: 'varchar', length: 255, nullable: true })
  replica: string | null;

  /** The step that failed. */
  @Column({ type: 'varchar', length: 100, nullable: true })
  step: string | null;

  /** Fit to be shown: no SQL, no secret. */
  @Column({ type: 'varchar', length: 500, nullable: true })
  error: string | null;

  @Column({ name: 'started_at', type: 'timestamptz', precision: 3, nullable: true })
  startedAt: Date | null;

  @Column({ name: 'finished_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  finishedAt: Date;
}
