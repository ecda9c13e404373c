import type { IncomingMessage } from 'node:http';
import { ForbiddenAddressError, openGuarded, readBounded } from '../platform/network/guarded-http.js';
import { AgentFailure, failureOf } from './agent-failure.js';
import { readRetryAfter } from '../platform/network/retry-after.js';

const ERROR_BODY_MAX_BYTES = 65_536;
const JSON_BODY_MAX_BYTES = 1_048_576;

export type DifyRequest = {
  readonly method: 'GET' | 'POST';
  /** With the API's path; see `normalizeBaseUrl`. */
  readonly baseUrl: string;
  /** Relative to the base URL. */
  readonly path: string;
  readonly apiKey: string;
  readonly body?: object;
  readonly signal: AbortSignal;
  /** Whether addresses of private networks may be connected to. */
  readonly privateNetworks: boolean;
};

/**
 * Sends one request to Dify's service API: see {@link openGuarded} for where it may lie.
 *
 * @returns The answer with status 200, its body not read yet.
 * @throws {AgentFailure} Any other answer, or none. When the signal fired, whatever comes of that.
 */
export async function openDify(request: DifyRequest): Promise<IncomingMessage> {
  const text = `${request.baseUrl}/${request.path}`;
  if (!URL.canParse(text)) throw new AgentFailure('not_found', 'The base URL is none; give it anew');
  const url = new URL(text);
  const response = await send(url, request);
  if (response.statusCode === 200) return response;
  throw await readFailure(response, request.apiKey);
}

/** @returns The body as JSON. @throws {AgentFailure} As {@link openDify}, or the body is none. */
export async function askDifyForJson(request: DifyRequest): Promise<unknown> {
  const text = await readText(await openDify(request), JSON_BODY_MAX_BYTES);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AgentFailure('bad_answer', `${request.path} did not answer with JSON; check the base URL`, {
      cause,
    });
  }
}

async function send(url: URL, request: DifyRequest): Promise<IncomingMessage> {
  const { method, apiKey, signal, privateNetworks } = request;
  const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
  const headers = {
    authorization: `Bearer ${apiKey}`,
    accept: 'text/event-stream, application/json',
    'accept-encoding': 'identity',
    'user-agent': 'toolcrib',
    ...(body && { 'content-type': 'application/json' }),
  };
  try {
    return await openGuarded(url, { method, headers, body, signal, privateNetworks });
  } catch (error) {
    throw toFailure(error);
  }
}

function forbiddenAddress(): AgentFailure {
  return new AgentFailure(
    'forbidden_address',
    'The base URL leads to a private network, which this installation does not allow (AGENT_PRIVATE_NETWORKS)',
  );
}

/** What went wrong on the way, without an address or a header. */
export function toFailure(error: unknown): AgentFailure {
  if (error instanceof AgentFailure) return error;
  if (error instanceof ForbiddenAddressError) return forbiddenAddress();
  const { code = 'unknown' } = error as { readonly code?: string };
  if (code === 'ABORT_ERR') return new AgentFailure('timeout', 'No answer in time', { cause: error });
  return new AgentFailure('network', `Dify cannot be reached (${code})`, { cause: error });
}

async function readFailure(response: IncomingMessage, apiKey: string): Promise<AgentFailure> {
  const text = await readText(response, ERROR_BODY_MAX_BYTES).catch(() => '');
  const { code, message } = parseError(text);
  const retryAfterMs = readRetryAfter(response.headers['retry-after']);
  return failureOf({ status: response.statusCode ?? 0, code, message, retryAfterMs }, apiKey);
}

function parseError(text: string): { code?: string; message?: string } {
  try {
    const { code, message } = JSON.parse(text) as { code?: unknown; message?: unknown };
    return {
      ...(typeof code === 'string' && { code }),
      ...(typeof message === 'string' && { message }),
    };
  } catch {
    return {}; // a page of a proxy on the way, or nothing
  }
}

async function readText(response: IncomingMessage, maxBytes: number): Promise<string> {
  const text = await readBounded(response, maxBytes).catch((error: unknown) => {
    throw toFailure(error);
  });
  if (text === undefined) throw new AgentFailure('bad_answer', `The answer has more than ${maxBytes} bytes`);
  return text;
}
