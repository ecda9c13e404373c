import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, UpdateDateColumn } from 'typeorm';
import { ofTheSameTenant } from '../platform/database/tenant-relation.js';
import { User } from '../access/user.entity.js';
import type { PreferenceValues } from './preference-keys.js';

/** What a customer asked for: how and when to be contacted, in what language, about what. At most one row per customer. */
@Entity('customer_preferences')
export class CustomerPreferences {
  @PrimaryColumn({ name: 'user_id', type: 'uuid' })
  userId: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('user_id'))
  user?: User;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  /** Only keys of `preference-keys.ts`; an absent key is unknown. */
  @Column({ type: 'jsonb', default: () => "'{}'" })
  values: PreferenceValues;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
