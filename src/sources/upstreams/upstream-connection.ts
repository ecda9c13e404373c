import {
  type CallToolResult,
  Client as McpClient,
  type PriorDiscovery,
  type Transport,
} from '@modelcontextprotocol/client';
import { z } from 'zod';
import { VERSION } from '../../platform/version.js';
import type { JsonObject } from '../../tools/tool-definition.js';
import type { ToolContext } from '../../tools/mcp-tool.decorator.js';
import type { FoundTool } from '../source-tools.js';
import { exposedName } from '../exposed-name.js';
import type { SourceDefinition } from '../source-tool.entity.js';

/** A list that goes on longer is one that never ends. */
const PAGES_MAX = 200;
/** Longer than any call of ours: the pipe's own limits end it. */
const CALL_MAX_MS = 3_660_000;
const CHANGES_SETTLE_MS = 300;

/** Only what is needed to take each tool by itself: one that is wrong must not take the others with it. */
const listedTools = z.looseObject({
  tools: z.array(z.looseObject({ name: z.string() })),
  nextCursor: z.string().optional(),
});

export type ConnectionOptions = {
  readonly transport: Transport;
  /** What was found out before; null: nothing. */
  readonly verdict: PriorDiscovery | null;
  readonly connectMs: number;
  /** Its list of tools has changed. */
  readonly onToolsChanged: () => void;
  /** It is gone, whoever ended it. */
  readonly onClose: () => void;
};

export type UpstreamInfo = { readonly verdict: PriorDiscovery; readonly serverInfo: Record<string, string> };

/** One open connection to an upstream, in whichever era it speaks; many calls share it. */
export class UpstreamConnection {
  private inFlight = 0;
  private isRetired = false;
  private isOver = false;
  lastUsedMs = performance.now();

  private constructor(
    private readonly client: McpClient,
    /** Values that its errors and output are shown without. */
    readonly secrets: readonly string[],
    /** Of the upstream. */
    readonly name: string,
  ) {}

  /** @throws Whatever the transport or the upstream says; nothing is left open. */
  static async open(
    name: string,
    secrets: readonly string[],
    options: ConnectionOptions,
  ): Promise<UpstreamConnection> {
    const { transport, verdict, connectMs, onToolsChanged, onClose } = options;
    const client = new McpClient(
      { name: 'toolcrib', version: VERSION },
      {
        versionNegotiation: { mode: 'auto', probe: { timeoutMs: Math.min(connectMs / 2, 10_000) } },
        inputRequired: { autoFulfill: false },
        // The pipe checks results; the library's validator is shared by all tenants.
        jsonSchemaValidator: {
          getValidator: () => (data) => ({ valid: true, data: data as never, errorMessage: undefined }),
        },
        listChanged: {
          tools: { autoRefresh: false, debounceMs: CHANGES_SETTLE_MS, onChanged: () => onToolsChanged() },
        },
      },
    );
    const connection = new UpstreamConnection(client, secrets, name);
    client.onclose = () => {
      connection.isOver = true;
      onClose();
    };
    client.onerror = () => undefined; // told by the calls that fail of it
    const connectOptions = { timeout: connectMs, ...(verdict && { prior: verdict }) };
    try {
      await withTimeout(client.connect(transport, connectOptions), connectMs);
    } catch (error) {
      await transport.close().catch(() => undefined);
      throw error;
    }
    return connection;
  }

  get isUsable(): boolean {
    return !this.isOver && !this.isRetired;
  }

  /** It was we who ended it, or no longer want it. */
  get isRetiredByUs(): boolean {
    return this.isRetired;
  }

  get isIdle(): boolean {
    return this.inFlight === 0;
  }

  info(): UpstreamInfo {
    const { client } = this;
    const discover = client.getDiscoverResult();
    const { name = '', version = '' } = client.getServerVersion() ?? {};
    const protocol = client.getNegotiatedProtocolVersion() ?? '';
    return {
      verdict:
        client.getProtocolEra() === 'modern' && discover ? { kind: 'modern', discover } : { kind: 'legacy' },
      serverInfo: { name, version, protocol },
    };
  }

  /** All pages; one cursor twice ends the list. */
  async listTools(prefix: string, signal?: AbortSignal): Promise<FoundTool[]> {
    return this.using(async () => {
      const found: FoundTool[] = [];
      const seen = new Set<string>();
      let cursor: string | undefined;
      for (let page = 0; page < PAGES_MAX; page++) {
        const request = { method: 'tools/list', params: cursor === undefined ? {} : { cursor } };
        const { tools, nextCursor } = await this.client.request(request, listedTools, { signal });
        for (const tool of tools) {
          const { name, ...definition } = tool as { name: string } & SourceDefinition;
          found.push({ ownName: name, toolName: exposedName(prefix, name), definition });
        }
        if (nextCursor === undefined || seen.has(nextCursor)) return found;
        seen.add(nextCursor);
        cursor = nextCursor;
      }
      return found;
    });
  }

  /** @returns The result as it came, progress told on the way. */
  async call(
    tool: { readonly ownName: string; readonly inputSchema: JsonObject },
    args: JsonObject,
    { signal, progress }: Pick<ToolContext, 'signal' | 'progress'>,
  ): Promise<CallToolResult> {
    const { ownName: name, inputSchema } = tool;
    return this.using(() =>
      this.client.callTool(
        { name, arguments: args },
        {
          signal,
          timeout: CALL_MAX_MS,
          onprogress: (told) => progress(told.progress, told.total, told.message),
          toolDefinition: { name, inputSchema: inputSchema as { type: 'object' } },
        },
      ),
    );
  }

  /** No call begins on it any more; it ends with the last one that runs. */
  retire(): void {
    this.isRetired = true;
    if (this.isIdle) void this.close();
  }

  async close(): Promise<void> {
    this.isRetired = true;
    await this.client.close().catch(() => undefined);
  }

  private async using<T>(work: () => Promise<T>): Promise<T> {
    this.inFlight++;
    try {
      return await work();
    } finally {
      this.inFlight--;
      this.lastUsedMs = performance.now();
      if (this.isRetired && this.isIdle) void this.close();
    }
  }
}

async function withTimeout<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
