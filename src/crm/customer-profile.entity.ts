import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  UpdateDateColumn,
} from 'typeorm';
import { ofTheSameTenant } from '../platform/database/tenant-relation.js';
import { User } from '../access/user.entity.js';

/** One thing the team knows about a customer, in the words of whoever noted it. */
export type CustomerFact = { readonly topic: string; readonly text: string; readonly noted_on: string };

/** A customer's file: what the team knows beside the account itself. At most one per user with role `customer`. */
@Entity('customer_profiles')
@Index('ix_customer_profiles_consultant', ['consultantId'])
export class CustomerProfile {
  @PrimaryColumn({ name: 'user_id', type: 'uuid' })
  userId: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('user_id'))
  user?: User;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  /** The consultant who looks after this customer. */
  @Column({ name: 'consultant_id', type: 'uuid', nullable: true })
  consultantId: string | null;

  @ManyToOne(() => User, { onDelete: 'SET NULL' })
  @JoinColumn(ofTheSameTenant('consultant_id'))
  consultant?: User | null;

  @Column({ name: 'birth_year', type: 'smallint', nullable: true })
  birthYear: number | null;

  @Column({ type: 'varchar', length: 64, nullable: true })
  city: string | null;

  /** How the customer found us, e.g. `wechat`, `referral`, `walk_in`. */
  @Column({ type: 'varchar', length: 32, nullable: true })
  source: string | null;

  /** BCP 47, e.g. `zh-CN`. */
  @Column({ name: 'preferred_language', type: 'varchar', length: 16, nullable: true })
  preferredLanguage: string | null;

  @Column({ type: 'jsonb', default: () => "'[]'" })
  facts: CustomerFact[];

  @Column({ type: 'varchar', array: true, default: () => "'{}'" })
  tags: string[];

  /** What the customer reported; empty means none reported, not none. */
  @Column({ type: 'varchar', array: true, default: () => "'{}'" })
  allergies: string[];

  @Column({ name: 'skin_notes', type: 'text', nullable: true })
  skinNotes: string | null;

  @Column({ name: 'health_notes', type: 'text', nullable: true })
  healthNotes: string | null;

  @Column({ name: 'budget_min_cents', type: 'integer', nullable: true })
  budgetMinCents: number | null;

  @Column({ name: 'budget_max_cents', type: 'integer', nullable: true })
  budgetMaxCents: number | null;

  /** ISO 4217, of the budget. */
  @Column({ type: 'varchar', length: 3, default: 'CNY' })
  currency: string;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
