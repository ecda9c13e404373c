import { Column, CreateDateColumn, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { ofTheSameTenant } from '../../platform/database/tenant-relation.js';
import { User } from '../../access/user.entity.js';

/** A person's authenticator app (TOTP, RFC 6238). Counts once it is confirmed by a code. */
@Entity('second_factors')
export class SecondFactor {
  @PrimaryColumn({ name: 'user_id', type: 'uuid' })
  userId: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('user_id'))
  user?: User;

  /** The shared secret, sealed under `second-factor:<user id>`. */
  @Column({ type: 'bytea' })
  secret: Buffer;

  @Column({ name: 'confirmed_at', type: 'timestamptz', precision: 3, nullable: true })
  confirmedAt: Date | null;

  /** The time step of the last accepted code: it and earlier ones are not accepted again. */
  @Column({ name: 'last_step', type: 'bigint', default: 0 })
  lastStep: string;

  /** Hashes of the recovery codes that are left; a used one is taken out. */
  @Column({ name: 'recovery_hashes', type: 'bytea', array: true, default: () => "'{}'" })
  recoveryHashes: Buffer[];

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}
