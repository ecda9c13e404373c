import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { NodeStreamableHTTPServerTransport, toNodeHandler } from '@modelcontextprotocol/node';
import { type AuthInfo, createMcpHandler, type McpHttpHandler } from '@modelcontextprotocol/server';
import { Config } from '../../platform/config.js';
import { credentialOf } from '../connected-caller.js';
import type { Exchange } from '../exchange.js';
import type { RpcRequest } from '../rpc-message.js';
import { McpServerFactory } from './mcp-server.factory.js';
import { isPlainObject } from '../../platform/plain-object.js';

/**
 * Stateless requests that the fast lane does not take, served by the SDK: methods that we do not know, and with
 * `MCP_FAST_LANE=false` all but subscriptions. The exchange travels to the server's handlers in the SDK's `authInfo`.
 */
@Injectable()
export class SdkLane implements OnApplicationShutdown {
  private readonly logger = new Logger(SdkLane.name);
  private readonly handler: McpHttpHandler;
  private readonly modern: ReturnType<typeof toNodeHandler>;

  constructor(
    private readonly factory: McpServerFactory,
    private readonly config: Config,
  ) {
    this.handler = createMcpHandler(
      ({ authInfo }) =>
        this.factory.create((context) => exchangeOf(context?.http?.authInfo ?? authInfo), {
          era: 'modern',
          notifies: true,
        }),
      {
        legacy: 'reject',
        keepAliveMs: config.env.MCP_KEEPALIVE_MS,
        onerror: (error) => this.logger.debug(`A request was not served: ${error.message}`),
      },
    );
    this.modern = toNodeHandler(this.handler);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.handler.close();
  }

  /** A 2026-07-28 request. Answers JSON, or SSE when the tool reports progress or logs. */
  async serveModern(
    request: IncomingMessage,
    response: ServerResponse,
    body: RpcRequest,
    exchange: Exchange,
  ): Promise<void> {
    await this.modern(Object.assign(request, { auth: carry(exchange) }), response, body);
  }

  /** A request of an earlier revision without a session. Answers JSON unless progress was asked for. */
  async serveLegacy(
    request: IncomingMessage,
    response: ServerResponse,
    body: RpcRequest,
    exchange: Exchange,
    version: string,
  ): Promise<void> {
    const meta = body.params?.['_meta'];
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: undefined,
      enableJsonResponse: !(isPlainObject(meta) && meta['progressToken'] !== undefined),
      keepAliveMs: this.config.env.MCP_KEEPALIVE_MS,
    });
    const server = this.factory.create(() => exchange, { era: 'legacy', notifies: false, version });
    response.once('close', () => void server.close());
    await server.connect(transport);
    request.headers['accept'] = 'application/json, text/event-stream'; // we answer whatever a client accepts
    await transport.handleRequest(request, response, body);
  }
}

/** The SDK hands `authInfo` on untouched; the token itself does not go along. */
function carry(exchange: Exchange): AuthInfo {
  return { token: '', clientId: credentialOf(exchange.caller), scopes: [], extra: { exchange } };
}

function exchangeOf(authInfo: AuthInfo | undefined): Exchange {
  const exchange = authInfo?.extra?.['exchange'];
  if (!exchange) throw new Error('A message reached an MCP server without the exchange it belongs to');
  return exchange as Exchange;
}
