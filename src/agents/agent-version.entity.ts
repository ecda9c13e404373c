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
import { ofTheSameTenant } from '../platform/database/tenant-relation.js';
import { Agent } from './agent.entity.js';
import type { AgentMode } from './agent-modes.js';
import type { InputField } from './input-form.js';

/** One Dify app that answers as an agent, and the key to it. */
@Entity('agent_versions')
@Index('uq_agent_versions_agent_label', ['agentId', 'label'], { unique: true })
export class AgentVersion {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @Column({ name: 'agent_id', type: 'uuid' })
  agentId: string;

  @ManyToOne(() => Agent, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('agent_id'))
  agent?: Agent;

  @Column({ type: 'varchar', length: 50 })
  label: string;

  /** The app's id in Dify, as the address of its page has it; for people to find it by. */
  @Column({ name: 'app_id', type: 'varchar', length: 100, nullable: true })
  appId: string | null;

  /** With `/v1`, without a slash at the end. */
  @Column({ name: 'base_url', type: 'varchar', length: 504 })
  baseUrl: string;

  /** The API key, sealed under `agent-key:<id>`: see SecretBox. */
  @Column({ type: 'bytea' })
  ciphertext: Buffer;

  /** The first characters of the key, to recognise it by. */
  @Column({ name: 'key_prefix', type: 'varchar', length: 8 })
  keyPrefix: string;

  /** Of the users that the agent gets, how many this version gets, in proportion to the others' weights; 0: none. */
  @Column({ type: 'integer', default: 1 })
  weight: number;

  @Column({ type: 'boolean', default: true })
  enabled: boolean;

  /** As the app said itself; null: it has not been asked yet, or did not answer. */
  @Column({ type: 'varchar', length: 20, nullable: true })
  mode: AgentMode | null;

  /** What the app is called in Dify. */
  @Column({ name: 'app_name', type: 'varchar', length: 200, nullable: true })
  appName: string | null;

  /** What the app's form asks for. */
  @Column({ type: 'jsonb', default: () => "'[]'" })
  inputs: InputField[];

  /** When the app was last asked about itself. */
  @Column({ name: 'checked_at', type: 'timestamptz', precision: 3, nullable: true })
  checkedAt: Date | null;

  /** Why it did not answer then; null: it did. */
  @Column({ type: 'varchar', length: 300, nullable: true })
  problem: string | null;

  /** Grows with each change of this row by an administrator; the ETag of its answers. */
  @VersionColumn({ default: 1 })
  version: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
