import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The circuit of one tool on one replica, when it is not closed. Ends with its replica. */
@Entity('circuit_states')
export class CircuitStateRow {
  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @PrimaryColumn({ name: 'tool_id', type: 'uuid', primaryKeyConstraintName: 'PK_circuit_states' })
  toolId: string;

  @PrimaryColumn({ name: 'replica_id', type: 'uuid', primaryKeyConstraintName: 'PK_circuit_states' })
  replicaId: string;

  @Column({ type: 'varchar', length: 16 })
  state: 'open' | 'half_open';

  /** Of the failure that opened it. */
  @Column({ name: 'error_kind', type: 'varchar', length: 32, nullable: true })
  errorKind: string | null;

  @Column({ name: 'changed_at', type: 'timestamptz', precision: 3 })
  changedAt: Date;
}
