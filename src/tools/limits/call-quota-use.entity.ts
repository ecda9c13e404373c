import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How many calls of a day all replicas together have taken of one quota. */
@Entity('call_quota_uses')
export class CallQuotaUse {
  @PrimaryColumn({ name: 'tenant_id', type: 'uuid', primaryKeyConstraintName: 'PK_call_quota_uses' })
  tenantId: string;

  /** What is limited: `group:<id>`, `key:<id>`, `tool:<id>`, `user:<group id>:<id>`. */
  @PrimaryColumn({ type: 'varchar', length: 100, primaryKeyConstraintName: 'PK_call_quota_uses' })
  scope: string;

  /** Of UTC. */
  @PrimaryColumn({ type: 'date', primaryKeyConstraintName: 'PK_call_quota_uses' })
  day: string;

  @Column({ type: 'bigint' })
  used: string;
}
