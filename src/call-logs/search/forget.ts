import { lockShared } from '../../platform/database/advisory-locks.js';
/** An EntityManager, a DataSource or a QueryRunner, as a role that may change the guide of the tenant. */
type Queryable = { query(sql: string, parameters?: unknown[]): Promise<unknown> };

const FORGET = `UPDATE call_log_chunks SET marks = '{}', places = NULL, stale = true
  WHERE tenant_id = $1 AND to_at >= $2 AND from_at < $3`;

/**
 * Takes what the guide knows of a tenant's records in a stretch of time out of it. Search reads those records themselves until
 * the guide's job has marked the stretch anew, from what is left of them. Call it in the transaction that erases or removes,
 * behind that; for a single record with its time and the millisecond after it. Who erases waits for a stretch that is being
 * marked, and who marks for erasures that are not committed: else words could be read before they are erased and get into the
 * guide after it was told to forget them.
 */
export async function forgetInGuide(
  queryable: Queryable,
  stretch: { readonly tenantId: string; readonly from: Date; readonly before: Date },
): Promise<void> {
  await lockShared(queryable, 'guideMarking');
  await queryable.query(FORGET, [stretch.tenantId, stretch.from, stretch.before]);
}

const FORGET_RECORDS = `UPDATE call_log_chunks chunk SET marks = '{}', places = NULL, stale = true
  FROM unnest($2::timestamptz[]) AS call(created_at)
  WHERE chunk.tenant_id = $1 AND chunk.to_at >= call.created_at AND chunk.from_at <= call.created_at`;

/** As {@link forgetInGuide}, for single records that are still there without their payload. */
export async function forgetRecordsInGuide(
  queryable: Queryable,
  { tenantId, times }: { readonly tenantId: string; readonly times: readonly Date[] },
): Promise<void> {
  await lockShared(queryable, 'guideMarking');
  await queryable.query(FORGET_RECORDS, [tenantId, times]);
}
