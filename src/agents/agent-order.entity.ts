import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  Unique,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm';
import { Tenant } from '../access/tenant.entity.js';
import { ofTheSameTenant } from '../platform/database/tenant-relation.js';
import { Agent } from './agent.entity.js';

/** Which agents are asked for a purpose. */
@Entity('agent_orders')
@Unique(['tenantId', 'id']) // what foreign keys of the same tenant refer to
@Index('uq_agent_orders_tenant_purpose', ['tenantId', 'purpose'], { unique: true })
export class AgentOrder {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Tenant;

  /** As the code that asks names it, e.g. `welcome`. */
  @Column({ type: 'varchar', length: 50 })
  purpose: string;

  /** Grows with each change; the ETag of its answers. */
  @VersionColumn({ default: 1 })
  version: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}

/** One place in an order: the next one is asked when this one does not answer. */
@Entity('agent_order_steps')
@Index('idx_agent_order_steps_agent', ['tenantId', 'agentId'])
export class AgentOrderStep {
  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId: string;

  @PrimaryColumn({ name: 'order_id', type: 'uuid', primaryKeyConstraintName: 'PK_agent_order_steps' })
  orderId: string;

  @ManyToOne(() => AgentOrder, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('order_id'))
  order?: AgentOrder;

  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'PK_agent_order_steps' })
  position: number;

  @Column({ name: 'agent_id', type: 'uuid' })
  agentId: string;

  @ManyToOne(() => Agent, { onDelete: 'CASCADE' })
  @JoinColumn(ofTheSameTenant('agent_id'))
  agent?: Agent;
}
