import { Injectable, Logger } from '@nestjs/common';
import { callerName } from '../../access/caller.js';
import { Config } from '../../platform/config.js';
import { traceOf } from '../../platform/errors.js';
import { type Claim, ToolEffects } from '../once/tool-effects.js';
import { redactionOf } from '../redaction/redaction.js';
import { type BoundTool, isRepeatable } from './bound-tool.js';
import { withoutStructured } from './result-for-agent.js';
import { type Attempt, deferral, failure, notRun, type ToolCall } from './tool-call.js';

/** Where a request says its idempotency key, in `params._meta`; the HTTP header is `Idempotency-Key`. */
export const IDEMPOTENCY_KEY = 'io.toolcrib/idempotencyKey';
/** Of the `_meta` of a result that was given before. */
export const REPLAYED = 'io.toolcrib/replayed';

const KEY_MAX = 255; // characters
/** A claim outlives its tool's longest run by this: before it, it may wait a minute for each of three places. */
const CLAIM_MARGIN_SECONDS = 300;
const WAIT_MAX_SECONDS = 5;

/** What is kept of the first call for those that repeat it. */
type Outcome = Pick<Attempt & { kind: 'result' }, 'result' | 'errorKind' | 'error'>;
type Once = { readonly key: string | undefined; readonly keepSeconds: number };

/**
 * Sees to it that a call with side effects runs once, although a client whose stream broke must send it again: by the key it
 * sends, or where the group asks for it by its arguments. A tool that its author marked as read-only or idempotent may
 * run again and is left alone.
 */
@Injectable()
export class EffectsOnce {
  private readonly logger = new Logger(EffectsOnce.name);

  constructor(
    private readonly effects: ToolEffects,
    private readonly config: Config,
  ) {}

  /** @param work Runs the tool, or says that it was not run. Called at most once. */
  run(call: ToolCall, tool: BoundTool, work: () => Promise<Attempt>): Promise<Attempt> {
    const { idempotencyKey: key } = call;
    const { dedupe_seconds: dedupeSeconds } = call.policy;
    if ((key === undefined && dedupeSeconds === undefined) || isRepeatable(tool)) return work();
    if (key !== undefined && !isKey(key))
      return Promise.resolve(notRun(failure('invalid_arguments', WRONG_KEY)));
    const keepSeconds = key === undefined ? dedupeSeconds! : this.config.env.TOOL_EFFECT_KEEP_HOURS * 3600;
    return this.once(call, tool, { key, keepSeconds }, work);
  }

  private async once(
    call: ToolCall,
    tool: BoundTool,
    once: Once,
    work: () => Promise<Attempt>,
  ): Promise<Attempt> {
    let claim: Claim;
    try {
      claim = await this.claim(call, tool, once);
    } catch (error) {
      this.logger.error('A claim failed', traceOf(error));
      return notRun(failure('unavailable', NOT_LOOKED_UP));
    }
    if (claim.kind !== 'mine') return repeated(claim, call, tool);
    let attempt: Attempt;
    try {
      attempt = await work();
    } catch (error) {
      await this.effects.release(claim.id); // the steps before the tool throw; the run itself does not
      throw error;
    }
    await this.settle(claim.id, attempt, once);
    return attempt;
  }

  private claim(call: ToolCall, tool: BoundTool, { key, keepSeconds }: Once): Promise<Claim> {
    const { tenantId, groupId, args = {} } = call;
    const caller = callerName(call.caller);
    const identity = { tenantId, groupId, caller, toolName: tool.definition.name, key, args };
    return this.effects.claim(identity, Math.max(keepSeconds, tool.timeoutMs / 1000 + CLAIM_MARGIN_SECONDS));
  }

  private async settle(id: string, attempt: Attempt, { key, keepSeconds }: Once): Promise<void> {
    const fate = fateOf(attempt, key !== undefined);
    if (fate === 'release' || attempt.kind === 'refused') return this.effects.release(id);
    const { result, errorKind, error } = attempt;
    await this.effects.finish(id, fate, { result, errorKind, error } satisfies Outcome, keepSeconds);
  }
}

const WRONG_KEY = `An idempotency key (_meta["${IDEMPOTENCY_KEY}"] or the header Idempotency-Key) must be a text of 1 to ${KEY_MAX} characters. The call was not run.`;
const NOT_LOOKED_UP =
  'Whether this call was made before could not be looked up, so it was not run. Try again in a few seconds.';

const NO_ROOM =
  'Your tenant keeps as many outcomes of calls with an idempotency key as it may. The call was not run; the oldest outcomes go with time.';
/** When to ask again, while there is no room. */
const ROOM_RETRY_SECONDS = 300;

function isKey(key: unknown): key is string {
  return typeof key === 'string' && key.length >= 1 && key.length <= KEY_MAX;
}

/**
 * What the first call leaves behind. A tool that says no has done nothing, as our errors promise: with a key its answer is
 * repeated, since a new try has a new key; where the arguments stand for the key they may be tried again.
 */
function fateOf(attempt: Attempt, hasKey: boolean): 'release' | 'done' | 'ambiguous' {
  const { errorKind, wasNotRun, isPartial } = attempt;
  if (isPartial) return 'ambiguous';
  if (wasNotRun || errorKind === 'invalid_arguments') return 'release';
  if (errorKind === 'tool_error') return hasKey ? 'done' : 'release';
  return errorKind === null || errorKind === 'result_invalid' ? 'done' : 'ambiguous';
}

/** What a call gets whose like came before it. */
async function repeated(
  claim: Exclude<Claim, { kind: 'mine' }>,
  call: ToolCall,
  tool: BoundTool,
): Promise<Attempt> {
  const { name } = tool.definition;
  if (claim.kind === 'no_room') return deferral('rate_limited', NO_ROOM, ROOM_RETRY_SECONDS);
  if (claim.kind === 'other_arguments') {
    return failure(
      'key_reused',
      `This idempotency key was used for a call of ${name} with other arguments. The call was not run; send a new key with a new call.`,
    );
  }
  if (claim.kind === 'running') {
    const leftSeconds = Math.ceil(tool.timeoutMs / 1000 - claim.ageSeconds);
    const seconds = Math.min(Math.max(leftSeconds, 1), WAIT_MAX_SECONDS);
    const message = `The same call of ${name} is still running and was not run again. Send it again in ${seconds} s for its result.`;
    return deferral('duplicate_running', message, seconds);
  }
  const stored = claim.outcome as Outcome | undefined;
  const outcome = stored && (await redacted(stored, call));
  if (claim.kind === 'done' && outcome) {
    const result = { ...outcome.result, _meta: { ...outcome.result._meta, [REPLAYED]: true } };
    return { kind: 'result', result, errorKind: outcome.errorKind, error: outcome.error };
  }
  const how = outcome?.error ? ` (${outcome.error})` : '';
  return failure(
    'ambiguous',
    `The same call of ${name} was made before, and how it ended is not known${how}. It may have taken effect: check before you repeat it with a new idempotency key. The call was not run again.`,
  );
}

/** The group's rules may have changed since it was stored. */
async function redacted(
  { result: stored, errorKind, error }: Outcome,
  { policy }: ToolCall,
): Promise<Outcome> {
  const redaction = redactionOf(policy.redaction);
  const result = policy.structured_content === false ? withoutStructured(stored) : stored;
  if (!redaction) return { result, errorKind, error };
  return {
    result: await redaction.resultForAgent(result),
    errorKind,
    error: error === null ? null : redaction.textForAgent(error),
  };
}
