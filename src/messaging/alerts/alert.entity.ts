import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * Something that administrators should see. Signs of a stolen key have one row per key, kind, address and hour, however often it
 * happens, so that whoever tries cannot flood the table; everything else has one row per `key`.
 */
@Entity('alerts')
@Index('uq_alerts_window', ['keyId', 'kind', 'ip', 'hour'], { unique: true })
@Index('uq_alerts_tenant_key', ['tenantId', 'key'], { unique: true })
@Index('idx_alerts_tenant', ['tenantId', 'id'])
export class Alert {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  /** A {@link KeyAlertKind}, or what its raiser calls it. */
  @Column({ type: 'varchar', length: 32 })
  kind: string;

  @Column({ type: 'varchar', length: 200, default: '' })
  title: string;

  @Column({ type: 'text', default: '' })
  detail: string;

  /** What it is about, e.g. `automation_run`. */
  @Column({ name: 'target_kind', type: 'varchar', length: 32, nullable: true })
  targetKind: string | null;

  @Column({ name: 'target_id', type: 'uuid', nullable: true })
  targetId: string | null;

  /** What it is raised once for; null: see the class. */
  @Column({ type: 'varchar', length: 200, nullable: true })
  key: string | null;

  /** Of a group; with the columns below only for signs of a stolen key. */
  @Column({ name: 'key_id', type: 'uuid', nullable: true })
  keyId: string | null;

  @Column({ name: 'group_id', type: 'uuid', nullable: true })
  groupId: string | null;

  @Column({ type: 'varchar', length: 64, nullable: true })
  ip: string | null;

  @Column({ name: 'user_agent', type: 'varchar', length: 300, nullable: true })
  userAgent: string | null;

  /** The hour that `uses` counts. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  hour: Date | null;

  @Column({ type: 'int', default: 1 })
  uses: number;

  @Column({ name: 'first_seen_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  firstSeenAt: Date;

  @Column({ name: 'last_seen_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  lastSeenAt: Date;

  @Column({ name: 'acknowledged_at', type: 'timestamptz', precision: 3, nullable: true })
  acknowledgedAt: Date | null;

  @Column({ name: 'acknowledged_by', type: 'uuid', nullable: true })
  acknowledgedBy: string | null;
}

/** `decoy_used`: a key that nobody has any business with; `network_refused`: a good key from where it may not be used. */
export type KeyAlertKind = 'decoy_used' | 'network_refused';
