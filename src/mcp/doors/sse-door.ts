import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { isJsonContentType } from '@modelcontextprotocol/server';
import { Config } from '../../platform/config.js';
import { withoutTrailingSlashes } from '../../platform/trailing-slashes.js';
import { Connections, UNREAD_MAX_BYTES } from './connections.js';
import { credentialOf } from '../connected-caller.js';
import type { Exchange } from '../exchange.js';
import { eventOf } from '../http-reply.js';
import { HttpRefusal } from '../http-refusal.js';
import { bodyLimits, readJsonBody } from '../request-body.js';

/**
 * The HTTP+SSE transport of 2024-11-05, which some clients still speak: a stream by GET, whose first event names the
 * address to POST messages to. A connection lives in this replica.
 */
@Injectable()
export class SseDoor {
  constructor(
    private readonly config: Config,
    private readonly connections: Connections,
  ) {}

  open(request: IncomingMessage, response: ServerResponse, exchange: Exchange): void {
    if (request.method !== 'GET') {
      response.setHeader('Allow', 'GET');
      throw new HttpRefusal(405, -32_000, 'Open the event stream by GET; its first event says where to POST');
    }
    this.connections.makeRoom(exchange.caller);
    const { groupId } = exchange.catalog();
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
    });
    const connection = this.connections.open(exchange.visit(), groupId, {
      deliver: (message) => {
        if (response.destroyed || response.writableEnded) return;
        response.write(eventOf(message));
        if (response.writableLength > UNREAD_MAX_BYTES) response.destroy();
      },
      hangUp: () => response.end(),
    });
    const keepAlive = setInterval(() => response.write(': keepalive\n\n'), this.config.env.MCP_KEEPALIVE_MS);
    response.once('close', () => {
      clearInterval(keepAlive);
      connection.close();
    });
    response.write(`event: endpoint\ndata: ${this.addressFor(request, connection.id)}\n\n`);
  }

  /** @throws {HttpRefusal} 405: not a POST. 404: no such stream (any more) for this key. */
  async receive(request: IncomingMessage, response: ServerResponse, exchange: Exchange): Promise<void> {
    if (request.method !== 'POST') {
      response.setHeader('Allow', 'POST');
      throw new HttpRefusal(
        405,
        -32_000,
        `Method ${request.method ?? ''} is not allowed here; send JSON-RPC by POST`,
      );
    }
    if (!isJsonContentType(request.headers['content-type'] ?? null)) {
      throw new HttpRefusal(415, -32_000, 'POST one JSON-RPC message as application/json');
    }
    const id = new URL(request.url ?? '', 'http://host').searchParams.get('session') ?? '';
    const connection = this.connections.find(id);
    if (!connection || connection.credential !== credentialOf(exchange.caller)) {
      throw new HttpRefusal(404, -32_001, 'No such event stream; open a new one by GET');
    }
    const body = await readJsonBody(request, bodyLimits(this.config));
    response.writeHead(202).end('Accepted');
    // The request that brought it is over; the message lives as long as the stream.
    await connection.receive(body, (gone) => ({ ...exchange, gone }));
  }

  /** From the root of the origin, since clients resolve it there; behind a proxy's path prefix, with that prefix. */
  private addressFor(request: IncomingMessage, id: string): string {
    const path = withoutTrailingSlashes((request.url ?? '').split('?', 1)[0] ?? '');
    return `${this.config.publicPath}${path}/messages?session=${id}`;
  }
}
