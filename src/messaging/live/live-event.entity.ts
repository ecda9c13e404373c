import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Role } from '../../access/permissions.js';
import { Tenant } from '../../access/tenant.entity.js';

/** Something that happened, for people of a tenant who look at it now or come back later. */
@Entity('live_events')
@Index('uq_live_events_cursor', ['tenantId', 'cursor'], { unique: true })
@Index('ix_live_events_created', ['createdAt'])
export class LiveEvent {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Tenant;

  /** Its number in the tenant, given at the commit (migration `live`), so that it grows in the order of commits; null before. */
  @Column({ type: 'bigint', nullable: true })
  cursor: string | null;

  @Column({ type: 'varchar', length: 64 })
  kind: string;

  /** Users who see it. */
  @Column({ name: 'user_ids', type: 'uuid', array: true, default: () => "'{}'" })
  userIds: string[];

  /** Whoever has one of these sees it, too. */
  @Column({ type: 'varchar', array: true, default: () => "'{}'" })
  roles: Role[];

  @Column({ type: 'jsonb' })
  payload: Readonly<Record<string, unknown>>;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
}
