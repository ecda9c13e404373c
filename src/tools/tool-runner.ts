import { DiscoveryService } from '@nestjs/core';
import type { ToolContext } from './mcp-tool.decorator.js';
import type { JsonObject } from './tool-definition.js';

/** Names a tool that a tenant brought, as the source that runs it knows it. */
export type SourceToolRef = {
  /** Of its row in `mcp_source_tools`. */
  readonly id: string;
  /** The row of its source: an upstream, a document, a package. */
  readonly sourceId: string;
  /** What the source itself calls it. */
  readonly ownName: string;
  /** As it is pinned: some protocols mirror arguments by it. */
  readonly inputSchema: JsonObject;
  readonly tenantId: string;
};

/**
 * Runs the tools that tenants bring, of one kind of source: `upstream`, `http`, `plugin`, `builtin`. Their definitions stand in
 * `mcp_source_tools`, so a runner is asked for nothing but the run; everything before and after it is the one pipe's.
 */
export interface ToolRunner {
  readonly kind: string;
  /**
   * @param args Fit the stored input schema.
   * @returns Data, or a `ToolContent` or MCP result as it came.
   * @throws {AppError} An expected failure, told to the agent: `UnavailableError` where it need not come again.
   */
  run(tool: SourceToolRef, args: JsonObject, context: ToolContext): Promise<unknown>;
}

/** Marks a provider as a {@link ToolRunner}, for {@link ToolRunners} to find. */
export const RunsTools = DiscoveryService.createDecorator();
