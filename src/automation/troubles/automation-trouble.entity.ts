import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import { Tenant } from '../../access/tenant.entity.js';

/** Says since when something is wrong with a tenant's automation: its tools are missing, or a target is missed. */
@Entity('automation_troubles')
@Unique('uq_automation_troubles_tenant_name', ['tenantId', 'name'])
export class AutomationTrouble {
  /** Stays the same however often it begins and ends: what alerts are about. */
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Tenant;

  /** `tools`, or the name of a target. */
  @Column({ type: 'varchar', length: 64 })
  name: string;

  /** Null: it is over. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  since: Date | null;

  /** When administrators were told of it. */
  @Column({ name: 'alerted_at', type: 'timestamptz', precision: 3, nullable: true })
  alertedAt: Date | null;
}
