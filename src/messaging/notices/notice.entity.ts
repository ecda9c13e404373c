import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  Unique,
} from 'typeorm';
import { Tenant } from '../../access/tenant.entity.js';
import { User } from '../../access/user.entity.js';
import { ofTheSameTenant } from '../../platform/database/tenant-relation.js';
import type { NoticeKind } from './notice.js';

/** A notice that was sent, for its deliveries to be made of. */
@Entity('notices')
@Unique(['tenantId', 'id']) // what foreign keys of the same tenant refer to
@Index('uq_notices_tenant_key', ['tenantId', 'key'], { unique: true })
@Index('idx_notices_about_user', ['tenantId', 'aboutUserId'])
@Index('idx_notices_tenant_created', ['tenantId', 'createdAt'])
export class NoticeRow {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Tenant;

  /** In the order of its bytes, so that the index finds all that begin alike. */
  @Column({ type: 'varchar', length: 200, collation: 'C' })
  key: string;

  @Column({ type: 'varchar', length: 32 })
  kind: NoticeKind;

  /** The variables hold their name, so it goes with them. */
  @Column({ name: 'about_user_id', type: 'uuid', nullable: true })
  aboutUserId: string | null;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('about_user_id'))
  aboutUser?: User;

  @Column({ type: 'jsonb', default: () => "'{}'" })
  variables: Record<string, string>;

  @Column({ type: 'text', nullable: true })
  link: string | null;

  @Column({ name: 'is_urgent', type: 'boolean', default: false })
  isUrgent: boolean;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}
