import { Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { ofTheSameTenant } from '../platform/database/tenant-relation.js';
import { Conversation } from './conversation.entity.js';

export const MESSAGE_SENDERS = ['customer', 'consultant', 'ai', 'system'] as const;
export type MessageSender = (typeof MESSAGE_SENDERS)[number];

/** One message of a conversation. */
@Entity('messages')
@Index('ix_messages_conversation_created', ['conversationId', 'createdAt', 'id'])
@Index('ix_messages_user_created', ['userId', 'createdAt', 'id'])
export class Message {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @Column({ name: 'conversation_id', type: 'uuid' })
  conversationId: string;

  @ManyToOne(() => Conversation, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('conversation_id'))
  conversation?: Conversation;

  /** The conversation's customer, repeated here so that "newest of a customer" is one index scan. */
  @Column({ name: 'user_id', type: 'uuid' })
  userId: string;

  @Column({ name: 'sender_kind', type: 'varchar', length: 16 })
  senderKind: MessageSender;

  /** The user who wrote it; null for `ai` and `system`. No foreign key: a message outlives a consultant's account. */
  @Column({ name: 'sender_id', type: 'uuid', nullable: true })
  senderId: string | null;

  /** Which version of an agent wrote it; null: none did. No foreign key: a message outlives it. */
  @Column({ name: 'agent_version_id', type: 'uuid', nullable: true })
  agentVersionId: string | null;

  @Column({ type: 'text' })
  content: string;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}
