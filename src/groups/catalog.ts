import { type BoundTool, validatorsOf } from '../tools/bound-tool.js';
import type { JsonObject, ToolDefinition } from '../tools/tool-definition.js';
import type { GroupTool } from './group-tool.entity.js';
import type { ToolGroup } from './group.entity.js';

/** A tool as `tools/list` shows it (MCP `Tool`). */
export type ListedTool = {
  readonly name: string;
  readonly title?: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
  readonly outputSchema?: JsonObject;
  readonly annotations?: JsonObject;
};

/** Immutable snapshot of one group, all that a call needs: no SQL between the request and the tool. */
export type Catalog = {
  readonly groupId: string;
  readonly tenantId: string;
  readonly serverCode: string;
  readonly name: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly sessions: boolean;
  readonly epoch: number;
  /** The enabled tools, by the name they are called by. */
  readonly tools: ReadonlyMap<string, BoundTool>;
  /** The same tools as clients see them, sorted by name: the order is part of what clients cache. */
  readonly listed: readonly ListedTool[];
};

/** @param find The registry; a row whose tool this build does not have is left out. */
export function buildCatalog(
  group: ToolGroup,
  rows: readonly GroupTool[],
  find: (name: string) => ToolDefinition | undefined,
  defaultTimeoutSeconds: number,
): Catalog {
  const bound = rows
    .filter((row) => row.enabled)
    .flatMap((row) => {
      const definition = find(row.toolName);
      return definition ? [bind(row, definition, defaultTimeoutSeconds)] : [];
    })
    .toSorted((a, b) => (a.definition.name < b.definition.name ? -1 : 1));
  return {
    groupId: group.id,
    tenantId: group.tenantId,
    serverCode: group.serverCode,
    name: group.name,
    description: group.description,
    enabled: group.enabled,
    sessions: group.sessions,
    epoch: Number(group.epoch),
    tools: new Map(bound.map((tool) => [tool.definition.name, tool])),
    listed: bound.map(toListed),
  };
}

/** A row's tool ready to run, whether or not it is enabled: an admin may try a tool before agents see it. */
export function bind(row: GroupTool, definition: ToolDefinition, defaultTimeoutSeconds: number): BoundTool {
  return {
    id: row.id,
    definition,
    description: row.description ?? definition.description,
    timeoutMs: (row.timeoutSeconds ?? definition.timeoutSeconds ?? defaultTimeoutSeconds) * 1000,
    config: definition.parseConfig(row.configData),
    validators: validatorsOf(definition),
  };
}

function toListed({ definition, description }: BoundTool): ListedTool {
  const { name, title, inputSchema, outputSchema, annotations } = definition;
  return {
    name,
    ...(title !== undefined && { title }),
    description,
    inputSchema,
    ...(outputSchema && { outputSchema }),
    ...(annotations && { annotations }),
  };
}
