import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Up to which time a kind of job has been made as its schedule says, over all replicas. */
@Entity('job_schedules')
export class JobSchedule {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  kind: string;

  @Column({ name: 'last_slot', type: 'timestamptz', precision: 3 })
  lastSlot: Date;
}
