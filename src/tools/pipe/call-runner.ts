import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import { QueryFailedError } from 'typeorm';
import { newId } from '../../platform/new-id.js';
import { Cancellation } from '../../platform/ending.js';
import { cutText } from '../../platform/cut-text.js';
import { databaseUnavailability } from '../../platform/database/database-faults.js';
import { AppError, InvalidInputError, UnavailableError, traceOf } from '../../platform/errors.js';
import { inTenant, seeingOnly } from '../../platform/request-scope.js';
import { Config } from '../../platform/config.js';
import { redactionOf } from '../redaction/redaction.js';
import { type BoundTool, isRepeatable } from './bound-tool.js';
import type { ToolContext, ToolLogger } from '../mcp-tool.decorator.js';
import { maxBytesOf, ResultForAgent } from './result-for-agent.js';
import { isLongerThan } from './result-size.js';
import { RunningCalls } from './running-calls.js';
import { Stopped } from '../native/stopped.js';
import { SharedEndError } from '../native/thread-messages.js';
import { NoThreadError } from '../native/thread-slots.js';
import { type Attempt, deferral, failure, LEFT, type ToolCall } from './tool-call.js';
import type { JsonObject } from '../tool-definition.js';
import { ResultFault, toToolResult } from '../tool-result.js';

/** SQLSTATE class 22: a NUL in a text, a number or date out of range. */
const DATA_EXCEPTION = /^22/;
/** Of an error, a step of progress, a line of the log. */
const MESSAGE_MAX = 16_384; // characters
/** What is longer is looked at, checked and shown in turns of their own: others are served in between. */
const AT_ONCE_BYTES = 262_144;
const THREAD_RETRY_SECONDS = 3;
const RETRY_DELAYS = { initialDelay: 100, maxDelay: 2000 }; // milliseconds

/** Runs one tool once its call is let through: with a time limit, ended by whoever may end it, its result checked. */
@Injectable()
export class CallRunner {
  private readonly logger = new Logger(CallRunner.name);

  constructor(
    private readonly config: Config,
    private readonly running: RunningCalls,
    private readonly resultForAgent: ResultForAgent,
  ) {}

  /** Never throws: whatever goes wrong is an outcome. */
  async run(call: ToolCall, tool: BoundTool, args: JsonObject): Promise<Attempt> {
    const stop = new Stop();
    const { caller, tenantId, groupId, toolName } = call;
    const stopListening = call.ending.onEnd(() => stop.now('cancelled', HUNG_UP));
    const ended = this.running.add({
      tenantId,
      groupId,
      toolName,
      keyId: caller.kind === 'group_key' ? caller.keyId : null,
      cut: () => stop.now('cancelled', CUT),
    });
    const timer = setTimeout(() => stop.now('timeout', timeoutMessage(tool)), tool.timeoutMs);
    try {
      const begin = () => this.work(call, tool, args, stop);
      const isOwn = call.scope === 'own' && caller.kind === 'user';
      const work = inTenant(tenantId, isOwn ? () => seeingOnly(caller.userId, begin) : begin, stop);
      return await this.toAttempt(call, tool, await stop.orDone(work));
    } catch (error) {
      return this.toFailure(call, tool, error, stop);
    } finally {
      stop.isOver = true;
      ended();
      clearTimeout(timer);
      stopListening();
    }
  }

  private work(call: ToolCall, tool: BoundTool, args: JsonObject, stop: Stop): unknown {
    const context = this.contextOf(call, tool, stop);
    const { retries = 0 } = tool.policy;
    if (retries === 0 || !isRepeatable(tool)) return tool.definition.run(args, context);
    const { signal } = stop;
    const backoff = new ExponentialBackoff(RETRY_DELAYS);
    const policy = retry(
      handleWhen((error) => !signal.aborted && mayPass(error)),
      { maxAttempts: retries, backoff },
    );
    return policy.execute(async () => tool.definition.run(args, context), signal);
  }

  private async toAttempt(call: ToolCall, tool: BoundTool, data: unknown): Promise<Attempt> {
    const huge = this.resultForAgent.refuseHuge(call, tool, data);
    if (huge) return huge;
    const pause = isLongerThan(data, AT_ONCE_BYTES) ? nextTurn : () => undefined;
    await pause();
    const read = toToolResult(data);
    await pause();
    const { result } = read;
    if (result.isError) return toldNo(await this.resultForAgent.make(call, tool, read));
    const faults = tool.definition.outputSchema
      ? tool.validators.checkResult(result.structuredContent)
      : null;
    // Without what came: it is somebody's data.
    if (faults) return this.toBroken(tool, `broke its output schema: ${faults.map(withoutValue).join('; ')}`);
    await pause();
    return this.resultForAgent.make(call, tool, read);
  }

  /** The tool's own fault: its owner finds it in the log and in the record, the agent can do nothing about it. */
  private toBroken(tool: BoundTool, what: string): Attempt {
    const { name } = tool.definition;
    this.logger.error(`${name} ${what}`);
    const message = `${name} ran, but gave a result it should not return. Tell its owner.`;
    return { ...failure('result_invalid', message), error: `${message} It ${what}.` };
  }

  private toFailure(call: ToolCall, tool: BoundTool, error: unknown, stop: Stop): Attempt {
    const { name } = tool.definition;
    const told = (failed: AppError) => toldTo(call, withHint(call, failed));
    if (error instanceof Stopped) {
      if (!error.didBegin) return notBegun(error);
      return { ...failure(error.errorKind, error.message), isBlameless: stop.wasHindered };
    }
    if (error instanceof ResultFault) return this.toBroken(tool, `returned ${error.message}`);
    if (error instanceof NoThreadError) return deferral('busy', error.message, THREAD_RETRY_SECONDS);
    if (error instanceof InvalidInputError) return failure('invalid_arguments', told(error));
    const isOnce = !isRepeatable(tool);
    const away = databaseUnavailability(error);
    if (away) return databaseAway(away.message, isOnce);
    if (error instanceof UnavailableError) return failure('unavailable', told(error));
    if (error instanceof AppError) return failure('tool_error', told(error));
    if (isDataFault(error)) {
      const message = `An argument of ${name} holds a value that cannot be stored or searched for`;
      return isOnce
        ? { ...failure('invalid_arguments', `${message}. ${CHECK_FIRST}.`), isPartial: true }
        : failure('invalid_arguments', message);
    }
    const errorId = newId();
    this.logger.error(`${name} failed (error ${errorId})`, traceOf(error));
    const advice = isOnce ? CHECK_FIRST : 'Try again later';
    const message = `${name} failed inside. ${advice}; if it stays, report error ${errorId}.`;
    return { ...failure('internal', message), isBlameless: error instanceof SharedEndError };
  }

  private contextOf(call: ToolCall, tool: BoundTool, stop: Stop): ToolContext {
    const { logger } = this;
    return {
      caller: { ...call.caller, scope: call.scope },
      groupId: call.groupId,
      mayCall: call.hasTool,
      resultMaxBytes: maxBytesOf(call, tool, this.config),
      config: tool.config,
      get signal() {
        return stop.signal;
      },
      get logger() {
        return toolLogger(logger, { call, tool, stop });
      },
      progress: (done, total, message) => {
        // MCP, progress: none after the answer, and numbers only
        if (stop.isOver || !Number.isFinite(done)) return;
        const end = Number.isFinite(total) ? total : undefined;
        call.progress?.(done, end, message === undefined ? undefined : toldTo(call, message));
      },
    };
  }
}

/** No tool is blamed for the database. When to try again is for those only that may. */
function databaseAway(message: string, isOnce: boolean): Attempt {
  if (!isOnce) return { ...failure('unavailable', message), isBlameless: true };
  const [what] = message.split(';');
  return { ...failure('unavailable', `${what}. ${CHECK_FIRST}.`), isPartial: true, isBlameless: true };
}

/** Of a tool that is not to be run twice: nobody knows how far it came. */
const CHECK_FIRST = 'It may have taken effect: check before you call it again';
const HUNG_UP = 'The client cancelled the call or hung up while it ran; it may have taken effect';
const CUT = 'An administrator ended the call while it ran; it may have taken effect';

/** Ends a run from outside, and with it the waiting for its outcome. */
class Stop extends Cancellation<Stopped> {
  /** The call was answered; what its tool goes on to do is for nobody. */
  isOver = false;
  /** Made only when there is word of something: most calls wait for nothing. */
  private told: Promise<boolean>[] | undefined;

  hindered(isHindered: Promise<boolean>): void {
    (this.told ??= []).push(isHindered);
  }

  /** Undefined: it waited for nothing that is known. */
  get wasHindered(): Promise<boolean> | undefined {
    return this.told && Promise.all(this.told).then((all) => all.includes(true));
  }

  now(errorKind: Stopped['errorKind'], message: string): void {
    this.cancel(new Stopped(errorKind, message));
  }

  /** The outcome of the work, or the end when it comes first. */
  orDone(work: unknown): unknown {
    if (!isThenable(work)) return work;
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(this.reason!);
      work.then(resolve, reject);
      if (this.hasEnded) giveUp();
      else this.onEnd(giveUp);
    });
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** It waited for a thread, and that is neither the tool's fault nor an effect. */
function notBegun({ errorKind }: Stopped): Attempt {
  if (errorKind === 'cancelled') return LEFT;
  const message = 'No thread became free in time. The call was not run; try again in a few seconds.';
  return deferral('busy', message, THREAD_RETRY_SECONDS);
}

/** A failure that need not come again: not one that tells the caller what is wrong with the call. */
function mayPass(error: unknown): boolean {
  return error instanceof UnavailableError || !(error instanceof AppError || isDataFault(error));
}

function isDataFault(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false;
  return DATA_EXCEPTION.test((error.driverError as { code?: string }).code ?? '');
}

function withoutValue(fault: string): string {
  return fault.replace(/, not .*$/s, '');
}

function timeoutMessage(tool: BoundTool): string {
  const { definition, timeoutMs } = tool;
  const advice = isRepeatable(tool) ? 'Ask for less or try later.' : `${CHECK_FIRST}.`;
  return `${definition.name} did not finish within ${timeoutMs / 1000} s. ${advice}`;
}

/** A message as the call's agent may have it; a tool may have made it of anything. */
function toldTo(call: ToolCall, message: unknown): string {
  const text = cutText(String(message), MESSAGE_MAX);
  return redactionOf(call.policy.redaction)?.textForAgent(text) ?? text;
}

/** The one place where a failure names another tool: an agent sent to one that its group lacks goes round in circles. */
function withHint({ hasTool }: ToolCall, { message, hint }: AppError): string {
  if (!hint || !hasTool(hint.tool)) return message;
  return `${message}${/[.!?]$/.test(message) ? '' : '.'} Call ${hint.tool} ${hint.how}`;
}

/** A tool that returns its failure instead of throwing it says no like any other. */
function toldNo(attempt: Attempt): Attempt {
  if (attempt.kind === 'refused' || attempt.errorKind !== null) return attempt;
  const text = attempt.result.content.find((block) => block.type === 'text')?.['text'];
  return { ...attempt, errorKind: 'tool_error', error: typeof text === 'string' ? text : 'It said no' };
}

function toolLogger(
  logger: Logger,
  { call, tool, stop }: { readonly call: ToolCall; readonly tool: BoundTool; readonly stop: Stop },
): ToolLogger {
  const write = (level: keyof ToolLogger) => (message: string) => {
    logger.debug(`${tool.definition.name} [${level}] ${message}`);
    if (!stop.isOver) call.log?.(level, toldTo(call, message));
  };
  return { debug: write('debug'), info: write('info'), warning: write('warning'), error: write('error') };
}
