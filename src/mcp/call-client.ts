import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  LOG_LEVEL_META_KEY,
  type LoggingLevel,
} from '@modelcontextprotocol/server';
import { isPlainObject } from '../platform/plain-object.js';
import type { CallHooks } from './group-methods.js';
import { isLoggingLevel, isSevere } from './log-levels.js';
import { type Era, LEGACY_VERSIONS } from './protocol-versions.js';
import type { RpcRequest } from './rpc-message.js';

/** Who makes a call, as far as it said so, and where goes what the tool says before its result. */
export type CallClient = Pick<CallHooks, 'clientName' | 'clientCapabilities' | 'log' | 'progress'> & {
  /** Whether there is a stream on which the client hears of changes. */
  readonly notifies: boolean;
};

/** Sends a notification that belongs to the request being answered. */
export type Notify = (message: object) => void;

type Said = {
  readonly clientName: string | undefined;
  readonly clientCapabilities: object | undefined;
  /** From which severity on it wants log messages; undefined: none. */
  readonly logLevel: string | undefined;
};

/** A client of the legacy era without a handshake that is remembered: it cannot set a level, so it gets no log messages. */
const NOTHING: Said = { clientName: undefined, clientCapabilities: undefined, logLevel: undefined };

/** What a client of the legacy era settled in its handshake, where there is a session or a connection to remember it in. */
export class KnownClient {
  private said: Said = { clientName: undefined, clientCapabilities: undefined, logLevel: 'debug' };
  /** Settled by `initialize`; until then what a request without a version header is taken for. */
  version: string;
  /** Whether there was a handshake, without which nobody is told of changes. */
  isInitialized = false;

  constructor(version: string) {
    this.version = version;
  }

  /** Takes note of what a request settles; its params were checked. */
  heed({ method, params = {} }: RpcRequest): void {
    if (method === 'logging/setLevel' && isLoggingLevel(params['level']))
      this.said = { ...this.said, logLevel: params['level'] };
    if (method !== 'initialize') return;
    const info = params['clientInfo'] as { readonly name: string };
    const clientCapabilities = params['capabilities'] as object;
    this.said = { ...this.said, clientName: info.name, clientCapabilities };
    this.version = settledVersion(params['protocolVersion']);
    this.isInitialized = true;
  }

  callClient(request: RpcRequest, notify: Notify | undefined): CallClient {
    return withHooks(request, this.said, notify, true);
  }
}

/** The revision that a handshake settles on. */
export function settledVersion(requested: unknown): string {
  return LEGACY_VERSIONS.find((version) => version === requested) ?? LEGACY_VERSIONS[0];
}

/** The client of a request that stands for itself. */
export function callClientOf(era: Era, request: RpcRequest, notify?: Notify): CallClient {
  return withHooks(request, era === 'modern' ? saidIn(request) : NOTHING, notify, era === 'modern');
}

/** The client's name as a 2026-07-28 request declares it. */
export function clientNameOf(params: Readonly<Record<string, unknown>>): string | undefined {
  const info = metaOf(params)?.[CLIENT_INFO_META_KEY];
  return isPlainObject(info) && typeof info['name'] === 'string' ? info['name'] : undefined;
}

function saidIn({ params = {} }: RpcRequest): Said {
  const meta = metaOf(params);
  return {
    clientName: clientNameOf(params),
    clientCapabilities: meta?.[CLIENT_CAPABILITIES_META_KEY] as object | undefined,
    logLevel: meta?.[LOG_LEVEL_META_KEY] as LoggingLevel | undefined,
  };
}

function withHooks(
  { params = {} }: RpcRequest,
  { clientName, clientCapabilities, logLevel }: Said,
  notify: Notify | undefined,
  notifies: boolean,
): CallClient {
  const progressToken = metaOf(params)?.['progressToken'];
  const progress: CallClient['progress'] =
    notify && progressToken !== undefined
      ? (done, total, message) =>
          notify(notification('notifications/progress', { progressToken, progress: done, total, message }))
      : undefined;
  const log: CallClient['log'] =
    notify && logLevel !== undefined
      ? (level, data) => {
          if (isSevere(level, logLevel)) notify(notification('notifications/message', { level, data }));
        }
      : undefined;
  return { clientName, clientCapabilities, progress, log, notifies };
}

function notification(method: string, params: object) {
  return { jsonrpc: '2.0', method, params };
}

function metaOf(params: Readonly<Record<string, unknown>>): Record<string, unknown> | undefined {
  const { _meta: meta } = params;
  return isPlainObject(meta) ? meta : undefined;
}
