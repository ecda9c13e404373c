import {
  INVALID_PARAMS,
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  UnauthorizedError,
} from '@modelcontextprotocol/client';
import { cutText } from '../../platform/cut-text.js';
import { AppError, InvalidInputError, messageOf, UnavailableError } from '../../platform/errors.js';
import { ForbiddenAddressError } from '../../platform/network/guarded-http.js';
import { hideSecrets } from './output-tail.js';

const MESSAGE_MAX = 500;

/** The upstream understood the call and refused it. */
export class UpstreamRefusalError extends AppError {
  readonly code = 'upstream_refused';
  readonly status = 502;
}

/** The upstream wants credentials; nobody but a person can help. */
export class SignInNeededError extends UnavailableError {}

/** What an upstream said or what became of the way to it, fit for agents and administrators: no secret, no page of a proxy. */
export function upstreamText(error: unknown, secrets: readonly string[]): string {
  const text = hideSecrets(messageOf(error), secrets)
    .replaceAll(/<[^<>]*>/g, ' ')
    .replaceAll(/https?:\/\/\S+/g, '[address]');
  return cutText(text.replaceAll(/\s+/g, ' ').trim(), MESSAGE_MAX);
}

/** Whether the upstream for certain did not begin the call: it may be made again on another connection. */
export function wasNotBegun(error: unknown): boolean {
  if (error instanceof SdkHttpError) return error.status === 404 || isSessionGone(error);
  return codeOf(error) === 'ECONNREFUSED' || codeOf(error) === 'ENOTFOUND';
}

/** Whether its connection is of no use any more. */
export function isConnectionLost(error: unknown): boolean {
  if (error instanceof SdkHttpError)
    return error.status === 404 || error.status >= 500 || isSessionGone(error);
  if (error instanceof SdkError)
    return [SdkErrorCode.ConnectionClosed, SdkErrorCode.NotConnected, SdkErrorCode.SendFailed].includes(
      error.code,
    );
  return !(error instanceof ProtocolError);
}

function isSessionGone({ status, message }: SdkHttpError): boolean {
  return status === 400 && /session/i.test(message);
}

/** Why an upstream cannot be used. */
export function connectFailure(name: string, error: unknown, secrets: readonly string[]): UnavailableError {
  if (error instanceof UnavailableError) return error;
  if (isUnauthorized(error))
    return new SignInNeededError(`The upstream '${name}' wants credentials, or refuses those it was given`, {
      cause: error,
    });
  return new UnavailableError(`The upstream '${name}' cannot be used: ${reasonOf(error, secrets)}`, {
    cause: error,
  });
}

/** What became of a call, for the pipe to tell. */
export function callFailure(name: string, error: unknown, secrets: readonly string[]): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof ProtocolError) {
    const text = upstreamText(error, secrets);
    if (error.code === INVALID_PARAMS) return new InvalidInputError(text, { cause: error });
    return new UpstreamRefusalError(`The upstream '${name}' refused: ${text}`, { cause: error });
  }
  if (isUnauthorized(error)) return connectFailure(name, error, secrets);
  const isAway = error instanceof SdkError && error.code === SdkErrorCode.ConnectionClosed;
  const what = isAway ? 'went away' : `failed: ${reasonOf(error, secrets)}`;
  return new UnavailableError(`The upstream '${name}' ${what}; the call may have taken effect`, {
    cause: error,
  });
}

function isUnauthorized(error: unknown): boolean {
  if (error instanceof UnauthorizedError) return true;
  return error instanceof SdkHttpError && (error.status === 401 || error.status === 403);
}

function reasonOf(error: unknown, secrets: readonly string[]): string {
  if (error instanceof ForbiddenAddressError || causeOf(error) instanceof ForbiddenAddressError)
    return 'its address lies in a private network (see UPSTREAM_PRIVATE_NETWORKS)';
  if (error instanceof SdkHttpError) return `it answered with HTTP ${error.status}`;
  const code = codeOf(error);
  if (code === 'ENOENT') return 'there is no such program or folder';
  return code === undefined ? upstreamText(error, secrets) : code;
}

/** Of Node's own errors; libraries wrap them. */
function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  if (typeof code === 'string' && /^E[A-Z_]+$/.test(code) && !(error instanceof SdkError)) return code;
  const cause = causeOf(error);
  return cause === undefined ? undefined : codeOf(cause);
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
