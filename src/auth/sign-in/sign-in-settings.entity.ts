import {
  Column,
  Entity,
  JoinColumn,
  OneToOne,
  PrimaryColumn,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm';
import { Tenant } from '../../access/tenant.entity.js';

/** What a tenant decides about signing in and registering. Without a row: nobody registers, the second factor is free. */
@Entity('sign_in_settings')
export class SignInSettings {
  @PrimaryColumn({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @OneToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Tenant;

  /** `off`; `open` to whoever names the tenant; `code`: to whoever knows the registration code. */
  @Column({ type: 'varchar', length: 8, default: 'off' })
  registration: Registration;

  /** Keyed hash of the registration code. */
  @Column({ name: 'registration_code_hash', type: 'bytea', nullable: true })
  registrationCodeHash: Buffer | null;

  /** Whoever has a role of the platform may do nothing before setting a second factor up. */
  @Column({ name: 'require_second_factor', type: 'boolean', default: false })
  requireSecondFactor: boolean;

  /** An address that somebody registers with is proven by mail before it counts, as soon as mail is set up. */
  @Column({ name: 'verify_addresses', type: 'boolean', default: true })
  verifyAddresses: boolean;

  @VersionColumn({ name: 'version', default: 1 })
  version: number;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}

export const REGISTRATION = ['off', 'open', 'code'] as const;
export type Registration = (typeof REGISTRATION)[number];
