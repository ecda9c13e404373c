import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type WebSocket, WebSocketServer } from 'ws';
import { UserCallers } from '../../auth/sign-in/user-callers.js';
import { ClientAddressReader } from '../../platform/network/client-address.js';
import { UnavailableError } from '../../platform/errors.js';
import { isLivePath } from './live-path.js';
import { Config } from '../../platform/config.js';
import { type Identity, LiveConnection } from './live-connection.js';
import { LiveDoor } from './live-door.js';
import { closeFor, LiveIdentities } from './live-identities.js';
import { CLOSE, LIVE_SUBPROTOCOL, readMessage } from './live-protocol.js';
import { LiveRooms } from './live-rooms.js';
import { LiveTalk, type Origin } from './live-talk.js';
import { StrangerConnections } from './stranger-connections.js';

/** Messages of one connection, each of up to `LIVE_MESSAGE_MAX_BYTES`, that are kept for their turn. */
const WAITING_MAX = 50;
/** How often tokens are looked at that may have expired. */
const EXPIRY_CHECK_MS = 1000;

/**
 * The WebSocket at `/ws`: opens and ends connections. Who may come in is asked of {@link LiveDoor}, what is said on them is taken
 * by {@link LiveTalk}, and events come from {@link LiveRooms}.
 */
@Injectable()
export class LiveGateway implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(LiveGateway.name);
  private readonly webSockets: WebSocketServer;
  private readonly addresses: ClientAddressReader;
  private readonly connections = new Set<LiveConnection>();
  private readonly strangers = new StrangerConnections();
  private expiryTimer: NodeJS.Timeout | undefined;
  private isEnding = false;

  constructor(
    private readonly config: Config,
    private readonly adapterHost: HttpAdapterHost,
    private readonly door: LiveDoor,
    private readonly identities: LiveIdentities,
    private readonly talk: LiveTalk,
    private readonly rooms: LiveRooms,
    private readonly userCallers: UserCallers,
  ) {
    this.addresses = new ClientAddressReader(config.env);
    this.webSockets = new WebSocketServer({
      noServer: true,
      maxPayload: config.env.LIVE_MESSAGE_MAX_BYTES,
      // Never what else is offered: somebody may have put a token there.
      handleProtocols: (offered) => offered.has(LIVE_SUBPROTOCOL) && LIVE_SUBPROTOCOL,
    });
  }

  onApplicationBootstrap(): void {
    const server = this.adapterHost.httpAdapter.getHttpServer() as Server;
    server.on('upgrade', (request, socket, head) => {
      if (isLivePath(request.url)) void this.upgrade(request, socket, head);
    });
    this.userCallers.onForgotten(() => this.checkAll());
    this.expiryTimer = setInterval(() => this.checkAll(), EXPIRY_CHECK_MS).unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.expiryTimer);
    this.endAll();
    this.webSockets.close();
  }

  /** The clients come back to another replica, with their cursors. */
  endAll(): void {
    this.isEnding = true;
    for (const connection of this.connections)
      connection.close({ code: CLOSE.restart, reason: 'This replica stops; connect again' });
  }

  private async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy()); // Node took its own listener away with the upgrade
    const ip = this.addresses.of(request);
    try {
      if (this.isEnding) throw new UnavailableError('This replica stops; connect again');
      const identity = await this.door.admit(request);
      if (!identity) this.strangers.checkRoom(ip);
      const origin = { ip, userAgent: request.headers['user-agent'] ?? null };
      this.webSockets.handleUpgrade(request, socket, head, (webSocket) =>
        this.open(webSocket, origin, identity),
      );
    } catch (error) {
      this.door.refuse(socket, error);
    }
  }

  private open(webSocket: WebSocket, origin: Origin, identity: Identity | undefined): void {
    const connection = new LiveConnection(webSocket, this.config);
    this.connections.add(connection);
    if (!identity) this.strangers.add(connection, origin.ip ?? '');
    const late = { code: CLOSE.notSignedIn, reason: 'You have not signed in' };
    const limit = setTimeout(() => {
      if (!connection.identity) connection.close(late);
    }, this.config.env.LIVE_SIGN_IN_MS).unref();
    /** One message after the other, so that answers come in the order of what was asked. */
    let work = identity ? this.guard(connection, () => this.talk.signIn(connection, identity)) : undefined;
    const noteSignIn = () => connection.identity && this.strangers.delete(connection);
    void work?.then(noteSignIn);
    webSocket.on('message', (data: Buffer, isBinary) => {
      if (!this.isLetIn(connection)) return;
      connection.waiting++;
      const take = () => this.talk.take(connection, readMessage(data, isBinary), origin);
      const turn = this.guard(connection, take, work).finally(() => connection.waiting--);
      work = turn;
      void turn.then(noteSignIn);
    });
    webSocket.on('ping', () => this.isLetIn(connection));
    webSocket.once('close', () => {
      clearTimeout(limit);
      this.connections.delete(connection);
      this.strangers.delete(connection);
      void this.talk.signOut(connection);
    });
    if (this.isEnding) this.endAll();
  }

  /** Asked as a message arrives, before anything of it is kept: one too many ends the connection. */
  private isLetIn(connection: LiveConnection): boolean {
    if (connection.isClosed) return false;
    if (connection.rate.take(performance.now()) && connection.waiting < WAITING_MAX) return true;
    connection.close({ code: CLOSE.tooManyMessages, reason: 'You send too many messages' });
    return false;
  }

  /** What fails in the work ends the connection. */
  private async guard(
    connection: LiveConnection,
    work: () => Promise<void> | void,
    before?: Promise<void>,
  ): Promise<void> {
    try {
      await before;
      if (!connection.isClosed) await work();
    } catch (error) {
      const end = closeFor(error);
      if (end.code === CLOSE.internal) this.logger.error('A live connection failed', error);
      connection.close(end);
    }
  }

  /** Somebody's rights may have changed or their token have expired. */
  private checkAll(): void {
    for (const connection of this.connections) {
      if (!connection.identity || this.identities.isGood(connection)) continue;
      if (connection.position === undefined) void this.identities.keep(connection);
      else void this.rooms.catchUp(connection);
    }
  }
}
