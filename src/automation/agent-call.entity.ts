import { Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { ofTheSameTenant } from '../platform/database/tenant-relation.js';
import { AutomationRun } from './automation-run.entity.js';

/** One request to a version of an agent, or one that its circuit breaker kept from being made. */
@Entity('agent_calls')
@Index('ix_agent_calls_run', ['runId', 'id'])
@Index('ix_agent_calls_version', ['tenantId', 'agentVersionId', 'createdAt'])
@Index('ix_agent_calls_answered', ['tenantId', 'agentVersionId', 'createdAt'], { where: `"outcome" = 'ok'` })
@Index('ix_agent_calls_created', ['tenantId', 'createdAt'])
export class AgentCall {
  /** UUIDv7, in the order of the requests. */
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @Column({ name: 'run_id', type: 'uuid' })
  runId: string;

  @ManyToOne(() => AutomationRun, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('run_id'))
  run?: AutomationRun;

  /** No foreign key: what an agent did stays on record when it is removed. */
  @Column({ name: 'agent_id', type: 'uuid' })
  agentId: string;

  @Column({ name: 'agent_version_id', type: 'uuid' })
  agentVersionId: string;

  /** `ok`, or why there was no answer: see `FailureKind`, and `circuit_open`. */
  @Column({ type: 'varchar', length: 32 })
  outcome: string;

  /** What the agent said of its failure, fit to be shown. */
  @Column({ type: 'varchar', length: 300, nullable: true })
  error: string | null;

  @Column({ name: 'duration_ms', type: 'integer' })
  durationMs: number;

  /** Until the first piece of the answer; of the one that answered. */
  @Column({ name: 'first_text_ms', type: 'integer', nullable: true })
  firstTextMs: number | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}
