/**
 * Makes the statement that removes a batch of a tenant's ($1) claims which were closed more than so many days ($2) ago, and gives
 * their number as `count`. What somebody still looks after is no claim of the past.
 */
export function removalOfClosedClaims(batch: number): string {
  return `WITH old AS (
    SELECT id FROM customer_claims WHERE tenant_id = $1 AND closed_at < trusted_now() - $2 * interval '1 day'
      AND state = 'closed' LIMIT ${batch}),
  gone AS (DELETE FROM customer_claims c USING old WHERE c.id = old.id RETURNING c.id)
  SELECT count(*)::int AS count FROM gone`;
}
