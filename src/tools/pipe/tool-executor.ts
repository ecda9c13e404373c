import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { Verdict } from '../breakers/circuit.js';
import { CircuitBreakers, CircuitOpenError } from '../breakers/circuit-breakers.js';
import type { CallErrorKind } from '../../call-logs/chain/call-log.entity.js';
import { type CallRecord, CallLogWriter } from '../../call-logs/writing/call-log.writer.js';
import { personOf } from '../../access/caller.js';
import { databaseUnavailability } from '../../platform/database/database-faults.js';
import { UnavailableError, traceOf } from '../../platform/errors.js';
import { newId } from '../../platform/new-id.js';
import { Config } from '../../platform/config.js';
import { Limiter } from '../limits/limiter.js';
import { redactionOf } from '../redaction/redaction.js';
import { checkArguments } from './arguments-check.js';
import type { BoundTool } from './bound-tool.js';
import { limitScopes } from './limit-scopes.js';
import { isLongerThan } from './result-size.js';
import { EffectsOnce } from './effects-once.js';
import {
  type Attempt,
  deferral,
  failure,
  LEFT,
  notRun,
  refusal,
  type ToolCall,
  type ToolOutcome,
} from './tool-call.js';
import type { JsonObject } from '../tool-definition.js';
import { CallRunner } from './call-runner.js';
import { cutText } from '../../platform/cut-text.js';

const TOOL_NAME_MAX = 128; // characters
/** Arguments and results that are longer are read, checked and recorded in turns of their own: others are served in between. */
const AT_ONCE_BYTES = 65_536;

/** What speaks against a tool, for its circuit breaker: what it rightly refuses does not. */
const FAULTS: readonly (CallErrorKind | null)[] = ['internal', 'timeout', 'unavailable'];

/**
 * The one way to a tool, whatever its source. Each step may end the call: is there such a tool for the caller, do the
 * arguments fit, was the call not made before, do limits and the circuit let it through, the run itself, its result. The outcome is returned only after
 * its record is committed.
 */
@Injectable()
export class ToolExecutor {
  private readonly logger = new Logger(ToolExecutor.name);

  constructor(
    private readonly config: Config,
    private readonly callLog: CallLogWriter,
    private readonly effects: EffectsOnce,
    private readonly limiter: Limiter,
    private readonly breakers: CircuitBreakers,
    private readonly runner: CallRunner,
  ) {}

  /**
   * @throws {UnavailableError} The call log cannot be written. When it is known beforehand the tool does not run; when it
   *   shows only at the end, the outcome is withheld and its record stays queued.
   */
  async execute(call: ToolCall): Promise<ToolOutcome> {
    const startedAt = new Date();
    const started = performance.now();
    const proof = this.callLog.admit(call.tenantId);
    if (proof) await proof;
    const isLong = isLongerThan(call.args ?? {}, AT_ONCE_BYTES);
    if (isLong) await nextTurn();
    const attempt = await this.attempt(call);
    if (isLong || (attempt.kind === 'result' && isLongerThan(attempt.result, AT_ONCE_BYTES)))
      await nextTurn();
    await this.callLog.record(await toRecord(call, attempt, startedAt, performance.now() - started));
    return attempt;
  }

  /**
   * Records a `tools/call` that does not get as far as a tool; it runs nothing.
   *
   * @throws {UnavailableError} The call log cannot be written.
   */
  async refuse(call: Omit<ToolCall, 'tool'>, message: string): Promise<void> {
    const proof = this.callLog.admit(call.tenantId);
    if (proof) await proof;
    await this.callLog.record(await toRecord({ ...call, tool: undefined }, refusal(message), new Date(), 0));
  }

  private async attempt(call: ToolCall): Promise<Attempt> {
    const { tool } = call;
    if (!tool) return refusal(unknownToolMessage(call.toolName));
    try {
      const { args, fault } = checkArguments(tool, call.args ?? {}, this.config);
      if (fault !== null) return failure('invalid_arguments', fault);
      return await this.effects.run({ ...call, args }, tool, () =>
        this.withinLimits(call, tool, () => this.throughCircuit(call, tool, args)),
      );
    } catch (error) {
      return this.toFailure(call, error);
    }
  }

  /** A step of ours that fails ends the call, and the call is on record like any other. */
  private toFailure(call: ToolCall, error: unknown): Attempt {
    const told = databaseUnavailability(error) ?? error;
    if (told instanceof UnavailableError) return notRun(failure('unavailable', told.message));
    const errorId = newId();
    this.logger.error(
      `The way to ${cutText(call.toolName, TOOL_NAME_MAX)} failed (error ${errorId})`,
      traceOf(error),
    );
    return failure('internal', `The call failed inside. If it stays so, report error ${errorId}.`);
  }

  private async withinLimits(
    call: ToolCall,
    tool: BoundTool,
    next: () => Promise<Attempt>,
  ): Promise<Attempt> {
    const scopes = limitScopes(call, tool);
    if (scopes.length === 0) return next();
    const leave = await this.limiter.begin(scopes, call.ending);
    if (typeof leave !== 'function') {
      return call.ending.hasEnded ? LEFT : deferral(leave.kind, leave.message, leave.retryAfterSeconds);
    }
    try {
      return await next();
    } finally {
      leave();
    }
  }

  private async throughCircuit(call: ToolCall, tool: BoundTool, args: JsonObject): Promise<Attempt> {
    if (call.ending.hasEnded) return LEFT;
    try {
      return await this.breakers.run(tool.guarded, verdictOf, () => this.runner.run(call, tool, args));
    } catch (error) {
      if (!(error instanceof CircuitOpenError)) throw error;
      const message =
        `${tool.definition.name} failed too often of late and is not called at the moment. ` +
        `The call was not run; try again in ${error.retryAfterSeconds} s.`;
      return deferral('circuit_open', message, error.retryAfterSeconds);
    }
  }
}

/** The same words for a tool that is not there, that is disabled, and that is not for the caller. */
export function unknownToolMessage(name: string): string {
  return `No tool '${cutText(name, TOOL_NAME_MAX)}' in this group; tools/list tells what there is`;
}

/** A call that was cancelled, not begun or ended with others says nothing of its tool. */
function verdictOf({ errorKind, wasNotRun, isBlameless }: Attempt): Verdict | Promise<Verdict> {
  const blame: Verdict = FAULTS.includes(errorKind) ? 'bad' : 'good';
  if (wasNotRun || errorKind === 'cancelled') return 'none';
  if (typeof isBlameless === 'object') return isBlameless.then((is) => (is ? 'none' : blame));
  return isBlameless ? 'none' : blame;
}

/** A name that is no tool's is whatever the client sent. */
function toolNameOf({ tool, toolName, policy }: Omit<ToolCall, 'tool'> & Partial<ToolCall>): string {
  const name = tool ? toolName : (redactionOf(policy.redaction)?.textForLog(toolName) ?? toolName);
  return cutText(name, TOOL_NAME_MAX);
}

async function toRecord(
  call: ToolCall,
  attempt: Attempt,
  createdAt: Date,
  durationMs: number,
): Promise<CallRecord> {
  const { caller } = call;
  const redaction = redactionOf(call.policy.redaction);
  const response = attempt.kind === 'result' ? attempt.result : null;
  return {
    id: newId(),
    createdAt,
    tenantId: call.tenantId,
    groupId: call.groupId,
    toolName: toolNameOf(call),
    toolId: call.tool?.id ?? null,
    callerAppId: call.appId,
    keyId: caller.kind === 'group_key' ? caller.keyId : null,
    userId: personOf(caller),
    era: call.era,
    transport: call.transport,
    isTest: call.isTest ?? false,
    request: redaction ? await redaction.valueForLog(call.args) : call.args,
    response: redaction ? await redaction.valueForLog(response) : response,
    success: attempt.errorKind === null,
    errorKind: attempt.errorKind,
    errorMessage: redaction && attempt.error !== null ? redaction.textForLog(attempt.error) : attempt.error,
    durationMs,
  };
}
