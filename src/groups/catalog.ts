import { InvalidInputError } from '../platform/errors.js';
import type { Config } from '../platform/config.js';
import { type BoundTool, validatorsOf } from '../tools/pipe/bound-tool.js';
import type { GroupPolicy, ToolPolicy } from '../tools/pipe/policy.js';
import { emittedSchemas } from '../tools/schemas/emitted-schema.js';
import type { Resolved } from '../sources/tool-directory.js';
import type { JsonObject, ToolDefinition } from '../tools/tool-definition.js';
import type { GroupTool } from './group-tools/group-tool.entity.js';
import type { ToolGroup } from './group.entity.js';

/** A tool as `tools/list` shows it (MCP `Tool`). */
export type ListedTool = {
  readonly name: string;
  readonly title?: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
  readonly outputSchema?: JsonObject;
  readonly annotations?: JsonObject;
  readonly _meta?: JsonObject;
};

/** A tool of a group that cannot be served, and why. */
export type UnusableTool = { readonly name: string; readonly reason: string };

/** Immutable snapshot of one group, all that a call needs: no SQL between the request and the tool. */
export type Catalog = {
  readonly groupId: string;
  readonly tenantId: string;
  readonly serverCode: string;
  readonly name: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly sessions: boolean;
  /** Roles of which a signed-in user needs one; empty: people do not come in, keys do. */
  readonly allowedRoles: readonly string[];
  /** Tiers of users that the group is for; empty: all. */
  readonly userTierAccess: readonly string[];
  readonly policy: GroupPolicy;
  readonly epoch: number;
  /** The enabled tools, by the names they are called by: their own and their aliases. */
  readonly tools: ReadonlyMap<string, BoundTool>;
  /** Rows left out: there is no such tool, it may not be served, or their settings do not fit it. */
  readonly unusable: readonly UnusableTool[];
  /** The same tools as clients see them, sorted by name: the order is part of what clients cache. */
  readonly listed: readonly ListedTool[];
};

/** What a tool has that neither its row nor its author says otherwise. */
export type ToolDefaults = Pick<
  Config['env'],
  'TOOL_TIMEOUT_SECONDS' | 'TOOL_BREAKER_FAILURES' | 'TOOL_BREAKER_RESET_SECONDS'
>;

/** Rows bound in one turn of the event loop: reading a group of many tools must not hold up the calls that run meanwhile. */
const ROWS_PER_TURN = 50;

/**
 * One bad row does not take the group with it: it is left out and named in `unusable`.
 *
 * @param find What there is for a row.
 */
export async function buildCatalog(
  group: ToolGroup,
  rows: Iterable<GroupTool>,
  find: (row: GroupTool) => Resolved,
  defaults: ToolDefaults,
): Promise<Catalog> {
  const bound: BoundTool[] = [];
  const unusable: UnusableTool[] = [];
  let seen = 0;
  for (const row of rows) {
    if (++seen % ROWS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    if (!row.enabled) continue;
    const tool = tryBind(row, find(row), defaults);
    if (typeof tool !== 'string') bound.push(tool);
    else unusable.push({ name: row.toolName, reason: tool });
  }
  const sorted = bound.toSorted((a, b) => (a.definition.name < b.definition.name ? -1 : 1));
  return {
    groupId: group.id,
    tenantId: group.tenantId,
    serverCode: group.serverCode,
    name: group.name,
    description: group.description,
    enabled: group.enabled,
    sessions: group.sessions,
    allowedRoles: group.allowedRoles,
    userTierAccess: group.userTierAccess,
    policy: withoutEmptyLimits(group.policy),
    epoch: Number(group.epoch),
    tools: new Map([...aliased(sorted), ...sorted.map((tool) => [tool.definition.name, tool] as const)]),
    unusable,
    listed: sorted.map((tool) => toListed(tool, group.policy)),
  };
}

/** Comes before the names themselves, so that no alias takes a tool's name from it. */
function aliased(tools: readonly BoundTool[]): (readonly [string, BoundTool])[] {
  return tools.flatMap((tool) => (tool.definition.aliases ?? []).map((alias) => [alias, tool] as const));
}

/** @returns A text: why it is left out. */
function tryBind(
  row: GroupTool,
  { definition, reason }: Resolved,
  defaults: ToolDefaults,
): BoundTool | string {
  if (!definition) return reason;
  try {
    return bind(row, definition, defaults);
  } catch (error) {
    if (error instanceof InvalidInputError) return 'its settings do not fit it';
    throw error;
  }
}

/**
 * A row's tool ready to run, whether or not it is enabled: an admin may try a tool before agents see it.
 *
 * @throws {InvalidInputError} The row's settings do not fit the tool.
 */
export function bind(row: GroupTool, definition: ToolDefinition, defaults: ToolDefaults): BoundTool {
  const policy = withoutEmptyLimits(row.policy);
  return {
    id: row.id,
    definition,
    description: row.description ?? definition.description,
    timeoutMs: (row.timeoutSeconds ?? definition.timeoutSeconds ?? defaults.TOOL_TIMEOUT_SECONDS) * 1000,
    allowedRoles: row.allowedRoles,
    userTierAccess: row.userTierAccess,
    config: definition.parseConfig(row.configData),
    policy,
    guarded: {
      tenantId: row.tenantId,
      toolId: row.id,
      kind: 'tool',
      name: definition.name,
      failures: policy.breaker?.failures ?? defaults.TOOL_BREAKER_FAILURES,
      resetMs: (policy.breaker?.reset_seconds ?? defaults.TOOL_BREAKER_RESET_SECONDS) * 1000,
    },
    validators: validatorsOf(definition),
  };
}

/** Without structured content there is none to promise: clients refuse a result that lacks what an output schema says. */
function toListed({ definition, description }: BoundTool, policy: GroupPolicy): ListedTool {
  const { name, title, annotations, _meta } = definition;
  const { inputSchema, outputSchema } = emittedSchemas(definition);
  const isStructured = outputSchema !== undefined && policy.structured_content !== false;
  return {
    name,
    ...(title !== undefined && { title }),
    description,
    inputSchema,
    ...(isStructured && { outputSchema }),
    ...(annotations && { annotations }),
    ...(_meta && { _meta }),
  };
}

/** No limits at all are best not asked for on each call. */
function withoutEmptyLimits<Policy extends GroupPolicy | ToolPolicy>(policy: Policy): Policy {
  const set = Object.entries(policy).filter(([, value]) => value === undefined || !isEmptyObject(value));
  return Object.fromEntries(set) as Policy;
}

export function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
