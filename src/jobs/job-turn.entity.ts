import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Whose turn it is among those whose jobs of a kind wait; written by `claim_jobs`. */
@Entity('job_turns')
export class JobTurn {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  kind: string;

  /** The tenant that had its turn last, or was passed over last. It may be gone. */
  @Column({ name: 'tenant_id_reached', type: 'uuid' })
  tenantIdReached: string;

  /** When a job of the kind was begun last. */
  @Column({ name: 'served_at', type: 'timestamptz', precision: 3, nullable: true })
  servedAt: Date | null;

  /** None of the kind that waits is due before; null: nobody has looked yet. */
  @Column({ name: 'from_at', type: 'timestamptz', precision: 3, nullable: true })
  fromAt: Date | null;
}
