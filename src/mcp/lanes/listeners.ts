import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { SERVER_INFO_META_KEY, SUBSCRIPTION_ID_META_KEY } from '@modelcontextprotocol/server';
import { Config } from '../../platform/config.js';
import { shareToMakeRoom } from '../../platform/largest-share.js';
import { isPlainObject } from '../../platform/plain-object.js';
import type { Notify } from '../call-client.js';
import { type ConnectedCaller, shareOf } from '../connected-caller.js';
import type { Exchange } from '../exchange.js';
import { SERVER_INFO } from '../group-methods.js';
import { eventOf } from '../http-reply.js';
import { noRoom } from '../http-refusal.js';
import type { RpcId, RpcRequest } from '../rpc-message.js';
import { StandingStreams } from './standing-streams.js';

/** One `subscriptions/listen` that is open. */
export type Listening = {
  readonly id: RpcId;
  /** Without another word: the client is gone, or said that it no longer listens. */
  readonly stop: () => void;
};

/** Where a listener hears: an event stream of its own, or the connection that it asked on. */
type Ear = {
  readonly hear: Notify;
  /** Nothing more will be heard. */
  readonly close: () => void;
  /** What it was opened with does not count any more. */
  readonly cut: () => void;
};

type Open = { readonly share: readonly string[]; readonly end: () => void };

const NO_ROOM =
  'Too many subscriptions are open, and nobody has more of them than you; end one, or try again later';

/** A client that does not even read its keep-alives is hung up on. */
const UNREAD_MAX_BYTES = 64 * 1024;

/**
 * Streams of `subscriptions/listen` (MCP 2026-07-28): a client that wants to hear when its tools change. They stand for
 * hours and hear next to nothing, so what each one holds decides how many a replica can have: here it is the socket and
 * an entry in a set. Only tools change in a group; what else a client asks to hear of is not promised to it. At
 * `MCP_LISTENERS_MAX`, on connections too, the tenant and key with most of them makes room.
 */
@Injectable()
export class Listeners implements OnApplicationShutdown {
  private readonly responses = new Set<ServerResponse>();
  private readonly open = new Set<Open>();
  private readonly keepAlive: NodeJS.Timeout;

  constructor(
    private readonly config: Config,
    private readonly standing: StandingStreams,
  ) {
    this.keepAlive = setInterval(() => {
      for (const response of this.responses) write(response, ': keepalive\n\n');
    }, config.env.MCP_KEEPALIVE_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.keepAlive);
  }

  /** How many of a tenant's are open. */
  countOf(tenantId: string): number {
    let count = 0;
    for (const { share } of this.open) if (share[0] === tenantId) count++;
    return count;
  }

  /**
   * Answers a request over HTTP with a stream that begins with what the client will hear of.
   *
   * @throws {HttpRefusal} As {@link listen}.
   */
  serve(response: ServerResponse, request: RpcRequest, exchange: Exchange): void {
    if (wantsTools(request)) this.makeRoom(exchange.caller); // before the answer begins
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
    });
    const listening = this.listen(request, exchange, {
      hear: (message) => write(response, eventOf(message)),
      close: () => response.end(),
      cut: () => response.destroy(),
    });
    if (!listening) return;
    this.responses.add(response);
    response.once('close', () => {
      this.responses.delete(response);
      listening.stop();
    });
    letGoOfRequest(response.req);
  }

  /**
   * @returns Undefined: there is nothing that the client will ever hear of, and it was told so.
   * @throws {HttpRefusal} 503: `MCP_LISTENERS_MAX` are open, and nobody has more of them than the caller.
   */
  listen(request: RpcRequest, exchange: Exchange, ear: Ear): Listening | undefined {
    const { id } = request;
    const isPromised = wantsTools(request);
    if (isPromised) this.makeRoom(exchange.caller);
    const _meta = { [SUBSCRIPTION_ID_META_KEY]: id };
    const tell = (method: string, told: object) =>
      ear.hear({ jsonrpc: '2.0', method, params: { ...told, _meta } });
    const end = () => {
      const result = { resultType: 'complete', _meta: { ..._meta, [SERVER_INFO_META_KEY]: SERVER_INFO } };
      ear.hear({ jsonrpc: '2.0', id, result });
      ear.close();
    };
    const notifications = isPromised ? { toolsListChanged: true } : {};
    tell('notifications/subscriptions/acknowledged', { notifications });
    if (!isPromised) {
      end();
      return undefined;
    }
    const open: Open = {
      share: shareOf(exchange.caller),
      end: () => {
        stop();
        end();
      },
    };
    this.open.add(open);
    const leave = this.standing.add({
      groupId: exchange.catalog().groupId,
      visit: exchange.visit(),
      tellListChanged: () => tell('notifications/tools/list_changed', {}),
      end: ({ status }) => {
        stop();
        if (status === 401) ear.cut();
        else end();
      },
    });
    const stop = () => {
      this.open.delete(open);
      leave();
    };
    return { id, stop };
  }

  private makeRoom(caller: ConnectedCaller): void {
    if (this.open.size < this.config.env.MCP_LISTENERS_MAX) return;
    const { isOwn, holders } = shareToMakeRoom(this.open, ({ share }) => share, shareOf(caller));
    if (isOwn) throw noRoom(NO_ROOM);
    holders[0].end();
  }

  /** They would hold up a shutdown for ever. */
  endAll(): void {
    for (const response of this.responses) response.destroy();
  }
}

function wantsTools({ params }: RpcRequest): boolean {
  const filter = params?.['notifications'];
  return isPlainObject(filter) && filter['toolsListChanged'] === true;
}

/** Its headers were looked at and would stand in memory for as long as the stream does. */
function letGoOfRequest(request: IncomingMessage): void {
  request.headers = {};
  request.rawHeaders = [];
}

function write(response: ServerResponse, text: string): void {
  if (response.destroyed || response.writableEnded) return;
  if (response.writableLength > UNREAD_MAX_BYTES) response.destroy();
  else response.write(text);
}
