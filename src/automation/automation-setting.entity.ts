import {
  Column,
  CreateDateColumn,
  Entity,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm';
import { Tenant } from '../access/tenant.entity.js';
import type { ConversationChannel } from '../crm/conversation.entity.js';

export const WELCOME_STRATEGIES = ['agent', 'template', 'off'] as const;
/** `off`: nobody is greeted; the conversation is made and the consultants are told all the same. */
export type WelcomeStrategy = (typeof WELCOME_STRATEGIES)[number];

/** What a tenant set for its registration automation. Without a row: the defaults. */
@Entity('automation_settings')
export class AutomationSetting {
  @PrimaryColumn({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Tenant;

  @Column({ type: 'varchar', length: 16, default: 'agent' })
  strategy: WelcomeStrategy;

  /** BCP 47; for users who have not said theirs. */
  @Column({ name: 'default_language', type: 'varchar', length: 35, default: 'en' })
  defaultLanguage: string;

  @Column({ name: 'conversation_channel', type: 'varchar', length: 16, default: 'app' })
  conversationChannel: ConversationChannel;

  @Column({ name: 'conversation_title', type: 'varchar', length: 200, default: 'Welcome' })
  conversationTitle: string;

  @Column({ name: 'conversation_ai_enabled', type: 'boolean', default: true })
  conversationAiEnabled: boolean;

  /** What the agent must be able to call. */
  @Column({
    name: 'required_tools',
    type: 'varchar',
    array: true,
    default: () => "'{get_user_profile,analyze_customer}'",
  })
  requiredTools: string[];

  /** The tool group that the agent uses; null: any of the tenant's that has all of these tools. */
  @Column({ name: 'group_id', type: 'uuid', nullable: true })
  groupId: string | null;

  /** How long after registering somebody is greeted who was skipped for lack of tools; 0: not at all. */
  @Column({ name: 'catch_up_hours', type: 'smallint', default: 72 })
  catchUpHours: number;

  /** How long a target is missed before administrators are told; 0: they are not told. */
  @Column({ name: 'alert_after_minutes', type: 'smallint', default: 10 })
  alertAfterMinutes: number;

  /** Grows with each change; the ETag of its answers. */
  @VersionColumn({ default: 1 })
  version: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
