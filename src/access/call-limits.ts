import { z } from 'zod';
import type { Rate } from './gcra.js';

const RATE_MAX = 1_000_000;
const CALLS_PER_DAY_MAX = 1_000_000_000;

/** How much may be called: of a group, a key, a tool or each user. What is absent is not limited. */
export const callLimitsSchema = z.strictObject({
  per_second: z.int().min(1).max(RATE_MAX).optional().describe('Calls a second, on each replica'),
  per_minute: z.int().min(1).max(RATE_MAX).optional().describe('Calls a minute, on each replica'),
  per_day: z
    .int()
    .min(1)
    .max(CALLS_PER_DAY_MAX)
    .optional()
    .describe('Calls a day (UTC), over all replicas together'),
  concurrency: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe('Calls that run at the same time, on each replica'),
  queue: z
    .int()
    .min(0)
    .max(10_000)
    .optional()
    .describe('Calls that may wait for one of these places; 0, the default: none'),
  queue_timeout_ms: z
    .int()
    .min(1)
    .max(60_000)
    .optional()
    .describe('Longest wait for a place, in milliseconds; by default 1000'),
});

export type CallLimits = Readonly<z.output<typeof callLimitsSchema>>;

/** One limit that applies to a call: what is counted under `id`, and what it is called in a refusal. */
export type LimitScope = {
  /** Unique over the installation: the kind and the id of what is limited. */
  readonly id: string;
  /** The id alone. */
  readonly owner: string;
  readonly tenantId: string;
  readonly subject: 'group' | 'key' | 'tool' | 'user';
  readonly limits: CallLimits;
  /** What the limits say of calls a second and a minute. */
  readonly rates: readonly { readonly id: string; readonly period: string; readonly rate: Rate }[];
};

const PERIODS = [
  { period: 'second', limit: 'per_second', periodMs: 1000 },
  { period: 'minute', limit: 'per_minute', periodMs: 60_000 },
] as const;

/** @param owner Id of what is limited, unique among its kind. */
export function limitScope(
  subject: LimitScope['subject'],
  owner: string,
  tenantId: string,
  limits: CallLimits,
): LimitScope {
  const id = `${subject}:${owner}`;
  const rates = PERIODS.flatMap(({ period, limit, periodMs }) => {
    const calls = limits[limit];
    return calls === undefined ? [] : [{ id: `${id} ${period}`, period, rate: { calls, periodMs } }];
  });
  return { id, owner, tenantId, subject, limits, rates };
}

/** A call that comes too soon or finds no place. */
export type LimitRefusal = {
  readonly kind: 'rate_limited' | 'busy';
  readonly message: string;
  /** Whole seconds after which to try again. */
  readonly retryAfterSeconds: number;
};

const SUBJECTS = { group: 'this tool group', key: 'this key', tool: 'this tool', user: 'you' } as const;

export function rateRefusal(
  subject: LimitScope['subject'],
  calls: number,
  period: string,
  waitMs: number,
): LimitRefusal {
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
  const message =
    `Too many calls: ${SUBJECTS[subject]} may make ${calls} a ${period}. ` +
    `The call was not run; try again in ${retryAfterSeconds} s.`;
  return { kind: 'rate_limited', message, retryAfterSeconds };
}

export function busyRefusal(subject: LimitScope['subject'], concurrency: number): LimitRefusal {
  const message =
    `Busy: of ${SUBJECTS[subject]} ${concurrency} calls run already, as many as are allowed at the same time. ` +
    'The call was not run; try again in 1 s.';
  return { kind: 'busy', message, retryAfterSeconds: 1 };
}
