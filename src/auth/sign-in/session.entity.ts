import { Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { ofTheSameTenant } from '../../platform/database/tenant-relation.js';
import { User } from '../../access/user.entity.js';

/** What is known of one sign-in. Whether it still holds is told by its refresh tokens, which have its id as their family. */
@Entity('sessions')
@Index('idx_sessions_user', ['userId', 'id'])
export class Session {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('user_id'))
  user?: User;

  /** `password` or `oidc`. */
  @Column({ type: 'varchar', length: 16 })
  method: SignInMethod;

  /** From where, at the last use. */
  @Column({ type: 'varchar', length: 64, nullable: true })
  ip: string | null;

  @Column({ name: 'user_agent', type: 'varchar', length: 300, nullable: true })
  userAgent: string | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  /** Of the last sign-in or renewal; access tokens in between leave no trace. */
  @Column({ name: 'last_used_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  lastUsedAt: Date;
}

export type SignInMethod = 'password' | 'oidc';
