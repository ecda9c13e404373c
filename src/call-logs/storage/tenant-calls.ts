import { beginningsOfPartitions, type Queryable, stretchesOf } from './stretches.js';

/** Of so many partitions that no statement may look at all of them. */
export const CALL_LOG = 'mcp_call_logs';

const COUNT = `SELECT count(*) AS total FROM mcp_call_logs
  WHERE tenant_id = $1 AND created_at >= $2 AND created_at < $3`;
const DELETE = `WITH gone AS (DELETE FROM mcp_call_logs l USING (SELECT id, created_at FROM mcp_call_logs
    WHERE tenant_id = $1 AND created_at >= $3 AND created_at < $4 ORDER BY created_at LIMIT $2) batch
  WHERE l.id = batch.id AND l.created_at = batch.created_at AND l.created_at >= $3 AND l.created_at < $4 RETURNING 1)
  SELECT count(*)::int AS count FROM gone`;

/** Counts a tenant's records, a few partitions at a time. @param queryable Not in a transaction, which would hold the locks of all. */
export async function countCalls(queryable: Queryable, tenantId: string): Promise<number> {
  let sum = 0;
  for (const { from, before } of stretchesOf(await beginningsOfPartitions(queryable))) {
    const [{ total }] = (await queryable.query(COUNT, [tenantId, from, before])) as [{ total: string }];
    sum += Number(total);
  }
  return sum;
}

/**
 * Deletes a batch of the records of a tenant that is being removed, from the oldest partitions on.
 *
 * @param from When the partitions begin that may have some; undefined: the oldest.
 * @returns Where to go on; undefined: that was the last of them.
 */
export async function deleteCalls(
  queryable: Queryable,
  tenantId: string,
  { from, batch }: { readonly from: Date | undefined; readonly batch: number },
): Promise<{ readonly count: number; readonly goOnFrom: Date | undefined }> {
  const stretches = stretchesOf(await beginningsOfPartitions(queryable)).toReversed();
  const index = from ? stretches.findIndex(({ before }) => before > from) : 0;
  const stretch = stretches[index];
  const values = [tenantId, batch, stretch.from, stretch.before];
  const [{ count }] = (await queryable.query(DELETE, values)) as [{ count: number }];
  return { count, goOnFrom: (count === batch ? stretch : stretches.slice(index + 1)[0])?.from };
}
