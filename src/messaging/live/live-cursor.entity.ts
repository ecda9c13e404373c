import { Column, Entity, JoinColumn, OneToOne, PrimaryColumn } from 'typeorm';
import { Tenant } from '../../access/tenant.entity.js';

/** Where the events of a tenant end and, since old ones are removed, begin. */
@Entity('live_cursors')
export class LiveCursor {
  @PrimaryColumn({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @OneToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Tenant;

  /** Of the newest event. */
  @Column({ type: 'bigint', default: 0 })
  last: string;

  /** Of the newest one that was removed. */
  @Column({ name: 'removed_to', type: 'bigint', default: 0 })
  removedTo: string;
}
