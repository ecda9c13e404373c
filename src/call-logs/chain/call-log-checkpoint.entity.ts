import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { KeyRotation } from './key-rotation.js';

const ROTATIONS_KEY = 'PK_call_log_key_rotations';

/** The state of a tenant's log at one moment, signed: see docs/tamper-evidence.md. Append-only. */
@Entity('call_log_checkpoints')
export class CallLogCheckpoint {
  @PrimaryColumn({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  /** From 1, without gaps. */
  @PrimaryColumn({ type: 'integer' })
  number: number;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  /** Exactly what is signed. */
  @Column({ type: 'text' })
  text: string;

  @Column({ name: 'key_id', type: 'varchar', length: 16 })
  keyId: string;

  @Column({ type: 'bytea' })
  signature: Buffer;
}

/** How far the checkpoints of a tenant have been delivered to one place outside. */
@Entity('call_log_deliveries')
export class CallLogDelivery {
  @PrimaryColumn({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  /** `file`, `webhook` or `s3`. */
  @PrimaryColumn({ type: 'varchar', length: 16 })
  target: string;

  /** Number of the newest checkpoint that arrived; all before it did, too. */
  @Column({ name: 'delivered_number', type: 'integer', default: 0 })
  deliveredNumber: number;

  @Column({ name: 'delivered_at', type: 'timestamptz', precision: 3, nullable: true })
  deliveredAt: Date | null;

  /** Tries of the next one that have failed. */
  @Column({ type: 'integer', default: 0 })
  failures: number;

  @Column({ name: 'last_error', type: 'text', nullable: true })
  lastError: string | null;

  @Column({ name: 'tried_at', type: 'timestamptz', precision: 3, nullable: true })
  triedAt: Date | null;
}

/** Records from before there were chains, counted when they began: verify refuses more of them. */
@Entity('call_log_uncovered')
export class CallLogUncovered {
  @PrimaryColumn({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @Column({ type: 'bigint' })
  records: string;

  @Column({ name: 'newest_at', type: 'timestamptz', precision: 3 })
  newestAt: Date;
}

/** Public halves of the keys that sign, of all times. Of the installation, not of a tenant. */
@Entity('call_log_signing_keys')
export class CallLogSigningKey {
  @PrimaryColumn({ name: 'key_id', type: 'varchar', length: 16 })
  keyId: string;

  /** SPKI, PEM. */
  @Column({ name: 'public_key', type: 'text' })
  publicKey: string;

  /** When it was first used. */
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;

  /** Its own, over that time. */
  @Column({ type: 'bytea', nullable: true })
  signature: Buffer | null;
}

/** One signing key in the place of another, signed by both. Of the installation. Append-only. */
@Entity('call_log_key_rotations')
export class CallLogKeyRotation implements KeyRotation {
  @PrimaryColumn({ name: 'old_key_id', type: 'varchar', length: 16, primaryKeyConstraintName: ROTATIONS_KEY })
  oldKeyId: string;

  @PrimaryColumn({ name: 'new_key_id', type: 'varchar', length: 16, primaryKeyConstraintName: ROTATIONS_KEY })
  newKeyId: string;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  /** Exactly what is signed; holds both public keys. */
  @Column({ type: 'text' })
  text: string;

  @Column({ name: 'old_signature', type: 'bytea' })
  oldSignature: Buffer;

  @Column({ name: 'new_signature', type: 'bytea' })
  newSignature: Buffer;
}
