import { DAY_MS, dayOf, type Span } from '../search/times.js';
import { beginningsOfPartitions, type Queryable, stretchesOf } from './stretches.js';

/** Where a record lies: the partition of its time. */
export type CallPlace = { readonly id: string; readonly createdAt: Date };

/** Between the making of a record's id and its `created_at`; a call has an hour at most. */
const MARGIN_MS = 3_600_000;
/** A third of what a server with default settings has room for. */
const DAYS_PER_TRANSACTION = 200;
/** Of a UUIDv7. */
const TIME = /^([0-9a-f]{8})-([0-9a-f]{4})-7/i;
const FIRST_MS = Date.UTC(2000, 0);
const LAST_MS = Date.UTC(9999, 0);

const PLACES = `SELECT id, created_at AS "createdAt" FROM mcp_call_logs
  WHERE tenant_id = $1 AND id = ANY ($2::uuid[]) AND created_at >= $3 AND created_at < $4`;

/**
 * Finds records by id. An id of ours (UUIDv7) says when it was made: one partition is looked at, or the two around midnight. Only for
 * ids that somebody else made, or a process whose clock was off, the whole log is gone through, a few partitions at a time.
 *
 * @returns Those that are there and the tenant's, in no order.
 */
export async function placesOf(
  queryable: Queryable,
  tenantId: string,
  ids: readonly string[],
): Promise<readonly CallPlace[]> {
  const found = new Map<string, CallPlace>();
  const look = async (sought: readonly string[], { from, before }: Span) => {
    const rows = (await queryable.query(PLACES, [tenantId, sought, from, before])) as CallPlace[];
    for (const place of rows) found.set(place.id, place);
  };
  const days = Map.groupBy(ids, (id) => dayOf(timeOfId(id) ?? 0));
  for (const [day, own] of days) {
    const times = own.map(timeOfId).filter((ms) => ms !== undefined);
    if (day === 0) continue;
    const span = { from: Math.min(...times) - MARGIN_MS, before: Math.max(...times) + MARGIN_MS };
    await look(own, { from: new Date(span.from), before: new Date(span.before) });
  }
  for (const stretch of stretchesOf(await beginningsIfNeeded())) {
    const left = ids.filter((id) => !found.has(id.toLowerCase()));
    if (left.length === 0) break;
    await look(left, stretch);
  }
  return [...found.values()];

  async function beginningsIfNeeded(): Promise<readonly Date[]> {
    return found.size === new Set(ids).size ? [] : beginningsOfPartitions(queryable);
  }
}

/** When a UUIDv7 was made, in milliseconds; undefined: it is of another kind, and says nothing of it. */
export function timeOfId(id: string): number | undefined {
  const [, high = '', low = ''] = TIME.exec(id) ?? [];
  const ms = Number.parseInt(high + low, 16);
  return ms > FIRST_MS && ms < LAST_MS ? ms : undefined;
}

/** Portions of records that lie in so few days that one transaction can hold their partitions. Oldest first; at least one. */
export function portionsOf(places: readonly CallPlace[]): readonly (readonly CallPlace[])[] {
  const portions: CallPlace[][] = [[]];
  let days = new Set<number>();
  for (const place of places.toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime())) {
    days.add(dayOf(place.createdAt.getTime()));
    if (days.size > DAYS_PER_TRANSACTION) {
      portions.push([]);
      days = new Set([dayOf(place.createdAt.getTime())]);
    }
    portions.at(-1)!.push(place);
  }
  return portions;
}

/** Records day by day, each with the time that bounds the search for them. */
export function byDayOf(
  places: readonly CallPlace[],
): readonly { readonly span: Span; readonly ids: string[] }[] {
  const days = Map.groupBy(places, ({ createdAt }) => dayOf(createdAt.getTime()));
  return [...days].map(([day, own]) => ({
    span: { from: new Date(day), before: new Date(day + DAY_MS) },
    ids: own.map(({ id }) => id),
  }));
}
