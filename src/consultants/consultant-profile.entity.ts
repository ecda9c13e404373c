import {
  Column,
  CreateDateColumn,
  Entity,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm';
import { User } from '../access/user.entity.js';
import { ofTheSameTenant } from '../platform/database/tenant-relation.js';

/** What a consultant without a profile has. */
export const PROFILE_DEFAULTS = { skills: [] as string[], level: 1, maxOpenCustomers: 20, available: true };

/** How a user with role `consultant` works. */
@Entity('consultant_profiles')
export class ConsultantProfile {
  @PrimaryColumn({ name: 'user_id', type: 'uuid' })
  userId: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('user_id'))
  user?: User;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  /** Compared with a customer's tier and tags. Lower case. */
  @Column({ type: 'varchar', array: true, default: () => "'{}'" })
  skills: string[];

  /** 1 to 10; escalations go to those of at least some level. */
  @Column({ type: 'integer', default: 1 })
  level: number;

  @Column({ name: 'max_open_customers', type: 'integer', default: 20 })
  maxOpenCustomers: number;

  @Column({ type: 'boolean', default: true })
  available: boolean;

  /** Grows with each change; the ETag of its answers. */
  @VersionColumn({ default: 1 })
  version: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
