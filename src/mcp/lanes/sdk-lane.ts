import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { NodeStreamableHTTPServerTransport, toNodeHandler } from '@modelcontextprotocol/node';
import { type AuthInfo, createMcpHandler, type McpHttpHandler } from '@modelcontextprotocol/server';
import { Config } from '../../platform/config.js';
import type { Catalog, ListedTool } from '../../groups/catalog.js';
import { listFor } from '../../groups/access-rules.js';
import { CatalogStore } from '../../groups/catalog-store.js';
import { type ConnectedCaller, credentialOf } from '../connected-caller.js';
import type { Exchange } from '../exchange.js';
import type { RpcRequest } from './fast-lane.js';
import { McpServerFactory } from './mcp-server.factory.js';
import { isPlainObject } from '../../platform/plain-object.js';

type ModernHandler = McpHttpHandler & { readonly serve: ReturnType<typeof toNodeHandler> };

/**
 * Stateless requests that the fast lane does not take, served by the SDK: progress, log messages, subscriptions, methods
 * we do not know. The exchange travels to the server's handlers in the SDK's `authInfo`.
 */
@Injectable()
export class SdkLane implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(SdkLane.name);
  /** One handler per group: the SDK's change events carry no address, so a handler's listeners hear all of them. */
  private readonly handlers = new Map<string, ModernHandler>();
  private readonly subscriptions = new Set<ServerResponse>();
  /** Answers under way, by handler. */
  private readonly open = new Map<ModernHandler, number>();

  constructor(
    private readonly factory: McpServerFactory,
    private readonly catalogs: CatalogStore,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.catalogs.onReplaced((before, after) => {
      const handler = this.handlers.get(before.groupId);
      if (!handler) return;
      if (!after) this.close(before.groupId, handler);
      else if (listDiffers(before, after)) handler.notify.toolsChanged();
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.handlers.values()].map((handler) => handler.close()));
  }

  /** A 2026-07-28 request. Answers JSON, or SSE when the tool reports progress or logs, or for `subscriptions/listen`. */
  async serveModern(
    request: IncomingMessage,
    response: ServerResponse,
    body: RpcRequest,
    exchange: Exchange,
  ) {
    const handler = this.handlerOf(exchange.catalog().groupId);
    if (body.method === 'subscriptions/listen') {
      this.subscriptions.add(response);
      response.once('close', () => this.subscriptions.delete(response));
    }
    this.open.set(handler, (this.open.get(handler) ?? 0) + 1);
    response.once('close', () => this.release(handler));
    await handler.serve(Object.assign(request, { auth: carry(exchange) }), response, body);
  }

  /** Subscriptions would hold up a shutdown for ever. */
  endSubscriptions(): void {
    for (const response of this.subscriptions) response.destroy();
  }

  /** A request of an earlier revision without a session. Answers JSON unless progress was asked for. */
  async serveLegacy(
    request: IncomingMessage,
    response: ServerResponse,
    body: RpcRequest,
    exchange: Exchange,
    version: string,
  ) {
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

  private handlerOf(groupId: string): ModernHandler {
    const known = this.handlers.get(groupId);
    if (known) return known;
    const handler = createMcpHandler(
      ({ authInfo }) =>
        this.factory.create((context) => exchangeOf(context?.http?.authInfo ?? authInfo), {
          era: 'modern',
          notifies: true,
        }),
      {
        legacy: 'reject',
        keepAliveMs: this.config.env.MCP_KEEPALIVE_MS,
        onerror: (error) => this.logger.debug(`A request was not served: ${error.message}`),
      },
    );
    const created = { ...handler, serve: toNodeHandler(handler) };
    this.handlers.set(groupId, created);
    return created;
  }

  /** The group is gone: its handler ends when the calls that are under way have their answers. */
  private close(groupId: string, handler: ModernHandler): void {
    this.handlers.delete(groupId);
    if (!this.open.has(handler)) void handler.close();
  }

  private release(handler: ModernHandler): void {
    const left = (this.open.get(handler) ?? 1) - 1;
    if (left > 0) return void this.open.set(handler, left);
    this.open.delete(handler);
    if (![...this.handlers.values()].includes(handler)) void handler.close();
  }
}

/** Whether the caller (none: somebody) would see another list: what `list_changed` is for. */
export function listDiffers(before: Catalog, after: Catalog, caller?: ConnectedCaller): boolean {
  const [old, present] = caller
    ? [listFor(before, caller), listFor(after, caller)]
    : [before.listed, after.listed];
  return old.length !== present.length || old.some((tool, index) => isOther(tool, present[index]));
}

/** Definitions are the same objects in every snapshot, so their schemas need no look inside. */
function isOther(one: ListedTool, other: ListedTool): boolean {
  const { inputSchema, outputSchema, annotations, ...rest } = one;
  const { inputSchema: input, outputSchema: output, annotations: hints, ...otherRest } = other;
  if (inputSchema === input && outputSchema === output && annotations === hints)
    return JSON.stringify(rest) !== JSON.stringify(otherRest);
  return JSON.stringify(one) !== JSON.stringify(other);
}

/** The SDK hands `authInfo` on untouched; the token itself does not go along. */
export function carry(exchange: Exchange): AuthInfo {
  return { token: '', clientId: credentialOf(exchange.caller), scopes: [], extra: { exchange } };
}

export function exchangeOf(authInfo: AuthInfo | undefined): Exchange {
  const exchange = authInfo?.extra?.['exchange'];
  if (!exchange) throw new Error('A message reached an MCP server without the exchange it belongs to');
  return exchange as Exchange;
}
