import { Injectable } from '@nestjs/common';
import type { WebSocket } from 'ws';
import type { Cancellation } from '../../platform/ending.js';
import { Config } from '../../platform/config.js';
import { wellFormedJson } from '../../platform/well-formed-json.js';
import { rpcError } from '../answers.js';
import { Connections, UNREAD_MAX_BYTES } from './connections.js';
import type { Exchange } from '../exchange.js';
import type { Visit } from '../gate.js';
import { HttpRefusal } from '../http-refusal.js';
import { bodyShape, parseJsonBytes } from '../request-body.js';

/** Who came in, and as whom each of its messages is served. */
type Guest = {
  readonly visit: Visit;
  readonly groupId: string;
  readonly exchange: (gone: Cancellation) => Exchange | Promise<Exchange>;
};

/** MCP over a WebSocket, one JSON-RPC message per text frame, both eras; not a transport of the specification. */
@Injectable()
export class WebSocketDoor {
  constructor(
    private readonly config: Config,
    private readonly connections: Connections,
  ) {}

  /** @param webSocket Upgraded already; its caller was admitted. */
  open(webSocket: WebSocket, { visit, groupId, exchange }: Guest): void {
    const connection = this.connections.open(visit, groupId, {
      deliver: (message) => {
        webSocket.send(wellFormedJson(message));
        if (webSocket.bufferedAmount > UNREAD_MAX_BYTES) webSocket.terminate();
      },
      hangUp: () => webSocket.close(1000),
    });
    const heartbeat = this.keepAlive(webSocket);
    webSocket.on('message', (data: Buffer) => {
      const body = this.parse(webSocket, data);
      if (body !== undefined) void connection.receive(body, exchange);
    });
    webSocket.on('error', () => webSocket.terminate());
    webSocket.on('close', () => {
      clearInterval(heartbeat);
      connection.close();
    });
  }

  private parse(webSocket: WebSocket, data: Buffer): unknown {
    try {
      return parseJsonBytes(data, bodyShape(this.config.env));
    } catch (error) {
      if (error instanceof HttpRefusal) webSocket.send(wellFormedJson(rpcError(null, error)));
      else webSocket.close(1011);
      return undefined;
    }
  }

  /** A client whose network went away says nothing; one that does not answer a ping until the next is hung up on. */
  private keepAlive(webSocket: WebSocket): NodeJS.Timeout {
    let answered = true;
    webSocket.on('pong', () => (answered = true));
    return setInterval(() => {
      if (!answered) return webSocket.terminate();
      answered = false;
      webSocket.ping();
    }, this.config.env.MCP_KEEPALIVE_MS);
  }
}
