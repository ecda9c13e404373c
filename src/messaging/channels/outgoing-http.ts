import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { ForbiddenAddressError, openGuarded, readBounded } from '../../platform/network/guarded-http.js';
import { readRetryAfter } from '../../platform/network/retry-after.js';
import { DeliveryFailure } from './channel.js';

const ANSWER_MAX_BYTES = 65_536;

export type Post = {
  readonly url: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
  readonly signal: AbortSignal;
  readonly privateNetworks: boolean;
};

export type PostAnswer = {
  readonly status: number;
  readonly text: string;
  /** When the receiver wants to be asked again, if it said. */
  readonly retryAfterMs: number | undefined;
};

/**
 * Posts once: see {@link openGuarded} for where to, and that redirects are not followed.
 *
 * @returns What was answered, whatever its status.
 * @throws {DeliveryFailure} Nothing was answered.
 */
export async function post({ url, headers, ...request }: Post): Promise<PostAnswer> {
  const withAgent = { 'user-agent': 'toolcrib', 'accept-encoding': 'identity', ...headers };
  try {
    const response = await openGuarded(new URL(url), { method: 'POST', headers: withAgent, ...request });
    const retryAfterMs = readRetryAfter(response.headers['retry-after']);
    return { status: response.statusCode ?? 0, text: await textOf(response), retryAfterMs };
  } catch (error) {
    throw failureOfConnection(error);
  }
}

/** @throws {DeliveryFailure} The status is none of success. */
export function requireSuccess({ status, retryAfterMs }: PostAnswer): void {
  if (status >= 200 && status < 300) return;
  const isTemporary = [408, 425, 429].includes(status) || status >= 500;
  const hint = status >= 300 && status < 400 ? '; redirects are not followed' : '';
  throw new DeliveryFailure(`The receiver answered ${status}${hint}`, { isTemporary, status, retryAfterMs });
}

/** What went wrong on the way, without an address. */
export function failureOfConnection(error: unknown): DeliveryFailure {
  if (error instanceof DeliveryFailure) return error;
  if (error instanceof ForbiddenAddressError)
    return new DeliveryFailure(
      'The address leads to a private network, which this installation does not allow (NOTIFICATION_PRIVATE_NETWORKS)',
      { isTemporary: false, cause: error },
    );
  const { code = 'unknown', name } = error as { readonly code?: string; readonly name?: string };
  const isLate = code === 'ABORT_ERR' || name === 'TimeoutError' || name === 'AbortError';
  const message = isLate ? 'No answer in time' : `The receiver cannot be reached (${code})`;
  return new DeliveryFailure(message, { isTemporary: true, cause: error });
}

/** What is beyond the limit does not matter: the status says how it went. */
async function textOf(response: IncomingMessage): Promise<string> {
  return (await readBounded(response, ANSWER_MAX_BYTES)) ?? '';
}
