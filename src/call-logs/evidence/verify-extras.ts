import type { AllowedRemovals } from './allowed-removals.js';
import type { LogReader } from './log-reader.js';
import type { TenantReport } from './report.js';
import type { Period } from './verify-records.js';

const NAMED_MAX = 100;
/** Whoever writes no end means no end: 'infinity' is a time in SQL, and a record may be put there. */
const WITHIN = `($1::timestamptz IS NULL OR created_at >= $1) AND ($2::timestamptz IS NULL OR created_at < $2)
  AND tenant_id = $3 AND ($4::timestamptz IS NULL OR created_at >= $4) AND ($5::timestamptz IS NULL OR created_at < $5)`;
const AT = `created_at::text AS at`;

const IN_NO_CHAIN = `SELECT id, ${AT} FROM mcp_call_logs WHERE ${WITHIN} AND writer_id IS NULL
    AND (NOT isfinite(created_at) OR created_at > $6::timestamptz) ORDER BY created_at, id LIMIT ${NAMED_MAX}`;
const IN_NO_BATCH = `SELECT l.id, l.${AT}, l.writer_id || '/' || l.batch_seq || '/' || l.batch_position AS place
  FROM (SELECT * FROM mcp_call_logs WHERE ${WITHIN} AND writer_id IS NOT NULL) l
  LEFT JOIN call_log_batches b ON b.tenant_id = l.tenant_id AND b.writer_id = l.writer_id AND b.seq = l.batch_seq
  WHERE NOT isfinite(l.created_at) OR substring(b.entries FROM l.batch_position * 72 + 1 FOR 24) IS DISTINCT FROM
    uuid_send(l.id) || int8send(CASE WHEN isfinite(l.created_at) THEN (extract(epoch FROM l.created_at) * 1000)::bigint END)
  ORDER BY l.created_at, l.id LIMIT ${NAMED_MAX}`;

type Uncovered = { readonly records: number; readonly newestAt: Date | null };
type Row = { readonly id: string; readonly at: string; readonly place?: string };

/**
 * Looks for records that are in no chain. As many rows as the chains led to means that there is none, and costs a count; only
 * else are they looked for one by one.
 */
export async function findAdded(
  snapshot: LogReader,
  report: TenantReport,
  { period, uncovered, allowed }: { period: Period; uncovered: Uncovered; allowed: AllowedRemovals },
): Promise<void> {
  const values = [report.tenantId, period.from, period.to];
  const count = async (condition: string, more: readonly unknown[] = []) => {
    const sql = `SELECT count(*) AS n FROM mcp_call_logs WHERE ${WITHIN}${condition}`;
    const counts = await snapshot.readThrough<{ n: string }>(sql, [...values, ...more]);
    return counts.reduce((sum, { n }) => sum + Number(n), 0);
  };
  const newest = uncovered.newestAt ?? '-infinity';
  report.uncovered =
    uncovered.newestAt === null
      ? 0
      : await count(' AND writer_id IS NULL AND isfinite(created_at) AND created_at <= $6::timestamptz', [
          newest,
        ]);
  if (period.from === null && period.to === null) compareUncovered(report, uncovered, allowed);
  const total = await count('');
  if (total === report.records + report.uncovered) return;
  const inNoChain = await snapshot.readThrough<Row>(IN_NO_CHAIN, [...values, newest]);
  const inNoBatch = await snapshot.readThrough<Row>(IN_NO_BATCH, values);
  const added = [...inNoChain.slice(0, NAMED_MAX), ...inNoBatch.slice(0, NAMED_MAX)];
  for (const { id, at, place } of added) {
    const where =
      place === undefined ? 'it is in no chain' : `it says that it lies at ${place}, and is not known there`;
    report.add('record_added', `record ${id} of ${at} was added: ${where}`, id);
  }
  if (added.length > 0) return;
  const led = report.records + report.uncovered;
  report.add('records_miscounted', `there are ${total} records, and the chains lead to ${led} of them`);
}

/** The number was noted when the chains began. Each retention has signed by how many at most it lowers it. */
function compareUncovered(report: TenantReport, { records }: Uncovered, allowed: AllowedRemovals): void {
  const missing = records - report.uncovered;
  if (missing >= 0 && missing <= allowed.uncovered) return;
  report.add(
    'uncovered_changed',
    `there are ${report.uncovered} records from before there were chains; when the chains began there were ${records}, and ` +
      `retention has signed for ${allowed.uncovered} of them`,
  );
}
