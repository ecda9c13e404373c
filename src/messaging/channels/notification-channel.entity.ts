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
import { Tenant } from '../../access/tenant.entity.js';
import type { Audience, ChannelKind, Language, NoticeKind } from '../notices/notice.js';

/** A way that a tenant's people are told things. */
@Entity('notification_channels')
@Unique(['tenantId', 'id']) // what foreign keys of the same tenant refer to
@Index('uq_notification_channels_tenant_name', ['tenantId', 'name'], { unique: true })
export class NotificationChannel {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Tenant;

  @Column({ type: 'varchar', length: 100 })
  name: string;

  @Column({ type: 'varchar', length: 16 })
  kind: ChannelKind;

  @Column({ type: 'varchar', length: 8 })
  audience: Audience;

  /** Of the team's messages, and of a person's who chose none. */
  @Column({ type: 'varchar', length: 8, default: 'en' })
  language: Language;

  @Column({ type: 'boolean', default: true })
  enabled: boolean;

  /** What goes this way; empty: everything. */
  @Column({ name: 'notice_kinds', type: 'varchar', array: true, default: () => "'{}'" })
  noticeKinds: NoticeKind[];

  /** What its kind needs and is no secret: see `channel-settings.ts`. */
  @Column({ type: 'jsonb', default: () => "'{}'" })
  settings: object;

  /** Its secrets as JSON (see `channel-secrets.ts`), sealed under `notification-channel:<id>`; null: it has none. */
  @Column({ type: 'bytea', nullable: true })
  ciphertext: Buffer | null;

  /** Until when the signing secret before the present one is used, too. */
  @Column({ name: 'previous_secret_until', type: 'timestamptz', precision: 3, nullable: true })
  previousSecretUntil: Date | null;

  /** Grows with each change of this row; the ETag of its answers. */
  @VersionColumn({ default: 1 })
  version: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
