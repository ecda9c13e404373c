import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  VersionColumn,
} from 'typeorm';
import { ofTheSameTenant } from '../../platform/database/tenant-relation.js';
import type { CallLimits } from '../../access/call-limits.js';
import { ToolGroup } from '../group.entity.js';

/** An API key of a group. The key itself is stored only encrypted; calls are checked against its keyed hash. */
@Entity('mcp_group_keys')
@Index('idx_group_keys_group', ['groupId', 'status'])
@Index('uq_group_keys_group_name', ['groupId', 'name'], { unique: true, where: `"status" = 'active'` })
export class GroupKey {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @Column({ name: 'group_id', type: 'uuid' })
  groupId: string;

  @ManyToOne(() => ToolGroup, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('group_id'))
  group?: ToolGroup;

  /** What it is called, unique among the active keys of its group; a key and the one that replaces it share it. */
  @Column({ type: 'varchar', length: 100, default: 'default' })
  name: string;

  /** Who answers for it, e.g. a team or an address. */
  @Column({ type: 'varchar', length: 200, nullable: true })
  owner: string | null;

  /** The application that it was made for, as the call log names it; null: as the caller says. */
  @Column({ name: 'app_id', type: 'varchar', length: 100, nullable: true })
  appId: string | null;

  /** CIDR blocks it may be used from; empty: anywhere. */
  @Column({ name: 'allowed_networks', type: 'varchar', array: true, default: () => "'{}'" })
  allowedNetworks: string[];

  /** The tools of the group that it sees; null: all. */
  @Column({ name: 'tool_names', type: 'varchar', array: true, nullable: true })
  toolNames: string[] | null;

  /** How much may be called with it. */
  @Column({ type: 'jsonb', default: () => "'{}'" })
  limits: CallLimits;

  /** Opens nothing; its use raises an alert. */
  @Column({ name: 'is_decoy', type: 'boolean', default: false })
  isDecoy: boolean;

  /** AES-256-GCM under the master key: see SecretBox. */
  @Column({ type: 'bytea' })
  ciphertext: Buffer;

  /** HMAC-SHA256 of the key under a key derived from the master key. */
  @Column({ type: 'bytea', unique: true })
  hash: Buffer;

  /** The first characters, to recognise a key by. */
  @Column({ type: 'varchar', length: 16 })
  prefix: string;

  @Column({ type: 'varchar', length: 16, default: 'active' })
  status: GroupKeyStatus;

  /** When it stops by itself; for a retiring key the end of its overlap. */
  @Column({ name: 'expires_at', type: 'timestamptz', precision: 3, nullable: true })
  expiresAt: Date | null;

  @Column({ name: 'last_used_at', type: 'timestamptz', precision: 3, nullable: true })
  lastUsedAt: Date | null;

  @Column({ name: 'revoked_at', type: 'timestamptz', precision: 3, nullable: true })
  revokedAt: Date | null;

  @Column({ name: 'created_by', type: 'uuid', nullable: true })
  createdBy: string | null;

  /** Grows with each change of this row; the ETag of its answers. */
  @VersionColumn({ default: 1 })
  version: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}

/** `retiring`: replaced, and good until `expiresAt`, so that whoever uses it can change over. */
export type GroupKeyStatus = 'active' | 'retiring' | 'revoked';
