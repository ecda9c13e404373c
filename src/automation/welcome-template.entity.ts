import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm';
import { Tenant } from '../access/tenant.entity.js';

/** A tenant's own welcome text in one language; it goes before the one that comes with the product. */
@Entity('welcome_templates')
@Index('uq_welcome_templates_tenant_language', ['tenantId', 'language'], { unique: true })
export class WelcomeTemplate {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Tenant;

  /** BCP 47 in its canonical form, e.g. `zh` or `en-GB`. */
  @Column({ type: 'varchar', length: 35, update: false })
  language: string;

  /** With `{{variables}}`: see `welcome-template-text.ts`. */
  @Column({ type: 'text' })
  body: string;

  /** Grows with each change; the ETag of its answers. */
  @VersionColumn({ default: 1 })
  version: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
