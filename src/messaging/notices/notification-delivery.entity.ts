import { Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { User } from '../../access/user.entity.js';
import { ofTheSameTenant } from '../../platform/database/tenant-relation.js';
import type { ChannelKind, DeliveryState, NoticeKind } from './notice.js';
import { NoticeRow } from './notice.entity.js';

/** One notice on its way to one recipient over one channel. Its id is what receivers get to tell a repetition by. */
@Entity('notification_deliveries')
@Index('uq_notification_deliveries_target', ['noticeId', 'target'], { unique: true })
@Index('idx_notification_deliveries_tenant', ['tenantId', 'id'])
@Index('idx_notification_deliveries_recipient', ['tenantId', 'recipientId'])
@Index('idx_notification_deliveries_job', ['jobId'])
@Index('ix_notification_deliveries_created', ['tenantId', 'createdAt'])
export class NotificationDelivery {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @Column({ name: 'notice_id', type: 'uuid' })
  noticeId: string;

  @ManyToOne(() => NoticeRow, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('notice_id'))
  notice?: NoticeRow;

  @Column({ name: 'notice_key', type: 'varchar', length: 200 })
  noticeKey: string;

  @Column({ type: 'varchar', length: 32 })
  kind: NoticeKind;

  /** Null: it goes to an address of the channel. */
  @Column({ name: 'recipient_id', type: 'uuid', nullable: true })
  recipientId: string | null;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('recipient_id'))
  recipient?: User;

  /** The channel may be gone by now; null: the recipient has none. */
  @Column({ name: 'channel_id', type: 'uuid', nullable: true })
  channelId: string | null;

  @Column({ name: 'channel_kind', type: 'varchar', length: 16, nullable: true })
  channelKind: ChannelKind | null;

  /** Recipient and channel as one text, so that the same is not delivered twice. */
  @Column({ type: 'varchar', length: 80 })
  target: string;

  @Column({ type: 'varchar', length: 16, default: 'waiting' })
  state: DeliveryState;

  /** Why it is suppressed, e.g. `no_channel`. */
  @Column({ type: 'varchar', length: 32, nullable: true })
  reason: string | null;

  /** Times that sending began. */
  @Column({ type: 'integer', default: 0 })
  attempts: number;

  /** Without a secret, an address or a text of the notice. */
  @Column({ name: 'last_error', type: 'varchar', length: 300, nullable: true })
  lastError: string | null;

  /** What the other side answered: an HTTP status or an SMTP reply code. */
  @Column({ name: 'provider_status', type: 'integer', nullable: true })
  providerStatus: number | null;

  /** Not before: the end of the recipient's quiet hours. */
  @Column({ name: 'not_before', type: 'timestamptz', precision: 3, nullable: true })
  notBefore: Date | null;

  /** The job that delivers it. */
  @Column({ name: 'job_id', type: 'uuid', nullable: true })
  jobId: string | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @Column({ name: 'sent_at', type: 'timestamptz', precision: 3, nullable: true })
  sentAt: Date | null;
}
