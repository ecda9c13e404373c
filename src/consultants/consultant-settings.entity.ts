import {
  Column,
  CreateDateColumn,
  Entity,
  JoinColumn,
  OneToOne,
  PrimaryColumn,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm';
import { ROLES, type Role } from '../access/permissions.js';
import type { Language } from '../messaging/notices/notice.js';
import { Tenant } from '../access/tenant.entity.js';

export const ALLOCATIONS = ['free', 'round_robin', 'least_busy', 'by_skill'] as const;
export type Allocation = (typeof ALLOCATIONS)[number];

/** Who may be told of customers: never customers. */
export const TOLD_ROLES: readonly Role[] = ROLES.filter((role) => role !== 'customer');

/** Whom a level of escalation tells; each list adds to the others. */
export type EscalationLevel = {
  /** Since the announcement, or the level before. */
  readonly after_seconds: number;
  readonly roles: readonly Role[];
  readonly user_ids: readonly string[];
  /** Consultants who have one of them. */
  readonly skills: readonly string[];
  /** Consultants of at least this level. */
  readonly consultant_level?: number;
};

/** How a tenant finds a consultant for a new customer. */
@Entity('consultant_settings')
export class ConsultantSettings {
  @PrimaryColumn({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @OneToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Tenant;

  @Column({ type: 'varchar', length: 16, default: 'free' })
  allocation: Allocation;

  /** How long a customer is one consultant's alone to claim. */
  @Column({ name: 'offer_seconds', type: 'integer', default: 60 })
  offerSeconds: number;

  @Column({ name: 'expected_response_seconds', type: 'integer', default: 300 })
  expectedResponseSeconds: number;

  /** `{conversation_id}` stands for the conversation; empty: that of our own console. */
  @Column({ name: 'conversation_link', type: 'varchar', length: 500, default: '' })
  conversationLink: string;

  /** false: no consultant is told of a new customer; whom nobody claims is escalated all the same. */
  @Column({ name: 'tell_consultants', type: 'boolean', default: true })
  tellConsultants: boolean;

  /** Of the words at `/ws`; what goes through channels is in each person's own language. */
  @Column({ type: 'varchar', length: 2, default: 'en' })
  language: Language;

  @Column({ type: 'jsonb', default: () => "'[]'" })
  levels: EscalationLevel[];

  /** After the last level; then administrators are alerted. */
  @Column({ name: 'alert_after_seconds', type: 'integer', default: 900 })
  alertAfterSeconds: number;

  /** Whose turn it was last, for `round_robin`. */
  @Column({ name: 'last_offered_to', type: 'uuid', nullable: true })
  lastOfferedTo: string | null;

  /** Grows with each change; the ETag of its answers. */
  @VersionColumn({ default: 1 })
  version: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
