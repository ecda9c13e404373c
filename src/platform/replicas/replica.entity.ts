import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A running process of the service. Its row is kept fresh by a heartbeat and goes when the process stops in order. */
@Entity('replicas')
export class ReplicaRow {
  /** Made anew by each process. */
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  /** For people: `REPLICA_NAME`, else host name and port. */
  @Column({ type: 'varchar', length: 255 })
  name: string;

  @Column({ name: 'started_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  startedAt: Date;

  /** By the database's clock, so that replicas need not agree on the time. */
  @Column({ name: 'last_seen_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  lastSeenAt: Date;
}
