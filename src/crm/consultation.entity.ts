import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { ofTheSameTenant } from '../platform/database/tenant-relation.js';
import { User } from '../access/user.entity.js';
import { Project } from './project.entity.js';

export const CONSULTATION_OUTCOMES = [
  'booked',
  'considering',
  'follow_up',
  'declined',
  'unsuitable',
  'no_show',
  'cancelled',
] as const;
export type ConsultationOutcome = (typeof CONSULTATION_OUTCOMES)[number];

/** A talk between a consultant and a customer, usually about one project. */
@Entity('consultations')
@Index('ix_consultations_user_started', ['userId', 'startedAt', 'id'])
@Index('ix_consultations_consultant', ['consultantId'])
@Index('ix_consultations_project', ['projectId'])
export class Consultation {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('user_id'))
  user?: User;

  @Column({ name: 'consultant_id', type: 'uuid', nullable: true })
  consultantId: string | null;

  @ManyToOne(() => User, { onDelete: 'SET NULL' })
  @JoinColumn(ofTheSameTenant('consultant_id'))
  consultant?: User | null;

  @Column({ name: 'project_id', type: 'uuid', nullable: true })
  projectId: string | null;

  @ManyToOne(() => Project, { onDelete: 'SET NULL' })
  @JoinColumn(ofTheSameTenant('project_id'))
  project?: Project | null;

  /** Null until the consultation is over. */
  @Column({ type: 'varchar', length: 16, nullable: true })
  outcome: ConsultationOutcome | null;

  @Column({ type: 'text', default: '' })
  notes: string;

  @Column({ name: 'started_at', type: 'timestamptz', precision: 3 })
  startedAt: Date;

  @Column({ name: 'ended_at', type: 'timestamptz', precision: 3, nullable: true })
  endedAt: Date | null;
}
