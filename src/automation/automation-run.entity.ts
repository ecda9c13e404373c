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

/** `catch_up`: the tools are there again that an earlier run was skipped for. */
export const RUN_SOURCES = ['registration', 'manual', 'catch_up'] as const;
export type RunSource = (typeof RUN_SOURCES)[number];

export const RUN_STATES = ['queued', 'running', 'done', 'failed', 'skipped'] as const;
/** `failed`: its last attempt failed, and it waits for a person. `skipped`: it was not to be done; `skipReason` says why. */
export type RunState = (typeof RUN_STATES)[number];

export const SKIP_REASONS = [
  'switched_off', // there is no switch, or it is off
  'not_in_roles', // the switch is for people with other roles
  'not_in_rollout', // the percentage does not take this user yet
  'tools_unavailable', // the agent could not do its work; `skipDetail` names what is missing
  'too_late', // the registration is more than a day old, and nothing was begun: a welcome would be out of place
  'user_gone',
  'user_disabled',
  'not_a_customer',
  'already_greeted',
  'other_run', // another run greets this user
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

export const FALLBACK_REASONS = [
  'no_agent', // none is set up for `welcome`
  'failed', // none of them answered
  'timeout', // nor in time
  'unusable', // what it wrote is empty or too long
  'asked_before', // two attempts died or ran out of time while they asked
] as const;
/** Why the template greeted, although the strategy is `agent`. */
export type FallbackReason = (typeof FALLBACK_REASONS)[number];

/** One greeting of one user: from the event or the request that began it to its end. */
@Entity('automation_runs')
@Unique(['tenantId', 'id']) // what foreign keys of the same tenant refer to
@Index('ix_automation_runs_user', ['tenantId', 'userId', 'id'])
@Index('ix_automation_runs_state', ['tenantId', 'state', 'id'])
@Index('ix_automation_runs_created', ['tenantId', 'createdAt'])
@Index('ix_automation_runs_errors', ['tenantId', 'createdAt'], { where: '"error_kind" IS NOT NULL' })
@Index('uq_automation_runs_job', ['tenantId', 'jobId'], { unique: true })
// Whoever greets a user twice at a time would say it twice. A failed run waits to be retried, so it counts.
@Index('uq_automation_runs_open', ['tenantId', 'userId'], {
  unique: true,
  where: `"state" IN ('queued', 'running', 'failed')`,
})
export class AutomationRun {
  /** UUIDv7: sorts by when it was made. */
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Tenant;

  /** No foreign key: what happened stays on record, without a word about the person, when the account is deleted. */
  @Column({ name: 'user_id', type: 'uuid' })
  userId: string;

  @Column({ type: 'varchar', length: 16 })
  source: RunSource;

  @Column({ type: 'varchar', length: 16, default: 'queued' })
  state: RunState;

  @Column({ name: 'skip_reason', type: 'varchar', length: 32, nullable: true })
  skipReason: SkipReason | null;

  @Column({ name: 'skip_detail', type: 'varchar', length: 300, nullable: true })
  skipDetail: string | null;

  /** Of the job that does it. Jobs are removed after a while, so there is no foreign key. */
  @Column({ name: 'job_id', type: 'uuid' })
  jobId: string;

  @Column({ name: 'conversation_id', type: 'uuid', nullable: true })
  conversationId: string | null;

  @Column({ name: 'message_id', type: 'uuid', nullable: true })
  messageId: string | null;

  /** Null: nobody has, or the strategy is `off`. */
  @Column({ name: 'welcomed_by', type: 'varchar', length: 16, nullable: true })
  welcomedBy: 'agent' | 'template' | null;

  /** Who answered. */
  @Column({ name: 'agent_id', type: 'uuid', nullable: true })
  agentId: string | null;

  @Column({ name: 'agent_version_id', type: 'uuid', nullable: true })
  agentVersionId: string | null;

  @Column({ name: 'fallback_reason', type: 'varchar', length: 32, nullable: true })
  fallbackReason: FallbackReason | null;

  /** How often the asking of agents was begun and neither ended nor was put off: the process died, or the time was up. */
  @Column({ type: 'smallint', default: 0 })
  asked: number;

  /** Name of the kind of failure, by which failures are grouped; of the last attempt. */
  @Column({ name: 'error_kind', type: 'varchar', length: 64, nullable: true })
  errorKind: string | null;

  @Column({ type: 'varchar', length: 500, nullable: true })
  error: string | null;

  /** Who asked for it, when a person did. */
  @Column({ name: 'created_by', type: 'uuid', nullable: true })
  createdBy: string | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  /** Of the first attempt. */
  @Column({ name: 'started_at', type: 'timestamptz', precision: 3, nullable: true })
  startedAt: Date | null;

  /** Of the first attempt after the last retry by hand, or of the very first: how long a person took is none of the duration. */
  @Column({ name: 'resumed_at', type: 'timestamptz', precision: 3, nullable: true })
  resumedAt: Date | null;

  @Column({ name: 'finished_at', type: 'timestamptz', precision: 3, nullable: true })
  finishedAt: Date | null;

  /** From `resumedAt` to its end, waiting for the retries of the plan included. */
  @Column({ name: 'duration_ms', type: 'integer', nullable: true })
  durationMs: number | null;
}
