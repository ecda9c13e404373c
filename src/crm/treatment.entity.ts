import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { ofTheSameTenant } from '../platform/database/tenant-relation.js';
import { User } from '../access/user.entity.js';
import { Project } from './project.entity.js';

/** A project that was performed and paid. */
@Entity('treatments')
@Index('ix_treatments_user_performed', ['userId', 'performedAt', 'id'])
@Index('ix_treatments_project', ['projectId'])
export class Treatment {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('user_id'))
  user?: User;

  @Column({ name: 'project_id', type: 'uuid', nullable: true })
  projectId: string | null;

  @ManyToOne(() => Project, { onDelete: 'SET NULL' })
  @JoinColumn(ofTheSameTenant('project_id'))
  project?: Project | null;

  @Column({ name: 'amount_paid_cents', type: 'integer' })
  amountPaidCents: number;

  /** ISO 4217. */
  @Column({ type: 'varchar', length: 3, default: 'CNY' })
  currency: string;

  @Column({ name: 'performed_at', type: 'timestamptz', precision: 3 })
  performedAt: Date;
}
