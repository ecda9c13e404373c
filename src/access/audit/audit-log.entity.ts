import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** One act of an administrator, or an attempt at one. Append-only for the service's database role. */
@Entity('admin_audit_logs')
@Index('idx_admin_audit_logs_time', ['tenantId', 'createdAt', 'id'])
@Index('idx_admin_audit_logs_actor_time', ['tenantId', 'actorId', 'createdAt'])
@Index('idx_admin_audit_logs_target_time', ['tenantId', 'targetId', 'createdAt'])
export class AdminAuditLog {
  /** UUIDv7. */
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;

  /** `user`, `token` (a personal access token), `job` or `system` (the command line, the first start). */
  @Column({ name: 'actor_kind', type: 'varchar', length: 16 })
  actorKind: string;

  @Column({ name: 'actor_id', type: 'uuid', nullable: true })
  actorId: string | null;

  /** The address of the user or the name of the job, as it was then. */
  @Column({ name: 'actor_name', type: 'varchar', length: 254, nullable: true })
  actorName: string | null;

  /** `group.update`, `key.reveal`, …; for a refused attempt the method and path. */
  @Column({ type: 'varchar', length: 200 })
  action: string;

  /** `group`, `key`, `tool`, `user`, …; null for a refused attempt. */
  @Column({ name: 'target_kind', type: 'varchar', length: 32, nullable: true })
  targetKind: string | null;

  @Column({ name: 'target_id', type: 'uuid', nullable: true })
  targetId: string | null;

  /** What it was called then. */
  @Column({ name: 'target_name', type: 'varchar', length: 254, nullable: true })
  targetName: string | null;

  /** The changed fields as they were, secrets masked. */
  @Column({ type: 'jsonb', nullable: true })
  before: object | null;

  /** The changed fields as they are, secrets masked. */
  @Column({ type: 'jsonb', nullable: true })
  after: object | null;

  @Column({ type: 'varchar', length: 16 })
  result: AuditResult;

  /** Why it was refused. */
  @Column({ type: 'text', nullable: true })
  reason: string | null;

  @Column({ type: 'varchar', length: 64, nullable: true })
  ip: string | null;

  @Column({ name: 'user_agent', type: 'varchar', length: 300, nullable: true })
  userAgent: string | null;

  @Column({ name: 'request_id', type: 'varchar', length: 64, nullable: true })
  requestId: string | null;
}

export type AuditResult = 'ok' | 'refused' | 'failed';
