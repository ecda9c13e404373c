import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  Unique,
} from 'typeorm';
import { ofTheSameTenant } from '../platform/database/tenant-relation.js';
import { User } from '../access/user.entity.js';

export const CONVERSATION_CHANNELS = ['app', 'wechat', 'web', 'phone'] as const;
export type ConversationChannel = (typeof CONVERSATION_CHANNELS)[number];

/** A thread of messages with one customer. */
@Entity('conversations')
@Unique(['tenantId', 'id']) // what foreign keys of the same tenant refer to
@Index('ix_conversations_user_created', ['userId', 'createdAt', 'id'])
@Index('ix_conversations_tenant_created', ['tenantId', 'createdAt', 'id'])
@Index('ix_conversations_consultant', ['consultantId'])
@Index('uq_conversations_default', ['tenantId', 'userId'], { unique: true, where: '"is_default"' })
export class Conversation {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('user_id'))
  user?: User;

  @Column({ name: 'consultant_id', type: 'uuid', nullable: true })
  consultantId: string | null;

  @ManyToOne(() => User, { onDelete: 'SET NULL' })
  @JoinColumn(ofTheSameTenant('consultant_id'))
  consultant?: User | null;

  @Column({ type: 'varchar', length: 16 })
  channel: ConversationChannel;

  @Column({ type: 'varchar', length: 200 })
  title: string;

  /** Whether an agent may answer in it. */
  @Column({ name: 'ai_enabled', type: 'boolean', default: false })
  aiEnabled: boolean;

  /** The one that a new customer is greeted in; at most one per customer. */
  @Column({ name: 'is_default', type: 'boolean', default: false })
  isDefault: boolean;

  @Column({ name: 'closed_at', type: 'timestamptz', precision: 3, nullable: true })
  closedAt: Date | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}
