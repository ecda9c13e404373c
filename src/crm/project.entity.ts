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
} from 'typeorm';
import { Tenant } from '../access/tenant.entity.js';

/** One service of the tenant's catalogue: what it costs, how long it takes, who must not have it. */
@Entity('projects')
@Unique(['tenantId', 'id']) // what foreign keys of the same tenant refer to
@Index('uq_projects_tenant_code', ['tenantId', 'code'], { unique: true })
export class Project {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Tenant;

  /** Short and stable, e.g. `hydra-facial`. */
  @Column({ type: 'varchar', length: 64 })
  code: string;

  @Column({ type: 'varchar', length: 200 })
  name: string;

  /** E.g. `skin`, `injection`, `laser`. */
  @Column({ type: 'varchar', length: 32 })
  category: string;

  @Column({ type: 'text', default: '' })
  description: string;

  @Column({ name: 'price_min_cents', type: 'integer' })
  priceMinCents: number;

  @Column({ name: 'price_max_cents', type: 'integer' })
  priceMaxCents: number;

  /** ISO 4217. */
  @Column({ type: 'varchar', length: 3, default: 'CNY' })
  currency: string;

  @Column({ name: 'duration_minutes', type: 'smallint' })
  durationMinutes: number;

  @Column({ name: 'recovery_days', type: 'smallint', default: 0 })
  recoveryDays: number;

  /** How many sessions a course usually has; a plan has no more. */
  @Column({ name: 'usual_sessions', type: 'smallint', default: 1 })
  usualSessions: number;

  /** Days between two sessions of a course at least; the time to recover counts in any case. */
  @Column({ name: 'session_interval_days', type: 'smallint', default: 0 })
  sessionIntervalDays: number;

  @Column({ type: 'varchar', array: true, default: () => "'{}'" })
  contraindications: string[];

  /** False: no longer offered; kept for history. */
  @Column({ type: 'boolean', default: true })
  enabled: boolean;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
