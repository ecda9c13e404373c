import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager, In } from 'typeorm';
import { newId } from '../platform/new-id.js';
import { given } from '../platform/rest/given.js';
import { AuditTrail } from '../access/audit/audit-trail.js';
import { differenceOf } from '../access/audit/difference.js';
import { type Caller, personOf } from '../access/caller.js';
import type { Page } from '../platform/rest/envelope.js';
import { ConflictError, NotFoundError } from '../platform/errors.js';
import { decodeIdCursor, toPage } from '../platform/rest/paging.js';
import { requireVersion } from '../platform/rest/preconditions.js';
import { containing } from '../platform/database/search.js';
import { uniqueViolation } from '../platform/database/unique-violation.js';
import { invalidFields } from '../platform/rest/validation.js';
import { type ChangeOptions, GroupChanges } from './group-changes.js';
import { GroupKey } from './keys/group-key.entity.js';
import { GroupKeysService, type ShownKey } from './keys/group-keys.service.js';
import { GroupTool } from './group-tools/group-tool.entity.js';
import { ToolGroup } from './group.entity.js';
import type { CopyGroupDto, CreateGroupDto, GroupQueryDto, UpdateGroupDto } from './groups.dto.js';
import { findServerCodeProblem, generateServerCode } from './server-code.js';

const GENERATE_TRIES = 5;

/** A group with what its list shows beside it. */
export type GroupSummary = {
  readonly group: ToolGroup;
  readonly toolCount: number;
  readonly keyPrefix: string | null;
};

/** Tool groups of a tenant: their rules, and every change to them. */
@Injectable()
export class GroupsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly changes: GroupChanges,
    private readonly keys: GroupKeysService,
    private readonly audit: AuditTrail,
  ) {}

  /** Oldest first. */
  async list(caller: Caller, query: GroupQueryDto): Promise<Page<GroupSummary>> {
    const found = this.dataSource
      .getRepository(ToolGroup)
      .createQueryBuilder('g')
      .where('g.tenant_id = :tenantId', { tenantId: caller.tenantId })
      .orderBy('g.id', 'ASC')
      .take(query.limit + 1);
    if (query.cursor) found.andWhere('g.id > :after', { after: decodeIdCursor(query.cursor) });
    if (query.q) {
      const anywhere = '(g.name ILIKE :q OR g.server_code ILIKE :q OR g.description ILIKE :q)';
      found.andWhere(anywhere, { q: containing(query.q) });
    }
    const page = toPage(await found.getMany(), query.limit, (group) => [group.id]);
    return { ...page, items: await this.summarize(page.items) };
  }

  /** @throws {NotFoundError} Not there, or another tenant's. */
  async get(caller: Caller, id: string): Promise<GroupSummary> {
    const group = await this.dataSource.getRepository(ToolGroup).findOneBy({ id, tenantId: caller.tenantId });
    if (!group) throw new NotFoundError(`No group ${id}`);
    const [summary] = await this.summarize([group]);
    return summary;
  }

  /**
   * Makes a group with its first key.
   *
   * @param toolsOf The group whose tools it gets, too. @default none
   */
  async create(
    caller: Caller,
    input: CreateGroupDto,
    toolsOf?: string,
  ): Promise<GroupSummary & { readonly key: ShownKey }> {
    if (input.server_code === undefined) return this.createWithGeneratedCode(caller, input, toolsOf);
    const problem = findServerCodeProblem(input.server_code);
    if (problem) throw invalidFields([{ field: 'server_code', message: `server_code ${problem}` }]);
    return this.insert(caller, input, { serverCode: input.server_code, toolsOf });
  }

  /** @throws {ConflictError} Another group of the tenant has the name. */
  async update(
    caller: Caller,
    id: string,
    input: UpdateGroupDto,
    options: ChangeOptions = {},
  ): Promise<GroupSummary> {
    const update = async (manager: EntityManager, group: ToolGroup) => {
      requireVersion(group, options.ifMatch);
      const columns = columnsOf(input);
      const { before, after } = differenceOf(group, columns);
      await manager.save(ToolGroup, Object.assign(group, columns));
      const target = { kind: 'group', id, name: group.name };
      await this.audit.record(manager, caller, { action: 'group.update', target, before, after });
    };
    await this.changes.change(caller, id, update, options).catch(explainTaken);
    return this.get(caller, id);
  }

  /** Has every replica read the group anew, tell its clients and confirm that it did. Nothing of it changes. */
  async refresh(caller: Caller, id: string): Promise<GroupSummary> {
    await this.changes.change(caller, id, (manager, { name }) =>
      this.audit.record(manager, caller, { action: 'group.refresh', target: { kind: 'group', id, name } }),
    );
    return this.get(caller, id);
  }

  /** Makes a group with the settings and the tools of another, and a key of its own. */
  async copy(
    caller: Caller,
    id: string,
    { name, server_code }: CopyGroupDto,
  ): Promise<GroupSummary & { readonly key: ShownKey }> {
    const { group } = await this.get(caller, id);
    const input: CreateGroupDto = {
      name,
      server_code,
      description: group.description,
      user_tier_access: group.userTierAccess,
      allowed_roles: group.allowedRoles,
      enabled: group.enabled,
      sessions: group.sessions,
      policy: group.policy,
    };
    return this.create(caller, input, id);
  }

  /** Its keys and tools go with it; its call records stay. */
  async delete(caller: Caller, id: string, options: ChangeOptions = {}): Promise<void> {
    const remove = async (manager: EntityManager, group: ToolGroup) => {
      requireVersion(group, options.ifMatch);
      await manager.delete(ToolGroup, { id });
      const { name, serverCode } = group;
      const target = { kind: 'group', id, name };
      await this.audit.record(manager, caller, {
        action: 'group.delete',
        target,
        before: { name, serverCode },
      });
    };
    await this.changes.change(caller, id, remove, options);
  }

  private async createWithGeneratedCode(caller: Caller, input: CreateGroupDto, toolsOf?: string) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.insert(caller, input, { serverCode: generateServerCode(), toolsOf });
      } catch (error) {
        if (!(error instanceof ServerCodeTakenError) || attempt === GENERATE_TRIES) throw error;
      }
    }
  }

  private async insert(
    caller: Caller,
    input: CreateGroupDto,
    { serverCode, toolsOf }: { readonly serverCode: string; readonly toolsOf?: string | undefined },
  ) {
    const id = newId();
    const createdBy = personOf(caller);
    const columns = { id, tenantId: caller.tenantId, serverCode, createdBy, ...columnsOf(input) };
    const key = await this.changes
      .create(id, async (manager) => {
        const group = await manager.save(ToolGroup, manager.create(ToolGroup, columns));
        const target = { kind: 'group', id, name: group.name };
        const after = { ...columns, ...(toolsOf !== undefined && { copyOf: toolsOf }) };
        await this.audit.record(manager, caller, { action: 'group.create', target, after });
        if (toolsOf !== undefined) await copyTools(manager, toolsOf, group);
        return this.keys.create(manager, group);
      })
      .catch(explainTaken);
    return { ...(await this.get(caller, id)), key };
  }

  private async summarize(groups: readonly ToolGroup[]): Promise<GroupSummary[]> {
    const groupId = In(groups.map((group) => group.id));
    const counts = await this.dataSource
      .getRepository(GroupTool)
      .createQueryBuilder('t')
      .select('t.group_id', 'groupId')
      .addSelect('count(*)::int', 'count')
      .where({ groupId })
      .groupBy('t.group_id')
      .getRawMany<{ groupId: string; count: number }>();
    const keys = await this.dataSource.getRepository(GroupKey).find({
      where: { groupId, status: 'active' },
      order: { createdAt: 'ASC' },
      select: { id: true, groupId: true, prefix: true, createdAt: true },
    });
    return groups.map((group) => ({
      group,
      toolCount: counts.find((count) => count.groupId === group.id)?.count ?? 0,
      keyPrefix: keys.findLast((key) => key.groupId === group.id)?.prefix ?? null,
    }));
  }
}

async function copyTools(manager: EntityManager, fromId: string, to: ToolGroup): Promise<void> {
  const tools = await manager.find(GroupTool, {
    where: { groupId: fromId, tenantId: to.tenantId },
    order: { id: 'ASC' },
  });
  const copies = tools.map(({ createdAt: _made, updatedAt: _changed, rowVersion: _version, ...tool }) =>
    manager.create(GroupTool, { ...tool, id: newId(), groupId: to.id }),
  );
  await manager.save(GroupTool, copies);
}

class ServerCodeTakenError extends ConflictError {}

/** Says no more than "taken": a server code may belong to another tenant. */
export function explainTaken(error: unknown): never {
  const constraint = uniqueViolation(error);
  if (constraint === 'uq_tool_groups_server_code') {
    throw new ServerCodeTakenError('The server_code is taken; choose another or leave it out', {
      details: [{ field: 'server_code', message: 'is taken' }],
      cause: error,
    });
  }
  if (constraint === 'uq_tool_groups_tenant_name') {
    const details = [{ field: 'name', message: 'is taken' }];
    throw new ConflictError('Another group of yours has this name', { details, cause: error });
  }
  throw error;
}

/** Absent fields are left out, so that an update keeps and an insert defaults them. */
function columnsOf(
  input: Omit<CreateGroupDto, 'server_code' | 'name'> & { name?: string },
): Partial<ToolGroup> {
  const columns = {
    name: input.name,
    description: input.description,
    userTierAccess: input.user_tier_access,
    allowedRoles: input.allowed_roles,
    enabled: input.enabled,
    sessions: input.sessions,
    policy: input.policy,
  };
  return given(columns);
}
