import { definitionChanges } from './definition-changes.js';
import { definitionWarnings } from './definition-warnings.js';
import type { SourceTool } from './source-tool.entity.js';
import type { SourceToolDto } from './source-tools.dto.js';

/** Shows a tool of a source over REST. */
export function toSourceToolDto(tool: SourceTool): SourceToolDto {
  return {
    id: tool.id,
    source: tool.source,
    source_id: tool.sourceId,
    own_name: tool.ownName,
    tool_name: tool.toolName,
    state: tool.state,
    reason: tool.reason,
    definition: tool.definition,
    digest: tool.digest,
    pending: tool.pending,
    pending_digest: tool.pending === null ? null : tool.pendingDigest,
    warnings: definitionWarnings(tool.pending ?? tool.definition),
    changes: tool.pending === null ? [] : definitionChanges(tool.definition, tool.pending),
    row_version: tool.rowVersion,
    created_at: tool.createdAt.toISOString(),
    updated_at: tool.updatedAt.toISOString(),
  };
}
