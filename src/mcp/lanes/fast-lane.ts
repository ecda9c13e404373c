import { wellFormedJson } from '../../platform/well-formed-json.js';
import { Injectable } from '@nestjs/common';
import { ProtocolError, ProtocolErrorCode, SERVER_INFO_META_KEY } from '@modelcontextprotocol/server';
import type { Catalog } from '../../groups/catalog.js';
import { rpcError, rpcResult, sendJson, sendParts } from '../answers.js';
import { type CallClient, callClientOf, settledVersion } from '../call-client.js';
import type { Exchange } from '../exchange.js';
import { GroupMethods, SERVER_INFO } from '../group-methods.js';
import type { HttpReply } from '../http-reply.js';
import { keyInMeta } from '../idempotency-meta.js';
import { type Era, MODERN_VERSION } from '../protocol-versions.js';
import type { RpcAnswer, RpcRequest } from '../rpc-message.js';

/** @param version Protocol revision of the request, for the record. */
type Served = { readonly era: Era; readonly version: string };

const METHODS: Readonly<Record<Era, ReadonlySet<string>>> = {
  modern: new Set(['tools/call', 'tools/list', 'server/discover', 'subscriptions/listen']),
  legacy: new Set(['tools/call', 'tools/list', 'initialize', 'ping', 'logging/setLevel']),
};

/** Errors that 2026-07-28 answers with an HTTP status of their own; every other one of a served request with 200. */
const MODERN_STATUS: Readonly<Record<number, number>> = {
  [ProtocolErrorCode.MissingRequiredClientCapability]: 400,
  [ProtocolErrorCode.MethodNotFound]: 404,
};

/**
 * Answers requests without a server object, a web `Request` or a stream per request, which is what most of the SDK's time goes
 * into. Both lanes answer from {@link GroupMethods}; one table of requests in the tests is run through both and must give the
 * same answers.
 */
@Injectable()
export class FastLane {
  constructor(private readonly methods: GroupMethods) {}

  /** Whether the era has this method and it is one of ours; of all others we know nothing. */
  knows(era: Era, method: string): boolean {
    return METHODS[era].has(method);
  }

  /** Answers one request over HTTP. */
  async serve(
    reply: HttpReply,
    exchange: Exchange,
    served: Served,
    request: RpcRequest,
    client: CallClient,
  ): Promise<void> {
    if (request.method === 'tools/list') return this.serveList(reply, exchange, served.era, request);
    if (request.method === 'tools/call') reply.beginsWaiting();
    const answer = await this.answer(exchange, served, request, client);
    const isError = served.era === 'modern' && 'error' in answer;
    reply.end(answer, isError ? MODERN_STATUS[answer.error.code] : 200);
  }

  /** @param client What a session knows of its client; without one the request itself says it. */
  async answer(
    exchange: Exchange,
    served: Served,
    request: RpcRequest,
    client: CallClient = callClientOf(served.era, request),
  ): Promise<RpcAnswer> {
    try {
      const result = await this.resultOf(exchange, served, request, client);
      return rpcResult(request.id, served.era === 'modern' ? asModern(result) : result);
    } catch (error) {
      if (error instanceof ProtocolError) return rpcError(request.id, error);
      throw error;
    }
  }

  /** What {@link answer} would say, from text that was made before. */
  private serveList({ response }: HttpReply, exchange: Exchange, era: Era, { id, params }: RpcRequest): void {
    try {
      const page = this.methods.listToolsJson(exchange, params?.['cursor'] as string | undefined);
      const head = `{"jsonrpc":"2.0","id":${wellFormedJson(id)},"result":{`;
      const rest = era === 'modern' ? `,${wellFormedJson(asModern(this.methods.cacheHint)).slice(1)}}` : '}}';
      sendParts(response, [Buffer.from(head), page, Buffer.from(rest)]);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      sendJson(response, 200, rpcError(id, error));
    }
  }

  private async resultOf(
    exchange: Exchange,
    { era, version }: Served,
    request: RpcRequest,
    client: CallClient,
  ): Promise<object> {
    const params = request.params ?? {};
    const { clientName, clientCapabilities, log, progress } = client;
    switch (this.knows(era, request.method) ? request.method : '') {
      case 'tools/call':
        return this.methods.callTool(exchange, params as { name: string }, {
          ending: exchange.gone,
          era: version,
          clientName,
          clientCapabilities,
          log,
          progress,
          idempotencyKey: keyInMeta(params['_meta']),
        });
      case 'tools/list': {
        const page = this.methods.listTools(exchange, params['cursor'] as string | undefined);
        return era === 'modern' ? { ...page, ...this.methods.cacheHint } : page;
      }
      case 'initialize':
        return this.initialize(exchange.catalog(), params['protocolVersion'] as string, client);
      case 'server/discover':
        return this.discover(exchange.catalog());
      case 'ping':
        return {};
      case 'logging/setLevel': // those who remember the level have done so
        if (client.notifies) return {};
        break;
      default:
    }
    throw new ProtocolError(ProtocolErrorCode.MethodNotFound, 'Method not found');
  }

  private initialize(catalog: Catalog, requested: string, { notifies }: CallClient) {
    const instructions = this.methods.instructions(catalog);
    return {
      protocolVersion: settledVersion(requested),
      capabilities: this.methods.capabilities({ notifies }),
      serverInfo: SERVER_INFO,
      ...(instructions !== undefined && { instructions }),
    };
  }

  private discover(catalog: Catalog) {
    const instructions = this.methods.instructions(catalog);
    return {
      supportedVersions: [MODERN_VERSION],
      capabilities: this.methods.capabilities({ notifies: true }),
      ...(instructions !== undefined && { instructions }),
      ...this.methods.cacheHint,
    };
  }
}

/** What every 2026-07-28 result carries besides its own members. */
function asModern(result: object): object {
  const meta = '_meta' in result ? result._meta : undefined;
  return {
    ...result,
    resultType: 'complete',
    _meta: { ...(meta as object | undefined), [SERVER_INFO_META_KEY]: SERVER_INFO },
  };
}
