import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  Unique,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm';
import { User } from '../../access/user.entity.js';
import { ofTheSameTenant } from '../../platform/database/tenant-relation.js';
import type { PlanState } from './plan-state.js';

/** What is proposed to a customer, and what a consultant decided. What it says is in its revisions. */
@Entity('treatment_plans')
@Unique(['tenantId', 'id']) // what foreign keys of the same tenant refer to
@Index('ix_treatment_plans_user', ['tenantId', 'userId', 'id'])
@Index('ix_treatment_plans_state', ['tenantId', 'state', 'id'])
export class TreatmentPlan {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  /** The customer. */
  @Column({ name: 'user_id', type: 'uuid' })
  userId: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('user_id'))
  user?: User;

  @Column({ type: 'varchar', length: 16, default: 'proposed' })
  state: PlanState;

  /** Number of the revision that counts now. */
  @Column({ type: 'integer', default: 1 })
  revision: number;

  /** Number of the revision that was approved last: it is in force until another one is. */
  @Column({ name: 'approved_revision', type: 'integer', nullable: true })
  approvedRevision: number | null;

  /** Who approved or rejected last. */
  @Column({ name: 'decided_by', type: 'uuid', nullable: true })
  decidedBy: string | null;

  @Column({ name: 'decided_at', type: 'timestamptz', precision: 3, nullable: true })
  decidedAt: Date | null;

  @Column({ name: 'decision_note', type: 'varchar', length: 2000, nullable: true })
  decisionNote: string | null;

  /** Grows with each change; the ETag of its answers. */
  @VersionColumn({ default: 1 })
  version: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
