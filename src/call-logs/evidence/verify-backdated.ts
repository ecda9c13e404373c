import { ENTRY_BYTES, entryTime, readEntry } from '../chain/record-hash.js';
import type { LogReader } from './log-reader.js';
import type { TenantReport } from './report.js';

/** Batches of one chain: those behind `after`, up to and with `upTo`. */
export type Span = { readonly writerId: string; readonly after: number; readonly upTo: number };

/** A tool's time limit is at most an hour, and a call is recorded when it ends. */
export const CALL_MAX_MS = 3_600_000;
const BATCHES_AT_ONCE = 100;
const BATCHES = `SELECT seq, entries FROM call_log_batches
  WHERE tenant_id = $1 AND writer_id = $2 AND seq > $3 AND seq <= $4 AND first_at < $5 ORDER BY seq LIMIT ${BATCHES_AT_ONCE}`;
const DURATIONS = `SELECT e.n, l.duration_ms
  FROM unnest($1::uuid[], $2::timestamptz[]) WITH ORDINALITY AS e(id, created_at, n)
  JOIN mcp_call_logs l ON l.id = e.id AND l.created_at = e.created_at
  WHERE l.created_at >= $3 AND l.created_at < $4 AND l.tenant_id = $5`;

/** The checkpoint before was made then (milliseconds) and knew nothing of the span; `by` is the one that does. */
type Bound = { readonly notBefore: number; readonly by: string | undefined };
type Batch = { readonly seq: number; readonly entries: Buffer };
type Call = { readonly id: string; readonly createdAt: Date; readonly durationMs: number };

/**
 * Names the records of a span whose call ended before the log can have got them. A call may arrive long before it is recorded,
 * so each record that begins too early is asked for how long its call took; nothing may claim more than the longest time limit.
 */
export async function findBackdated(
  snapshot: LogReader,
  report: TenantReport,
  span: Span,
  bound: Bound,
): Promise<void> {
  let { after } = span;
  for (;;) {
    const { rows } = await snapshot.holder.query<Batch>(BATCHES, [
      report.tenantId,
      span.writerId,
      after,
      span.upTo,
      new Date(bound.notBefore),
    ]);
    const early = rows.flatMap(({ entries }) => entriesBefore(entries, bound.notBefore));
    const named = early.map(({ id, createdAt }) => ({ id, atMs: createdAt.getTime() }));
    const query = { name: 'verify_durations', sql: DURATIONS };
    const found = await snapshot.lookUp<readonly [n: string, durationMs: string]>(query, named, [
      report.tenantId,
    ]);
    for (const [place, [, durationMs]] of found) {
      const call = { ...early[place], durationMs: Number(durationMs) };
      if (endOf(call) < bound.notBefore) report.add('record_backdated', told(call, span, bound), call.id);
    }
    if (rows.length < BATCHES_AT_ONCE) return;
    after = rows[rows.length - 1].seq;
  }
}

function entriesBefore(entries: Buffer, timeMs: number) {
  const positions = Array.from(
    { length: Math.floor(entries.length / ENTRY_BYTES) },
    (_, position) => position,
  );
  return positions
    .filter((position) => entryTime(entries, position) < timeMs)
    .map((position) => readEntry(entries, position));
}

function endOf({ createdAt, durationMs }: Call): number {
  return createdAt.getTime() + Math.min(durationMs, CALL_MAX_MS);
}

function told({ id, createdAt }: Call, { writerId }: Span, { notBefore, by }: Bound): string {
  return (
    `record ${id} of ${createdAt.toISOString()} (chain ${writerId}) was added after ${new Date(notBefore).toISOString()}, ` +
    `when its call had long ended: ${by ?? 'no checkpoint yet'} is the first to vouch for it`
  );
}
