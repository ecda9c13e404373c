import type { ServerResponse } from 'node:http';
import { eventOf } from '../http-reply.js';

/** A client that does not even read its keep-alives is hung up on. */
const UNREAD_MAX_BYTES = 64 * 1024;

/** The event stream that a session's client opens by `GET`, for what belongs to no request. */
export class NotificationStream {
  private readonly keepAlive: NodeJS.Timeout;

  constructor(
    private readonly response: ServerResponse,
    keepAliveMs: number,
  ) {
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
    });
    response.flushHeaders();
    this.keepAlive = setInterval(() => this.write(': keepalive\n\n'), keepAliveMs).unref();
    response.once('close', () => clearInterval(this.keepAlive));
  }

  tellListChanged(): void {
    this.write(eventOf({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' }));
  }

  end(): void {
    clearInterval(this.keepAlive);
    this.response.end();
  }

  private write(text: string): void {
    if (this.response.destroyed || this.response.writableEnded) return;
    if (this.response.writableLength > UNREAD_MAX_BYTES) this.response.destroy();
    else this.response.write(text);
  }
}
