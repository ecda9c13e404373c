import { deserialize, serialize } from 'node:v8';
import type { MessagePort } from 'node:worker_threads';
import type { ToolCaller } from '../../access/caller.js';
import { AppError, InvalidInputError, type ToolHint } from '../../platform/errors.js';
import type { ToolLogger } from '../mcp-tool.decorator.js';
import type { JsonObject } from '../tool-definition.js';
import { ResultFault, ToolContent } from '../tool-result.js';

/** A method that a thread can find by itself. */
export type ThreadTarget = {
  /** File URL of the compiled module that exports the class. */
  readonly module: string;
  readonly className: string;
  readonly method: string;
};

/** One call, as it is sent into a thread. */
export type ThreadTask = ThreadTarget & {
  readonly args: JsonObject;
  readonly caller: ToolCaller;
  readonly groupId: string;
  readonly resultMaxBytes: number;
  readonly config: JsonObject;
  /** Longest outcome in bytes that may come back. */
  readonly maxBytes: number;
  /** Takes {@link AbortMessage}, sends {@link ThreadMessage}. */
  readonly control: MessagePort;
};

export type AbortMessage = { readonly reason: string };

/** What a running tool tells the outside. */
export type ThreadMessage =
  | {
      readonly kind: 'progress';
      readonly done: number;
      readonly total: number | undefined;
      readonly message: string | undefined;
    }
  | { readonly kind: 'log'; readonly level: keyof ToolLogger; readonly message: string };

export type HostLimits = { readonly threads: number; readonly memoryMiB: number; readonly idleMs: number };

/** From the service to the process that holds the threads. */
export type HostRequest =
  | { readonly kind: 'run'; readonly id: number; readonly task: Omit<ThreadTask, 'control'> }
  | { readonly kind: 'abort'; readonly id: number; readonly reason: string };

/** And back: any number of messages, then one of the others. */
export type HostAnswer =
  | { readonly kind: 'message'; readonly id: number; readonly message: ThreadMessage }
  | { readonly kind: 'outcome'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'out_of_memory'; readonly id: number }
  | { readonly kind: 'lost'; readonly id: number; readonly message: string; readonly wasShared?: boolean };

/** The one place that posts: what the linter asks of `window.postMessage` a port does not have. */
export function send(port: MessagePort, message: AbortMessage | ThreadMessage): void {
  port.postMessage(message, []);
}

type Failure = {
  readonly message: string;
  readonly stack?: string | undefined;
  /** Of an `AppError`: what it says is for the agent. */
  readonly app?: {
    readonly code: string;
    readonly status: number;
    readonly details: unknown;
    readonly hint: ToolHint | undefined;
  };
};

type Outcome =
  | { readonly kind: 'data'; readonly data: unknown }
  | { readonly kind: 'content'; readonly content: ToolContent['content']; readonly structured: unknown }
  | { readonly kind: 'fault'; readonly what: string }
  | { readonly kind: 'failure'; readonly failure: Failure };

/** The process ended in which this and other calls ran: nobody knows whose fault that was. */
export class SharedEndError extends Error {}

/** The work or its result is larger than it may be; asking for less helps, waiting does not. */
export class TooLargeError extends AppError {
  readonly code = 'too_large';
  readonly status = 413;
}

/** An `AppError` that was thrown in a thread. */
class ThreadAppError extends AppError {
  constructor(
    message: string,
    readonly code: string,
    readonly status: number,
    options: { readonly details: unknown; readonly hint?: ToolHint },
  ) {
    super(message, options);
  }
}

/**
 * What a tool returned, in bytes that can be handed over without being copied.
 *
 * @returns A fault's bytes when it cannot be cloned (a function in it, say), a failure's when it is larger than `maxBytes`: it must not
 *   reach the thread that everyone shares.
 */
export function encodeResult(data: unknown, maxBytes: number): Uint8Array {
  const outcome: Outcome =
    data instanceof ToolContent
      ? { kind: 'content', content: data.content, structured: data.structuredContent }
      : { kind: 'data', data };
  let bytes: Uint8Array;
  try {
    bytes = serialize(outcome);
  } catch {
    return serialize({
      kind: 'fault',
      what: 'what cannot leave its thread, a function say',
    } satisfies Outcome);
  }
  if (bytes.byteLength <= maxBytes) return bytes;
  return encodeFailure(
    new TooLargeError(
      `The result is ${bytes.byteLength} bytes, more than the ${maxBytes} that may leave its thread. Ask for less.`,
    ),
  );
}

/** Whatever was thrown, also what is no `Error`. */
export function encodeFailure(thrown: unknown): Uint8Array {
  const isError = thrown instanceof Error;
  const failure: Failure = {
    message: isError ? thrown.message : `Not an error was thrown: ${describe(thrown)}`,
    ...(isError && { stack: thrown.stack }),
    ...(thrown instanceof AppError && {
      app: { code: thrown.code, status: thrown.status, details: thrown.details, hint: thrown.hint },
    }),
  };
  return serialize({ kind: 'failure', failure } satisfies Outcome);
}

/**
 * @returns What the tool returned.
 * @throws {ResultFault} It returned what cannot be copied.
 * @throws What the tool threw: an `AppError` with the same code, else an `Error` with the thread's stack.
 */
export function decodeOutcome(bytes: Uint8Array): unknown {
  const outcome = deserialize(bytes) as Outcome;
  if (outcome.kind === 'data') return outcome.data;
  if (outcome.kind === 'content')
    return new ToolContent(outcome.content, outcome.structured as JsonObject | undefined);
  if (outcome.kind === 'fault') throw new ResultFault(outcome.what);
  const { message, stack, app } = outcome.failure;
  if (app?.code === 'invalid_input') throw new InvalidInputError(message, app);
  if (app) throw new ThreadAppError(message, app.code, app.status, app);
  throw Object.assign(new Error(message), stack === undefined ? {} : { stack });
}

function describe(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return typeof thrown;
  }
}
