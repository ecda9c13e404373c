import { Injectable, Logger } from '@nestjs/common';
import { QueryFailedError } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Caller } from '../auth/caller.js';
import type { CallErrorKind } from '../call-logs/call-log.entity.js';
import { CallLogWriter } from '../call-logs/call-log.writer.js';
import { type CallRecord } from '../call-logs/call-log.writer.js';
import { AppError, InvalidInputError } from '../common/errors.js';
import { inTenant } from '../common/request-scope.js';
import { Config } from '../config.js';
import type { BoundTool } from './bound-tool.js';
import type { ToolContext, ToolLogger } from './mcp-tool.decorator.js';
import type { JsonObject } from './tool-definition.js';
import { RunningCalls } from './running-calls.js';
import { errorResult, ToolContent, type ToolResult, toToolResult } from './tool-result.js';

/** SQLSTATE class 22: a NUL in a text, a number or date out of range. */
const DATA_EXCEPTION = /^22/;

/** One `tools/call`, whoever made it over whatever transport. */
export type ToolCall = {
  readonly caller: Caller;
  readonly tenantId: string;
  readonly groupId: string;
  /** As the client sent it. */
  readonly toolName: string;
  /** What the group has under that name; undefined: nothing, or it is disabled. */
  readonly tool: BoundTool | undefined;
  readonly args: unknown;
  /** Aborts when the client hangs up or cancels. */
  readonly signal: AbortSignal;
  /** The calling application, for the record. */
  readonly appId: string | null;
  /** Protocol revision, e.g. `2025-06-18`. */
  readonly era: string;
  readonly transport: CallRecord['transport'];
  readonly isTest?: boolean;
  readonly progress?: ToolContext['progress'];
  readonly log?: (level: keyof ToolLogger, message: string) => void;
};

/** What came of a call. `refused`: it never reached a tool; protocols have their own way to say that. */
export type ToolOutcome =
  | { readonly kind: 'result'; readonly result: ToolResult }
  | { readonly kind: 'refused'; readonly message: string };

type Attempt = ToolOutcome & { readonly errorKind: CallErrorKind | null; readonly error: string | null };

/**
 * The one way to a tool, whatever its source: refuse, check the arguments, run with a time limit, check the result,
 * record. The outcome is returned only after its record is committed.
 */
@Injectable()
export class ToolExecutor {
  private readonly logger = new Logger(ToolExecutor.name);

  constructor(
    private readonly config: Config,
    private readonly callLog: CallLogWriter,
    private readonly running: RunningCalls,
  ) {}

  /**
   * @throws {UnavailableError} The call log cannot be written. When it is known beforehand the tool does not run; when it
   *   shows only at the end, the outcome is withheld and its record stays queued.
   */
  async execute(call: ToolCall): Promise<ToolOutcome> {
    const startedAt = new Date();
    const started = performance.now();
    const proof = this.callLog.admit();
    if (proof) await proof;
    const attempt = await this.attempt(call);
    await this.callLog.record(this.toRecord(call, attempt, startedAt, performance.now() - started));
    return attempt;
  }

  /**
   * Records a `tools/call` that does not get as far as a tool; it runs nothing.
   *
   * @throws {UnavailableError} The call log cannot be written.
   */
  async refuse(call: Omit<ToolCall, 'tool'>, message: string): Promise<void> {
    const proof = this.callLog.admit();
    if (proof) await proof;
    const attempt = refusal(message);
    await this.callLog.record(this.toRecord({ ...call, tool: undefined }, attempt, new Date(), 0));
  }

  private async attempt(call: ToolCall): Promise<Attempt> {
    const { tool } = call;
    if (!tool) {
      return refusal(unknownToolMessage(call.toolName));
    }
    const args = call.args ?? {};
    const fault = argumentsFault(tool, args);
    if (fault !== null) return failure('invalid_arguments', fault);
    if (call.signal.aborted)
      return failure('cancelled', 'The client had hung up before the tool began; it did not run');
    return this.run(call, tool, args as JsonObject);
  }

  private async run(call: ToolCall, tool: BoundTool, args: JsonObject): Promise<Attempt> {
    const controller = new AbortController();
    let abort!: (reason: Stopped) => void;
    const stopped = new Promise<never>((_resolve, reject) => {
      abort = (reason) => {
        controller.abort(reason);
        reject(reason);
      };
    });
    stopped.catch(() => undefined); // the race below may be over already
    const onHangUp = () =>
      abort(
        new Stopped(
          'cancelled',
          'The client cancelled the call or hung up while it ran; it may have taken effect',
        ),
      );
    call.signal.addEventListener('abort', onHangUp, { once: true });
    const { caller, groupId, toolName } = call;
    const ended = this.running.add({
      groupId,
      toolName,
      keyId: caller.kind === 'group_key' ? caller.keyId : null,
      cut: () =>
        abort(
          new Stopped('cancelled', 'An administrator ended the call while it ran; it may have taken effect'),
        ),
    });
    const timer = setTimeout(() => {
      const seconds = tool.timeoutMs / 1000;
      abort(
        new Stopped(
          'timeout',
          `${tool.definition.name} did not finish within ${seconds} s. Ask for less or try later.`,
        ),
      );
    }, tool.timeoutMs);
    try {
      const context = this.contextOf(call, tool, controller.signal);
      const work = Promise.resolve(inTenant(call.tenantId, () => tool.definition.run(args, context)));
      return this.toAttempt(tool, await Promise.race([work, stopped]));
    } catch (error) {
      return this.toFailure(tool, error);
    } finally {
      ended();
      clearTimeout(timer);
      call.signal.removeEventListener('abort', onHangUp);
    }
  }

  private toAttempt(tool: BoundTool, data: unknown): Attempt {
    const result = toToolResult(data);
    const faults = tool.definition.outputSchema
      ? tool.validators.checkResult(result.structuredContent)
      : null;
    if (faults) {
      this.logger.error(`${tool.definition.name} broke its output schema: ${faults.join('; ')}`);
      return failure(
        'result_invalid',
        `${tool.definition.name} returned a result it should not return. Tell its owner.`,
      );
    }
    const structured = data instanceof ToolContent ? JSON.stringify(data.structuredContent ?? '') : '';
    const bytes = sizeOf(result) + Buffer.byteLength(structured);
    const limit = this.config.env.TOOL_RESULT_MAX_BYTES;
    if (bytes > limit) {
      return failure(
        'result_invalid',
        `The result of ${tool.definition.name} is ${bytes} bytes, more than the ${limit} allowed. ` +
          'Ask for less, for instance with a smaller limit or a narrower query.',
      );
    }
    return { kind: 'result', result, errorKind: null, error: null };
  }

  private toFailure(tool: BoundTool, error: unknown): Attempt {
    if (error instanceof Stopped) return failure(error.errorKind, error.message);
    if (error instanceof InvalidInputError) return failure('invalid_arguments', error.message);
    if (error instanceof AppError) return failure('tool_error', error.message);
    if (
      error instanceof QueryFailedError &&
      DATA_EXCEPTION.test((error.driverError as { code?: string }).code ?? '')
    ) {
      const name = tool.definition.name;
      return failure(
        'invalid_arguments',
        `An argument of ${name} holds a value that cannot be stored or searched for`,
      );
    }
    const errorId = uuidv7();
    this.logger.error(
      `${tool.definition.name} failed (error ${errorId})`,
      error instanceof Error ? error.stack : error,
    );
    return failure(
      'internal',
      `${tool.definition.name} failed inside. Try again later; if it stays, report error ${errorId}.`,
    );
  }

  private contextOf(call: ToolCall, tool: BoundTool, signal: AbortSignal): ToolContext {
    return {
      caller: call.caller,
      config: tool.config,
      signal,
      logger: toolLogger(this.logger, call, tool),
      progress: (done, total, message) => call.progress?.(done, total, message),
    };
  }

  private toRecord(call: ToolCall, attempt: Attempt, createdAt: Date, durationMs: number): CallRecord {
    const { caller } = call;
    return {
      id: uuidv7(),
      createdAt,
      tenantId: call.tenantId,
      groupId: call.groupId,
      toolName: call.toolName.slice(0, 128),
      toolId: call.tool?.id ?? null,
      callerAppId: call.appId,
      keyId: caller.kind === 'group_key' ? caller.keyId : null,
      userId: caller.kind === 'user' ? caller.userId : null,
      era: call.era,
      transport: call.transport,
      isTest: call.isTest ?? false,
      request: call.args,
      response: attempt.kind === 'result' ? attempt.result : null,
      success: attempt.errorKind === null,
      errorKind: attempt.errorKind,
      errorMessage: attempt.error,
      durationMs,
    };
  }
}

/** The same words for a tool that is not there, that is disabled, and that is not for the caller. */
export function unknownToolMessage(name: string): string {
  return `No tool '${name.slice(0, 128)}' in this group; tools/list tells what there is`;
}

/** What is wrong with the arguments, for the agent to correct; null when they fit. */
export function argumentsFault(tool: BoundTool, args: unknown): string | null {
  const faults = tool.validators.checkArguments(args);
  return (
    faults &&
    `Invalid arguments for ${tool.definition.name}: ${faults.join('; ')}. Correct them and call again.`
  );
}

/** Why a running call was stopped from outside. */
class Stopped extends Error {
  constructor(
    readonly errorKind: 'timeout' | 'cancelled',
    message: string,
  ) {
    super(message);
  }
}

function refusal(message: string): Attempt {
  return { kind: 'refused', message, errorKind: 'refused', error: message };
}

function failure(errorKind: CallErrorKind, message: string): Attempt {
  return { kind: 'result', result: errorResult(message), errorKind, error: message };
}

/** In bytes of UTF-8, near enough: the text blocks and the binary ones, which are most of any result. */
function sizeOf(result: ToolResult): number {
  let bytes = 0;
  for (const block of result.content) {
    const text = block['text'];
    bytes += typeof text === 'string' ? Buffer.byteLength(text) : Buffer.byteLength(JSON.stringify(block));
  }
  return bytes;
}

function toolLogger(logger: Logger, call: ToolCall, tool: BoundTool): ToolLogger {
  const write = (level: keyof ToolLogger) => (message: string) => {
    logger.debug(`${tool.definition.name} [${level}] ${message}`);
    call.log?.(level, message);
  };
  return { debug: write('debug'), info: write('info'), warning: write('warning'), error: write('error') };
}
