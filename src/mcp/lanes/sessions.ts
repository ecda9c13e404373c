import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';
import { type LoggingLevel, ProtocolErrorCode, type Server } from '@modelcontextprotocol/server';
import { InFlightSet } from '../../platform/in-flight-set.js';
import { Config } from '../../platform/config.js';
import { CatalogStore } from '../../groups/catalog-store.js';
import { credentialOf } from '../connected-caller.js';
import type { Exchange } from '../exchange.js';
import { Gate } from '../gate.js';
import { HttpRefusal } from '../http-refusal.js';
import { McpServerFactory } from './mcp-server.factory.js';
import { isPlainObject } from '../../platform/plain-object.js';
import { carry, exchangeOf, listDiffers } from './sdk-lane.js';
import { isLoggingLevel, SessionLane } from './session-lane.js';

type Session = {
  readonly id: string;
  readonly groupId: string;
  readonly exchange: Exchange;
  readonly server: Server;
  readonly transport: NodeStreamableHTTPServerTransport;
  lastUsedAt: number;
  /** Requests and streams open now; a session in use is not idle however long it takes. */
  open: number;
  /** The requests being answered, with their ids. */
  readonly answering: InFlightSet<{ readonly id: unknown; readonly exchange: Exchange }>;
  logLevel: LoggingLevel | undefined;
  /** Its key or group was taken away: it ends with the last answer. */
  closing: boolean;
};

const SWEEP_INTERVAL_MAX_MS = 10_000;

/**
 * Sessions of clients up to 2025-11-25, for groups that turn them on (`Mcp-Session-Id`, GET stream, DELETE). Kept in this
 * replica's memory: a load balancer must send a session's requests to the same replica. Idle sessions end after
 * `MCP_SESSION_IDLE_SECONDS`; at `MCP_SESSIONS_MAX` the one idle for longest makes room.
 */
@Injectable()
export class Sessions implements OnModuleInit, OnApplicationShutdown {
  private readonly byId = new Map<string, Session>();
  private readonly idleMs: number;
  private readonly sweeper: NodeJS.Timeout;

  constructor(
    private readonly factory: McpServerFactory,
    private readonly lane: SessionLane,
    private readonly catalogs: CatalogStore,
    private readonly gate: Gate,
    private readonly config: Config,
  ) {
    this.idleMs = config.env.MCP_SESSION_IDLE_SECONDS * 1000;
    this.sweeper = setInterval(
      () => this.closeIdle(),
      Math.min(this.idleMs / 2, SWEEP_INTERVAL_MAX_MS),
    ).unref();
  }

  onModuleInit(): void {
    this.gate.onChange(() => {
      for (const session of this.byId.values()) if (!this.isWelcome(session)) this.closeWhenAnswered(session);
    });
    this.catalogs.onReplaced((before, after) => {
      const sessions = [...this.byId.values()].filter((session) => session.groupId === before.groupId);
      for (const session of sessions) {
        if (after && this.isWelcome(session) && listDiffers(before, after, session.exchange.caller))
          void session.server.sendToolListChanged().catch(() => undefined);
      }
    });
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.sweeper);
    await Promise.all([...this.byId.values()].map((session) => this.close(session)));
  }

  /** The streams on which nothing but notifications come; calls under way answer on streams of their own. */
  endStreams(): void {
    for (const session of this.byId.values()) session.transport.closeStandaloneSSEStream();
  }

  /** How many sessions of a tenant there are. */
  countOf(tenantId: string): number {
    let count = 0;
    for (const { exchange } of this.byId.values()) if (exchange.caller.tenantId === tenantId) count++;
    return count;
  }

  /** Opens a session for an `initialize` request and answers it. */
  async open(
    request: IncomingMessage,
    response: ServerResponse,
    body: unknown,
    exchange: Exchange,
  ): Promise<void> {
    this.makeRoom();
    const { groupId } = exchange.catalog();
    const id = randomUUID();
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: () => id,
      keepAliveMs: this.config.env.MCP_KEEPALIVE_MS,
    });
    const server = this.factory.create(
      (context) => (context ? exchangeOf(context.http?.authInfo) : exchange),
      { era: 'legacy', notifies: true },
    );
    const session: Session = {
      id,
      groupId,
      exchange,
      server,
      transport,
      lastUsedAt: Date.now(),
      open: 0,
      answering: new InFlightSet(),
      logLevel: undefined,
      closing: false,
    };
    server.onclose = () => this.byId.delete(id);
    await server.connect(transport);
    this.byId.set(id, session);
    await this.pass(session, request, response, body, exchange);
  }

  /** @throws {HttpRefusal} 404: no such session (any more) for this key; the client must initialize again. */
  check(id: string, exchange: Exchange): Session {
    const session = this.byId.get(id);
    if (session && !session.closing && isSameCredential(session.exchange, exchange)) return session;
    throw new HttpRefusal(404, -32_001, 'Session not found; initialize again');
  }

  /** @throws {HttpRefusal} 404, as {@link check}. */
  async serve(
    id: string,
    request: IncomingMessage,
    response: ServerResponse,
    body: unknown,
    exchange: Exchange,
  ): Promise<void> {
    await this.pass(this.check(id, exchange), request, response, body, exchange);
  }

  private async pass(
    session: Session,
    request: IncomingMessage,
    response: ServerResponse,
    body: unknown,
    exchange: Exchange,
  ): Promise<void> {
    const ids = requestIdsOf(body);
    const { answering } = session;
    if (new Set(ids).size < ids.length || answering.find(({ id }) => ids.includes(id))) {
      throw new HttpRefusal(
        400,
        ProtocolErrorCode.InvalidRequest,
        'A request with this id is still being answered',
      );
    }
    const answered = ids.map((id) => answering.add({ id, exchange }));
    session.open++;
    response.once('close', () => {
      for (const isOver of answered) isOver();
      session.open--;
      session.lastUsedAt = Date.now();
      if (session.closing) this.closeWhenAnswered(session);
    });
    if (this.lane.takes(request, body)) return this.lane.serve(response, exchange, body, session);
    this.overhear(session, body);
    request.headers['accept'] = 'application/json, text/event-stream'; // we answer whatever a client accepts
    await session.transport.handleRequest(Object.assign(request, { auth: carry(exchange) }), response, body);
  }

  /** What the SDK is told and {@link SessionLane} must know too. */
  private overhear(session: Session, body: unknown): void {
    for (const message of (Array.isArray(body) ? body : [body]).filter(isPlainObject)) {
      const { method, params } = message;
      if (!isPlainObject(params)) continue;
      if (method === 'notifications/cancelled')
        session.answering.find(({ id }) => id === params['requestId'])?.exchange.gone.cancel();
      if (method === 'logging/setLevel' && isLoggingLevel(params['level']))
        session.logLevel = params['level'];
    }
  }

  private makeRoom(): void {
    if (this.byId.size < this.config.env.MCP_SESSIONS_MAX) return;
    // A stream that waits for notifications does not keep a session from making room; a request being answered does.
    const spare = [...this.byId.values()].filter(({ answering }) => answering.isEmpty);
    const byNeed = spare.toSorted((one, other) => one.open - other.open || one.lastUsedAt - other.lastUsedAt);
    const oldest = byNeed[0];
    if (!oldest) throw new HttpRefusal(503, -32_000, 'Too many sessions are open; try again later');
    void this.close(oldest);
  }

  private closeIdle(): void {
    const before = Date.now() - this.idleMs;
    for (const session of this.byId.values()) {
      if (session.open === 0 && session.lastUsedAt < before) void this.close(session);
    }
  }

  private isWelcome({ exchange: { caller, serverCode } }: Session): boolean {
    const catalog = this.catalogs.findByCode(serverCode);
    return catalog !== undefined && catalog.sessions && this.gate.opens(caller, catalog);
  }

  private closeWhenAnswered(session: Session): void {
    session.closing = true;
    if (session.answering.isEmpty) void this.close(session);
  }

  private async close(session: Session): Promise<void> {
    this.byId.delete(session.id);
    await session.server.close().catch(() => undefined);
  }
}

function isSameCredential(one: Exchange, other: Exchange): boolean {
  return credentialOf(one.caller) === credentialOf(other.caller);
}

function requestIdsOf(body: unknown): unknown[] {
  const messages: unknown[] = Array.isArray(body) ? body : [body];
  return messages.flatMap((message) =>
    isPlainObject(message) && message['method'] !== undefined && message['id'] !== undefined
      ? [message['id']]
      : [],
  );
}
