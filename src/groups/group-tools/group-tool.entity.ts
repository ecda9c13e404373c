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
import { ofTheSameTenant } from '../../platform/database/tenant-relation.js';
import type { ToolPolicy } from '../../tools/pipe/policy.js';
import { SourceTool } from '../../sources/source-tool.entity.js';
import { ToolGroup } from '../group.entity.js';

/** A tool as one group has it: the registered definition, with what this group's admin set. */
@Entity('mcp_tools')
@Index('uq_tools_group_name', ['groupId', 'toolName'], { unique: true })
@Index('idx_tools_tenant_name', ['tenantId', 'toolName'])
export class GroupTool {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @Column({ name: 'group_id', type: 'uuid' })
  groupId: string;

  @ManyToOne(() => ToolGroup, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('group_id'))
  group?: ToolGroup;

  @Column({ name: 'tool_name', type: 'varchar', length: 64 })
  toolName: string;

  /** Kind of its source: `native`, or that of the tenant's source that brings it. */
  @Column({ type: 'varchar', length: 16, default: 'native' })
  source: string;

  /** The tool of a source of the tenant; null: a tool of this build. */
  @Index('idx_tools_source_tool', { where: 'source_tool_id IS NOT NULL' })
  @Column({ name: 'source_tool_id', type: 'uuid', nullable: true })
  sourceToolId: string | null;

  @ManyToOne(() => SourceTool, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('source_tool_id'))
  sourceTool?: SourceTool;

  /** Version of the definition when the row was made. */
  @Column({ type: 'varchar', length: 20, default: '1.0.0' })
  version: string;

  /** Replaces the tool's own description in this group; null keeps it. */
  @Column({ type: 'text', nullable: true })
  description: string | null;

  @Column({ type: 'boolean', default: true })
  enabled: boolean;

  /** Longest run in seconds; null: the tool's own limit. */
  @Column({ name: 'timeout_seconds', type: 'int', nullable: true })
  timeoutSeconds: number | null;

  /** Roles of which a signed-in user needs one, among those of the group; empty: as the group says. */
  @Column({ name: 'allowed_roles', type: 'varchar', array: true, default: () => "'{}'" })
  allowedRoles: string[];

  /** Tiers it is for, among those of the group; empty: as the group says. */
  @Column({ name: 'user_tier_access', type: 'varchar', array: true, default: () => "'{}'" })
  userTierAccess: string[];

  /** Settings of the tool in this group, as its `config` schema allows. */
  @Column({ name: 'config_data', type: 'jsonb', default: () => "'{}'" })
  configData: Record<string, unknown>;

  /** Limits, retries and breaker of its calls in this group. */
  @Column({ type: 'jsonb', default: () => "'{}'" })
  policy: ToolPolicy;

  /** Grows with each change of this row; the ETag of its answers. */
  @VersionColumn({ name: 'row_version', default: 1 })
  rowVersion: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
