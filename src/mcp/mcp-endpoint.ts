import { type IncomingMessage, type RequestListener, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Injectable, Logger } from '@nestjs/common';
import { ProtocolErrorCode } from '@modelcontextprotocol/server';
import { WebSocketServer } from 'ws';
import { Cancellation } from '../platform/ending.js';
import { UnavailableError } from '../platform/errors.js';
import { idempotencyKeyOf } from '../platform/rest/idempotency-key.js';
import { isLivePath } from '../messaging/live/live-path.js';
import { InFlightSet } from '../platform/in-flight-set.js';
import { Replica } from '../platform/replicas/replica.js';
import { requestIdOf, runInScope } from '../platform/request-scope.js';
import { Config } from '../platform/config.js';
import type { Catalog } from '../groups/catalog.js';
import { CatalogStore } from '../groups/catalog-store.js';
import type { ToolCall } from '../tools/pipe/tool-call.js';
import { type ConnectedCaller, credentialOf } from './connected-caller.js';
import { sendJson, rpcError, sendRefusal } from './answers.js';
import { Connections } from './doors/connections.js';
import type { Exchange } from './exchange.js';
import { Gate } from './gate.js';
import { GateRefusal, sendGateRefusal } from './gate.js';
import { HttpRefusal } from './http-refusal.js';
import { Listeners } from './lanes/listeners.js';
import { type McpPath, parseMcpPath } from './mcp-path.js';
import { SdkLane } from './lanes/sdk-lane.js';
import { Sessions } from './lanes/sessions.js';
import { limitSlowRequests } from './doors/slow-requests.js';
import { SseDoor } from './doors/sse-door.js';
import { StreamableHttp } from './doors/streamable-http.js';
import { WebSocketDoor } from './doors/web-socket-door.js';
import { cutText } from '../platform/cut-text.js';

/**
 * The MCP side of the HTTP server: takes what comes under `/mcp/` before Express sees it (Express alone would cost most
 * of a call), and leaves the rest to Express.
 */
@Injectable()
export class McpEndpoint {
  private readonly logger = new Logger(McpEndpoint.name);
  private readonly webSockets: WebSocketServer;
  /** Answers under way: a revoked key ends those that are streams. */
  private readonly openAnswers = new InFlightSet<{
    readonly response: ServerResponse;
    readonly exchange: Exchange;
  }>();

  constructor(
    private readonly config: Config,
    private readonly gate: Gate,
    private readonly catalogs: CatalogStore,
    private readonly streamableHttp: StreamableHttp,
    private readonly sseDoor: SseDoor,
    private readonly webSocketDoor: WebSocketDoor,
    private readonly connections: Connections,
    private readonly sessions: Sessions,
    private readonly sdkLane: SdkLane,
    private readonly listeners: Listeners,
    private readonly replica: Replica,
  ) {
    this.webSockets = new WebSocketServer({ noServer: true, maxPayload: config.env.MCP_BODY_MAX_BYTES });
    this.gate.onChange(() => this.endLostStreams());
  }

  /** Call once, after Nest has made the server and before it listens. */
  attach(server: Server): void {
    limitSlowRequests(server, this.config.env.MCP_BODY_TIMEOUT_MS);
    const [express] = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request');
    server.on('request', (request, response) => {
      const path = parseMcpPath(request.url ?? '');
      if (path === undefined) express?.(request, response);
      else void this.inScope(request, response, () => this.serve(request, response, path));
    });
    server.on('upgrade', (request, socket, head) => {
      if (isLivePath(request.url)) return; // answered in messaging/live
      this.inScope(request, undefined, () => void this.upgrade(server, request, socket, head));
    });
  }

  /** Ends what would hold up a shutdown and is not a call: notification streams, connections without a call under way. */
  endStreams(): void {
    this.listeners.endAll();
    this.sdkLane.endSubscriptions();
    this.sessions.endStreams();
    this.connections.endIdle();
  }

  /** The request's id goes into its answer and into every log line that its work writes. */
  private inScope<T>(request: IncomingMessage, response: ServerResponse | undefined, work: () => T): T {
    const requestId = requestIdOf(request);
    response?.setHeader('X-Request-Id', requestId);
    const ip = request.socket.remoteAddress ?? null;
    const userAgent = request.headers['user-agent'] ?? null;
    return runInScope({ requestId, tenantId: null, ip, userAgent }, work);
  }

  /** What is no stream yet gets its refusal; a call under way is answered (or was cut, and then that is the answer). */
  private endLostStreams(): void {
    for (const { response, exchange } of this.openAnswers) {
      const { caller, serverCode, underWay } = exchange;
      if (!response.headersSent || underWay.calls > 0) continue;
      const catalog = this.catalogs.findByCode(serverCode);
      if (!catalog || !this.gate.opens(caller, catalog)) response.destroy();
    }
  }

  private async serve(
    request: IncomingMessage,
    response: ServerResponse,
    path: McpPath | null,
  ): Promise<void> {
    try {
      this.gate.checkOrigin(request, response);
      if (request.method === 'OPTIONS') return this.gate.answerPreflight(request, response);
      this.replica.requireLease();
      const identified = this.gate.identify(request);
      const caller = identified instanceof Promise ? await identified : identified;
      if (!path) throw new GateRefusal(404, 'not_found', 'There is nothing at this address');
      this.gate.admit(caller, path.serverCode);
      const exchange = this.exchangeFor(request, response, caller, path.serverCode, transportOf(path));
      if (path.door === 'streamable_http')
        return await this.streamableHttp.serve(request, response, exchange);
      if (path.door === 'sse') return await this.sseDoor.open(request, response, exchange);
      if (path.door === 'sse_messages') return await this.sseDoor.receive(request, response, exchange);
      throw new HttpRefusal(426, -32_000, 'This address speaks WebSocket (subprotocol mcp) only');
    } catch (error) {
      this.answerError(response, error);
    }
  }

  private answerError(response: ServerResponse, error: unknown): void {
    if (error instanceof GateRefusal) return sendGateRefusal(response, error);
    if (error instanceof HttpRefusal) return sendRefusal(response, error);
    if (error instanceof UnavailableError) {
      if (!response.headersSent) response.setHeader('Retry-After', '1');
      return sendRefusal(response, new HttpRefusal(503, ProtocolErrorCode.InternalError, error.message));
    }
    this.logger.error('An MCP request failed', error instanceof Error ? error.stack : error);
    const fault = { code: ProtocolErrorCode.InternalError, message: 'Internal error' };
    sendJson(response, 500, rpcError(null, fault));
  }

  private exchangeFor(
    request: IncomingMessage,
    response: ServerResponse,
    caller: ConnectedCaller,
    serverCode: string,
    transport: ToolCall['transport'],
  ): Exchange {
    const gone = new Cancellation();
    const exchange = this.exchange(request, caller, serverCode, transport, gone);
    const isOver = this.openAnswers.add({ response, exchange });
    response.once('close', () => {
      isOver();
      if (!response.writableFinished) gone.cancel();
    });
    return exchange;
  }

  private exchange(
    request: IncomingMessage,
    caller: ConnectedCaller,
    serverCode: string,
    transport: ToolCall['transport'],
    gone: Cancellation,
  ): Exchange {
    const appId = request.headers['x-caller-app-id'];
    return {
      caller,
      serverCode,
      catalog: () => this.liveCatalog(serverCode, caller),
      underWay: { calls: 0 },
      appId: typeof appId === 'string' && appId !== '' ? cutText(appId, 100) : undefined,
      transport,
      idempotencyKey: transport === 'streamable_http' ? idempotencyKeyOf(request) : undefined,
      client: `${credentialOf(caller)} ${request.socket.remoteAddress ?? ''}`,
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
      this.connections.checkRoom();
      this.webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        const gone = new Cancellation();
        webSocket.once('close', () => gone.cancel());
        const exchange = this.exchange(request, caller, path.serverCode, 'websocket', gone);
        this.webSocketDoor.open(webSocket, exchange);
      });
    } catch (error) {
      const response = new ServerResponse(request);
      response.shouldKeepAlive = false;
      response.assignSocket(socket as Socket);
      response.once('finish', () => (socket as Socket).destroySoon());
      this.answerError(response, error);
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

function transportOf(path: McpPath): ToolCall['transport'] {
  return path.door === 'streamable_http' ? 'streamable_http' : 'sse';
}
