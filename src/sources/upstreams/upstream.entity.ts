import type { PriorDiscovery } from '@modelcontextprotocol/client';
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
import { SealedColumn } from '../../platform/secrets/sealed-column.js';
import type { SourcePolicy } from '../sync-decision.js';
import type { UpstreamTransport } from './upstream-settings.js';
import type { UpstreamState } from './upstream-state.js';

/** The values that `${NAME}` stands for. */
export const UPSTREAM_SECRETS = new SealedColumn('upstreams', 'ciphertext');

/** Another MCP server whose tools the tenant's groups can have. */
@Entity('upstreams')
@Index('uq_upstreams_tenant_name', ['tenantId', 'name'], { unique: true })
@Index('idx_upstreams_next_try', ['nextTryAt'], { where: 'enabled' })
export class Upstream {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'pk_upstreams' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Tenant;

  @Column({ type: 'varchar', length: 64 })
  name: string;

  @Column({ type: 'varchar', length: 2000, default: '' })
  description: string;

  @Column({ type: 'varchar', length: 8 })
  transport: UpstreamTransport;

  /** The program of a `stdio` upstream. */
  @Column({ type: 'text', nullable: true })
  command: string | null;

  @Column({ type: 'jsonb', default: () => "'[]'" })
  args: string[];

  /** May hold `${NAME}`, as all that is sent or started with may. */
  @Column({ type: 'jsonb', default: () => "'{}'" })
  env: Record<string, string>;

  @Column({ type: 'text', nullable: true })
  cwd: string | null;

  @Column({ type: 'text', nullable: true })
  url: string | null;

  @Column({ type: 'jsonb', default: () => "'{}'" })
  headers: Record<string, string>;

  /** JSON of names and values, sealed; null: none. */
  @Column({ type: 'bytea', nullable: true })
  ciphertext: Buffer | null;

  /** Before the names of its tools; it never changes, as they do not. */
  @Column({ type: 'varchar', length: 32, default: '' })
  prefix: string;

  @Column({ type: 'varchar', length: 8, default: 'hold' })
  policy: SourcePolicy;

  @Column({ type: 'boolean', default: true })
  enabled: boolean;

  /** See `upstream-state.ts`. What follows is written past the version: an upstream that fails is no change by an administrator. */
  @Column({ type: 'varchar', length: 16, default: 'connecting' })
  state: UpstreamState;

  @Column({ name: 'state_reason', type: 'text', nullable: true })
  stateReason: string | null;

  @Column({ name: 'state_since', type: 'timestamptz', precision: 3, default: () => 'now()' })
  stateSince: Date;

  /** Failures in a row. */
  @Column({ type: 'int', default: 0 })
  failures: number;

  /** When its definitions are read again after a failure. */
  @Column({ name: 'next_try_at', type: 'timestamptz', precision: 3, nullable: true })
  nextTryAt: Date | null;

  /** Which era it speaks, as it was found out, for the next connection to begin with. */
  @Column({ type: 'jsonb', nullable: true })
  verdict: PriorDiscovery | null;

  /** Name and version that it says it has, and the protocol revision. */
  @Column({ name: 'server_info', type: 'jsonb', nullable: true })
  serverInfo: Record<string, string> | null;

  @Column({ name: 'tools_read_at', type: 'timestamptz', precision: 3, nullable: true })
  toolsReadAt: Date | null;

  /** One replica reads the definitions until then. */
  @Column({ name: 'reading_until', type: 'timestamptz', precision: 3, nullable: true })
  readingUntil: Date | null;

  /** Somebody heard that they have changed. */
  @Column({ name: 'read_wanted_at', type: 'timestamptz', precision: 3, nullable: true })
  readWantedAt: Date | null;

  /** Grows with each change of its settings; the ETag of its answers. */
  @VersionColumn({ default: 1 })
  version: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
