import type { Verdict } from '../tools/breakers/circuit.js';
import { redactText } from '../platform/secrets/redact.js';
import { cutText } from '../platform/cut-text.js';

/**
 * Why an agent gave no answer. Of these, `rate_limited`, `server_error`, `network` and `dropped` may pass by themselves and are
 * worth another try.
 */
export type FailureKind =
  | 'unauthorized' // 401: the key is wrong
  | 'forbidden' // 403: the API is off, the app or its workspace is gone
  | 'not_found' // 404: the base URL leads elsewhere
  | 'not_ready' // 400: the app is not published, has no model or no quota
  | 'missing_inputs' // a required input has no value
  | 'refused' // 400: whatever else the app says no to
  | 'failed' // the run failed inside the app
  | 'rate_limited' // 429
  | 'server_error' // 5xx
  | 'network' // no connection, or none that could be trusted
  | 'dropped' // the connection broke before the answer was whole
  | 'timeout'
  | 'forbidden_address' // a private address, and the settings do not allow one
  | 'bad_answer' // not what Dify would say
  | 'empty'
  | 'too_large'
  | 'paused' // the workflow waits for a person
  | 'no_key' // the stored key does not open: another master key is in use
  | 'cancelled'; // by whoever asked

const PASSING: readonly FailureKind[] = ['rate_limited', 'server_error', 'network', 'dropped'];
/** Of these the agent knows nothing. */
const NOT_ASKED: readonly FailureKind[] = ['missing_inputs', 'cancelled'];
const MESSAGE_MAX = 300;
/** Dify's own names of what an administrator of the app has to put right. */
const NOT_READY_CODES = [
  'agent_not_published',
  'app_unavailable',
  'provider_not_initialize',
  'provider_quota_exceeded',
  'model_currently_not_support',
  'completion_request_error',
];
/** Also said of an app that is of another kind than the route. */
const MODE_CODES = ['not_chat_app', 'not_workflow_app', 'not_completion_app', 'app_unavailable'];

type FailureOptions = {
  readonly cause?: unknown;
  /** Dify's name of the error. */
  readonly code?: string;
  /** HTTP status, also of an error in the middle of a stream. */
  readonly status?: number;
  readonly retryAfterMs?: number;
};

/** An agent gave no answer. The message is for administrators; it never holds the key. */
export class AgentFailure extends Error {
  readonly code: string | undefined;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(
    readonly kind: FailureKind,
    message: string,
    options: FailureOptions = {},
  ) {
    super(cutText(redactText(message), MESSAGE_MAX), { cause: options.cause });
    this.name = 'AgentFailure';
    this.code = options.code;
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** Whether asking again may help. */
  get mayPass(): boolean {
    return PASSING.includes(this.kind);
  }

  /** For the circuit breaker: an app that refuses a question is well. */
  get verdict(): Verdict {
    if (NOT_ASKED.includes(this.kind)) return 'none';
    return this.kind === 'refused' ? 'good' : 'bad';
  }

  /** Whether the app may be of another mode than we have on file. */
  get mayBeWrongMode(): boolean {
    return this.code !== undefined && MODE_CODES.includes(this.code);
  }
}

/** What Dify says when it fails: as the body of an HTTP error, or as an `error` event of a stream that began well. */
export type DifyError = {
  readonly status: number;
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly retryAfterMs?: number | undefined;
};

/** @param secret The key: Dify, or a proxy before it, might repeat it. */
export function failureOf({ status, code, message, retryAfterMs }: DifyError, secret: string): AgentFailure {
  const said = [code, message].filter((part) => part !== undefined && part !== '').join(': ');
  const text = `Dify answered ${status}${said === '' ? '' : `, ${said}`}`.replaceAll(secret, '[redacted]');
  const options: FailureOptions = {
    status,
    ...(code !== undefined && { code: cutText(code, 64) }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
  return new AgentFailure(kindOf(status, code, message), text, options);
}

function kindOf(status: number, code = '', message = ''): FailureKind {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not_found';
  if (status === 429) return 'rate_limited';
  if (status >= 500) return 'server_error';
  if (status >= 300 && status < 400) return 'bad_answer'; // redirects are not followed: the key would go elsewhere
  if (/is required in input form/.test(message)) return 'missing_inputs';
  return NOT_READY_CODES.includes(code) ? 'not_ready' : 'refused';
}
