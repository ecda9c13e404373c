import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager, In } from 'typeorm';
import { newId } from '../platform/new-id.js';
import { given } from '../platform/rest/given.js';
import { AuditTrail } from '../access/audit/audit-trail.js';
import { differenceOf } from '../access/audit/difference.js';
import { type Caller, personOf } from '../access/caller.js';
import { ChangeBus } from '../platform/replicas/change-bus.js';
import type { Page } from '../platform/rest/envelope.js';
import { ConflictError, NotFoundError } from '../platform/errors.js';
import { decodeIdCursor, toPage } from '../platform/rest/paging.js';
import { type ReadVersions, requireVersion } from '../platform/rest/preconditions.js';
import { uniqueViolation } from '../platform/database/unique-violation.js';
import { AgentCircuits } from './agent-circuits.js';
import { AgentVersion } from './agent-version.entity.js';
import { AgentVersionsService } from './agent-versions.service.js';
import { Agent } from './agent.entity.js';
import type { CreateAgentDto, UpdateAgentDto } from './agents.dto.js';

/** An agent with its versions, oldest first. */
export type AgentWithVersions = { readonly agent: Agent; readonly versions: readonly AgentVersion[] };

/** The agents of a tenant. A change rules the next question on every replica: see AgentRegistry. */
@Injectable()
export class AgentsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly changeBus: ChangeBus,
    private readonly versions: AgentVersionsService,
    private readonly circuits: AgentCircuits,
    private readonly audit: AuditTrail,
  ) {}

  /** Oldest first. */
  async list(
    caller: Caller,
    query: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<AgentWithVersions>> {
    const found = this.dataSource
      .getRepository(Agent)
      .createQueryBuilder('a')
      .where('a.tenant_id = :tenantId', { tenantId: caller.tenantId })
      .orderBy('a.id', 'ASC')
      .take(query.limit + 1);
    if (query.cursor) found.andWhere('a.id > :after', { after: decodeIdCursor(query.cursor) });
    const page = toPage(await found.getMany(), query.limit, ({ id }) => [id]);
    return { ...page, items: await this.withVersions(page.items) };
  }

  /** @throws {NotFoundError} Not there, or another tenant's. */
  async get(caller: Caller, id: string): Promise<AgentWithVersions> {
    const agent = await this.dataSource.getRepository(Agent).findOneBy({ id, tenantId: caller.tenantId });
    if (!agent) throw new NotFoundError(`No agent ${id}`);
    const [found] = await this.withVersions([agent]);
    return found;
  }

  /** Makes an agent with its first version, and asks the app what it is. */
  async create(caller: Caller, input: CreateAgentDto): Promise<AgentWithVersions> {
    this.versions.requireSound(input);
    const { name, description, enabled, reasoning, ...first } = input;
    const id = newId();
    const columns = {
      id,
      tenantId: caller.tenantId,
      name,
      createdBy: personOf(caller),
      ...columnsOf({ description, enabled, reasoning }),
    };
    const { result: version } = await this.changeBus
      .commit(async (manager) => {
        await manager.save(Agent, manager.create(Agent, columns));
        const target = { kind: 'agent', id, name };
        await this.audit.record(manager, caller, { action: 'agent.create', target, after: columns });
        return this.versions.insert(manager, caller, id, { label: 'v1', ...first });
      })
      .catch(explainTaken);
    await this.versions.describe(version);
    return this.get(caller, id);
  }

  /** @throws {ConflictError} Another agent of the tenant has the name. */
  async update(
    caller: Caller,
    id: string,
    input: UpdateAgentDto,
    ifMatch?: ReadVersions,
  ): Promise<AgentWithVersions> {
    await this.changeBus
      .commit(async (manager) => {
        const agent = await findLocked(manager, caller, id);
        requireVersion(agent, ifMatch);
        const columns = columnsOf(input);
        const { before, after } = differenceOf(agent, columns);
        await manager.save(Agent, Object.assign(agent, columns));
        const target = { kind: 'agent', id, name: agent.name };
        await this.audit.record(manager, caller, { action: 'agent.update', target, before, after });
      })
      .catch(explainTaken);
    return this.get(caller, id);
  }

  /** Its versions go with it, and its places in orders. */
  async delete(caller: Caller, id: string, ifMatch?: ReadVersions): Promise<void> {
    await this.changeBus.commit(async (manager) => {
      const agent = await findLocked(manager, caller, id);
      requireVersion(agent, ifMatch);
      const versions = await manager.findBy(AgentVersion, { agentId: id, tenantId: caller.tenantId });
      await manager.delete(Agent, { id });
      for (const version of versions) await this.circuits.close(manager, version.id);
      const target = { kind: 'agent', id, name: agent.name };
      const before = { name: agent.name, versions: versions.map(({ label }) => label) };
      await this.audit.record(manager, caller, { action: 'agent.delete', target, before });
    });
  }

  private async withVersions(agents: readonly Agent[]): Promise<AgentWithVersions[]> {
    const versions = await this.dataSource.getRepository(AgentVersion).find({
      where: { agentId: In(agents.map(({ id }) => id)) },
      order: { id: 'ASC' },
    });
    return agents.map((agent) => ({
      agent,
      versions: versions.filter(({ agentId }) => agentId === agent.id),
    }));
  }
}

async function findLocked(manager: EntityManager, caller: Caller, id: string): Promise<Agent> {
  const agent = await manager.findOne(Agent, {
    where: { id, tenantId: caller.tenantId },
    lock: { mode: 'pessimistic_write' },
  });
  if (!agent) throw new NotFoundError(`No agent ${id}`);
  return agent;
}

function explainTaken(error: unknown): never {
  if (uniqueViolation(error) !== 'uq_agents_tenant_name') throw error;
  const details = [{ field: 'name', message: 'is taken' }];
  throw new ConflictError('Another agent of yours has this name', { details, cause: error });
}

/** Absent fields are left out, so that an update keeps and an insert defaults them. */
function columnsOf(input: UpdateAgentDto): Partial<Agent> {
  const { name, description, enabled, reasoning } = input;
  const columns = { name, description, enabled, reasoning };
  return given(columns);
}
