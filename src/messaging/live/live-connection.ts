import type { WebSocket } from 'ws';
import type { UserCaller } from '../../access/caller.js';
import { wellFormedJson } from '../../platform/well-formed-json.js';
import { newId } from '../../platform/new-id.js';
import type { Config } from '../../platform/config.js';
import { CLOSE, type CloseReason, type EventView, type ServerMessage } from './live-protocol.js';
import { MessageRate } from './message-rate.js';

/** A peer that does not answer the closing handshake is cut after this. */
const CLOSE_LIMIT_MS = 2000;

/** Who is at the other end, and until when their token is good. */
export type Identity = {
  readonly caller: UserCaller;
  readonly token: string;
  readonly expiresAtMs: number;
};

/**
 * One client at `/ws`: sends within bounds, knows whether the client is still there, and how far in the events it has come.
 * It decides nothing about who may see what.
 */
export class LiveConnection {
  readonly id = newId();
  readonly rate: MessageRate;
  /** Undefined until the client has signed in. */
  identity: Identity | undefined;
  /** All events up to this cursor were sent or are not for this client; undefined until it has said where it begins. */
  position: number | undefined;
  /** Gets events as they happen; else they are read for it from {@link position} on. */
  isLive = false;
  isCatchingUp = false;
  isClosed = false;
  /** Messages that wait for their turn, with the one that has it. */
  waiting = 0;
  private readonly heartbeat: NodeJS.Timeout;
  private hasAnswered = true;
  /** What the pong has to bring back (RFC 6455 section 5.5.3): a new one with each beat. */
  private pingId = newId();

  constructor(
    private readonly webSocket: WebSocket,
    private readonly config: Config,
  ) {
    this.rate = new MessageRate(config.env.LIVE_MESSAGES_PER_MINUTE, performance.now());
    this.heartbeat = setInterval(() => this.beat(), config.env.LIVE_HEARTBEAT_MS).unref();
    // A client that does not read does not know it, whatever pongs it sends unasked.
    webSocket.on('pong', (data) => {
      if (data.toString() === this.pingId) this.hasAnswered = true;
    });
    webSocket.on('error', () => webSocket.terminate());
    webSocket.once('close', () => {
      this.isClosed = true;
      clearInterval(this.heartbeat);
    });
  }

  send(message: ServerMessage): void {
    if (this.isClosed) return;
    this.webSocket.send(wellFormedJson(message));
    if (this.webSocket.bufferedAmount <= this.config.env.LIVE_UNREAD_MAX_BYTES) return;
    this.close({ code: CLOSE.slowReader, reason: 'You do not read; come back with your cursor' });
  }

  /** Whether to wait for {@link flushed} before more is sent that need not be sent now. */
  get isFilling(): boolean {
    return this.webSocket.bufferedAmount > this.config.env.LIVE_UNREAD_MAX_BYTES / 2;
  }

  /** @param event Is for this client; left out when it has had it. */
  sendEvent(event: EventView): void {
    if (this.position === undefined || event.cursor <= this.position) return;
    const { cursor, kind, payload, created_at } = event;
    this.position = cursor;
    this.send({ type: 'event', cursor, kind, payload, created_at });
  }

  /** Settles when all that was sent has left for the network, or the connection is over. */
  flushed(): Promise<void> {
    if (this.isClosed || this.webSocket.bufferedAmount === 0) return Promise.resolve();
    // What was written before it has left by then; for a connection that ends it is called, too.
    // A client may answer only the last of several pings, so all of one beat carry the same.
    return new Promise((resolve) => this.webSocket.ping(this.pingId, undefined, () => resolve()));
  }

  close({ code, reason }: CloseReason): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.isLive = false;
    this.webSocket.close(code, reason);
    setTimeout(() => this.webSocket.terminate(), CLOSE_LIMIT_MS).unref();
  }

  /** A client whose network went away says nothing: one that has not answered a ping by the next is hung up on. */
  private beat(): void {
    if (!this.hasAnswered) return this.webSocket.terminate();
    this.hasAnswered = false;
    this.pingId = newId();
    this.webSocket.ping(this.pingId);
  }
}
