import type { CallToolResult } from '@modelcontextprotocol/client';
import { Injectable } from '@nestjs/common';
import { isPlainObject } from '../../platform/plain-object.js';
import type { ToolContext } from '../../tools/mcp-tool.decorator.js';
import type { JsonObject } from '../../tools/tool-definition.js';
import { RunsTools, type SourceToolRef, type ToolRunner } from '../../tools/tool-runner.js';
import { UpstreamConnections } from './upstream-connections.js';
import { callFailure, isConnectionLost, wasNotBegun } from './upstream-failure.js';

/** Calls tools at the upstreams that bring them. */
@RunsTools()
@Injectable()
export class UpstreamRunner implements ToolRunner {
  readonly kind = 'upstream';

  constructor(private readonly connections: UpstreamConnections) {}

  /** A call is made once: a second time only where the upstream for certain did not begin it. */
  async run(tool: SourceToolRef, args: JsonObject, context: ToolContext): Promise<unknown> {
    const of = { tenantId: tool.tenantId, id: tool.sourceId };
    for (let isFirst = true; ; isFirst = false) {
      const connection = await this.connections.get(of);
      try {
        return toResult(await connection.call(tool, args, context));
      } catch (error) {
        if (context.signal.aborted) throw error;
        if (isConnectionLost(error)) this.connections.drop(of, connection);
        if (isFirst && wasNotBegun(error)) continue;
        throw callFailure(connection.name, error, connection.secrets);
      }
    }
  }
}

/** What the pipe reads: MCP's fields, and structured content as an object, which clients before 2026-07-28 insist on. */
function toResult({ content, structuredContent, isError }: CallToolResult): unknown {
  const structured =
    structuredContent === undefined || isPlainObject(structuredContent)
      ? structuredContent
      : { result: structuredContent };
  return {
    content,
    ...(structured !== undefined && { structuredContent: structured }),
    isError: isError === true,
  };
}
