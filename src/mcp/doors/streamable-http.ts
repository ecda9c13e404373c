import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import {
  type InboundModernRoute,
  isJsonContentType,
  ProtocolErrorCode,
  UnsupportedProtocolVersionError,
} from '@modelcontextprotocol/server';
import { Config } from '../../platform/config.js';
import { toolFor } from '../../groups/access-rules.js';
import type { Catalog } from '../../groups/catalog.js';
import { type RpcAnswer, rpcError, sendJson } from '../answers.js';
import type { Exchange } from '../exchange.js';
import { FastLane } from '../lanes/fast-lane.js';
import { CallsUnderWay } from '../calls-under-way.js';
import { classify } from '../classification.js';
import { ClientMemory } from './client-memory.js';
import { type Era, type RpcRequest } from '../lanes/fast-lane.js';
import { GroupMethods } from '../group-methods.js';
import { LEGACY_VERSIONS, MODERN_VERSION } from '../group-methods.js';
import { HttpRefusal } from '../http-refusal.js';
import { isPlainObject } from '../../platform/plain-object.js';
import { Listeners } from '../lanes/listeners.js';
import { bodyLimits, readJsonBody } from '../request-body.js';
import { BATCH_VERSION, faultOf, faultOfBatch } from '../request-check.js';
import { SdkLane } from '../lanes/sdk-lane.js';
import { Sessions } from '../lanes/sessions.js';
import {
  checkParamHeaders,
  checkStandardHeaders,
  type ParamHeader,
  paramHeadersOf,
} from '../standard-headers.js';
import { cutText } from '../../platform/cut-text.js';

const paramHeaders = new WeakMap<object, readonly ParamHeader[]>();

/**
 * The Streamable HTTP endpoint of a group, both eras on one URL: decides the era of each POST, checks what both lanes
 * would check, and hands it to the lane that answers.
 */
@Injectable()
export class StreamableHttp {
  constructor(
    private readonly config: Config,
    private readonly methods: GroupMethods,
    private readonly fastLane: FastLane,
    private readonly sdkLane: SdkLane,
    private readonly listeners: Listeners,
    private readonly sessions: Sessions,
    private readonly clients: ClientMemory,
    private readonly calls: CallsUnderWay,
  ) {}

  serve(request: IncomingMessage, response: ServerResponse, exchange: Exchange): Promise<void> {
    if (request.method === 'POST') return this.post(request, response, exchange);
    const sessionId = sessionIdOf(request, exchange.catalog());
    if (sessionId !== undefined && (request.method === 'GET' || request.method === 'DELETE')) {
      return this.sessions.serve(sessionId, request, response, undefined, exchange);
    }
    response.setHeader('Allow', 'POST');
    throw new HttpRefusal(
      405,
      -32_000,
      `Method ${request.method ?? ''} is not allowed here; send JSON-RPC by POST`,
    );
  }

  private async post(request: IncomingMessage, response: ServerResponse, exchange: Exchange): Promise<void> {
    if (!isJsonContentType(request.headers['content-type'] ?? null)) {
      throw new HttpRefusal(415, -32_000, 'Content-Type must be application/json');
    }
    const body = await readJsonBody(request, bodyLimits(this.config));
    try {
      await this.dispatch(request, response, body, exchange);
    } catch (error) {
      if (error instanceof HttpRefusal) await this.recordRefused(request, body, error, exchange);
      throw error;
    }
  }

  /** A call refused for its headers, its revision or its session is a call all the same. */
  private async recordRefused(
    request: IncomingMessage,
    body: unknown,
    refusal: HttpRefusal,
    exchange: Exchange,
  ): Promise<void> {
    const version = cutText(versionOf(request), 16);
    const calls = requestsOf(body).filter(({ method }) => method === 'tools/call');
    const recorded = calls.slice(0, this.config.env.MCP_BATCH_MAX); // a batch that is too long is refused as a whole
    await Promise.all(
      recorded.map(({ params }) =>
        this.methods.recordMalformedCall(exchange, params, version, refusal.message),
      ),
    );
  }

  private async dispatch(
    request: IncomingMessage,
    response: ServerResponse,
    body: unknown,
    exchange: Exchange,
  ): Promise<void> {
    const outcome = classify(request.headers, body);
    if (outcome.kind === 'reject') {
      const { httpStatus, code, message, data } = outcome;
      throw new HttpRefusal(httpStatus, code, message, { data, id: idOf(body) });
    }
    if (outcome.kind === 'modern') return this.modern(request, response, outcome, exchange);
    if (Array.isArray(body)) this.checkBatch(body, versionOf(request));
    const sessionId = sessionIdOf(request, exchange.catalog());
    if (sessionId !== undefined) {
      this.sessions.check(sessionId, exchange);
      await this.recordFaults(body, versionOf(request), exchange);
      const fault =
        isRequest(body) && body.method === 'logging/setLevel' && faultOf(body.method, body.params);
      if (fault) return this.sendFault(response, body, fault, exchange, versionOf(request));
      return this.sessions.serve(sessionId, request, response, body, exchange);
    }
    const opensSession = outcome.reason === 'initialize' && exchange.catalog().sessions;
    if (opensSession && faultOf('initialize', paramsOf(body)) === null) {
      return this.sessions.open(request, response, body, exchange);
    }
    return this.legacy(request, response, body, exchange);
  }

  private async modern(
    request: IncomingMessage,
    response: ServerResponse,
    route: InboundModernRoute,
    exchange: Exchange,
  ): Promise<void> {
    const { revision } = route.classification;
    if (revision !== MODERN_VERSION) {
      const requested = revision ?? 'unknown';
      const error = new UnsupportedProtocolVersionError({ supported: [MODERN_VERSION], requested });
      throw new HttpRefusal(400, error.code, error.message, { data: error.data, id: idOf(route.message) });
    }
    if (route.messageKind === 'notification') return void response.writeHead(202).end();
    const message = route.message as RpcRequest;
    checkStandardHeaders(request.headers, message);
    const fault = this.fastLane.knows('modern', message.method)
      ? faultOf(message.method, message.params)
      : null;
    if (fault) return this.sendFault(response, message, fault, exchange, MODERN_VERSION);
    if (message.method === 'tools/call') checkRepeatedArguments(request, message, exchange);
    if (this.listeners.takes(request, message)) return this.listeners.listen(response, message, exchange);
    if (!this.takesFastLane('modern', message)) {
      return this.sdkLane.serveModern(request, response, message, exchange);
    }
    await this.fastLane.serve(response, exchange, 'modern', message, MODERN_VERSION);
  }

  private async legacy(
    request: IncomingMessage,
    response: ServerResponse,
    body: unknown,
    exchange: Exchange,
  ): Promise<void> {
    const version = versionOf(request);
    if (!LEGACY_VERSIONS.includes(version)) {
      const supported = [MODERN_VERSION, ...LEGACY_VERSIONS].join(', ');
      const message = `Bad Request: MCP-Protocol-Version ${cutText(version, 32)} is not supported; supported: ${supported}`;
      throw new HttpRefusal(400, -32_000, message, { id: idOf(body) });
    }
    if (Array.isArray(body)) return this.batch(response, body, version, exchange);
    if (!isRequest(body)) {
      if (isCancellation(body)) this.calls.cancel(exchange, body.params.requestId);
      return void response.writeHead(202).end();
    }
    const fault = faultOf(body.method, body.params);
    if (fault) return this.sendFault(response, body, fault, exchange, version);
    if (body.method === 'initialize') this.clients.remember(exchange.client, body.params);
    response.once('close', this.calls.add(exchange, body.id));
    await this.legacyRequest(request, response, body, this.recall(request, exchange));
  }

  private async legacyRequest(
    request: IncomingMessage,
    response: ServerResponse,
    body: RpcRequest,
    { exchange, version }: { readonly exchange: Exchange; readonly version: string },
  ): Promise<void> {
    if (!this.takesFastLane('legacy', body)) {
      return this.sdkLane.serveLegacy(request, response, body, exchange, version);
    }
    await this.fastLane.serve(response, exchange, 'legacy', body, version);
  }

  /** What the record of a call says of its client, when the request itself does not. */
  private recall(request: IncomingMessage, exchange: Exchange): { exchange: Exchange; version: string } {
    const remembered = this.clients.recall(exchange.client);
    const named = request.headers['mcp-protocol-version'] !== undefined;
    return {
      exchange: { ...exchange, appId: exchange.appId ?? remembered?.name },
      version: named ? versionOf(request) : (remembered?.version ?? BATCH_VERSION),
    };
  }

  /** @throws {HttpRefusal} 400: the revision has no batches, or this one is too long. */
  private checkBatch(messages: readonly unknown[], version: string): void {
    const fault = faultOfBatch(messages, version, this.config.env.MCP_BATCH_MAX);
    if (fault) throw new HttpRefusal(400, ProtocolErrorCode.InvalidRequest, fault);
  }

  /** JSON-RPC batches, which only 2025-03-26 has. Their calls run side by side, each recorded for itself. */
  private async batch(
    response: ServerResponse,
    messages: readonly unknown[],
    version: string,
    exchange: Exchange,
  ): Promise<void> {
    const requests = messages.filter(isRequest);
    if (requests.length === 0) return void response.writeHead(202).end();
    sendJson(
      response,
      200,
      await Promise.all(requests.map((request) => this.answerOfBatch(request, version, exchange))),
    );
  }

  private async answerOfBatch(request: RpcRequest, version: string, exchange: Exchange): Promise<RpcAnswer> {
    const fault =
      request.method === 'initialize'
        ? 'initialize must not be part of a batch'
        : faultOf(request.method, request.params);
    if (fault) return this.faultAnswer(request, fault, exchange, version);
    return this.fastLane.answer(exchange, 'legacy', request, version);
  }

  private takesFastLane(era: Era, request: RpcRequest): boolean {
    return this.config.env.MCP_FAST_LANE && this.fastLane.takes(era, request);
  }

  private async sendFault(
    response: ServerResponse,
    request: RpcRequest,
    fault: string,
    exchange: Exchange,
    version: string,
  ): Promise<void> {
    sendJson(response, 200, await this.faultAnswer(request, fault, exchange, version));
  }

  private async faultAnswer(
    request: RpcRequest,
    fault: string,
    exchange: Exchange,
    version: string,
  ): Promise<RpcAnswer> {
    if (request.method === 'tools/call') {
      await this.methods.recordMalformedCall(exchange, request.params, version, fault);
    }
    return rpcError(request.id, {
      code: ProtocolErrorCode.InvalidParams,
      message: `Invalid params: ${fault}`,
    });
  }

  /** In a session the SDK answers malformed calls; that they came is put on record here. */
  private async recordFaults(body: unknown, version: string, exchange: Exchange): Promise<void> {
    for (const message of requestsOf(body)) {
      const fault = message.method === 'tools/call' ? faultOf(message.method, message.params) : null;
      if (fault) await this.methods.recordMalformedCall(exchange, message.params, version, fault);
    }
  }
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

function sessionIdOf(request: IncomingMessage, catalog: Catalog): string | undefined {
  return catalog.sessions ? (request.headers['mcp-session-id'] as string | undefined) : undefined;
}

type Cancellation = { readonly params: { readonly requestId: unknown } };

function isCancellation(message: unknown): message is Cancellation {
  return (
    isPlainObject(message) &&
    message['method'] === 'notifications/cancelled' &&
    isPlainObject(message['params'])
  );
}

function isRequest(message: unknown): message is RpcRequest {
  return isPlainObject(message) && typeof message['method'] === 'string' && message['id'] !== undefined;
}

function requestsOf(body: unknown): RpcRequest[] {
  return (Array.isArray(body) ? body : [body]).filter(isRequest);
}

function paramsOf(body: unknown): unknown {
  return isPlainObject(body) ? body['params'] : undefined;
}

function idOf(body: unknown): string | number | undefined {
  const id = isPlainObject(body) ? body['id'] : undefined;
  return typeof id === 'string' || typeof id === 'number' ? id : undefined;
}
