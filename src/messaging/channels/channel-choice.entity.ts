import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { User } from '../../access/user.entity.js';
import { ofTheSameTenant } from '../../platform/database/tenant-relation.js';
import { NotificationChannel } from './notification-channel.entity.js';

/** What one person decided about one channel. Without a row: it is on, and there is no address of their own. */
@Entity('notification_choices')
@Index('uq_notification_choices_user_channel', ['userId', 'channelId'], { unique: true })
@Index('idx_notification_choices_channel', ['tenantId', 'channelId'])
export class ChannelChoice {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('user_id'))
  user?: User;

  @Column({ name: 'channel_id', type: 'uuid' })
  channelId: string;

  @ManyToOne(() => NotificationChannel, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('channel_id'))
  channel?: NotificationChannel;

  @Column({ type: 'boolean', default: true })
  enabled: boolean;

  /** The person's own token at a form service, sealed under `notification-choice:<id>`; null: none. */
  @Column({ type: 'bytea', nullable: true })
  ciphertext: Buffer | null;
}
