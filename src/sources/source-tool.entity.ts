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
import { Tenant } from '../access/tenant.entity.js';
import type { JsonObject } from '../tools/tool-definition.js';

/** Where tools that tenants bring come from. */
export const SOURCE_KINDS = ['upstream', 'http', 'plugin', 'builtin'] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

/**
 * `active`: groups can serve it as its definition says. `held`: new, and somebody has to approve it first. `quarantined`: it may not be
 * served, the reason says why. `gone`: its source does not offer it any more.
 */
export const SOURCE_TOOL_STATES = ['active', 'held', 'quarantined', 'gone'] as const;
export type SourceToolState = (typeof SOURCE_TOOL_STATES)[number];

/** What a source says of a tool, in MCP's words. */
export type SourceDefinition = {
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema: JsonObject;
  readonly outputSchema?: JsonObject;
  readonly annotations?: JsonObject;
  readonly _meta?: JsonObject;
};

/** A tool that a source of the tenant offers, pinned: agents get this definition until somebody, or the source's policy, takes another. */
@Entity('mcp_source_tools')
@Unique('uq_source_tools_tenant_id', ['tenantId', 'id'])
@Index('uq_source_tools_own_name', ['sourceId', 'ownName'], { unique: true })
@Index('uq_source_tools_tenant_name', ['tenantId', 'toolName'], { unique: true })
export class SourceTool {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'pk_source_tools' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Tenant;

  @Column({ type: 'varchar', length: 16 })
  source: SourceKind;

  /** The row of the source, in the table of its kind. */
  @Column({ name: 'source_id', type: 'uuid' })
  sourceId: string;

  /** What the source calls it. */
  @Column({ name: 'own_name', type: 'varchar', length: 255 })
  ownName: string;

  /** What groups and agents call it. It never changes: agents and their prompts rely on it. */
  @Column({ name: 'tool_name', type: 'varchar', length: 64 })
  toolName: string;

  @Column({ type: 'jsonb' })
  definition: SourceDefinition;

  /** SHA-256 of the definition's canonical JSON, in hexadecimal. */
  @Column({ type: 'char', length: 64 })
  digest: string;

  @Column({ type: 'varchar', length: 16 })
  state: SourceToolState;

  /** Why it cannot be served, or what is wrong with the definition that waits. */
  @Column({ type: 'text', nullable: true })
  reason: string | null;

  /** A changed definition that waits for approval. */
  @Column({ type: 'jsonb', nullable: true })
  pending: SourceDefinition | null;

  /** Of `pending`; alone, without it: the definition that somebody rejected, which is not asked about again. */
  @Column({ name: 'pending_digest', type: 'char', length: 64, nullable: true })
  pendingDigest: string | null;

  /** Grows with each change of this row; the ETag of its answers. */
  @VersionColumn({ name: 'row_version', default: 1 })
  rowVersion: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
