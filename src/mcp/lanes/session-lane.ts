import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { LoggingLevel, Server } from '@modelcontextprotocol/server';
import { Config } from '../../platform/config.js';
import { type RpcAnswer, sendJson } from '../answers.js';
import type { Exchange } from '../exchange.js';
import { FastLane, type RpcRequest } from './fast-lane.js';
import { LEGACY_VERSIONS } from '../group-methods.js';
import { isPlainObject } from '../../platform/plain-object.js';
import { wellFormedJson } from '../../platform/well-formed-json.js';
import { faultOf } from '../request-check.js';

/** What a session's client said of itself, and how much it wants to hear. */
export type SessionClient = {
  /** Knows what was settled in the handshake. */
  readonly server: Server;
  /** Set by `logging/setLevel`; undefined: everything. */
  readonly logLevel: LoggingLevel | undefined;
};

/** RFC 5424, least severe first. */
const LOG_LEVELS: readonly string[] = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
];
const METHODS: ReadonlySet<string> = new Set(['tools/call', 'tools/list', 'ping']);

/**
 * The frequent requests of a session, answered without the SDK's transport: see {@link FastLane}. The answer is JSON;
 * a tool that writes log messages while it runs turns it into an event stream. Handshake, levels, progress, notifications
 * and whatever is malformed stay with the session's SDK server.
 */
@Injectable()
export class SessionLane {
  constructor(
    private readonly config: Config,
    private readonly fastLane: FastLane,
  ) {}

  takes(request: IncomingMessage, body: unknown): body is RpcRequest {
    return (
      this.config.env.MCP_FAST_LANE &&
      isPlainObject(body) &&
      METHODS.has(body['method'] as string) &&
      (typeof body['id'] === 'string' || Number.isInteger(body['id'])) &&
      faultOf(body['method'] as string, body['params']) === null &&
      (body['params'] as RpcRequest['params'])?.['_meta'] === undefined &&
      acceptsJson(request) &&
      isKnownVersion(request.headers['mcp-protocol-version'])
    );
  }

  async serve(
    response: ServerResponse,
    exchange: Exchange,
    request: RpcRequest,
    { server, logLevel }: SessionClient,
  ): Promise<void> {
    const version = server.getNegotiatedProtocolVersion() ?? LEGACY_VERSIONS[0];
    if (request.method === 'tools/list')
      return this.fastLane.serve(response, exchange, 'legacy', request, version);
    const stream = new LazyStream(response, logLevel);
    const answer = await this.fastLane.answer(exchange, 'legacy', request, version, {
      clientName: server.getClientVersion()?.name,
      clientCapabilities: server.getClientCapabilities(),
      log: (level, message) => stream.log(level, message),
    });
    stream.end(answer);
  }
}

/** One JSON answer, or, once there is something to say before it, an event stream (MCP 2025-11-25, basic/transports). */
class LazyStream {
  private isOpen = false;

  constructor(
    private readonly response: ServerResponse,
    private readonly logLevel: string | undefined,
  ) {}

  log(level: string, data: string): void {
    if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(this.logLevel ?? 'debug')) return;
    this.send({ jsonrpc: '2.0', method: 'notifications/message', params: { level, data } });
  }

  end(answer: RpcAnswer): void {
    if (!this.isOpen) return sendJson(this.response, 200, answer);
    this.send(answer);
    this.response.end();
  }

  private send(message: object): void {
    if (this.response.destroyed || this.response.writableEnded) return;
    if (!this.isOpen) {
      this.response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
    }
    this.isOpen = true;
    this.response.write(`event: message\ndata: ${wellFormedJson(message)}\n\n`);
  }
}

function acceptsJson({ headers }: IncomingMessage): boolean {
  return headers.accept === undefined || /\*\/\*|application\/(json|\*)/i.test(headers.accept);
}

function isKnownVersion(header: string | string[] | undefined): boolean {
  return header === undefined || LEGACY_VERSIONS.includes(header as string);
}

export function isLoggingLevel(value: unknown): value is LoggingLevel {
  return LOG_LEVELS.includes(value as string);
}
