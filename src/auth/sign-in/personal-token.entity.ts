import { Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { ofTheSameTenant } from '../../platform/database/tenant-relation.js';
import { User } from '../../access/user.entity.js';

/** A personal access token: lets a script call the REST API as a person, for some permissions and until a day. */
@Entity('personal_tokens')
@Index('idx_personal_tokens_user', ['userId', 'id'])
export class PersonalToken {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('user_id'))
  user?: User;

  @Column({ type: 'varchar', length: 100 })
  name: string;

  /** SHA-256 of the token; the token itself is never stored. */
  @Column({ name: 'token_hash', type: 'bytea', unique: true })
  tokenHash: Buffer;

  /** The token's beginning, to recognise it by. */
  @Column({ type: 'varchar', length: 16 })
  prefix: string;

  /** Permissions of `permissions.ts`. */
  @Column({ type: 'varchar', array: true })
  scopes: string[];

  @Column({ name: 'expires_at', type: 'timestamptz', precision: 3 })
  expiresAt: Date;

  /** Exact to a minute. */
  @Column({ name: 'last_used_at', type: 'timestamptz', precision: 3, nullable: true })
  lastUsedAt: Date | null;

  @Column({ name: 'revoked_at', type: 'timestamptz', precision: 3, nullable: true })
  revokedAt: Date | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}
