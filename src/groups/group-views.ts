import type { Config } from '../platform/config.js';
import type { Resolved } from '../sources/tool-directory.js';
import type { ToolDefinition } from '../tools/tool-definition.js';
import type { ShownKey } from './keys/group-keys.service.js';
import type { GroupTool } from './group-tools/group-tool.entity.js';
import type { GroupToolDto, ToolCategoryDto, ToolTestDto } from './group-tools/group-tools.dto.js';
import type { CreatedGroupDto, GroupDto, GroupKeyDto, ServerUrlDto } from './groups.dto.js';
import type { GroupSummary } from './groups.service.js';
import { warningsOf } from './person-scope.js';
import { serverUrls } from './server-url.js';
import type { ToolTest } from './group-tools/tool-tester.js';

// What the REST API shows of groups, keys and tools: each field by name, so that a new column is not shown by accident.

export function toGroupDto({ group, toolCount, keyPrefix }: GroupSummary, config: Config): GroupDto {
  return {
    id: group.id,
    name: group.name,
    server_code: group.serverCode,
    description: group.description,
    user_tier_access: group.userTierAccess,
    allowed_roles: group.allowedRoles,
    warnings: warningsOf(group),
    enabled: group.enabled,
    sessions: group.sessions,
    policy: group.policy,
    server_url: serverUrls(config.publicUrl, group.serverCode).url,
    tool_count: toolCount,
    api_key_prefix: keyPrefix,
    version: group.version,
    created_by: group.createdBy,
    created_at: group.createdAt.toISOString(),
    updated_at: group.updatedAt.toISOString(),
  };
}

export function toCreatedGroupDto(
  created: GroupSummary & { key: ShownKey },
  config: Config,
): CreatedGroupDto {
  return Object.assign(toGroupDto(created, config), { api_key: created.key.key });
}

export function toGroupKeyDto({ key, row }: ShownKey): GroupKeyDto {
  return {
    api_key: key,
    prefix: row.prefix,
    expires_at: row.expiresAt?.toISOString() ?? null,
    created_at: row.createdAt.toISOString(),
  };
}

export function toServerUrlDto({ group }: GroupSummary, config: Config): ServerUrlDto {
  const { url, shortUrl, sseUrl, wsUrl } = serverUrls(config.publicUrl, group.serverCode);
  return {
    server_code: group.serverCode,
    server_url: url,
    short_url: shortUrl,
    sse_url: sseUrl,
    ws_url: wsUrl,
  };
}

/** @param resolved What the row's tool is, or why it is not served. */
export function toGroupToolDto(
  row: GroupTool,
  { definition, reason }: Resolved,
  config: Config,
): GroupToolDto {
  return {
    id: row.id,
    group_id: row.groupId,
    tool_name: row.toolName,
    source: row.source,
    version: row.version,
    description: row.description,
    effective_description: row.description ?? definition?.description ?? null,
    enabled: row.enabled,
    timeout_seconds: row.timeoutSeconds,
    effective_timeout_seconds:
      row.timeoutSeconds ?? definition?.timeoutSeconds ?? config.env.TOOL_TIMEOUT_SECONDS,
    config_data: row.configData,
    source_tool_id: row.sourceToolId,
    registered: definition !== null,
    unusable_because: reason,
    allowed_roles: row.allowedRoles,
    user_tier_access: row.userTierAccess,
    policy: row.policy,
    row_version: row.rowVersion,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}

/**
 * Categories and the tools in each, both by name.
 *
 * @param registeredAt When this process took a tool of its own in.
 */
export function toToolCategories(
  definitions: readonly ToolDefinition[],
  registeredAt: (name: string) => Date | undefined,
  config: Config,
): ToolCategoryDto[] {
  const categories = [...new Set(definitions.map((definition) => definition.category))].toSorted();
  return categories.map((category) => ({
    category,
    tools: definitions
      .filter((definition) => definition.category === category)
      .map((definition) => ({
        name: definition.name,
        title: definition.title ?? null,
        description: definition.description,
        version: definition.version,
        source: definition.source,
        module: definition.origin,
        registered_at: registeredAt(definition.name)?.toISOString() ?? null,
        timeout_seconds: definition.timeoutSeconds ?? config.env.TOOL_TIMEOUT_SECONDS,
        input_schema: definition.inputSchema,
        output_schema: definition.outputSchema ?? null,
        config_schema: definition.configSchema ?? null,
        annotations: definition.annotations ?? null,
      })),
  }));
}

export function toToolTestDto({ outcome, durationMs }: ToolTest): ToolTestDto {
  const result =
    outcome.kind === 'result'
      ? outcome.result
      : { content: [{ type: 'text', text: outcome.message }], isError: true };
  return { ok: !result.isError, result, duration_ms: Math.round(durationMs * 100) / 100 };
}
