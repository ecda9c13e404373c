import { Injectable, Logger } from '@nestjs/common';
import { ProtocolErrorCode, UnsupportedProtocolVersionError } from '@modelcontextprotocol/server';
import type { IncomingHttpHeaders } from 'node:http';
import { cutText } from '../platform/cut-text.js';
import { Config } from '../platform/config.js';
import { traceOf } from '../platform/errors.js';
import { isPlainObject } from '../platform/plain-object.js';
import { rpcError } from './answers.js';
import { classify } from './classification.js';
import { isExactNumber } from './exact-number.js';
import type { Exchange } from './exchange.js';
import { type CallClient, callClientOf, type KnownClient, type Notify } from './call-client.js';
import { FastLane } from './lanes/fast-lane.js';
import type { RpcAnswer, RpcError, RpcId, RpcRequest } from './rpc-message.js';
import { GroupMethods } from './group-methods.js';
import { HttpRefusal, refusalOf } from './http-refusal.js';
import { type Era, MODERN_VERSION } from './protocol-versions.js';
import { faultOf, faultOfBatch } from './request-check.js';

export type RpcNotification = {
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
};

/** What a client sent, read. Answers of clients are left out: none is asked for anything. */
export type Received = {
  readonly era: Era;
  /** Protocol revision, for the record. */
  readonly version: string;
  readonly isBatch: boolean;
  readonly requests: readonly RpcRequest[];
  readonly notifications: readonly RpcNotification[];
};

const NONE: readonly never[] = [];

/**
 * Reads and answers JSON-RPC messages for every door, so that what is malformed gets the same words over HTTP, in a session, on
 * HTTP+SSE and on a WebSocket, and is on record like any other call.
 */
@Injectable()
export class RpcRequests {
  private readonly logger = new Logger(RpcRequests.name);

  constructor(
    private readonly config: Config,
    private readonly methods: GroupMethods,
    private readonly fastLane: FastLane,
  ) {}

  /**
   * @param headers Of the HTTP request, as far as the transport has one for each message.
   * @param version The revision that a message of the legacy era is sent under.
   * @throws {HttpRefusal} It is no JSON-RPC, or not as its revision has it.
   */
  read(body: unknown, headers: IncomingHttpHeaders, version: string): Received {
    const outcome = classify(headers, body);
    if (outcome.kind === 'reject') {
      const { httpStatus, code, message, data } = outcome;
      throw new HttpRefusal(httpStatus, code, message, { data, id: idOf(body) });
    }
    if (outcome.kind === 'modern') {
      const { revision = 'unknown' } = outcome.classification;
      if (revision !== MODERN_VERSION) throw unsupported(revision, idOf(body));
      return one('modern', MODERN_VERSION, body);
    }
    if (!Array.isArray(body)) return one('legacy', version, body);
    const fault = faultOfBatch(body, version, this.config.env.MCP_BATCH_MAX);
    if (fault) throw new HttpRefusal(400, ProtocolErrorCode.InvalidRequest, fault);
    const requests = body.filter(isRequest);
    const notifications = body.filter(isNotification);
    return { era: 'legacy', version, isBatch: true, requests, notifications };
  }

  /** A call that is refused for its shape, its headers, its revision or its session is a call all the same. */
  async recordRefused(exchange: Exchange, body: unknown, version: string, message: string): Promise<void> {
    const calls = (Array.isArray(body) ? body : [body]).filter(isCall);
    const recorded = calls.slice(0, this.config.env.MCP_BATCH_MAX); // a batch that is too long is refused as a whole
    await Promise.all(
      recorded.map(({ params }) =>
        this.methods.recordMalformedCall(exchange, params, cutText(version, 16), message),
      ),
    );
  }

  /** What is wrong with the params of a request, answered; undefined: nothing is. */
  async refuseFaulty(
    exchange: Exchange,
    { era, version, isBatch }: Received,
    request: RpcRequest,
  ): Promise<RpcAnswer | undefined> {
    const { method, params } = request;
    if (!this.fastLane.knows(era, method)) return undefined;
    const fault =
      isBatch && method === 'initialize' ? 'initialize must not be part of a batch' : faultOf(method, params);
    if (fault === null) return undefined;
    if (method === 'tools/call') await this.methods.recordMalformedCall(exchange, params, version, fault);
    return rpcError(request.id, {
      code: ProtocolErrorCode.InvalidParams,
      message: `Invalid params: ${fault}`,
    });
  }

  /**
   * Answers one request, whatever is wrong with it.
   *
   * @param options.known Of a session or connection, which remembers its client; it takes note of the request, too.
   */
  async answer(
    exchange: Exchange,
    received: Received,
    request: RpcRequest,
    { known, notify }: { readonly known?: KnownClient; readonly notify?: Notify } = {},
  ): Promise<RpcAnswer> {
    try {
      const refused = await this.refuseFaulty(exchange, received, request);
      if (refused) return refused;
      const client = this.clientOf(received, request, known, notify);
      return await this.fastLane.answer(exchange, received, request, client);
    } catch (error) {
      return rpcError(request.id, this.errorOf(error));
    }
  }

  /** Who makes a request; what it settles for those after it is noted. */
  clientOf({ era }: Received, request: RpcRequest, known?: KnownClient, notify?: Notify): CallClient {
    if (!known || era === 'modern') return callClientOf(era, request, notify);
    known.heed(request);
    return known.callClient(request, notify);
  }

  /** What an answer says of a failure; our own bugs are logged and masked. */
  errorOf(error: unknown): RpcError {
    const refusal = refusalOf(error);
    if (refusal) return refusal;
    this.logger.error('An MCP request failed', traceOf(error));
    return { code: ProtocolErrorCode.InternalError, message: 'Internal error' };
  }
}

function one(era: Era, version: string, body: unknown): Received {
  const requests = isRequest(body) ? [body] : NONE;
  const notifications = isNotification(body) ? [body] : NONE;
  return { era, version, isBatch: false, requests, notifications };
}

function unsupported(requested: string, id: RpcId): HttpRefusal {
  const { code, message, data } = new UnsupportedProtocolVersionError({
    supported: [MODERN_VERSION],
    requested,
  });
  return new HttpRefusal(400, code, message, { data, id });
}

function isRequest(message: unknown): message is RpcRequest {
  return isPlainObject(message) && typeof message['method'] === 'string' && message['id'] !== undefined;
}

function isNotification(message: unknown): message is RpcNotification {
  return isPlainObject(message) && typeof message['method'] === 'string' && message['id'] === undefined;
}

function isCall(message: unknown): message is { readonly params?: unknown } {
  return isPlainObject(message) && message['method'] === 'tools/call';
}

/** Null: it cannot be told which request an answer would belong to. */
export function idOf(body: unknown): RpcId {
  const id = isPlainObject(body) ? body['id'] : undefined;
  return typeof id === 'string' || Number.isSafeInteger(id) || isExactNumber(id) ? (id as RpcId) : null;
}
