import type { ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  LOG_LEVEL_META_KEY,
  ProtocolError,
  ProtocolErrorCode,
  SERVER_INFO_META_KEY,
} from '@modelcontextprotocol/server';
import type { Catalog } from '../../groups/catalog.js';
import { type RpcAnswer, rpcError, rpcResult, sendJson, sendParts } from '../answers.js';
import type { Exchange } from '../exchange.js';
import { type CallHooks, GroupMethods } from '../group-methods.js';
import { LEGACY_VERSIONS, MODERN_VERSION, SERVER_INFO } from '../group-methods.js';
import { keyInMeta } from '../idempotency-meta.js';
import { isPlainObject } from '../../platform/plain-object.js';

/** A JSON-RPC request whose shape and params were checked. */
export type RpcRequest = {
  readonly jsonrpc: '2.0';
  readonly id: string | number;
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
};

/** Who makes a call, as far as it said so, and where the tool's log messages go. */
export type CallClient = Pick<CallHooks, 'clientName' | 'clientCapabilities' | 'log'>;

export type Era = 'modern' | 'legacy';

const METHODS: Readonly<Record<Era, ReadonlySet<string>>> = {
  modern: new Set(['tools/call', 'tools/list', 'server/discover']),
  legacy: new Set(['tools/call', 'tools/list', 'initialize', 'ping']),
};

/** Answered with HTTP 400, as the specification asks; every other error of a served request with 200. */
const LACKING_CAPABILITY: number = ProtocolErrorCode.MissingRequiredClientCapability;

/**
 * Answers the frequent requests of stateless clients without a server object, a web `Request` or a stream per request,
 * which is what most of the SDK's time goes into. It answers with one JSON body; what needs more (progress, log
 * messages, sessions, subscriptions) is the SDK lane's. Both lanes answer from {@link GroupMethods}; one table of
 * requests in the tests is run through both and must give the same answers.
 */
@Injectable()
export class FastLane {
  constructor(private readonly methods: GroupMethods) {}

  /** Whether the era has this method and it is one of ours; all others are the SDK's to answer. */
  knows(era: Era, method: string): boolean {
    return METHODS[era].has(method);
  }

  /** Whether one JSON body is all that the request asks for. */
  takes(era: Era, request: RpcRequest): boolean {
    const meta = request.params?.['_meta'];
    const streams =
      isPlainObject(meta) && (meta['progressToken'] !== undefined || meta[LOG_LEVEL_META_KEY] !== undefined);
    return !streams && this.knows(era, request.method);
  }

  /** Answers one request over HTTP. @param version As in {@link answer}. */
  async serve(
    response: ServerResponse,
    exchange: Exchange,
    era: Era,
    request: RpcRequest,
    version: string,
  ): Promise<void> {
    if (request.method === 'tools/list') return this.serveList(response, exchange, era, request);
    const answer = await this.answer(exchange, era, request, version);
    const isLacking = era === 'modern' && 'error' in answer && answer.error.code === LACKING_CAPABILITY;
    sendJson(response, isLacking ? 400 : 200, answer);
  }

  /**
   * @param version Protocol revision of the request, for the record.
   * @param client What a session knows of its client; without one the request itself says it.
   */
  async answer(
    exchange: Exchange,
    era: Era,
    request: RpcRequest,
    version: string,
    client: CallClient = clientOf(request.params ?? {}),
  ): Promise<RpcAnswer> {
    try {
      const result = await this.resultOf(exchange, era, request, { ...client, version });
      return rpcResult(request.id, era === 'modern' ? asModern(result) : result);
    } catch (error) {
      if (error instanceof ProtocolError) return rpcError(request.id, error);
      throw error;
    }
  }

  /** What {@link answer} would say, from text that was made before. */
  private serveList(
    response: ServerResponse,
    exchange: Exchange,
    era: Era,
    { id, params }: RpcRequest,
  ): void {
    try {
      const page = this.methods.listToolsJson(exchange, params?.['cursor'] as string | undefined);
      const head = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{`;
      const rest = era === 'modern' ? `,${JSON.stringify(asModern(this.methods.cacheHint)).slice(1)}}` : '}}';
      sendParts(response, [Buffer.from(head), page, Buffer.from(rest)]);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      sendJson(response, 200, rpcError(id, error));
    }
  }

  private async resultOf(
    exchange: Exchange,
    era: Era,
    request: RpcRequest,
    client: CallClient & { readonly version: string },
  ): Promise<object> {
    const params = request.params ?? {};
    const catalog = exchange.catalog();
    switch (request.method) {
      case 'tools/call':
        return this.methods.callTool(exchange, params as { name: string }, {
          ending: exchange.gone,
          era: client.version,
          clientName: client.clientName,
          clientCapabilities: client.clientCapabilities,
          log: client.log,
          idempotencyKey: keyInMeta(params['_meta']),
        });
      case 'tools/list': {
        const page = this.methods.listTools(exchange, params['cursor'] as string | undefined);
        return era === 'modern' ? { ...page, ...this.methods.cacheHint } : page;
      }
      case 'initialize':
        return this.initialize(catalog, params['protocolVersion'] as string);
      case 'server/discover':
        return this.discover(catalog);
      case 'ping':
        return {};
      default:
        throw new ProtocolError(ProtocolErrorCode.MethodNotFound, 'Method not found');
    }
  }

  private initialize(catalog: Catalog, requested: string) {
    const instructions = this.methods.instructions(catalog);
    return {
      protocolVersion: LEGACY_VERSIONS.includes(requested) ? requested : LEGACY_VERSIONS[0],
      capabilities: this.methods.capabilities({ notifies: false }),
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

function clientOf(params: Readonly<Record<string, unknown>>): CallClient {
  return { clientName: clientNameOf(params), clientCapabilities: capabilitiesOf(params) };
}

function capabilitiesOf(params: Readonly<Record<string, unknown>>): object | undefined {
  const meta = params['_meta'];
  return isPlainObject(meta) ? (meta[CLIENT_CAPABILITIES_META_KEY] as object | undefined) : undefined;
}

/** The client's name as a 2026-07-28 request declares it. */
export function clientNameOf(params: Readonly<Record<string, unknown>>): string | undefined {
  const meta = params['_meta'];
  const info = isPlainObject(meta) ? meta[CLIENT_INFO_META_KEY] : undefined;
  return isPlainObject(info) && typeof info['name'] === 'string' ? info['name'] : undefined;
}
