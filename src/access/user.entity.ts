import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  Unique,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm';
import { Tenant } from './tenant.entity.js';

/** A person known to a tenant: an administrator, a consultant, a customer. What a person may do follows from `roles`. */
@Entity('users')
@Unique(['tenantId', 'id']) // what foreign keys of the same tenant refer to
@Index('uq_users_tenant_email', ['tenantId', 'email'], { unique: true })
@Index('uq_users_tenant_username', ['tenantId', 'username'], { unique: true })
@Index('ix_users_tenant_phone', ['tenantId', 'phone'])
// For search_users; TypeORM cannot express them, so migration `crm` makes them.
@Index('ix_users_tenant_created', { synchronize: false })
@Index('ix_users_search_trgm', { synchronize: false })
@Index('ix_users_name_pairs', { synchronize: false })
@Index('ix_users_name_prefix', { synchronize: false })
@Index('ix_users_roles', { synchronize: false })
export class User {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Tenant;

  @Column({ type: 'varchar', length: 64 })
  username: string;

  /** Lower case. What a person signs in with. */
  @Column({ type: 'varchar', length: 254 })
  email: string;

  @Column({ name: 'display_name', type: 'varchar', length: 100 })
  displayName: string;

  /** E.164, e.g. `+8613800138000`. */
  @Column({ type: 'varchar', length: 20, nullable: true })
  phone: string | null;

  @Column({ name: 'avatar_url', type: 'text', nullable: true })
  avatarUrl: string | null;

  /** argon2id; null: this person cannot sign in with a password. */
  @Column({ name: 'password_hash', type: 'text', nullable: true })
  passwordHash: string | null;

  /** `owner`, `admin`, `operator`, `auditor` for the platform; `consultant`, `customer` for the business. */
  @Column({ type: 'varchar', array: true, default: () => "'{}'" })
  roles: string[];

  /** Service level of a customer, e.g. `vip`, `standard`. */
  @Column({ type: 'varchar', length: 32, default: 'standard' })
  tier: string;

  @Column({ type: 'boolean', default: true })
  enabled: boolean;

  /** Registered then, and the address is not proven yet: disabled so long, and gives way to whoever registers with it next. */
  @Column({ name: 'unverified_since', type: 'timestamptz', precision: 3, nullable: true })
  unverifiedSince: Date | null;

  @VersionColumn({ name: 'version', default: 1 })
  version: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
