import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm';
import { Tenant } from '../../access/tenant.entity.js';

/** An outside OpenID provider that vouches for people of a tenant. */
@Entity('oidc_providers')
@Index('uq_oidc_providers_tenant_name', ['tenantId', 'name'], { unique: true })
export class OidcProvider {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Tenant;

  @Column({ type: 'varchar', length: 100 })
  name: string;

  /** As in its discovery document. */
  @Column({ type: 'varchar', length: 500 })
  issuer: string;

  @Column({ name: 'client_id', type: 'varchar', length: 200 })
  clientId: string;

  /** Sealed under `oidc-provider:<id>`; null for a public client. */
  @Column({ name: 'client_secret', type: 'bytea', nullable: true })
  clientSecret: Buffer | null;

  @Column({ type: 'varchar', array: true, default: () => "'{openid,email,profile}'" })
  scopes: string[];

  @Column({ name: 'email_claim', type: 'varchar', length: 100, default: 'email' })
  emailClaim: string;

  @Column({ name: 'name_claim', type: 'varchar', length: 100, default: 'name' })
  nameClaim: string;

  /** Null: roles are given here, not there. */
  @Column({ name: 'roles_claim', type: 'varchar', length: 100, nullable: true })
  rolesClaim: string | null;

  /** Value of the claim → role here. */
  @Column({ name: 'role_map', type: 'jsonb', default: {} })
  roleMap: Record<string, string>;

  @Column({ name: 'tier_claim', type: 'varchar', length: 100, nullable: true })
  tierClaim: string | null;

  @Column({ name: 'tier_map', type: 'jsonb', default: {} })
  tierMap: Record<string, string>;

  /** Of a person that it makes, beside those of the claim. */
  @Column({ name: 'default_roles', type: 'varchar', array: true, default: () => "'{customer}'" })
  defaultRoles: string[];

  /** Lower case; empty: any. */
  @Column({ name: 'email_domains', type: 'varchar', array: true, default: () => "'{}'" })
  emailDomains: string[];

  /** Whether it makes people who are not known here yet. */
  @Column({ name: 'create_users', type: 'boolean', default: false })
  createUsers: boolean;

  @Column({ type: 'boolean', default: true })
  enabled: boolean;

  @VersionColumn({ name: 'version', default: 1 })
  version: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
