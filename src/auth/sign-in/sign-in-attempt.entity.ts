import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * How often something was tried: a sign-in of one account from one address, of an account from anywhere, from an address at
 * all. Belongs to no tenant, because a wrong sign-in does not either; holds neither names nor addresses, only their digest.
 */
@Entity('sign_in_attempts')
@Index('idx_sign_in_attempts_last', ['lastAt'])
export class SignInAttempt {
  /** HMAC-SHA256 under a key of the installation: after a change of the master key, counting begins anew. */
  @PrimaryColumn({ name: 'key_hash', type: 'bytea' })
  key: Buffer;

  /** Failures since the last success, or since {@link since}. */
  @Column({ type: 'integer', default: 0 })
  failures: number;

  @Column({ type: 'timestamptz', precision: 3, default: () => 'now()' })
  since: Date;

  @Column({ name: 'last_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  lastAt: Date;

  @Column({ name: 'locked_until', type: 'timestamptz', precision: 3, nullable: true })
  lockedUntil: Date | null;

  @Column({ name: 'succeeded_at', type: 'timestamptz', precision: 3, nullable: true })
  succeededAt: Date | null;
}
