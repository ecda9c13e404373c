import {
  Column,
  Entity,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm';
import { User } from '../../access/user.entity.js';
import { ofTheSameTenant } from '../../platform/database/tenant-relation.js';
import type { Language } from './notice.js';

/** How one person wants to be told things. */
@Entity('notification_preferences')
export class NotificationPreference {
  @PrimaryColumn({ name: 'user_id', type: 'uuid' })
  userId: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('user_id'))
  user?: User;

  /** Null: as the channel says. */
  @Column({ type: 'varchar', length: 8, nullable: true })
  language: Language | null;

  /** IANA name, e.g. `Asia/Shanghai`. */
  @Column({ name: 'time_zone', type: 'varchar', length: 64, default: 'UTC' })
  timeZone: string;

  /** `HH:MM` there; null: there are no quiet hours. From later than to: over midnight. */
  @Column({ name: 'quiet_from', type: 'varchar', length: 5, nullable: true })
  quietFrom: string | null;

  @Column({ name: 'quiet_to', type: 'varchar', length: 5, nullable: true })
  quietTo: string | null;

  /** Days on which quiet hours begin: 1 is Monday, 7 is Sunday. */
  @Column({ name: 'quiet_days', type: 'integer', array: true, default: () => "'{1,2,3,4,5,6,7}'" })
  quietDays: number[];

  @VersionColumn({ default: 1 })
  version: number;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
