import { Column, Entity, JoinColumn, OneToOne, PrimaryColumn } from 'typeorm';
import { ReplicaRow } from './replica.entity.js';
import type { Resources } from './resource-meter.js';

/** What a replica last measured of itself and its machine: only it can know. Goes with the replica's row. */
@Entity('replica_resources')
export class ReplicaResourcesRow {
  @PrimaryColumn({ name: 'replica_id', type: 'uuid', primaryKeyConstraintName: 'PK_replica_resources' })
  replicaId: string;

  @OneToOne(() => ReplicaRow, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'replica_id', foreignKeyConstraintName: 'FK_replica_resources_replica' })
  replica?: ReplicaRow;

  /** By the database's clock. */
  @Column({ name: 'measured_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  measuredAt: Date;

  @Column({ type: 'jsonb' })
  resources: Resources;
}
