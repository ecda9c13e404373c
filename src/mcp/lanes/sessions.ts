import type { ServerResponse } from 'node:http';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { newHeldId } from '../../platform/replicas/held-id.js';
import { Config } from '../../platform/config.js';
import { shareToMakeRoom } from '../../platform/largest-share.js';
import { CatalogStore } from '../../groups/catalog-store.js';
import { credentialOf, shareOf } from '../connected-caller.js';
import type { RpcId } from '../rpc-message.js';
import { KnownClient } from '../call-client.js';
import { CallsUnderWay } from '../calls-under-way.js';
import type { Exchange } from '../exchange.js';
import { noRoom } from '../http-refusal.js';
import { BATCH_VERSION } from '../protocol-versions.js';
import { NotificationStream } from './notification-stream.js';
import { StandingStreams } from './standing-streams.js';

/** A client up to 2025-11-25 that went through the handshake and names it in `Mcp-Session-Id`. */
export type Session = {
  readonly id: string;
  readonly tenantId: string;
  readonly groupId: string;
  readonly credential: string;
  readonly share: readonly string[];
  readonly client: KnownClient;
  readonly calls: CallsUnderWay;
  /** What its `GET` opened. */
  stream: NotificationStream | undefined;
  lastUsedAt: number;
  /** Its key or group was taken away: it ends with the last answer. */
  closing: boolean;
  leave: () => void;
};

const NO_ROOM =
  'Too many sessions are open, nobody has more of them than you, and all of yours are answering; try again later';
const SWEEP_INTERVAL_MAX_MS = 10_000;

/**
 * Sessions of clients up to 2025-11-25, for groups that turn them on (`Mcp-Session-Id`, GET stream, DELETE). Kept in this
 * replica's memory: a load balancer must send a session's requests to the same replica. Idle sessions end after
 * `MCP_SESSION_IDLE_SECONDS`; at `MCP_SESSIONS_MAX` the tenant and key with most of them makes room, by the one idle for longest.
 */
@Injectable()
export class Sessions implements OnModuleInit, OnApplicationShutdown {
  private readonly byId = new Map<string, Session>();
  private readonly idleMs: number;
  private readonly sweeper: NodeJS.Timeout;

  constructor(
    private readonly standing: StandingStreams,
    private readonly catalogs: CatalogStore,
    private readonly config: Config,
  ) {
    this.idleMs = config.env.MCP_SESSION_IDLE_SECONDS * 1000;
    this.sweeper = setInterval(
      () => this.closeIdle(),
      Math.min(this.idleMs / 2, SWEEP_INTERVAL_MAX_MS),
    ).unref();
  }

  onModuleInit(): void {
    this.catalogs.onReplaced(({ groupId }, after) => {
      if (after?.sessions) return;
      for (const session of this.byId.values())
        if (session.groupId === groupId) this.closeWhenAnswered(session);
    });
  }

  onApplicationShutdown(): void {
    clearInterval(this.sweeper);
    for (const session of this.byId.values()) this.close(session);
  }

  /** The streams on which nothing but notifications come; calls under way answer on streams of their own. */
  endStreams(): void {
    for (const { stream } of this.byId.values()) stream?.end();
  }

  /** How many sessions of a tenant there are. */
  countOf(tenantId: string): number {
    let count = 0;
    for (const session of this.byId.values()) if (session.tenantId === tenantId) count++;
    return count;
  }

  /** @throws {HttpRefusal} 503: `MCP_SESSIONS_MAX` are open, nobody has more of them than this key, and all of its are answering. */
  open(exchange: Exchange): Session {
    this.makeRoom(exchange);
    const session: Session = {
      id: newHeldId(),
      tenantId: exchange.caller.tenantId,
      groupId: exchange.catalog().groupId,
      credential: credentialOf(exchange.caller),
      share: shareOf(exchange.caller),
      client: new KnownClient(BATCH_VERSION),
      calls: new CallsUnderWay(),
      stream: undefined,
      lastUsedAt: performance.now(),
      closing: false,
      leave: () => undefined,
    };
    session.leave = this.standing.add({
      groupId: session.groupId,
      visit: exchange.visit(),
      tellListChanged: () => session.stream?.tellListChanged(),
      end: () => this.closeWhenAnswered(session),
    });
    this.byId.set(session.id, session);
    return session;
  }

  /** Undefined: there is none (any more) for this key. */
  find(id: string, exchange: Exchange): Session | undefined {
    const session = this.byId.get(id);
    const isOwn = session && !session.closing && session.credential === credentialOf(exchange.caller);
    return isOwn ? session : undefined;
  }

  /** Keeps a session from ending while it answers. */
  answering(session: Session, response: ServerResponse, ids: readonly RpcId[], { gone }: Exchange): void {
    const answered = ids.map((id) => session.calls.add(id, gone));
    session.lastUsedAt = performance.now();
    response.once('close', () => {
      for (const isOver of answered) isOver();
      session.lastUsedAt = performance.now();
      if (session.closing) this.closeWhenAnswered(session);
    });
  }

  /** Opens the stream of notifications. It takes the place of one before: that one's client may be gone unseen. */
  openStream(session: Session, response: ServerResponse): void {
    session.stream?.end();
    const stream = new NotificationStream(response, this.config.env.MCP_KEEPALIVE_MS);
    session.stream = stream;
    response.once('close', () => {
      if (session.stream === stream) session.stream = undefined;
      session.lastUsedAt = performance.now();
    });
  }

  close(session: Session): void {
    this.byId.delete(session.id);
    session.leave();
    session.stream?.end();
    session.calls.cancelAll();
  }

  private makeRoom({ caller }: Exchange): void {
    const open = [...this.byId.values()].filter(({ closing }) => !closing);
    if (open.length < this.config.env.MCP_SESSIONS_MAX) return;
    const { isOwn, holders } = shareToMakeRoom(open, ({ share }) => share, shareOf(caller));
    // A stream that waits for notifications does not keep a session from making room; a request being answered does.
    const byNeed = holders.toSorted(
      (one, other) =>
        Number(!one.calls.isEmpty) - Number(!other.calls.isEmpty) ||
        Number(!!one.stream) - Number(!!other.stream) ||
        one.lastUsedAt - other.lastUsedAt,
    );
    const [spare] = byNeed;
    if (isOwn && !spare?.calls.isEmpty) throw noRoom(NO_ROOM);
    this.closeWhenAnswered(spare);
  }

  private closeIdle(): void {
    const before = performance.now() - this.idleMs;
    for (const session of this.byId.values()) {
      if (session.calls.isEmpty && !session.stream && session.lastUsedAt < before) this.close(session);
    }
  }

  private closeWhenAnswered(session: Session): void {
    session.closing = true;
    if (session.calls.isEmpty) this.close(session);
    else session.stream?.end();
  }
}
