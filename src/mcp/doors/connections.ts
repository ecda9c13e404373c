import { randomUUID } from 'node:crypto';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { type JSONRPCMessage, ProtocolErrorCode, type Server } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { Config } from '../../platform/config.js';
import { CatalogStore } from '../../groups/catalog-store.js';
import { type RpcAnswer, rpcError } from '../answers.js';
import type { Exchange } from '../exchange.js';
import { Gate } from '../gate.js';
import { GroupMethods } from '../group-methods.js';
import { HttpRefusal } from '../http-refusal.js';
import { McpServerFactory } from '../lanes/mcp-server.factory.js';
import { MessageTransport } from '../lanes/message-transport.js';
import { isPlainObject } from '../../platform/plain-object.js';
import { faultOf, faultOfBatch } from '../request-check.js';
import { listDiffers } from '../lanes/sdk-lane.js';

/** A connection over which messages go both ways for as long as it stands: HTTP+SSE, WebSocket, stdio. */
export type Connection = {
  readonly id: string;
  readonly exchange: Exchange;
  /** Takes one message, or a batch of them, as parsed from the wire. */
  receive(body: unknown): void;
  close(): Promise<void>;
};

type Wire = {
  readonly deliver: (message: JSONRPCMessage | RpcAnswer) => void;
  readonly hangUp: () => void;
};
type Entry = Connection & {
  readonly groupId: string;
  readonly servers: Server[];
  /** Ids of the requests that have not been answered. */
  readonly unanswered: Set<unknown>;
  /** It ends with the last answer. */
  closing: boolean;
};

/** A client that does not read what it asked for is hung up on when so much waits for it. */
export const UNREAD_MAX_BYTES = 16 * 1024 * 1024;

/** The standing connections of this replica. One whose key no longer opens its group takes no more calls and ends. */
@Injectable()
export class Connections implements OnModuleInit, OnApplicationShutdown {
  private readonly byId = new Map<string, Entry>();

  constructor(
    private readonly factory: McpServerFactory,
    private readonly methods: GroupMethods,
    private readonly catalogs: CatalogStore,
    private readonly gate: Gate,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.gate.onChange(() => {
      for (const entry of this.byId.values()) if (!this.isWelcome(entry)) closeWhenAnswered(entry);
    });
    this.catalogs.onReplaced((before, after) => {
      for (const entry of [...this.byId.values()].filter(({ groupId }) => groupId === before.groupId)) {
        const differs = after && this.isWelcome(entry) && listDiffers(before, after, entry.exchange.caller);
        if (differs) tellListChanged(entry.servers);
      }
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.byId.values()].map((entry) => entry.close()));
  }

  /** @throws {HttpRefusal} 503: this replica holds as many standing connections as `MCP_SESSIONS_MAX` allows. */
  checkRoom(): void {
    if (this.byId.size < this.config.env.MCP_SESSIONS_MAX) return;
    throw new HttpRefusal(503, -32_000, 'Too many connections are open; try again later');
  }

  /** Closes each connection as soon as it has no call under way. */
  endIdle(): void {
    for (const entry of this.byId.values()) closeWhenAnswered(entry);
  }

  find(id: string): Connection | undefined {
    return this.byId.get(id);
  }

  /** How many connections of a tenant there are. */
  countOf(tenantId: string): number {
    let count = 0;
    for (const { exchange } of this.byId.values()) if (exchange.caller.tenantId === tenantId) count++;
    return count;
  }

  /** HTTP+SSE of 2024-11-05: earlier revisions only, the handshake decides which. */
  async openLegacy(exchange: Exchange, wire: Wire): Promise<Connection> {
    const { entry, transport } = this.add(exchange, wire);
    const server = this.factory.create(() => exchange, { era: 'legacy', notifies: true });
    entry.servers.push(server);
    await server.connect(transport);
    return entry;
  }

  /** Both eras; the first message decides which. */
  openDualEra(exchange: Exchange, wire: Wire): Connection {
    const { entry, transport } = this.add(exchange, wire);
    const factory = ({ era }: { era: 'legacy' | 'modern' }) => {
      const server = this.factory.create(() => exchange, { era, notifies: true });
      entry.servers.push(server);
      return server;
    };
    serveStdio(factory, { transport });
    return entry;
  }

  private isWelcome({ exchange: { caller, serverCode } }: Entry): boolean {
    const catalog = this.catalogs.findByCode(serverCode);
    return catalog !== undefined && this.gate.opens(caller, catalog);
  }

  private add(exchange: Exchange, wire: Wire) {
    const id = randomUUID();
    const unanswered = new Set<unknown>();
    const deliver: Wire['deliver'] = (message) => {
      wire.deliver(message);
      if ('id' in message && !('method' in message)) unanswered.delete(message.id);
      if (entry.closing) closeWhenAnswered(entry);
    };
    const transport = new MessageTransport(deliver, () => {
      this.byId.delete(id);
      wire.hangUp();
    });
    const receiveOne = (message: unknown) => {
      if (isPlainObject(message) && message['method'] !== undefined && message['id'] !== undefined) {
        unanswered.add(message['id']);
      }
      if (isPlainObject(message) && message['method'] === 'notifications/cancelled') {
        unanswered.delete((message['params'] as { requestId?: unknown } | undefined)?.requestId);
      }
      const fault = malformedCall(message);
      if (!fault) return transport.receive(message as JSONRPCMessage);
      const {
        id: rpcId,
        method,
        params,
      } = message as { id: string | number; method: string; params?: unknown };
      const isCall = method === 'tools/call';
      const recorded = isCall && this.methods.recordMalformedCall(exchange, params, versionOf(entry), fault);
      void Promise.resolve(recorded)
        .catch(() => undefined) // the answer is an error either way
        .then(() => deliver(rpcError(rpcId, { code: ProtocolErrorCode.InvalidParams, message: fault })));
    };
    const entry: Entry = {
      id,
      exchange,
      groupId: exchange.catalog().groupId,
      servers: [],
      unanswered,
      closing: false,
      receive: (body) => {
        if (!Array.isArray(body)) return receiveOne(body);
        const fault = faultOfBatch(body, versionOf(entry), this.config.env.MCP_BATCH_MAX);
        if (fault) return deliver(rpcError(null, { code: ProtocolErrorCode.InvalidRequest, message: fault }));
        return body.forEach(receiveOne);
      },
      close: () => transport.close(),
    };
    this.byId.set(id, entry);
    return { entry, transport };
  }
}

function closeWhenAnswered(entry: Entry): void {
  entry.closing = true;
  if (entry.unanswered.size === 0) void entry.close();
}

/** Protocol revision of a connection: what its handshake settled, or none yet. */
function versionOf({ servers }: Entry): string {
  return servers.at(-1)?.getNegotiatedProtocolVersion() ?? 'unknown';
}

function tellListChanged(servers: readonly Server[]): void {
  for (const server of servers.filter(({ transport }) => transport)) {
    void server.sendToolListChanged().catch(() => undefined); // the client may be gone
  }
}

function malformedCall(message: unknown): string | null {
  if (!isPlainObject(message)) return null;
  const { method, id, params } = message;
  if (method !== 'tools/call' && method !== 'logging/setLevel') return null;
  return typeof id === 'string' || typeof id === 'number' ? faultOf(method, params) : null;
}
