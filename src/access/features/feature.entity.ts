import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  PrimaryColumn,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm';

/** A feature switch: of one tenant, or of the installation when `tenantId` is null. */
@Entity('features')
@Index('uq_features_tenant_name', ['tenantId', 'name'], { unique: true })
@Index('uq_features_installation_name', ['name'], { unique: true, where: '"tenant_id" IS NULL' })
export class Feature {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid', nullable: true })
  tenantId: string | null;

  @Column({ type: 'varchar', length: 64, update: false })
  name: string;

  @Column({ type: 'varchar', length: 500, default: '' })
  description: string;

  /** Off: for nobody, whatever the rest says. */
  @Column({ type: 'boolean' })
  enabled: boolean;

  /** Of the subjects, 0 to 100: see `rollout.ts`. */
  @Column({ type: 'integer', default: 100 })
  percentage: number;

  /** The user needs one of them; empty: anyone. */
  @Column({ type: 'varchar', array: true, default: () => "'{}'" })
  roles: string[];

  /** Grows with each change; the ETag of its answers. */
  @VersionColumn({ default: 1 })
  version: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
