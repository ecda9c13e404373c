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
import type { GroupPolicy } from '../tools/pipe/policy.js';
import { Tenant } from '../access/tenant.entity.js';

/** A tool group: the tools one application may use, behind one MCP URL (`server_code`) and its keys. */
@Entity('mcp_tool_groups')
@Unique(['tenantId', 'id']) // what foreign keys of the same tenant refer to
@Index('uq_tool_groups_tenant_name', ['tenantId', 'name'], { unique: true })
@Unique('uq_tool_groups_server_code', ['serverCode'])
export class ToolGroup {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Tenant;

  @Column({ type: 'varchar', length: 100 })
  name: string;

  /** In the MCP URL; unique over all tenants; never changes. */
  @Column({ name: 'server_code', type: 'varchar', length: 32, update: false })
  serverCode: string;

  @Column({ type: 'text', default: '' })
  description: string;

  @Column({ name: 'user_tier_access', type: 'varchar', array: true, default: () => "'{}'" })
  userTierAccess: string[];

  @Column({ name: 'allowed_roles', type: 'varchar', array: true, default: () => "'{}'" })
  allowedRoles: string[];

  @Column({ type: 'boolean', default: true })
  enabled: boolean;

  /** Whether legacy clients get an `Mcp-Session-Id` with all that hangs on it; off: every request stands alone. */
  @Column({ type: 'boolean', default: false })
  sessions: boolean;

  /** Limits and the other rules of its calls. */
  @Column({ type: 'jsonb', default: () => "'{}'" })
  policy: GroupPolicy;

  /** Grows with every change to the group, its keys or its tools. */
  @Column({ type: 'bigint', default: 1 })
  epoch: string;

  @Column({ name: 'created_by', type: 'uuid', nullable: true })
  createdBy: string | null;

  /** Grows with each change of this row; the ETag of its answers. */
  @VersionColumn({ default: 1 })
  version: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
