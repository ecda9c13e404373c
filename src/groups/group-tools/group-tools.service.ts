import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { newId } from '../../platform/new-id.js';
import { given } from '../../platform/rest/given.js';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import { differenceOf } from '../../access/audit/difference.js';
import type { Caller } from '../../access/caller.js';
import type { Page } from '../../platform/rest/envelope.js';
import { ConflictError, InvalidInputError, NotFoundError } from '../../platform/errors.js';
import { decodeIdCursor, toPage } from '../../platform/rest/paging.js';
import { requireVersion } from '../../platform/rest/preconditions.js';
import { containing } from '../../platform/database/search.js';
import { uniqueViolation } from '../../platform/database/unique-violation.js';
import { type FieldProblem, invalidFields } from '../../platform/rest/validation.js';
import type { ToolDefinition } from '../../tools/tool-definition.js';
import { ToolRegistry } from '../../tools/tool-registry.js';
import { type ChangeOptions, GroupChanges } from '../group-changes.js';
import { ToolGroup } from '../group.entity.js';
import { GroupTool } from './group-tool.entity.js';
import { unknownSettings } from './unknown-settings.js';
import type { AddToolDto, GroupToolQueryDto, UpdateToolDto } from './group-tools.dto.js';

/** Which tools a group has, and how they are set there. */
@Injectable()
export class GroupToolsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly changes: GroupChanges,
    private readonly registry: ToolRegistry,
    private readonly audit: AuditTrail,
  ) {}

  /** In the order they were added. Another tenant's `group_id` gives an empty page. */
  async list(caller: Caller, query: GroupToolQueryDto): Promise<Page<GroupTool>> {
    const found = this.dataSource
      .getRepository(GroupTool)
      .createQueryBuilder('t')
      .where('t.tenant_id = :tenantId', { tenantId: caller.tenantId })
      .orderBy('t.id', 'ASC')
      .take(query.limit + 1);
    if (query.group_id) found.andWhere('t.group_id = :groupId', { groupId: query.group_id });
    if (query.cursor) found.andWhere('t.id > :after', { after: decodeIdCursor(query.cursor) });
    if (query.q)
      found.andWhere('(t.tool_name ILIKE :q OR t.description ILIKE :q)', { q: containing(query.q) });
    return toPage(await found.getMany(), query.limit, (tool) => [tool.id]);
  }

  /** @throws {NotFoundError} Not there, or another tenant's. */
  async get(caller: Caller, id: string): Promise<GroupTool> {
    const tool = await this.dataSource.getRepository(GroupTool).findOneBy({ id, tenantId: caller.tenantId });
    if (!tool) throw new NotFoundError(`No tool ${id}`);
    return tool;
  }

  /**
   * Gives a registered tool to a group.
   *
   * @throws {InvalidInputError} No such tool is registered, or its settings do not fit.
   * @throws {ConflictError} The group has it already.
   */
  async add(caller: Caller, groupId: string, input: AddToolDto): Promise<GroupTool> {
    const definition = this.registry.find(input.tool_name);
    if (!definition) {
      const message = `tool_name: no tool '${input.tool_name}' is registered; GET /api/v1/admin/tools/registered lists them`;
      throw invalidFields([{ field: 'tool_name', message }]);
    }
    checkConfig(definition, input.config_data ?? {});
    return this.changes
      .change(caller, groupId, async (manager, group) => {
        requireNarrower(group, input);
        const tool = manager.create(GroupTool, {
          id: newId(),
          tenantId: caller.tenantId,
          groupId,
          toolName: definition.name,
          source: definition.source,
          version: definition.version,
          ...columnsOf(input),
        });
        const saved = await manager.save(GroupTool, tool);
        const target = { kind: 'tool', id: saved.id, name: saved.toolName };
        await this.audit.record(manager, caller, {
          action: 'tool.add',
          target,
          after: { groupId, ...columnsOf(input) },
        });
        return saved;
      })
      .catch(explainTaken('tool_name', input.tool_name));
  }

  /**
   * Changes a tool's settings, and moves it when `group_id` is another group's than its own.
   *
   * @throws {NotFoundError} No such tool, or no such group to move it to.
   * @throws {ConflictError} The other group has a tool of that name.
   */
  async update(
    caller: Caller,
    id: string,
    input: UpdateToolDto,
    options: ChangeOptions = {},
  ): Promise<GroupTool> {
    const { groupId, toolName } = await this.get(caller, id);
    const definition = this.registry.find(toolName);
    if (definition && input.config_data) checkConfig(definition, input.config_data);
    const target = input.group_id ?? groupId;
    if (target === groupId) {
      const update = async (manager: EntityManager, group: ToolGroup) =>
        this.save(manager, caller, {
          tool: await findAsRead(manager, id, { groupId, options }),
          input,
          group,
        });
      return this.changes.change(caller, groupId, update, options);
    }
    const move = async (manager: EntityManager, touch: (groupId: string) => void) => {
      const group = await findGroup(manager, caller, target);
      const tool = await findAsRead(manager, id, { groupId, options });
      touch(tool.groupId);
      touch(group.id);
      return this.save(manager, caller, { tool, input, group });
    };
    return this.changes.changeAll(caller, move, options).catch(explainTaken('group_id', toolName));
  }

  /** What a tool is narrowed to must fit its group, the one that it comes to as well. */
  private async save(
    manager: EntityManager,
    caller: Caller,
    { tool, input, group }: ToolChange,
  ): Promise<GroupTool> {
    const isMoved = tool.groupId !== group.id;
    requireNarrower(group, {
      allowed_roles: input.allowed_roles ?? (isMoved ? tool.allowedRoles : undefined),
      user_tier_access: input.user_tier_access ?? (isMoved ? tool.userTierAccess : undefined),
    });
    const columns = { ...columnsOf(input), ...(isMoved && { groupId: group.id }) };
    const { before, after } = differenceOf(tool, columns);
    const saved = await manager.save(GroupTool, Object.assign(tool, columns));
    const target = { kind: 'tool', id: tool.id, name: tool.toolName };
    await this.audit.record(manager, caller, { action: 'tool.update', target, before, after });
    return saved;
  }

  async remove(caller: Caller, id: string, options: ChangeOptions = {}): Promise<void> {
    const { groupId } = await this.get(caller, id);
    const remove = async (manager: EntityManager) => {
      const { toolName } = await findAsRead(manager, id, { groupId, options });
      await manager.delete(GroupTool, { id });
      const target = { kind: 'tool', id, name: toolName };
      await this.audit.record(manager, caller, {
        action: 'tool.remove',
        target,
        before: { groupId, toolName },
      });
    };
    await this.changes.change(caller, groupId, remove, options);
  }
}

type ToolChange = {
  readonly tool: GroupTool;
  readonly input: UpdateToolDto;
  /** The group that it is to be in; its row is locked. */
  readonly group: ToolGroup;
};

async function findGroup(manager: EntityManager, { tenantId }: Caller, id: string): Promise<ToolGroup> {
  const group = await manager.findOneBy(ToolGroup, { id, tenantId });
  if (!group) throw new NotFoundError(`No group ${id}`);
  return group;
}

function explainTaken(field: string, toolName: string): (error: unknown) => never {
  return (error) => {
    if (uniqueViolation(error) === null) throw error;
    throw new ConflictError(`The group has '${toolName}' already`, {
      details: [{ field, message: 'is in the group already' }],
      cause: error,
    });
  };
}

/** The row once the group is locked that it was read in. */
async function findAsRead(
  manager: EntityManager,
  id: string,
  { groupId, options: { ifMatch } }: { readonly groupId: string; readonly options: ChangeOptions },
): Promise<GroupTool> {
  const tool = await manager.findOneBy(GroupTool, { id });
  if (!tool) throw new NotFoundError(`No tool ${id}`);
  if (tool.groupId !== groupId)
    throw new ConflictError('The tool has just been moved to another group. Read it and repeat your change');
  requireVersion({ version: tool.rowVersion }, ifMatch);
  return tool;
}

/** A tool can be for fewer people than its group, not for others. */
function requireNarrower(group: ToolGroup, input: UpdateToolDto): void {
  const problems = [
    { field: 'allowed_roles', names: wider(input.allowed_roles, group.allowedRoles) },
    { field: 'user_tier_access', names: wider(input.user_tier_access, group.userTierAccess) },
  ].filter(({ names }) => names.length > 0);
  if (problems.length === 0) return;
  throw invalidFields(
    problems.map(({ field, names }) => ({
      field,
      message: `the group is not for ${names.join(', ')}; a tool may only narrow what its group allows`,
    })),
  );
}

function wider(asked: readonly string[] = [], allowed: readonly string[]): string[] {
  return allowed.length === 0 ? [] : asked.filter((one) => !allowed.includes(one));
}

/** @throws {InvalidInputError} Names each wrong field of `config_data`. */
export function checkConfig(definition: ToolDefinition, configData: Record<string, unknown>): void {
  const problems = [
    ...configProblems(definition, configData),
    ...(definition.configSchema ? unknownSettings(definition.configSchema, configData) : []),
  ];
  if (problems.length > 0) throw invalidFields(problems);
}

function configProblems(definition: ToolDefinition, configData: Record<string, unknown>): FieldProblem[] {
  try {
    definition.parseConfig(configData);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    const problems = error.details as readonly FieldProblem[];
    return problems.map(({ field, message }) => ({
      field: field === 'config_data' ? field : `config_data.${field}`,
      message,
    }));
  }
}

/** Absent fields are left out, so that an update keeps and an insert defaults them; null is a value. */
function columnsOf(input: UpdateToolDto): Partial<GroupTool> {
  const columns = {
    description: input.description === '' ? null : input.description,
    enabled: input.enabled,
    timeoutSeconds: input.timeout_seconds,
    configData: input.config_data,
    allowedRoles: input.allowed_roles,
    userTierAccess: input.user_tier_access,
    policy: input.policy,
  };
  return given(columns);
}
