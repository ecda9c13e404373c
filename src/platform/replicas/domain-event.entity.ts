import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';

/** Something that happened to a tenant's data and has after-effects. Stored with the change itself, picked up once. */
@Entity('domain_events')
@Index('idx_domain_events_waiting', ['kind', 'id'], { where: '"picked_up_at" IS NULL' })
@Index('idx_domain_events_tenant', ['tenantId', 'kind', 'createdAt'])
export class DomainEvent {
  /** UUIDv7: sorts by time. */
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  /** `<thing>.<what happened>`, e.g. `user.registered`. */
  @Column({ type: 'varchar', length: 64 })
  kind: string;

  /** Ids only: whoever acts on it reads the rest from its table. */
  @Column({ type: 'jsonb' })
  payload: Record<string, string>;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  /** When a job took it over, in the transaction that made the job; null: still waiting. */
  @Column({ name: 'picked_up_at', type: 'timestamptz', precision: 3, nullable: true })
  pickedUpAt: Date | null;
}
