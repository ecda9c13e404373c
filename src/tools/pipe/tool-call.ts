import type { Caller, CallerScope } from '../../access/caller.js';
import type { CallErrorKind } from '../../call-logs/chain/call-log.entity.js';
import type { CallRecord } from '../../call-logs/writing/call-log.writer.js';
import type { Ending } from '../../platform/ending.js';
import type { BoundTool } from './bound-tool.js';
import type { ToolContext, ToolLogger } from '../mcp-tool.decorator.js';
import type { GroupPolicy } from './policy.js';
import { errorResult, type ToolResult } from '../tool-result.js';

/** One `tools/call`, whoever made it over whatever transport. */
export type ToolCall = {
  readonly caller: Caller;
  readonly tenantId: string;
  readonly groupId: string;
  /** Of the group. */
  readonly policy: GroupPolicy;
  /** As the client sent it. */
  readonly toolName: string;
  /** What the group has under that name; undefined: nothing, or it is disabled. */
  readonly tool: BoundTool | undefined;
  /** Whose rows the tool may see for this caller. */
  readonly scope: CallerScope;
  /** Whether the caller may call a tool of that name in the group, too. */
  readonly hasTool: (name: string) => boolean;
  readonly args: unknown;
  /** The client hung up or cancelled. */
  readonly ending: Ending;
  /** The calling application, for the record. */
  readonly appId: string | null;
  /** Protocol revision, e.g. `2025-06-18`. */
  readonly era: string;
  readonly transport: CallRecord['transport'];
  readonly isTest?: boolean;
  /** As the client sent it, to tell a repeated call; checked where it counts. */
  readonly idempotencyKey?: unknown;
  readonly progress?: ToolContext['progress'];
  readonly log?: (level: keyof ToolLogger, message: string) => void;
};

/** What came of a call. `refused`: it never reached a tool; protocols have their own way to say that. */
export type ToolOutcome =
  | { readonly kind: 'result'; readonly result: ToolResult }
  | { readonly kind: 'refused'; readonly message: string };

/** An outcome with what its record says of it. */
export type Attempt = ToolOutcome & {
  readonly errorKind: CallErrorKind | null;
  readonly error: string | null;
  /** The tool was not begun, for certain. */
  readonly wasNotRun?: true;
  /** It failed on its way, and not by its own word: what it did before that stays done. */
  readonly isPartial?: true;
  /** It failed, perhaps by the fault of another call or of the database; whether so may show only after the answer. */
  readonly isBlameless?: boolean | Promise<boolean> | undefined;
};

export function refusal(message: string): Attempt {
  return { kind: 'refused', message, errorKind: 'refused', error: message };
}

export function failure(errorKind: CallErrorKind, message: string): Attempt {
  return { kind: 'result', result: errorResult(message), errorKind, error: message };
}

/** The same attempt, of a call that for certain did not reach its tool. */
export function notRun(attempt: Attempt): Attempt {
  return { ...attempt, wasNotRun: true };
}

/** The caller did not wait for the tool to begin. */
export const LEFT = notRun(
  failure('cancelled', 'The client had hung up before the tool began; it did not run'),
);

/** The name of the field of a result's `_meta` that says, in seconds, when to try again. */
const RETRY_AFTER = 'io.toolcrib/retryAfterSeconds';

/** The call was not run and may be made again later. */
export function deferral(errorKind: CallErrorKind, message: string, retryAfterSeconds: number): Attempt {
  const result = { ...errorResult(message), _meta: { [RETRY_AFTER]: retryAfterSeconds } };
  return notRun({ kind: 'result', result, errorKind, error: message });
}
