import { Injectable } from '@nestjs/common';
import {
  CLIENT_CAPABILITIES_META_KEY,
  LOG_LEVEL_META_KEY,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { endingOf } from '../../platform/ending.js';
import type { Exchange } from '../exchange.js';
import { clientNameOf } from '../call-client.js';
import { GroupMethods } from '../group-methods.js';
import { keyInMeta } from '../idempotency-meta.js';
import { SERVER_INFO } from '../group-methods.js';
import { LEGACY_VERSIONS, MODERN_VERSION } from '../protocol-versions.js';

export type ServerOptions = {
  readonly era: 'legacy' | 'modern';
  /** Whether there is a stream on which to say that the tool list changed. */
  readonly notifies: boolean;
  /** Protocol revision of the requests when there is no handshake to learn it from. */
  readonly version?: string;
};

/**
 * Makes SDK servers for all that the fast lane does not do. The SDK's low-level `Server`, not `McpServer`: a group's
 * tools and their compiled validators are in its catalog already, and building them into a server for each request is
 * what `McpServer` spends its time on.
 */
@Injectable()
export class McpServerFactory {
  constructor(private readonly methods: GroupMethods) {}

  /** @param exchangeOf The exchange of the message being served; one server may serve many. */
  create(exchangeOf: (context?: ServerContext) => Exchange, options: ServerOptions): Server {
    const instructions = this.methods.instructions(exchangeOf().catalog());
    const server = new Server(SERVER_INFO, {
      capabilities: this.methods.capabilities({ notifies: options.notifies }),
      supportedProtocolVersions: [...LEGACY_VERSIONS, MODERN_VERSION],
      ...(instructions !== undefined && { instructions }),
      cacheHints: { 'tools/list': this.methods.cacheHint, 'server/discover': this.methods.cacheHint },
    });
    server.setRequestHandler('tools/list', (request, context) => {
      const page = this.methods.listTools(exchangeOf(context), request.params?.cursor);
      return page as never; // readonly members; the SDK only reads them
    });
    server.setRequestHandler('tools/call', async (request, context) => {
      const exchange = exchangeOf(context);
      const result = await this.methods.callTool(exchange, request.params, {
        ending: endingOf(AbortSignal.any([context.mcpReq.signal, exchange.gone.signal])),
        era: server.getNegotiatedProtocolVersion() ?? options.version ?? LEGACY_VERSIONS[0],
        clientName: clientNameOf({ _meta: context.mcpReq.envelope }) ?? server.getClientVersion()?.name,
        clientCapabilities:
          options.era === 'modern'
            ? (context.mcpReq.envelope as Record<string, object> | undefined)?.[CLIENT_CAPABILITIES_META_KEY]
            : server.getClientCapabilities(),
        idempotencyKey: keyInMeta(context.mcpReq._meta ?? request.params._meta),
        progress: progressOf(context),
        log: logOf(context, options.era),
      });
      return result as never;
    });
    return server;
  }
}

function progressOf(context: ServerContext) {
  const token = context.mcpReq._meta?.progressToken;
  if (token === undefined) return undefined;
  return (progress: number, total?: number, message?: string) => {
    const params = { progressToken: token, progress, total, message };
    void context.mcpReq.notify({ method: 'notifications/progress', params }).catch(ignore);
  };
}

function logOf(context: ServerContext, era: 'legacy' | 'modern') {
  if (
    era === 'modern' &&
    (context.mcpReq.envelope as Record<string, unknown> | undefined)?.[LOG_LEVEL_META_KEY] === undefined
  )
    return undefined;
  return (level: 'debug' | 'info' | 'warning' | 'error', message: string) => {
    void context.mcpReq.log(level, message).catch(ignore);
  };
}

/** The client went away; its own call is told so by its signal. */
function ignore(): void {}
