/** Another tool that helps an agent on after a failure. It is told only to callers who may call it. */
export type ToolHint = {
  readonly tool: string;
  /** After "Call " and the tool's name: `to find the id`. Names no other tool. */
  readonly how: string;
};

type AppErrorOptions = { readonly cause?: unknown; readonly details?: unknown; readonly hint?: ToolHint };

/**
 * A failure that a caller can understand and act on.
 *
 * `code` is stable and machine-readable; `message` says what is wrong and what to do, and may be shown to anyone who
 * is allowed to make the call: it never holds a secret, SQL or a stack. `status` is the HTTP status the REST filter
 * answers with; inside a tool the error becomes an `isError` result with the same message.
 */
export abstract class AppError extends Error {
  abstract readonly code: string;
  abstract readonly status: number;
  /** What to name beside the message, for instance one line per wrong field. Shown to the caller. */
  readonly details?: unknown;
  /** For agents; `message` names no tool, since not everybody has it. */
  readonly hint?: ToolHint;

  constructor(message: string, options: AppErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.details = options.details;
    this.hint = options.hint;
  }
}

/** The thing asked for does not exist, or belongs to another tenant. */
export class NotFoundError extends AppError {
  readonly code = 'not_found';
  readonly status = 404;
}

/** The input is wrong; `details` names each field. Nothing was changed. */
export class InvalidInputError extends AppError {
  readonly code = 'invalid_input';
  readonly status = 400;
}

/** The change contradicts the present state: a name that is taken, an illegal step. Nothing was changed. */
export class ConflictError extends AppError {
  readonly code = 'conflict';
  readonly status = 409;
}

/** The row changed since the caller read it (`If-Match`). Nothing was changed; read it again. */
export class PreconditionFailedError extends AppError {
  readonly code = 'precondition_failed';
  readonly status = 412;
}

/** The `Idempotency-Key` belongs to another request. Nothing was changed. */
export class KeyReusedError extends AppError {
  readonly code = 'idempotency_key_reused';
  readonly status = 422;
}

/** Nobody is signed in, or the credential is wrong, expired or revoked. */
export class UnauthenticatedError extends AppError {
  readonly code = 'unauthenticated';
  readonly status = 401;
}

/** The caller is known but may not do this. */
export class ForbiddenError extends AppError {
  readonly code = 'forbidden';
  readonly status = 403;
}

/** A part we depend on cannot serve now; trying again later may help. */
export class UnavailableError extends AppError {
  readonly code = 'unavailable';
  readonly status = 503;
}

/** Too much of one kind is asked for at once; nothing was done, and `retryAfterSeconds` says when it may be tried again. */
export class BusyError extends UnavailableError {
  constructor(
    message: string,
    readonly retryAfterSeconds: number,
    options: AppErrorOptions = {},
  ) {
    super(message, options);
  }
}

const DATABASE_RETRY_SECONDS = 1;

/** The database does not serve now; no tool and no caller is to blame for it. See `database-faults.ts`. */
export class DatabaseUnavailableError extends BusyError {
  constructor(message: string, options: AppErrorOptions = {}) {
    super(message, DATABASE_RETRY_SECONDS, options);
  }
}

/** The database has as much to do as it may have; the statement that was to be sent was not. */
export class NoConnectionError extends DatabaseUnavailableError {
  constructor() {
    super('No connection to the database became free in time; try again later');
  }
}

/** The caller asks too often; `retryAfterSeconds` says when it may ask again. */
export class TooManyRequestsError extends AppError {
  readonly code = 'too_many_requests';
  readonly status = 429;

  constructor(
    message: string,
    readonly retryAfterSeconds: number,
  ) {
    super(message);
  }
}

/** A reason not to start that the operator can do something about: shown as it is, without a stack. */
export class StartError extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = 'StartError';
  }
}

/** Reads the message of whatever was thrown: anything can be, also a text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Reads where whatever was thrown came from, for the log; of what is no error: its text. */
export function traceOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
