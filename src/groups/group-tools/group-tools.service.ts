import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { newId } from '../../platform/new-id.js';
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
      .catch((error: unknown) => {
        if (uniqueViolation(error) === null) throw error;
        throw new ConflictError(`The group has '${input.tool_name}' already`, {
          details: [{ field: 'tool_name', message: 'is in the group already' }],
          cause: error,
        });
      });
  }

  async update(
    caller: Caller,
    id: string,
    input: UpdateToolDto,
    options: ChangeOptions = {},
  ): Promise<GroupTool> {
    const { groupId, toolName } = await this.get(caller, id);
    const definition = this.registry.find(toolName);
    if (definition && input.config_data) checkConfig(definition, input.config_data);
    const update = async (manager: EntityManager, group: ToolGroup) => {
      requireNarrower(group, input);
      const tool = await findAsRead(manager, id, options);
      const columns = columnsOf(input);
      const { before, after } = differenceOf(tool, columns);
      const saved = await manager.save(GroupTool, Object.assign(tool, columns));
      const target = { kind: 'tool', id, name: toolName };
      await this.audit.record(manager, caller, { action: 'tool.update', target, before, after });
      return saved;
    };
    return this.changes.change(caller, groupId, update, options);
  }

  async remove(caller: Caller, id: string, options: ChangeOptions = {}): Promise<void> {
    const { groupId } = await this.get(caller, id);
    const remove = async (manager: EntityManager) => {
      const { toolName } = await findAsRead(manager, id, options);
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

/** The row once its group is locked. */
async function findAsRead(
  manager: EntityManager,
  id: string,
  { ifMatch }: ChangeOptions,
): Promise<GroupTool> {
  const tool = await manager.findOneBy(GroupTool, { id });
  if (!tool) throw new NotFoundError(`No tool ${id}`);
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
  try {
    definition.parseConfig(configData);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    const problems = error.details as readonly FieldProblem[];
    throw invalidFields(
      problems.map(({ field, message }) => ({
        field: field === 'config_data' ? field : `config_data.${field}`,
        message,
      })),
    );
  }
}

/** Absent fields are left out, so that an update keeps and an insert defaults them; null is a value. */
function columnsOf(input: UpdateToolDto): Partial<GroupTool> {
  const columns = {
    description: input.description,
    enabled: input.enabled,
    timeoutSeconds: input.timeout_seconds,
    configData: input.config_data,
    allowedRoles: input.allowed_roles,
    userTierAccess: input.user_tier_access,
    policy: input.policy,
  };
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined));
}
