import { ProtocolErrorCode } from '@modelcontextprotocol/server';
import { databaseUnavailability } from '../platform/database/database-faults.js';
import { UnavailableError } from '../platform/errors.js';
import type { RpcId } from './rpc-message.js';

type Options = {
  readonly data?: unknown;
  readonly id?: RpcId;
  /** The rest of the request is not read, so the connection ends with the answer. */
  readonly closes?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
};

/** A request that is answered before it becomes a call: the HTTP status and the JSON-RPC error that goes with it. */
export class HttpRefusal extends Error {
  readonly data?: unknown;
  readonly id?: RpcId;
  readonly closes: boolean;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly status: number,
    readonly code: number,
    message: string,
    { data, id, closes = false, headers = {} }: Options = {},
  ) {
    super(message);
    this.data = data;
    this.id = id;
    this.closes = closes;
    this.headers = headers;
  }

  /** The same, as the answer to this request. */
  of(id: RpcId): HttpRefusal {
    const { status, code, message, data, closes, headers } = this;
    return new HttpRefusal(status, code, message, { data, id, closes, headers });
  }
}

/** 503: of something that a replica has so much of only, its caller's share is the largest, and none of it is to be spared. */
export function noRoom(message: string): HttpRefusal {
  return new HttpRefusal(503, -32_000, message, {
    headers: { 'Retry-After': String(NO_ROOM_RETRY_SECONDS) },
  });
}

const NO_ROOM_RETRY_SECONDS = 30;

/** The refusal that an error stands for; undefined: it is a fault of ours. */
export function refusalOf(error: unknown): HttpRefusal | undefined {
  if (error instanceof HttpRefusal) return error;
  const told = databaseUnavailability(error) ?? error;
  if (!(told instanceof UnavailableError)) return undefined;
  const headers = { 'Retry-After': '1' };
  return new HttpRefusal(503, ProtocolErrorCode.InternalError, told.message, { headers });
}
