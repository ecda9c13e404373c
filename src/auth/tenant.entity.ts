import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';

/** A company or department. Owns its groups, users, customers and call records. */
@Entity('tenants')
@Index('uq_tenants_operating', ['isOperating'], { unique: true, where: '"is_operating"' })
export class Tenant {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ type: 'varchar', length: 100, unique: true })
  name: string;

  @Column({ type: 'boolean', default: true })
  enabled: boolean;

  /** Runs the installation: its owners manage the other tenants. There is one. */
  @Column({ name: 'is_operating', type: 'boolean', default: false })
  isOperating: boolean;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}
