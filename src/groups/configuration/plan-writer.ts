import { Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import { ConflictError } from '../../platform/errors.js';
import { newId } from '../../platform/new-id.js';
import { type AuditEntry, AuditTrail } from '../../access/audit/audit-trail.js';
import { type AdminCaller, personOf } from '../../access/caller.js';
import { GroupKey } from '../keys/group-key.entity.js';
import { GroupKeysService } from '../keys/group-keys.service.js';
import { GroupTool } from '../group-tools/group-tool.entity.js';
import { ToolGroup } from '../group.entity.js';
import { ToolDirectory } from '../../sources/tool-directory.js';
import {
  GROUP_COLUMNS,
  KEY_COLUMNS,
  type GroupRows,
  TOOL_COLUMNS,
  type TenantRows,
  toColumns,
} from './configuration-rows.js';
import type { Change, FieldChange } from './plan.js';

/** What the writing of a plan goes by. */
export type Writing = {
  readonly manager: EntityManager;
  readonly caller: AdminCaller;
  readonly rows: TenantRows;
  readonly touch: (groupId: string) => void;
};

/** A key that the plan made, with its value: the only time that it comes out of the configuration. */
export type NewKey = { readonly group: string; readonly name: string; readonly value: string };

/** As the REST routes of the single things record them. */
const ACTIONS = {
  group: { create: 'group.create', update: 'group.update', delete: 'group.delete' },
  tool: { create: 'tool.add', update: 'tool.update', delete: 'tool.remove' },
  key: { create: 'key.create', update: 'key.update', delete: 'key.revoke' },
} as const;

type Target = { readonly id: string; readonly name: string };

/** Carries out a checked plan within a transaction, and records each step as its REST route would. */
@Injectable()
export class PlanWriter {
  constructor(
    private readonly directory: ToolDirectory,
    private readonly keys: GroupKeysService,
    private readonly audit: AuditTrail,
  ) {}

  async write(writing: Writing, changes: readonly Change[]): Promise<NewKey[]> {
    const newKeys: NewKey[] = [];
    const rows = new Map(writing.rows);
    await this.deleteGroups(writing, changes);
    await freeNames(writing, changes);
    for (const change of changes) {
      if (change.kind === 'group' && change.action !== 'delete') {
        const group = await this.saveGroup(writing, change);
        const { tools = new Map(), keys = new Map() } = rows.get(change.group) ?? {};
        rows.set(change.group, { group, tools, keys });
      }
      if (change.kind === 'tool') await this.changeTool(writing, change, rows.get(change.group)!);
      if (change.kind === 'key') {
        newKeys.push(...(await this.changeKey(writing, change, rows.get(change.group)!)));
      }
    }
    return newKeys;
  }

  /** First, so that their names are free. */
  private async deleteGroups(writing: Writing, changes: readonly Change[]): Promise<void> {
    for (const change of changes.filter(({ kind, action }) => kind === 'group' && action === 'delete')) {
      const { group } = writing.rows.get(change.group)!;
      await this.record(writing, change, group);
      await writing.manager.delete(ToolGroup, { id: group.id });
      writing.touch(group.id);
    }
  }

  private async saveGroup(writing: Writing, change: Change): Promise<ToolGroup> {
    const { manager, caller } = writing;
    const columns = toColumns(settingsOf(change.fields), GROUP_COLUMNS);
    const group =
      writing.rows.get(change.group)?.group ??
      manager.create(ToolGroup, {
        id: newId(),
        tenantId: caller.tenantId,
        serverCode: change.group,
        createdBy: personOf(caller),
      });
    const saved = await manager.save(ToolGroup, Object.assign(group, columns));
    writing.touch(saved.id);
    await this.record(writing, change, saved);
    return saved;
  }

  private async changeTool(writing: Writing, change: Change, { group, tools }: GroupRows): Promise<void> {
    const { manager } = writing;
    const toolName = change.name!;
    writing.touch(group.id);
    const row = tools.get(toolName) ?? (await this.newTool(writing, toolName, group));
    await this.record(writing, change, { id: row.id, name: toolName });
    if (change.action === 'delete') await manager.delete(GroupTool, { id: row.id });
    else
      await manager.save(GroupTool, Object.assign(row, toColumns(settingsOf(change.fields), TOOL_COLUMNS)));
  }

  private async newTool({ manager }: Writing, toolName: string, group: ToolGroup): Promise<GroupTool> {
    const offered = await this.directory.find(group.tenantId, toolName, manager);
    if (!offered)
      throw new ConflictError(`'${toolName}' has just ceased to be offered. Look at the file and repeat`);
    const { definition, sourceToolId } = offered;
    const { source, version } = definition;
    return manager.create(GroupTool, {
      id: newId(),
      tenantId: group.tenantId,
      groupId: group.id,
      toolName,
      source,
      sourceToolId,
      version,
    });
  }

  private async changeKey(writing: Writing, change: Change, { group, keys }: GroupRows): Promise<NewKey[]> {
    const { manager } = writing;
    const name = change.name!;
    writing.touch(group.id);
    const columns = toColumns(settingsOf(change.fields), KEY_COLUMNS);
    const createdBy = personOf(writing.caller);
    const made = keys.has(name)
      ? undefined
      : await this.keys.create(manager, group, { name, createdBy, ...columns });
    const row = made?.row ?? keys.get(name)!;
    if (change.action === 'update') await manager.save(GroupKey, Object.assign(row, columns));
    if (change.action === 'delete') await revokeKey(manager, row);
    await this.record(writing, change, { id: row.id, name });
    return made ? [{ group: change.group, name, value: made.key }] : [];
  }

  private async record({ manager, caller }: Writing, change: Change, target: Target): Promise<void> {
    const replaced = change.fields.filter((field) => 'before' in field);
    const before = Object.fromEntries(replaced.map((field) => [field.field, field.before]));
    const entry: AuditEntry = {
      action: ACTIONS[change.kind][change.action],
      target: { kind: change.kind, id: target.id, name: target.name },
      before: { group: change.group, ...before },
      after: change.action === 'delete' ? null : settingsOf(change.fields),
    };
    await this.audit.record(manager, caller, entry);
  }
}

/** With the one that it replaced, if that is still retiring. */
async function revokeKey(manager: EntityManager, { groupId, name }: GroupKey): Promise<void> {
  const revoked = { status: 'revoked', revokedAt: new Date() } as const;
  await manager.update(GroupKey, { groupId, name, status: In(['active', 'retiring']) }, revoked);
}

/** Groups may have exchanged their names, which the unique index would refuse on the way. */
async function freeNames({ manager, rows }: Writing, changes: readonly Change[]): Promise<void> {
  const ofGroups = changes.filter(({ kind, action }) => kind === 'group' && action !== 'delete');
  const renamed = ofGroups.filter(
    ({ action, fields }) => action === 'update' && fields.some(({ field }) => field === 'name'),
  );
  if (renamed.length === 0 || ofGroups.length < 2) return;
  const ids = renamed.map(({ group }) => rows.get(group)!.group.id);
  // Not by the entity: its version, which If-Match compares with, grows once per change.
  await manager.query('UPDATE mcp_tool_groups SET name = id::text WHERE id = ANY($1)', [ids]);
}

function settingsOf(fields: readonly FieldChange[]): Record<string, unknown> {
  return Object.fromEntries(fields.map(({ field, after }) => [field, after]));
}
