import { Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { ofTheSameTenant } from '../common/tenant-relation.js';
import { ToolGroup } from './group.entity.js';

/** An API key of a group. The key itself is stored only encrypted; calls are checked against its keyed hash. */
@Entity('mcp_group_keys')
@Index('idx_group_keys_group', ['groupId', 'status'])
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

  @Column({ name: 'expires_at', type: 'timestamptz', precision: 3, nullable: true })
  expiresAt: Date | null;

  @Column({ name: 'last_used_at', type: 'timestamptz', precision: 3, nullable: true })
  lastUsedAt: Date | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}

export type GroupKeyStatus = 'active' | 'revoked';
