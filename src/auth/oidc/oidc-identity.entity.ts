import {
  Column,
  CreateDateColumn,
  Entity,
  type EntityManager,
  In,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
} from 'typeorm';
import { issuerSpellings } from './issuer-rules.js';
import { ofTheSameTenant } from '../../platform/database/tenant-relation.js';
import { User } from '../../access/user.entity.js';

/** Who a person is at an outside provider. Issuer and subject identify, never an e-mail address. */
@Entity('oidc_identities')
@Index('uq_oidc_identities_subject', ['tenantId', 'issuer', 'subject'], { unique: true })
@Index('idx_oidc_identities_user', ['userId'])
export class OidcIdentity {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('user_id'))
  user?: User;

  @Column({ type: 'varchar', length: 500 })
  issuer: string;

  @Column({ type: 'varchar', length: 255 })
  subject: string;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}

/** Finds whose account it is at a provider, however its issuer was written; as it is written now, first. */
export async function findIdentity(
  manager: EntityManager,
  { issuer, subject }: Pick<OidcIdentity, 'issuer' | 'subject'>,
): Promise<OidcIdentity | null> {
  const rows = await manager.findBy(OidcIdentity, { issuer: In(issuerSpellings(issuer)), subject });
  return rows.find((row) => row.issuer === issuer) ?? rows[0] ?? null;
}
