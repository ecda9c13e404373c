import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { ofTheSameTenant } from '../platform/database/tenant-relation.js';
import { AutomationRun } from './automation-run.entity.js';

/** In the order in which they are done. */
export const STEP_NAMES = ['conversation', 'welcome', 'message', 'consultants', 'metrics'] as const;
export type StepName = (typeof STEP_NAMES)[number];

/** What has happened once a step is done, as logs and panels call it; null: nothing that anybody waits for. */
export const STEP_EVENTS = {
  conversation: 'conversation_created',
  welcome: 'dify_triggered',
  message: 'welcome_sent',
  consultants: 'consultants_notified',
  metrics: null,
} as const satisfies Record<StepName, string | null>;

export const STEP_STATES = ['waiting', 'running', 'done', 'failed', 'skipped'] as const;
/** `skipped`: the strategy has no need of it. */
export type StepState = (typeof STEP_STATES)[number];

/** One step of a run: made with the run, done once. */
@Entity('automation_steps')
@Index('uq_automation_steps_run_name', ['runId', 'name'], { unique: true })
@Index('ix_automation_steps_started', ['tenantId', 'startedAt'])
export class AutomationStep {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @Column({ name: 'run_id', type: 'uuid' })
  runId: string;

  @ManyToOne(() => AutomationRun, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('run_id'))
  run?: AutomationRun;

  @Column({ type: 'varchar', length: 16 })
  name: StepName;

  @Column({ type: 'varchar', length: 16, default: 'waiting' })
  state: StepState;

  /** How often it was begun. */
  @Column({ type: 'integer', default: 0 })
  attempts: number;

  /** What it gave, for the steps after it: ids, and the text between `welcome` and `message`. */
  @Column({ type: 'jsonb', nullable: true })
  result: Record<string, unknown> | null;

  /** Of the last attempt. */
  @Column({ name: 'started_at', type: 'timestamptz', precision: 3, nullable: true })
  startedAt: Date | null;

  @Column({ name: 'ended_at', type: 'timestamptz', precision: 3, nullable: true })
  endedAt: Date | null;

  /** Of the last attempt. */
  @Column({ name: 'duration_ms', type: 'integer', nullable: true })
  durationMs: number | null;

  @Column({ name: 'error_kind', type: 'varchar', length: 64, nullable: true })
  errorKind: string | null;

  @Column({ type: 'varchar', length: 500, nullable: true })
  error: string | null;
}
