import { type EntityManager, In } from 'typeorm';
import { GroupKey } from '../keys/group-key.entity.js';
import { GroupTool } from '../group-tools/group-tool.entity.js';
import { ToolGroup } from '../group.entity.js';
import {
  type ConfigurationFile,
  type GroupSettings,
  type KeySettings,
  type ToolSettings,
} from './configuration-file.js';
import type { SectionName } from './plan.js';

/** Which column holds which field of the file. A field more is a line here and a line in the schema. */
export const GROUP_COLUMNS = {
  name: 'name',
  description: 'description',
  enabled: 'enabled',
  sessions: 'sessions',
  allowed_roles: 'allowedRoles',
  user_tier_access: 'userTierAccess',
  policy: 'policy',
} as const satisfies Record<keyof Omit<GroupSettings, SectionName>, keyof ToolGroup>;

export const TOOL_COLUMNS = {
  enabled: 'enabled',
  description: 'description',
  timeout_seconds: 'timeoutSeconds',
  allowed_roles: 'allowedRoles',
  user_tier_access: 'userTierAccess',
  policy: 'policy',
  config: 'configData',
} as const satisfies Record<keyof ToolSettings, keyof GroupTool>;

export const KEY_COLUMNS = {
  expires_at: 'expiresAt',
  owner: 'owner',
  app_id: 'appId',
  allowed_networks: 'allowedNetworks',
  tools: 'toolNames',
  limits: 'limits',
  decoy: 'isDecoy',
} as const satisfies Record<keyof KeySettings, keyof GroupKey>;

type Columns = Readonly<Record<string, string>>;

/** A group's rows, for the steps of a plan to find theirs by name. */
export type GroupRows = {
  readonly group: ToolGroup;
  readonly tools: ReadonlyMap<string, GroupTool>;
  /** The active ones: a retiring key ends by itself, a revoked one is history. */
  readonly keys: ReadonlyMap<string, GroupKey>;
};

/** The tenant's rows by server_code, in the order of their codes. */
export type TenantRows = ReadonlyMap<string, GroupRows>;

/** @param manager Of a transaction that holds the groups' locks, when something is to be changed by what this reads. */
export async function readRows(manager: EntityManager, tenantId: string): Promise<TenantRows> {
  const groups = await manager.find(ToolGroup, { where: { tenantId } });
  const groupId = In(groups.map(({ id }) => id));
  const tools = await manager.find(GroupTool, { where: { groupId } });
  const keys = await manager.find(GroupKey, {
    where: { groupId, status: 'active' },
    order: { createdAt: 'ASC' },
  });
  return new Map(
    groups
      .toSorted((a, b) => byText(a.serverCode, b.serverCode)) // the database may sort by its locale
      .map((group) => {
        const own = tools.filter((tool) => tool.groupId === group.id);
        const ownKeys = keys.filter((key) => key.groupId === group.id);
        return [
          group.serverCode,
          { group, tools: byName(own, (tool) => tool.toolName), keys: byName(ownKeys, (key) => key.name) },
        ];
      }),
  );
}

/** What the rows say, as a file with nothing left out. */
export function toConfiguration(rows: TenantRows): ConfigurationFile {
  const groups = [...rows].map(([code, { group, tools, keys }]) => [
    code,
    {
      ...toSettings(group, GROUP_COLUMNS),
      tools: settingsByName(tools, TOOL_COLUMNS),
      keys: settingsByName(keys, KEY_COLUMNS),
    },
  ]);
  return { version: 1, prune: false, groups: Object.fromEntries(groups) as ConfigurationFile['groups'] };
}

/** The same file with its lists as sets: their order says nothing. */
export function normalized(file: ConfigurationFile): ConfigurationFile {
  const groups = mapValues(file.groups, ({ tools, keys, ...group }) => ({
    ...mapValues(group, toFileValue),
    ...(tools && { tools: mapValues(tools, (settings) => mapValues(settings, toFileValue)) }),
    ...(keys && { keys: mapValues(keys, (settings) => mapValues(settings, toFileValue)) }),
  }));
  return { ...file, groups: groups as ConfigurationFile['groups'] };
}

function mapValues<T, U>(things: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(things).map(([name, value]) => [name, change(value)]));
}

/** The columns for the settings that are given. */
export function toColumns(
  settings: Readonly<Record<string, unknown>>,
  columns: Columns,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([field, value]) =>
      columns[field] === undefined ? [] : [[columns[field], toColumnValue(field, value)]],
    ),
  );
}

function settingsByName(rows: ReadonlyMap<string, object>, columns: Columns): Record<string, unknown> {
  return Object.fromEntries([...rows].map(([name, row]) => [name, toSettings(row, columns)]));
}

function toSettings(row: object, columns: Columns): Record<string, unknown> {
  const values = row as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(columns).map(([field, column]) => [field, toFileValue(values[column])]),
  );
}

function toFileValue(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  return Array.isArray(value) ? [...new Set<string>(value as string[])].toSorted(byText) : value;
}

function toColumnValue(field: string, value: unknown): unknown {
  return field.endsWith('_at') && typeof value === 'string' ? new Date(value) : value;
}

function byName<Row>(rows: readonly Row[], nameOf: (row: Row) => string): Map<string, Row> {
  const named = rows.map((row): [string, Row] => [nameOf(row), row]);
  return new Map(named.toSorted(([a], [b]) => byText(a, b)));
}

function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
