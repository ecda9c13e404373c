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
import { User } from '../access/user.entity.js';
import { ofTheSameTenant } from '../platform/database/tenant-relation.js';
import { Conversation } from '../crm/conversation.entity.js';

export const CLAIM_STATES = ['open', 'claimed', 'closed'] as const;
export type ClaimState = (typeof CLAIM_STATES)[number];

/** A customer in a conversation who is to be looked after by one consultant. */
@Entity('customer_claims')
@Index('uq_customer_claims_conversation', ['tenantId', 'conversationId'], { unique: true })
@Index('ix_customer_claims_state', ['tenantId', 'state', 'id'])
@Index('ix_customer_claims_load', ['tenantId', 'claimedBy'], { where: `"state" = 'claimed'` })
@Index('ix_customer_claims_user', ['tenantId', 'userId'])
@Index('ix_customer_claims_announced', ['tenantId', 'firstAnnouncedAt'])
export class CustomerClaim {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  /** The customer. */
  @Column({ name: 'user_id', type: 'uuid' })
  userId: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('user_id'))
  user?: User;

  @Column({ name: 'conversation_id', type: 'uuid' })
  conversationId: string;

  @ManyToOne(() => Conversation, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('conversation_id'))
  conversation?: Conversation;

  /** Of the automation that announced the customer. */
  @Column({ name: 'run_id', type: 'uuid', nullable: true })
  runId: string | null;

  @Column({ type: 'varchar', length: 16, default: 'open' })
  state: ClaimState;

  /** Escalations so far; 0: none. */
  @Column({ type: 'integer', default: 0 })
  level: number;

  /** Grows each time the customer is free again; jobs of an earlier round do nothing. */
  @Column({ type: 'integer', default: 1 })
  round: number;

  /** The consultant who alone may claim for now; null: whoever may serve. */
  @Column({ name: 'offered_to', type: 'uuid', nullable: true })
  offeredTo: string | null;

  @Column({ name: 'offered_until', type: 'timestamptz', precision: 3, nullable: true })
  offeredUntil: Date | null;

  /** Consultants who had it offered in this round. */
  @Column({ name: 'offered_before', type: 'uuid', array: true, default: () => "'{}'" })
  offeredBefore: string[];

  @Column({ name: 'claimed_by', type: 'uuid', nullable: true })
  claimedBy: string | null;

  /** Over the connection at `/ws`, or through notification channels since nobody was there. */
  @Column({ type: 'varchar', length: 16, default: 'live' })
  how: 'live' | 'channels';

  /** How many consultants were told at the announcement. */
  @Column({ type: 'integer', default: 0 })
  notified: number;

  /** Waiting jobs, which a claim cancels. */
  @Column({ name: 'job_ids', type: 'uuid', array: true, default: () => "'{}'" })
  jobIds: string[];

  /** A release announces the customer anew. */
  @Column({ name: 'announced_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  announcedAt: Date;

  /** By the consultant who has the customer now. */
  @Column({ name: 'claimed_at', type: 'timestamptz', precision: 3, nullable: true })
  claimedAt: Date | null;

  /** Written once, as is the next: how long the customer waited for somebody, whoever came after. */
  @Column({ name: 'first_announced_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  firstAnnouncedAt: Date;

  @Column({ name: 'first_claimed_at', type: 'timestamptz', precision: 3, nullable: true })
  firstClaimedAt: Date | null;

  @Column({ name: 'closed_at', type: 'timestamptz', precision: 3, nullable: true })
  closedAt: Date | null;

  @Column({ name: 'next_escalation_at', type: 'timestamptz', precision: 3, nullable: true })
  nextEscalationAt: Date | null;

  /** Grows with each change; the ETag of its answers. */
  @VersionColumn({ default: 1 })
  version: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
