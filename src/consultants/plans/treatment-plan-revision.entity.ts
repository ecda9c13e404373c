import { Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { User } from '../../access/user.entity.js';
import { ofTheSameTenant } from '../../platform/database/tenant-relation.js';
import type { PlanContent, Wishes } from './plan-case.js';
import type { PlanChange } from './plan-changes.js';
import type { FallbackReason, PlanMaker } from './plan-state.js';
import { TreatmentPlan } from './treatment-plan.entity.js';

/** What a plan said from one change to the next. Never changed: another one is made. */
@Entity('treatment_plan_revisions')
@Index('uq_treatment_plan_revisions_number', ['tenantId', 'planId', 'number'], { unique: true })
@Index('ix_treatment_plan_revisions_user', ['tenantId', 'userId'])
export class TreatmentPlanRevision {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  /** The customer of the plan. */
  @Column({ name: 'user_id', type: 'uuid' })
  userId: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('user_id'))
  user?: User;

  @Column({ name: 'plan_id', type: 'uuid' })
  planId: string;

  @ManyToOne(() => TreatmentPlan, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('plan_id'))
  plan?: TreatmentPlan;

  /** From 1, in each plan. */
  @Column({ type: 'integer' })
  number: number;

  /** Number of the revision that it was made of; null: of none. */
  @Column({ name: 'based_on', type: 'integer', nullable: true })
  basedOn: number | null;

  @Column({ name: 'made_by', type: 'varchar', length: 16 })
  madeBy: PlanMaker;

  /** No foreign keys: what an agent did stays on record when it is removed. */
  @Column({ name: 'agent_id', type: 'uuid', nullable: true })
  agentId: string | null;

  @Column({ name: 'agent_version_id', type: 'uuid', nullable: true })
  agentVersionId: string | null;

  /** Why no agent's proposal was taken. */
  @Column({ name: 'fallback_reason', type: 'varchar', length: 16, nullable: true })
  fallbackReason: FallbackReason | null;

  /** The person who asked for it or wrote it; null: an application. */
  @Column({ name: 'created_by', type: 'uuid', nullable: true })
  createdBy: string | null;

  @Column({ type: 'varchar', length: 2000, nullable: true })
  note: string | null;

  @Column({ type: 'jsonb' })
  wishes: Wishes;

  @Column({ type: 'jsonb' })
  content: PlanContent;

  /** What differs from the revision that it was made of. */
  @Column({ type: 'jsonb', default: () => "'[]'" })
  changes: PlanChange[];

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}
