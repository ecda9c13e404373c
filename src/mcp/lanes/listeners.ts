import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { SERVER_INFO_META_KEY, SUBSCRIPTION_ID_META_KEY } from '@modelcontextprotocol/server';
import { Config } from '../../platform/config.js';
import { CatalogStore } from '../../groups/catalog-store.js';
import type { Exchange } from '../exchange.js';
import type { RpcRequest } from './fast-lane.js';
import { SERVER_INFO } from '../group-methods.js';
import { isPlainObject } from '../../platform/plain-object.js';
import { listDiffers } from './sdk-lane.js';

type Listener = {
  readonly groupId: string;
  readonly id: RpcRequest['id'];
  readonly response: ServerResponse;
};

/** A client that does not even read its keep-alives is hung up on. */
const UNREAD_MAX_BYTES = 64 * 1024;
const FLAGS = ['toolsListChanged', 'promptsListChanged', 'resourcesListChanged'];

/**
 * Streams of `subscriptions/listen` (MCP 2026-07-28): a client that wants to hear when its tools change. They stand for
 * hours and hear next to nothing, so what each one holds decides how many a replica can have: here it is the socket and
 * an entry in a set. Only tools change in a group; what else a client asks to hear of is not promised to it.
 */
@Injectable()
export class Listeners implements OnModuleInit, OnApplicationShutdown {
  private readonly all = new Set<Listener>();
  private readonly keepAlive: NodeJS.Timeout;

  constructor(
    private readonly config: Config,
    private readonly catalogs: CatalogStore,
  ) {
    this.keepAlive = setInterval(() => {
      for (const { response } of this.all) write(response, ': keepalive\n\n');
    }, config.env.MCP_KEEPALIVE_MS).unref();
  }

  onModuleInit(): void {
    this.catalogs.onReplaced((before, after) => {
      const isGone = after === undefined;
      if (!isGone && !listDiffers(before, after)) return;
      for (const listener of this.all) {
        if (listener.groupId !== before.groupId) continue;
        if (isGone) this.end(listener);
        else notify(listener, 'notifications/tools/list_changed', {});
      }
    });
  }

  onApplicationShutdown(): void {
    clearInterval(this.keepAlive);
  }

  /** A request that is not as the specification has it is the SDK's to answer. */
  takes(request: IncomingMessage, { method, params }: RpcRequest): boolean {
    const { accept } = request.headers;
    return (
      method === 'subscriptions/listen' &&
      this.config.env.MCP_FAST_LANE &&
      (accept === undefined || /\*\/\*|text\/(event-stream|\*)/i.test(accept)) &&
      isFilter(params?.['notifications'])
    );
  }

  /** Answers with a stream that begins with what the client will hear of. */
  listen(response: ServerResponse, { id, params }: RpcRequest, exchange: Exchange): void {
    const listener = { groupId: exchange.catalog().groupId, id, response };
    const wantsTools =
      isPlainObject(params?.['notifications']) && params['notifications']['toolsListChanged'] === true;
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
    });
    const notifications = wantsTools ? { toolsListChanged: true } : {};
    notify(listener, 'notifications/subscriptions/acknowledged', { notifications });
    if (!wantsTools) return this.end(listener);
    this.all.add(listener);
    response.once('close', () => this.all.delete(listener));
    letGoOfRequest(response.req);
  }

  /** They would hold up a shutdown for ever. */
  endAll(): void {
    for (const { response } of this.all) response.destroy();
  }

  /** Nothing more will come: the request gets its result. */
  private end(listener: Listener): void {
    const { id, response } = listener;
    this.all.delete(listener);
    const _meta = { [SUBSCRIPTION_ID_META_KEY]: id, [SERVER_INFO_META_KEY]: SERVER_INFO };
    send(response, { jsonrpc: '2.0', id, result: { resultType: 'complete', _meta } });
    response.end();
  }
}

/** Its headers were looked at and would stand in memory for as long as the stream does. */
function letGoOfRequest(request: IncomingMessage): void {
  request.headers = {};
  request.rawHeaders = [];
}

function notify({ id, response }: Listener, method: string, params: object): void {
  const _meta = { [SUBSCRIPTION_ID_META_KEY]: id };
  send(response, { jsonrpc: '2.0', method, params: { ...params, _meta } });
}

function send(response: ServerResponse, message: object): void {
  write(response, `event: message\ndata: ${JSON.stringify(message)}\n\n`);
}

function write(response: ServerResponse, text: string): void {
  if (response.destroyed || response.writableEnded) return;
  if (response.writableLength > UNREAD_MAX_BYTES) response.destroy();
  else response.write(text);
}

/** @see MCP 2026-07-28, schema: `SubscriptionFilter` */
function isFilter(value: unknown): boolean {
  if (!isPlainObject(value)) return false;
  const { resourceSubscriptions: uris = [] } = value;
  return (
    FLAGS.every((name) => value[name] === undefined || typeof value[name] === 'boolean') &&
    Array.isArray(uris) &&
    uris.every((uri) => typeof uri === 'string')
  );
}
