import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager, In } from 'typeorm';
import { newId } from '../platform/new-id.js';
import { AuditTrail } from '../access/audit/audit-trail.js';
import type { Caller } from '../access/caller.js';
import { ChangeBus } from '../platform/replicas/change-bus.js';
import type { Page } from '../platform/rest/envelope.js';
import { ConflictError, NotFoundError } from '../platform/errors.js';
import { decodeIdCursor, toPage } from '../platform/rest/paging.js';
import { type ReadVersions, requireVersion } from '../platform/rest/preconditions.js';
import { uniqueViolation } from '../platform/database/unique-violation.js';
import { AgentOrder, AgentOrderStep } from './agent-order.entity.js';
import type { CreateOrderDto, UpdateOrderDto } from './agent-orders.dto.js';
import { Agent } from './agent.entity.js';

/** An order with its agents, the first to be asked first. */
export type OrderWithAgents = { readonly order: AgentOrder; readonly agents: readonly Agent[] };

/** Which agents are asked for which purpose, in which order. */
@Injectable()
export class AgentOrdersService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly changeBus: ChangeBus,
    private readonly audit: AuditTrail,
  ) {}

  /** Oldest first. */
  async list(
    caller: Caller,
    query: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<OrderWithAgents>> {
    const found = this.dataSource
      .getRepository(AgentOrder)
      .createQueryBuilder('o')
      .where('o.tenant_id = :tenantId', { tenantId: caller.tenantId })
      .orderBy('o.id', 'ASC')
      .take(query.limit + 1);
    if (query.cursor) found.andWhere('o.id > :after', { after: decodeIdCursor(query.cursor) });
    const page = toPage(await found.getMany(), query.limit, ({ id }) => [id]);
    return { ...page, items: await this.withAgents(page.items) };
  }

  /** @throws {NotFoundError} Not there, or another tenant's. */
  async get(caller: Caller, id: string): Promise<OrderWithAgents> {
    const order = await this.dataSource
      .getRepository(AgentOrder)
      .findOneBy({ id, tenantId: caller.tenantId });
    if (!order) throw new NotFoundError(`No agent order ${id}`);
    const [found] = await this.withAgents([order]);
    return found;
  }

  /** @throws {ConflictError} The purpose has an order already. */
  async create(caller: Caller, input: CreateOrderDto): Promise<OrderWithAgents> {
    const id = newId();
    const { tenantId } = caller;
    const { purpose, agent_ids: agentIds } = input;
    await this.changeBus
      .commit(async (manager) => {
        const order = await manager.save(AgentOrder, manager.create(AgentOrder, { id, tenantId, purpose }));
        await putInOrder(manager, order, agentIds);
        const target = { kind: 'agent_order', id, name: purpose };
        await this.audit.record(manager, caller, {
          action: 'agent_order.create',
          target,
          after: { agentIds },
        });
      })
      .catch(explainTaken);
    return this.get(caller, id);
  }

  async update(
    caller: Caller,
    id: string,
    input: UpdateOrderDto,
    ifMatch?: ReadVersions,
  ): Promise<OrderWithAgents> {
    await this.changeBus.commit(async (manager) => {
      const order = await findLocked(manager, caller, id);
      requireVersion(order, ifMatch);
      const steps = await manager.find(AgentOrderStep, {
        where: { orderId: id },
        order: { position: 'ASC' },
      });
      await manager.delete(AgentOrderStep, { orderId: id });
      await putInOrder(manager, order, input.agent_ids);
      // What changed are other rows; the version of this one is what If-Match compares with.
      await manager.query('UPDATE agent_orders SET version = version + 1, updated_at = now() WHERE id = $1', [
        id,
      ]);
      const target = { kind: 'agent_order', id, name: order.purpose };
      const before = { agentIds: steps.map(({ agentId }) => agentId) };
      const after = { agentIds: input.agent_ids };
      await this.audit.record(manager, caller, { action: 'agent_order.update', target, before, after });
    });
    return this.get(caller, id);
  }

  /** Nobody is asked for the purpose any more. */
  async delete(caller: Caller, id: string, ifMatch?: ReadVersions): Promise<void> {
    await this.changeBus.commit(async (manager) => {
      const order = await findLocked(manager, caller, id);
      requireVersion(order, ifMatch);
      await manager.delete(AgentOrder, { id });
      const target = { kind: 'agent_order', id, name: order.purpose };
      await this.audit.record(manager, caller, { action: 'agent_order.delete', target });
    });
  }

  private async withAgents(orders: readonly AgentOrder[]): Promise<OrderWithAgents[]> {
    const steps = await this.dataSource.getRepository(AgentOrderStep).find({
      where: { orderId: In(orders.map(({ id }) => id)) },
      relations: { agent: true },
      order: { position: 'ASC' },
    });
    return orders.map((order) => ({
      order,
      agents: steps.flatMap(({ orderId, agent }) => (orderId === order.id && agent ? [agent] : [])),
    }));
  }
}

async function findLocked(manager: EntityManager, caller: Caller, id: string): Promise<AgentOrder> {
  const order = await manager.findOne(AgentOrder, {
    where: { id, tenantId: caller.tenantId },
    lock: { mode: 'pessimistic_write' },
  });
  if (!order) throw new NotFoundError(`No agent order ${id}`);
  return order;
}

async function putInOrder(
  manager: EntityManager,
  { id: orderId, tenantId }: AgentOrder,
  agentIds: readonly string[],
): Promise<void> {
  const known = await manager.findBy(Agent, { tenantId, id: In(agentIds) });
  const unknown = agentIds.find((agentId) => !known.some(({ id }) => id === agentId.toLowerCase()));
  if (unknown !== undefined) throw new NotFoundError(`No agent ${unknown}`);
  const steps = agentIds.map((agentId, position) => ({ tenantId, orderId, position, agentId }));
  await manager.insert(AgentOrderStep, steps);
}

function explainTaken(error: unknown): never {
  if (uniqueViolation(error) !== 'uq_agent_orders_tenant_purpose') throw error;
  const details = [{ field: 'purpose', message: 'is taken' }];
  throw new ConflictError('This purpose has an order already; change that one', { details, cause: error });
}
