import { z } from 'zod';
import type { DraftLine, Evidence } from './plan-case.js';
import { dayNumber } from './plan-days.js';

const ANSWER_MAX = 65_536; // characters
const LINES_READ_MAX = 32;

const lineSchema = z.object({
  service: z.string().trim().min(1).max(100),
  sessions: z.coerce.number().int().min(1).max(1000).optional().catch(undefined),
  interval_days: z.coerce.number().int().min(1).max(10_000).optional().catch(undefined),
  start_on: z
    .string()
    .refine((text) => dayNumber(text) !== undefined)
    .optional()
    .catch(undefined),
  because: z.array(z.coerce.string()).max(50).catch([]),
});
const answerSchema = z.object({ lines: z.array(z.unknown()).max(1000) });

/**
 * Reads what an agent proposes, and trusts nothing of it: the first JSON object with `lines`, whatever stands around it. Its prose is
 * left out, since nothing would hold what it claims; of its reasons only those that are rows we showed it are kept.
 *
 * @param rows What `because` may name.
 * @returns Null: there is no proposal in it.
 */
export function readProposal(answer: string, rows: ReadonlyMap<string, Evidence>): DraftLine[] | null {
  const parsed = answerSchema.safeParse(jsonIn(answer));
  if (!parsed.success) return null;
  const lines = parsed.data.lines
    .slice(0, LINES_READ_MAX)
    .flatMap((value) => lineSchema.safeParse(value).data ?? []);
  if (lines.length === 0) return null;
  return lines.map(({ service, sessions, interval_days: intervalDays, start_on: startOn, because }) => ({
    service,
    sessions,
    intervalDays,
    startOn,
    because: [...new Set(because)].flatMap((ref) => rows.get(ref) ?? []),
  }));
}

function jsonIn(answer: string): unknown {
  if (answer.length > ANSWER_MAX) return undefined;
  const [start, end] = [answer.indexOf('{'), answer.lastIndexOf('}')];
  if (start < 0 || end < start) return undefined;
  try {
    return JSON.parse(answer.slice(start, end + 1));
  } catch {
    return undefined; // no JSON: no proposal
  }
}
