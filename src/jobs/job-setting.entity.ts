import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm';
import { Tenant } from '../access/tenant.entity.js';

/** What a tenant's operators set for a kind of job, in place of what its author wrote. */
@Entity('job_settings')
@Index('uq_job_settings_kind', ['tenantId', 'kind'], { unique: true })
export class JobSetting {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Tenant;

  @Column({ type: 'varchar', length: 64, update: false })
  kind: string;

  /** Seconds before each further attempt; empty: there is one attempt. */
  @Column({ name: 'retry_seconds', type: 'integer', array: true })
  retrySeconds: number[];

  /** Of one run; null: as the author wrote. */
  @Column({ name: 'timeout_seconds', type: 'integer', nullable: true })
  timeoutSeconds: number | null;

  /** Grows with each change; the ETag of its answers. */
  @VersionColumn({ default: 1 })
  version: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
