import { Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { ofTheSameTenant } from '../../platform/database/tenant-relation.js';
import { User } from '../../access/user.entity.js';

/** A random secret that stands for one person and one purpose, for a short time and one use. */
@Entity('one_time_tokens')
@Index('idx_one_time_tokens_user', ['userId', 'purpose'])
export class OneTimeToken {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('user_id'))
  user?: User;

  @Column({ type: 'varchar', length: 16 })
  purpose: TokenPurpose;

  /** SHA-256 of the token; the token itself is never stored. */
  @Column({ name: 'token_hash', type: 'bytea', unique: true })
  tokenHash: Buffer;

  /** What it is bound to beside the person: how the sign-in began, the browser that may use it. No secrets. */
  @Column({ type: 'jsonb', default: {} })
  data: TokenData;

  @Column({ name: 'expires_at', type: 'timestamptz', precision: 3 })
  expiresAt: Date;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}

/** `address`: whoever has it reads the mail of the address that an account was registered with. `mfa`: the password was right, the second factor is to come. `oidc`: signed in elsewhere, to be exchanged for tokens. */
export type TokenPurpose = 'password_reset' | 'address' | 'mfa' | 'oidc';
export type TokenData = { readonly [name: string]: string };
