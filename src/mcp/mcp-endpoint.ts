import { type IncomingMessage, type RequestListener, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { ProtocolErrorCode } from '@modelcontextprotocol/server';
import { WebSocketServer } from 'ws';
import { cutText } from '../platform/cut-text.js';
import { Cancellation } from '../platform/ending.js';
import { traceOf } from '../platform/errors.js';
import { idempotencyKeyOf } from '../platform/rest/idempotency-key.js';
import { isLivePath } from '../messaging/live/live-path.js';
import { InFlightSet } from '../platform/in-flight-set.js';
import { ClientAddressReader } from '../platform/network/client-address.js';
import { acceptPublicPath } from '../platform/network/public-path.js';
import { acceptAbsoluteTargets } from '../platform/network/request-target.js';
import { Replica } from '../platform/replicas/replica.js';
import { requestIdOf, runInScope } from '../platform/request-scope.js';
import { Config } from '../platform/config.js';
import type { Catalog } from '../groups/catalog.js';
import { CatalogStore } from '../groups/catalog-store.js';
import type { ToolCall } from '../tools/pipe/tool-call.js';
import { type ConnectedCaller, credentialOf } from './connected-caller.js';
import { Connections } from './doors/connections.js';
import type { Exchange } from './exchange.js';
import { Gate, type Visit } from './gate.js';
import { GateRefusal } from './gate-refusal.js';
import { HttpReply } from './http-reply.js';
import { HttpRefusal } from './http-refusal.js';
import { Listeners } from './lanes/listeners.js';
import { type McpPath, parseMcpPath, transportOf } from './mcp-path.js';
import { isOAuthAddress, sendNoOAuth } from './oauth-addresses.js';
import { RefusedCalls } from './refused-calls.js';
import { Sessions } from './lanes/sessions.js';
import { limitSlowRequests } from './doors/slow-requests.js';
import { SseDoor } from './doors/sse-door.js';
import { StreamableHttp } from './doors/streamable-http.js';
import { WebSocketDoor } from './doors/web-socket-door.js';

/** How many looks at the answers under way there are in one `MCP_KEEPALIVE_MS`. */
const LOOKS_PER_KEEPALIVE = 4;

/**
 * The MCP side of the HTTP server: takes what comes under `/mcp/` before Express sees it (Express alone would cost most
 * of a call), and leaves the rest to Express.
 */
@Injectable()
export class McpEndpoint implements OnApplicationShutdown {
  private readonly logger = new Logger(McpEndpoint.name);
  private readonly webSockets: WebSocketServer;
  /** Answers under way. */
  private readonly replies = new InFlightSet<HttpReply>();
  private readonly keepAlive: NodeJS.Timeout;
  private readonly addresses: ClientAddressReader;

  constructor(
    private readonly config: Config,
    private readonly gate: Gate,
    private readonly catalogs: CatalogStore,
    private readonly streamableHttp: StreamableHttp,
    private readonly sseDoor: SseDoor,
    private readonly webSocketDoor: WebSocketDoor,
    private readonly connections: Connections,
    private readonly sessions: Sessions,
    private readonly listeners: Listeners,
    private readonly refusedCalls: RefusedCalls,
    private readonly replica: Replica,
  ) {
    this.addresses = new ClientAddressReader(config.env);
    const { MCP_BODY_MAX_BYTES: maxPayload, MCP_KEEPALIVE_MS: silenceMaxMs } = config.env;
    this.webSockets = new WebSocketServer({ noServer: true, maxPayload });
    this.keepAlive = setInterval(() => {
      for (const reply of this.replies) reply.keepAlive(silenceMaxMs);
    }, silenceMaxMs / LOOKS_PER_KEEPALIVE).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.keepAlive);
  }

  /** Call once, after Nest has made the server and before it listens. */
  attach(server: Server): void {
    limitSlowRequests(server, this.config.env.MCP_BODY_TIMEOUT_MS);
    const [express] = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request');
    server.on('request', (request, response) => {
      const path = parseMcpPath(request.url ?? '');
      if (isOAuthAddress(request)) this.inScope(request, response, () => this.denyOAuth(request, response));
      else if (path === undefined) express?.(request, response);
      else void this.inScope(request, response, () => this.serve(request, response, path));
    });
    server.on('upgrade', (request, socket, head) => {
      if (isLivePath(request.url)) return; // answered in messaging/live
      this.inScope(request, undefined, () => void this.upgrade(server, request, socket, head));
    });
    acceptPublicPath(server, this.config.publicPath);
    acceptAbsoluteTargets(server);
  }

  /** Ends what would hold up a shutdown and is not a call: notification streams, connections without a call under way. */
  endStreams(): void {
    this.listeners.endAll();
    this.sessions.endStreams();
    this.connections.endIdle();
  }

  /** The request's id goes into its answer and into every log line that its work writes. */
  private inScope<T>(request: IncomingMessage, response: ServerResponse | undefined, work: () => T): T {
    const requestId = requestIdOf(request);
    response?.setHeader('X-Request-Id', requestId);
    const ip = this.addresses.of(request);
    const userAgent = request.headers['user-agent'] ?? null;
    return runInScope({ requestId, tenantId: null, ip, userAgent }, work);
  }

  private denyOAuth(request: IncomingMessage, response: ServerResponse): void {
    try {
      this.gate.checkOrigin(request, response);
      if (request.method === 'OPTIONS') this.gate.answerPreflight(request, response);
      else sendNoOAuth(response);
    } catch (error) {
      this.answerError(new HttpReply(request, response), error);
    }
  }

  private async serve(
    request: IncomingMessage,
    response: ServerResponse,
    path: McpPath | null,
  ): Promise<void> {
    const reply = new HttpReply(request, response);
    try {
      this.gate.checkOrigin(request, response);
      if (request.method === 'OPTIONS') return this.gate.answerPreflight(request, response);
      this.replica.requireLease();
      const identified = this.gate.identify(request);
      const caller = identified instanceof Promise ? await identified : identified;
      if (!path) throw new GateRefusal(404, 'not_found', 'There is nothing at this address');
      this.gate.admit(caller, path.serverCode);
      const exchange = this.exchangeFor(request, reply, caller, path.serverCode, transportOf(path));
      if (path.door === 'streamable_http') return await this.streamableHttp.serve(request, reply, exchange);
      if (path.door === 'sse') return this.sseDoor.open(request, response, exchange);
      if (path.door === 'sse_messages') return await this.sseDoor.receive(request, response, exchange);
      const headers = { Upgrade: 'websocket', Connection: 'Upgrade' };
      throw new HttpRefusal(426, -32_000, 'This address speaks WebSocket (subprotocol mcp) only', {
        headers,
      });
    } catch (error) {
      this.answerError(reply, await this.refusedCalls.named(request, error));
    }
  }

  private answerError(reply: HttpReply, error: unknown): void {
    if (error instanceof HttpRefusal) return reply.refuse(error);
    this.logger.error('An MCP request failed', traceOf(error));
    reply.refuse(new HttpRefusal(500, ProtocolErrorCode.InternalError, 'Internal error'));
  }

  private exchangeFor(
    request: IncomingMessage,
    reply: HttpReply,
    caller: ConnectedCaller,
    serverCode: string,
    transport: ToolCall['transport'],
  ): Exchange {
    const gone = new Cancellation();
    const { response } = reply;
    const isOver = this.replies.add(reply);
    response.once('close', () => {
      isOver();
      if (!response.writableFinished) gone.cancel();
    });
    return {
      caller,
      serverCode,
      catalog: () => this.liveCatalog(serverCode, caller),
      visit: () => this.gate.visitOf(request, caller, serverCode),
      appId: appIdOf(request),
      transport,
      idempotencyKey: idempotencyKeyOf(request),
      client: `${credentialOf(caller)} ${this.addresses.of(request)}`,
      gone,
    };
  }

  private liveCatalog(serverCode: string, caller: ConnectedCaller): Catalog {
    this.replica.requireLease();
    const catalog = this.catalogs.findByCode(serverCode);
    if (!catalog) throw new HttpRefusal(404, -32_001, 'The tool group is gone');
    if (!this.gate.opens(caller, catalog))
      throw new HttpRefusal(401, -32_001, 'You may not use this group any more');
    return catalog;
  }

  /** Each message on a WebSocket is served for who its sender is by then, as a request over HTTP would be. */
  private guestExchange(request: IncomingMessage, visit: Visit) {
    const { serverCode } = visit;
    const appId = appIdOf(request);
    const of = (caller: ConnectedCaller, gone: Cancellation): Exchange => ({
      caller,
      serverCode,
      catalog: () => this.liveCatalog(serverCode, caller),
      visit: () => ({ ...visit, caller }),
      appId,
      transport: 'websocket',
      idempotencyKey: undefined,
      client: `${credentialOf(caller)} ${visit.address}`,
      gone,
    });
    return (gone: Cancellation): Exchange | Promise<Exchange> => {
      this.replica.requireLease();
      const caller = this.gate.enter(visit);
      return caller instanceof Promise ? caller.then((person) => of(person, gone)) : of(caller, gone);
    };
  }

  private async upgrade(
    server: Server,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): Promise<void> {
    socket.on('error', () => socket.destroy()); // Node took its own listener away with the upgrade
    if (request.headers.upgrade?.toLowerCase() !== 'websocket')
      return serveAsHttp(server, request, socket, head);
    const path = parseMcpPath(request.url ?? '');
    try {
      this.gate.checkOrigin(request, undefined);
      this.replica.requireLease();
      const caller = await this.gate.identify(request);
      if (path?.door !== 'websocket') {
        throw new GateRefusal(404, 'not_found', 'There is no WebSocket at this address');
      }
      this.gate.admit(caller, path.serverCode);
      const visit = this.gate.visitOf(request, caller, path.serverCode);
      const { groupId } = this.liveCatalog(path.serverCode, caller);
      const exchange = this.guestExchange(request, visit);
      this.connections.makeRoom(caller);
      this.webSockets.handleUpgrade(request, socket, head, (webSocket) =>
        this.webSocketDoor.open(webSocket, { visit, groupId, exchange }),
      );
    } catch (error) {
      const response = new ServerResponse(request);
      response.shouldKeepAlive = false;
      response.assignSocket(socket as Socket);
      response.once('finish', () => (socket as Socket).destroySoon());
      this.answerError(new HttpReply(request, response), await this.refusedCalls.named(request, error));
    }
  }
}

/**
 * An offer to speak something else, such as HTTP/2 (`Upgrade: h2c`, which some clients always make), is to be ignored
 * (RFC 9110 section 7.8). Node has stopped reading the request as HTTP by now, so it gets it again without the offer.
 */
function serveAsHttp(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method = 'GET', url = '/', rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/1.1`];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (!/^(upgrade|connection|http2-settings)$/i.test(name))
      lines.push(`${name}: ${rawHeaders[index + 1] ?? ''}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}

/** As the calling application names itself, for the record. */
function appIdOf({ headers }: IncomingMessage): string | undefined {
  const appId = headers['x-caller-app-id'];
  return typeof appId === 'string' && appId !== '' ? cutText(appId, 100) : undefined;
}
