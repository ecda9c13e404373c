import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * Something that looks like a stolen key. One row per key, kind, address and hour, however often it happens, so that whoever
 * tries cannot flood the table.
 */
@Entity('security_alerts')
@Index('uq_security_alerts_window', ['keyId', 'kind', 'ip', 'hour'], { unique: true })
@Index('idx_security_alerts_tenant', ['tenantId', 'id'])
export class SecurityAlert {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  /** See {@link AlertKind}. */
  @Column({ type: 'varchar', length: 32 })
  kind: AlertKind;

  @Column({ name: 'key_id', type: 'uuid' })
  keyId: string;

  @Column({ name: 'group_id', type: 'uuid' })
  groupId: string;

  @Column({ type: 'varchar', length: 64 })
  ip: string;

  @Column({ name: 'user_agent', type: 'varchar', length: 300, nullable: true })
  userAgent: string | null;

  /** The hour that `uses` counts. */
  @Column({ type: 'timestamptz', precision: 3 })
  hour: Date;

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
export type AlertKind = 'decoy_used' | 'network_refused';
