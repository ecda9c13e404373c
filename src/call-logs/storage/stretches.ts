import { BEGINNING_OF_TIME, END_OF_TIME, type Span } from '../search/times.js';

/** An EntityManager, a DataSource, a QueryRunner or a doctor's connection. */
export type Queryable = { query(sql: string, parameters?: unknown[]): Promise<unknown> };

/**
 * Partitions that one statement looks at. Planning locks each of them and each of its ten indexes until the transaction ends, and
 * the server has room for 64 locks per connection: a log of two years, a partition for each day, takes all of them at once.
 */
export const PARTITIONS_AT_ONCE = 32;

/** By their names: the catalogue would lock each of them to tell its bounds. A month's has six digits, a day's eight. */
const BEGINNINGS = `SELECT to_date(rpad(digits, 8, '01'), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC' AS "from"
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  CROSS JOIN LATERAL (SELECT substring(c.relname FROM '^mcp_call_logs_[pm](\\d+)$') AS digits) name
  WHERE i.inhparent = 'mcp_call_logs'::regclass AND digits IS NOT NULL ORDER BY 1`;

/** When the partitions of the call log begin, oldest first. */
export async function beginningsOfPartitions(queryable: Queryable): Promise<readonly Date[]> {
  const rows = (await queryable.query(BEGINNINGS)) as { from: Date }[];
  return rows.map(({ from }) => from);
}

/**
 * Cuts a time into stretches of few partitions, newest first. Every statement that has to look through the whole log goes through
 * them one by one, each in a transaction of its own.
 *
 * @param beginnings Of the partitions, oldest first.
 */
export function stretchesOf(
  beginnings: readonly Date[],
  { from, before }: Span = { from: BEGINNING_OF_TIME, before: END_OF_TIME },
): readonly Span[] {
  const cuts = beginnings.toReversed().filter((_at, index) => (index + 1) % PARTITIONS_AT_ONCE === 0);
  const edges = [before, ...cuts.filter((at) => at > from && at < before), from];
  return edges.slice(1).map((floor, index) => ({ from: floor, before: edges[index] }));
}

const OLDEST = `SELECT created_at AS at FROM mcp_call_logs
  WHERE tenant_id = $1 AND created_at >= $2 AND created_at < $3 ORDER BY created_at LIMIT 1`;

/** When the first call of a tenant came that is still in the log. */
export async function oldestCall(queryable: Queryable, tenantId: string): Promise<Date | undefined> {
  for (const { from, before } of stretchesOf(await beginningsOfPartitions(queryable)).toReversed()) {
    const [row] = (await queryable.query(OLDEST, [tenantId, from, before])) as { at: Date }[];
    if (row) return row.at;
  }
  return undefined;
}
