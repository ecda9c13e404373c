import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Cancellation } from '../../platform/ending.js';
import { newHeldId } from '../../platform/replicas/held-id.js';
import { Config } from '../../platform/config.js';
import { shareToMakeRoom } from '../../platform/largest-share.js';
import { type ConnectedCaller, credentialOf, shareOf } from '../connected-caller.js';
import { rpcError } from '../answers.js';
import { KnownClient } from '../call-client.js';
import { CallsUnderWay } from '../calls-under-way.js';
import { isSameId } from '../exact-number.js';
import type { Exchange } from '../exchange.js';
import type { Visit } from '../gate.js';
import { GateRefusal } from '../gate-refusal.js';
import { HttpRefusal, noRoom } from '../http-refusal.js';
import { RefusedCalls } from '../refused-calls.js';
import type { RpcRequest } from '../rpc-message.js';
import { Listeners, type Listening } from '../lanes/listeners.js';
import { StandingStreams } from '../lanes/standing-streams.js';
import { BATCH_VERSION } from '../protocol-versions.js';
import { idOf, type Received, RpcRequests, type RpcNotification } from '../rpc-requests.js';

/** A connection over which messages go both ways for as long as it stands: HTTP+SSE, WebSocket. */
export type Connection = {
  readonly id: string;
  readonly credential: string;
  /**
   * Takes one message, or a batch of them, as parsed from the wire; it never throws.
   *
   * @param exchange Who sends it, as found out for this message. When that cannot be told any more, the error is the answer.
   */
  readonly receive: (body: unknown, exchange: ExchangeSource) => Promise<void>;
  /** The wire is gone. */
  readonly close: () => void;
};

type ExchangeSource = (gone: Cancellation) => Exchange | Promise<Exchange>;

type Wire = {
  readonly deliver: (message: object) => void;
  readonly hangUp: () => void;
};
type Entry = Connection & {
  readonly tenantId: string;
  readonly share: readonly string[];
  readonly address: string;
  readonly wire: Wire;
  readonly client: KnownClient;
  readonly calls: CallsUnderWay;
  readonly listening: Set<Listening>;
  /** It ends with the last answer. */
  closing: boolean;
};

/** A client that does not read what it asked for is hung up on when so much waits for it. */
export const UNREAD_MAX_BYTES = 16 * 1024 * 1024;

/**
 * The standing connections of this replica. Each message is read, checked and answered as over HTTP, by the same code, and for
 * who its sender is now. A connection whose key no longer opens its group takes no more calls and ends.
 */
@Injectable()
export class Connections implements OnApplicationShutdown {
  private readonly byId = new Map<string, Entry>();

  constructor(
    private readonly requests: RpcRequests,
    private readonly listeners: Listeners,
    private readonly standing: StandingStreams,
    private readonly config: Config,
    private readonly refusedCalls: RefusedCalls,
  ) {}

  onApplicationShutdown(): void {
    for (const { close, wire } of this.byId.values()) {
      close();
      wire.hangUp();
    }
  }

  /**
   * Ends a connection of the tenant and key with most of them, when this replica holds `MCP_SESSIONS_MAX`; it answers what it has
   * begun.
   *
   * @throws {HttpRefusal} 503: nobody has more of them than the caller.
   */
  makeRoom(caller: ConnectedCaller): void {
    const open = [...this.byId.values()].filter(({ closing }) => !closing);
    if (open.length < this.config.env.MCP_SESSIONS_MAX) return;
    const { isOwn, holders } = shareToMakeRoom(open, ({ share }) => share, shareOf(caller));
    if (isOwn) throw noRoom(NO_ROOM);
    hangUpWhenAnswered(holders.find(({ calls }) => calls.isEmpty) ?? holders[0]);
  }

  /** Closes each connection as soon as it has no call under way. */
  endIdle(): void {
    for (const entry of this.byId.values()) hangUpWhenAnswered(entry);
  }

  find(id: string): Connection | undefined {
    return this.byId.get(id);
  }

  /** How many connections of a tenant there are. */
  countOf(tenantId: string): number {
    let count = 0;
    for (const entry of this.byId.values()) if (entry.tenantId === tenantId) count++;
    return count;
  }

  /** @param visit Whoever was let in; its group was looked up. */
  open(visit: Visit, groupId: string, wire: Wire): Connection {
    const id = newHeldId();
    const entry: Entry = {
      id,
      credential: credentialOf(visit.caller),
      tenantId: visit.caller.tenantId,
      share: shareOf(visit.caller),
      address: visit.address,
      wire,
      client: new KnownClient(BATCH_VERSION),
      calls: new CallsUnderWay(),
      listening: new Set(),
      closing: false,
      receive: (body, exchange) => this.receive(entry, body, exchange),
      close: () => {
        this.byId.delete(id);
        leave();
        for (const { stop } of entry.listening) stop();
        entry.calls.cancelAll();
      },
    };
    const leave = this.standing.add({
      groupId,
      visit,
      tellListChanged: () => {
        if (entry.client.isInitialized) wire.deliver(LIST_CHANGED);
      },
      end: () => hangUpWhenAnswered(entry),
    });
    this.byId.set(id, entry);
    return entry;
  }

  private async receive(entry: Entry, body: unknown, source: ExchangeSource): Promise<void> {
    const gone = new Cancellation();
    const isOver = entry.calls.add(gone, gone); // no client can name it
    try {
      const sender = source(gone);
      const exchange = sender instanceof Promise ? await sender : sender;
      if (entry.closing) await this.refuseClosing(entry, body, exchange);
      const received = await this.read(entry, body, exchange);
      for (const notification of received.notifications) heed(entry, notification);
      await Promise.all(received.requests.map((request) => this.answer(entry, received, request, exchange)));
    } catch (error) {
      if (error instanceof GateRefusal) await this.recordGone(entry, body, error);
      entry.wire.deliver(rpcError(idOf(body), this.requests.errorOf(error)));
      if (error instanceof GateRefusal) entry.closing = true;
    } finally {
      isOver();
      if (entry.closing) hangUpWhenAnswered(entry);
    }
  }

  private async refuseClosing({ client }: Entry, body: unknown, exchange: Exchange): Promise<never> {
    await this.requests.recordRefused(exchange, body, client.version, CLOSING);
    throw new HttpRefusal(503, -32_000, CLOSING);
  }

  /** A call of somebody who may not be here any more, as at every other door. */
  private async recordGone({ client, address }: Entry, body: unknown, { message, visit }: GateRefusal) {
    if (!visit) return;
    const how = { version: client.version, address, transport: 'websocket' } as const; // over HTTP+SSE each is let in by itself
    await this.refusedCalls.record(body, message, { ...visit, ...how });
  }

  private async read({ client }: Entry, body: unknown, exchange: Exchange): Promise<Received> {
    const { version } = client;
    try {
      return this.requests.read(body, {}, version);
    } catch (error) {
      if (error instanceof HttpRefusal)
        await this.requests.recordRefused(exchange, body, version, error.message);
      throw error;
    }
  }

  private async answer(entry: Entry, received: Received, request: RpcRequest, of: Exchange): Promise<void> {
    const { wire, calls, client: known } = entry;
    const gone = new Cancellation();
    const exchange = { ...of, gone };
    const isOver = calls.add(request.id, gone);
    try {
      if (received.era === 'modern' && request.method === 'subscriptions/listen')
        return await this.listen(entry, received, request, exchange);
      const answer = await this.requests.answer(exchange, received, request, { known, notify: wire.deliver });
      wire.deliver(answer);
    } finally {
      isOver();
    }
  }

  private async listen(
    { wire, listening }: Entry,
    received: Received,
    request: RpcRequest,
    exchange: Exchange,
  ): Promise<void> {
    const refused = await this.requests.refuseFaulty(exchange, received, request);
    if (refused) return wire.deliver(refused);
    let opened: Listening | undefined;
    const forget = () => opened && listening.delete(opened);
    const ear = { hear: wire.deliver, close: forget, cut: forget };
    opened = this.listeners.listen(request, exchange, ear);
    if (opened) listening.add(opened);
  }
}

const NO_ROOM =
  'Too many connections are open, and nobody has more of them than you; close one, or try again later';
const CLOSING =
  'This connection ends with the answers it still owes, and the request was not executed; open another one';
const LIST_CHANGED = { jsonrpc: '2.0', method: 'notifications/tools/list_changed' };

function heed({ calls, listening }: Entry, notification: RpcNotification): void {
  calls.heed(notification);
  if (notification.method !== 'notifications/cancelled') return;
  for (const one of listening) {
    if (!isSameId(one.id, notification.params?.['requestId'])) continue;
    one.stop();
    listening.delete(one);
  }
}

function hangUpWhenAnswered(entry: Entry): void {
  entry.closing = true;
  if (!entry.calls.isEmpty) return;
  entry.close();
  entry.wire.hangUp();
}
