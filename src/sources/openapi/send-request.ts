import type { IncomingMessage } from 'node:http';
import { AppError, ForbiddenError, UnavailableError } from '../../platform/errors.js';
import { ForbiddenAddressError, type HttpMethod, openGuarded } from '../../platform/network/guarded-http.js';
import { cutText } from '../../platform/cut-text.js';
import type { FormedRequest } from './form-request.js';

const REDIRECTS_MAX = 5;
const HEADERS_SENT = { 'user-agent': 'toolcrib', 'accept-encoding': 'gzip, deflate, br' };
/** What stays of a request's headers when it is sent on to another host: nothing that could show who calls. */
const KEPT_ABROAD = new Set(['accept', 'accept-language', 'content-type']);

/** The API sent its client to a place where this request cannot follow. */
export class RedirectError extends AppError {
  readonly code = 'redirected';
  readonly status = 502;
}

export type SendOptions = {
  readonly accept: string;
  readonly signal: AbortSignal;
  /** Whether addresses of private networks may be connected to. */
  readonly privateNetworks: boolean;
};

/**
 * Sends a request to an API, through the fence that all addresses pass which somebody gave us, and follows redirects: to another host without
 * credentials, cookies or own headers, and only where nothing but an address is sent.
 *
 * @returns The answer, whatever its status; its body is not read yet.
 * @throws {UnavailableError} Nothing was answered.
 * @throws {ForbiddenError} The address is one of a private network.
 */
export async function sendRequest(request: FormedRequest, options: SendOptions): Promise<IncomingMessage> {
  let at = request;
  for (let count = 0; count <= REDIRECTS_MAX; count++) {
    const answer = await open(at, options);
    const next = redirectOf(at, answer);
    if (!next) return answer;
    answer.resume().on('error', () => undefined);
    at = next;
  }
  throw new RedirectError(`The API redirects more than ${REDIRECTS_MAX} times`);
}

async function open(
  { method, url, headers, cookies, body }: FormedRequest,
  { accept, signal, privateNetworks }: SendOptions,
) {
  const all = {
    ...HEADERS_SENT,
    accept,
    ...headers,
    ...(cookies.length > 0 && { cookie: cookies.join('; ') }),
  };
  try {
    return await openGuarded(url, {
      method: method as HttpMethod,
      headers: all,
      ...(body && { body }),
      signal,
      privateNetworks,
    });
  } catch (error) {
    throw failureOf(error, signal);
  }
}

/** What went wrong on the way, without an address or a header. */
export function failureOf(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return error;
  if (error instanceof ForbiddenAddressError)
    return new ForbiddenError(
      'The address of the API lies in a private network, which this installation does not allow (SOURCE_PRIVATE_NETWORKS)',
      { cause: error },
    );
  const { code = 'unknown' } = error as { readonly code?: string };
  return new UnavailableError(`The API cannot be reached (${code})`, { cause: error });
}

function redirectOf(
  request: FormedRequest,
  { statusCode: status = 0, headers }: IncomingMessage,
): FormedRequest | undefined {
  const { location } = headers;
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined;
  if (!URL.canParse(location, request.url.href))
    throw new RedirectError('The API redirects to what is no address');
  const url = new URL(location, request.url);
  const isSafe = request.method === 'GET' || request.method === 'HEAD';
  if (!['http:', 'https:'].includes(url.protocol))
    throw new RedirectError(`The API redirects to ${cutText(url.protocol, 20)}, not to http`);
  if (request.url.protocol === 'https:' && url.protocol === 'http:')
    throw new RedirectError(
      'The API redirects from https to http: what is sent there could be read by others',
    );
  const isAbroad = url.origin !== request.url.origin;
  // The outcome is there: what was asked for was done, and is not sent again.
  if (!isSafe && (status === 302 || status === 303))
    return { ...sentOn(request, url, isAbroad), method: 'GET', body: undefined };
  if (!isSafe && isAbroad)
    throw new RedirectError(
      `The API redirects to another host (${cutText(url.host, 100)}), where a request that changes things is not sent. Set the API's base URL to that host if it is right`,
    );
  return sentOn(request, url, isAbroad);
}

function sentOn(request: FormedRequest, url: URL, isAbroad: boolean): FormedRequest {
  if (!isAbroad) return { ...request, url };
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => KEPT_ABROAD.has(name)),
  );
  return { ...request, url, headers, cookies: [] };
}
