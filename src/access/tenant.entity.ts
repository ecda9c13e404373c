import { Column, CreateDateColumn, Entity, Index, PrimaryColumn, VersionColumn } from 'typeorm';

/**
 * Tells, in SQL over `tenants`, those that `toolcrib doctor --isolation` makes for itself: they are born to be removed. Nothing is done
 * for them in the background, no list shows them, and what a killed run leaves of them the next run removes.
 */
export const MADE_UP = '(enabled AND removing_at IS NOT NULL)';

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

  /**
   * Its rows are being deleted, for good: see `auth/tenants/tenant-remover.ts`. A tenant that is enabled all the same is one of
   * {@link MADE_UP}.
   */
  @Column({ name: 'removing_at', type: 'timestamptz', precision: 3, nullable: true })
  removingAt: Date | null;

  /** Grows with each change; the ETag of its answers. */
  @VersionColumn({ default: 1 })
  version: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}
