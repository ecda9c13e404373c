import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { newId } from '../../platform/new-id.js';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import { differenceOf } from '../../access/audit/difference.js';
import type { Caller } from '../../access/caller.js';
import { ConflictError, InvalidInputError, NotFoundError } from '../../platform/errors.js';
import { given } from '../../platform/rest/given.js';
import { requireVersion } from '../../platform/rest/preconditions.js';
import { uniqueViolation } from '../../platform/database/unique-violation.js';
import { type FieldProblem, invalidFields } from '../../platform/rest/validation.js';
import type { ToolDefinition } from '../../tools/tool-definition.js';
import { type OfferedTool, ToolDirectory } from '../../sources/tool-directory.js';
import type { ChangeOptions } from '../group-changes.js';
import { ToolGroup } from '../group.entity.js';
import { GroupTool } from './group-tool.entity.js';
import type { AddToolDto, UpdateToolDto } from './group-tools.dto.js';
import { unknownSettings } from './unknown-settings.js';

export type ToolChange = {
  readonly tool: GroupTool;
  readonly input: UpdateToolDto;
  /** The group that it is to be in; its row is locked. */
  readonly group: ToolGroup;
};

/** Writes the rows of tools within a transaction that has locked their groups, and records each as one change. */
@Injectable()
export class ToolWriter {
  constructor(
    private readonly directory: ToolDirectory,
    private readonly audit: AuditTrail,
  ) {}

  /** @throws {InvalidInputError} No such tool is registered, or its settings do not fit. */
  async requireSound(caller: Caller, input: AddToolDto, manager?: EntityManager): Promise<OfferedTool> {
    const offered = await this.directory.find(caller.tenantId, input.tool_name, manager);
    if (!offered) {
      const message = `tool_name: no tool '${input.tool_name}' is registered; GET /api/v1/admin/tools/registered lists them`;
      throw invalidFields([{ field: 'tool_name', message }]);
    }
    checkConfig(offered.definition, input.config_data ?? {});
    return offered;
  }

  async insert(
    manager: EntityManager,
    caller: Caller,
    { input, group }: { readonly input: AddToolDto; readonly group: ToolGroup },
  ): Promise<GroupTool> {
    const { definition, sourceToolId } = await this.requireSound(caller, input, manager);
    const { name: toolName, source, version } = definition;
    requireNarrower(group, input);
    const { tenantId, id: groupId } = group;
    const columns = columnsOf(input);
    const tool = manager.create(GroupTool, {
      id: newId(),
      tenantId,
      groupId,
      toolName,
      source,
      sourceToolId,
      version,
      ...columns,
    });
    const saved = await manager.save(GroupTool, tool);
    const target = { kind: 'tool', id: saved.id, name: toolName };
    const after = { groupId, ...columns };
    await this.audit.record(manager, caller, { action: 'tool.add', target, after });
    return saved;
  }

  /** What a tool is narrowed to must fit its group, the one that it comes to as well. */
  async update(
    manager: EntityManager,
    caller: Caller,
    { tool, input, group }: ToolChange,
  ): Promise<GroupTool> {
    if (input.config_data) {
      const { definition } = await this.directory.resolveOne(tool, manager);
      if (definition) checkConfig(definition, input.config_data);
    }
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
}

export async function findGroup(
  manager: EntityManager,
  { tenantId }: Caller,
  id: string,
): Promise<ToolGroup> {
  const group = await manager.findOneBy(ToolGroup, { id, tenantId });
  if (!group) throw new NotFoundError(`No group ${id}`);
  return group;
}

export function explainTaken(field: string, toolName: string): (error: unknown) => never {
  return (error) => {
    if (uniqueViolation(error) === null) throw error;
    throw new ConflictError(`The group has '${toolName}' already`, {
      details: [{ field, message: 'is in the group already' }],
      cause: error,
    });
  };
}

/** The row once the group is locked that it was read in. */
export async function findAsRead(
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
