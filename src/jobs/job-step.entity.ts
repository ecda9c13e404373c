import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { ofTheSameTenant } from '../platform/database/tenant-relation.js';
import { Job } from './job.entity.js';

/** A step of a job that is done: what it gave, so that no later run does it again. */
@Entity('job_steps')
export class JobStep {
  @PrimaryColumn({ name: 'job_id', type: 'uuid' })
  jobId: string;

  @PrimaryColumn({ type: 'varchar', length: 100 })
  name: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @ManyToOne(() => Job, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('job_id'))
  job?: Job;

  /** SQL null: it gave nothing; JSON null: it gave null. */
  @Column({ type: 'jsonb', nullable: true })
  result: unknown;

  /** Number of the run that did it. */
  @Column({ type: 'integer' })
  attempt: number;

  @Column({ name: 'duration_ms', type: 'integer' })
  durationMs: number;

  @Column({ name: 'finished_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  finishedAt: Date;
}
