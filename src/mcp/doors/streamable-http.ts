import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { isJsonContentType } from '@modelcontextprotocol/server';
import { cutText } from '../../platform/cut-text.js';
import { Config } from '../../platform/config.js';
import { toolFor } from '../../groups/access-rules.js';
import { type KnownClient } from '../call-client.js';
import { hasExactIds } from '../exact-number.js';
import type { Exchange } from '../exchange.js';
import { FastLane } from '../lanes/fast-lane.js';
import type { RpcId, RpcRequest } from '../rpc-message.js';
import { HttpRefusal, refusalOf } from '../http-refusal.js';
import type { HttpReply } from '../http-reply.js';
import { Listeners } from '../lanes/listeners.js';
import { BATCH_VERSION, LEGACY_VERSIONS, MODERN_VERSION } from '../protocol-versions.js';
import { bodyLimits, readJsonBody } from '../request-body.js';
import { idOf, type Received, RpcRequests } from '../rpc-requests.js';
import { SdkLane } from '../lanes/sdk-lane.js';
import { type Session, Sessions } from '../lanes/sessions.js';
import { StatelessCalls } from '../stateless-calls.js';
import {
  checkParamHeaders,
  checkStandardHeaders,
  type ParamHeader,
  paramHeadersOf,
} from '../standard-headers.js';

const paramHeaders = new WeakMap<object, readonly ParamHeader[]>();

/** One POST on its way to an answer. */
type Post = {
  readonly request: IncomingMessage;
  readonly reply: HttpReply;
  readonly exchange: Exchange;
};

/**
 * The Streamable HTTP endpoint of a group, both eras on one URL: reads each POST, checks what only HTTP has, finds its session
 * and hands it to the lane that answers.
 */
@Injectable()
export class StreamableHttp {
  constructor(
    private readonly config: Config,
    private readonly requests: RpcRequests,
    private readonly fastLane: FastLane,
    private readonly sdkLane: SdkLane,
    private readonly listeners: Listeners,
    private readonly sessions: Sessions,
    private readonly calls: StatelessCalls,
  ) {}

  serve(request: IncomingMessage, reply: HttpReply, exchange: Exchange): Promise<void> | void {
    if (request.method === 'POST') return this.post({ request, reply, exchange });
    const sessionId = sessionIdOf(request, exchange);
    const { response } = reply;
    if (sessionId !== undefined && (request.method === 'GET' || request.method === 'DELETE')) {
      const session = this.sessions.find(sessionId, exchange) ?? noSession(null);
      if (request.method === 'GET') return this.sessions.openStream(session, response);
      this.sessions.close(session);
      return void response.writeHead(200).end();
    }
    response.setHeader('Allow', 'POST');
    throw new HttpRefusal(
      405,
      -32_000,
      `Method ${request.method ?? ''} is not allowed here; send JSON-RPC by POST`,
    );
  }

  private async post(post: Post): Promise<void> {
    const { request, exchange } = post;
    if (!isJsonContentType(request.headers['content-type'] ?? null)) {
      throw new HttpRefusal(415, -32_000, 'Content-Type must be application/json');
    }
    const body = await readJsonBody(request, bodyLimits(this.config));
    try {
      await this.dispatch(post, body);
    } catch (error) {
      if (error instanceof HttpRefusal)
        await this.requests.recordRefused(exchange, body, versionOf(request), error.message);
      throw refusalOf(error)?.of(idOf(body)) ?? error;
    }
  }

  private async dispatch(post: Post, body: unknown): Promise<void> {
    const { request, reply, exchange } = post;
    const sessionId = sessionIdOf(request, exchange);
    const known = sessionId === undefined ? undefined : this.sessions.find(sessionId, exchange);
    const named = request.headers['mcp-protocol-version'] !== undefined;
    const version = named || !known ? versionOf(request) : known.client.version;
    const received = this.requests.read(body, request.headers, version);
    if (received.era === 'legacy') {
      requireLegacy(version);
      if (sessionId !== undefined && !isHandshake(received))
        return this.inSession(post, received, known ?? noSession(idOf(body)));
    }
    for (const notification of received.notifications) this.calls.heed(exchange, notification);
    if (received.requests.length === 0) return void reply.response.writeHead(202).end();
    if (received.isBatch) return this.batch(post, received);
    const [message] = received.requests;
    if (received.era === 'modern') return this.modern(post, received, message);
    if (message.method === 'initialize' && exchange.catalog().sessions)
      return this.openSession(post, received, message);
    const isOver = this.calls.add(exchange, message.id);
    if (isOver) reply.response.once('close', isOver);
    await this.answer(post, received, message);
  }

  private async openSession(post: Post, received: Received, message: RpcRequest): Promise<void> {
    const { exchange, reply } = post;
    const refused = await this.requests.refuseFaulty(exchange, received, message);
    if (refused) return reply.end(refused);
    const session = this.sessions.open(exchange);
    reply.response.setHeader('Mcp-Session-Id', session.id);
    await this.inSession(post, received, session);
  }

  private async inSession(post: Post, received: Received, session: Session): Promise<void> {
    const { reply, exchange } = post;
    const { response } = reply;
    for (const notification of received.notifications) session.calls.heed(notification);
    if (received.requests.length === 0) return void response.writeHead(202).end();
    const ids = received.requests.map(({ id }) => id);
    this.sessions.answering(session, response, ids, exchange);
    if (received.isBatch) return this.batch(post, received, session.client);
    await this.answer(post, received, received.requests[0], session.client);
  }

  private async modern(post: Post, received: Received, message: RpcRequest): Promise<void> {
    const { request, reply, exchange } = post;
    checkStandardHeaders(request.headers, message);
    const refused = await this.requests.refuseFaulty(exchange, received, message);
    if (refused) return reply.end(refused);
    if (message.method === 'tools/call') checkRepeatedArguments(request, message, exchange);
    if (message.method === 'subscriptions/listen')
      return this.listeners.serve(reply.response, message, exchange);
    await this.pass(post, received, message);
  }

  /** @param known In a session. */
  private async answer(
    post: Post,
    received: Received,
    message: RpcRequest,
    known?: KnownClient,
  ): Promise<void> {
    const refused = await this.requests.refuseFaulty(post.exchange, received, message);
    if (refused) return post.reply.end(refused);
    await this.pass(post, received, message, known);
  }

  /** To the lane that answers a request whose params are good. */
  private async pass(
    { request, reply, exchange }: Post,
    received: Received,
    message: RpcRequest,
    known?: KnownClient,
  ): Promise<void> {
    const isOurs = this.config.env.MCP_FAST_LANE && this.fastLane.knows(received.era, message.method);
    if (isOurs || known || hasExactIds(message)) {
      const notify = (notification: object) => reply.notify(notification);
      const client = this.requests.clientOf(received, message, known, notify);
      return this.fastLane.serve(reply, exchange, received, message, client);
    }
    const { response } = reply;
    if (received.era === 'modern') return this.sdkLane.serveModern(request, response, message, exchange);
    await this.sdkLane.serveLegacy(request, response, message, exchange, received.version);
  }

  /** JSON-RPC batches, which only 2025-03-26 has. Their calls run side by side, each recorded for itself. */
  private async batch({ reply, exchange }: Post, received: Received, known?: KnownClient): Promise<void> {
    reply.beginsWaiting();
    const answers = received.requests.map((request) =>
      this.requests.answer(exchange, received, request, { known }),
    );
    reply.end(await Promise.all(answers));
  }
}

/** A handshake begins anew, whatever session the client thinks it has. */
function isHandshake({ isBatch, requests }: Received): boolean {
  return !isBatch && requests[0]?.method === 'initialize';
}

/** @throws {HttpRefusal} 404: the client must initialize again. */
function noSession(id: RpcId): never {
  const message = 'Session not found: nothing was executed. Initialize again, then send the request anew';
  throw new HttpRefusal(404, -32_001, message, { id });
}

/** @throws {HttpRefusal} 400: the header names a revision that we do not serve. */
function requireLegacy(version: string): void {
  if (LEGACY_VERSIONS.includes(version)) return;
  const supported = [MODERN_VERSION, ...LEGACY_VERSIONS].join(', ');
  const message = `Bad Request: MCP-Protocol-Version ${cutText(version, 32)} is not supported; supported: ${supported}`;
  throw new HttpRefusal(400, -32_000, message);
}

/** The arguments of a 2026-07-28 call that its tool wants repeated in headers. */
function checkRepeatedArguments(request: IncomingMessage, message: RpcRequest, exchange: Exchange): void {
  const name = message.params?.['name'] as string;
  const definition = toolFor(exchange.catalog(), exchange.caller, name)?.definition;
  if (!definition) return;
  let declared = paramHeaders.get(definition);
  if (!declared) paramHeaders.set(definition, (declared = paramHeadersOf(definition.inputSchema)));
  checkParamHeaders(request.headers, declared, message);
}

/** The revision a request names; none is taken for the last one that did not ask for the header. */
function versionOf(request: IncomingMessage): string {
  return (request.headers['mcp-protocol-version'] as string | undefined)?.trim() ?? BATCH_VERSION;
}

function sessionIdOf(request: IncomingMessage, exchange: Exchange): string | undefined {
  const id = request.headers['mcp-session-id'] as string | undefined;
  return id !== undefined && exchange.catalog().sessions ? id : undefined;
}
