import type { EntityManager } from 'typeorm';
import type { ConversionDto, FirstResponseDto } from './customer-numbers.dto.js';
import { rate, toTenths } from './figures.js';
import type { Period } from './period.js';
import { RESPONSE_TARGET_SECONDS } from './targets.js';

/** How long after the registration messages are looked at. */
const WINDOW = `interval '7 days'`;
const WINDOW_MS = 7 * 86_400_000;

/**
 * One range of one index per customer. Accounts that are gone have no messages, so they count for nothing. Under row-level security
 * an expression that might tell of a row cannot look up an index, so ids are read out of the events first; OFFSET 0 keeps
 * the accounts from being read as a whole.
 */
const FIRST_MESSAGES = `WITH events AS MATERIALIZED (SELECT created_at, (payload ->> 'user_id')::uuid AS user_id FROM domain_events
    WHERE tenant_id = $1 AND kind = 'user.registered' AND created_at >= $2 AND created_at < $3)
  SELECT e.created_at AS registered_at, m.* FROM events e
  CROSS JOIN LATERAL (SELECT FROM users WHERE tenant_id = $1 AND id = e.user_id OFFSET 0) u
  CROSS JOIN LATERAL (SELECT min(created_at) FILTER (WHERE sender_kind IN ('ai', 'consultant')) AS answered_at,
      min(created_at) FILTER (WHERE sender_kind = 'consultant') AS person_at,
      min(created_at) FILTER (WHERE sender_kind = 'customer') AS wrote_at
    FROM messages WHERE tenant_id = $1 AND user_id = e.user_id AND created_at >= e.created_at
      AND created_at < e.created_at + ${WINDOW}) m`;
const ANSWER = 'extract(epoch FROM answered_at - registered_at)::float8';
const PERSON = 'extract(epoch FROM person_at - registered_at)::float8';

const RESPONSES = `SELECT count(*)::int AS registered, count(answered_at)::int AS answered, count(person_at)::int AS "byPerson",
    count(wrote_at)::int AS wrote, avg(${ANSWER}) AS average,
    percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY ${ANSWER}) AS percentiles,
    percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY ${PERSON}) AS "personPercentiles",
    count(*) FILTER (WHERE answered_at <= registered_at + make_interval(secs => $4))::int AS "inTime",
    count(*) FILTER (WHERE answered_at > registered_at + make_interval(secs => $4)
      OR (answered_at IS NULL AND registered_at < now() - make_interval(secs => $4)))::int AS late
  FROM (${FIRST_MESSAGES}) AS firsts`;
const CONVERSION = `SELECT count(*)::int AS registered, count(wrote_at)::int AS wrote FROM (${FIRST_MESSAGES}) AS firsts`;

type Pair = readonly [number | null, number | null] | null;
type Row = {
  readonly registered: number;
  readonly answered: number;
  readonly byPerson: number;
  readonly wrote: number;
  readonly average: number | null;
  readonly percentiles: Pair;
  readonly personPercentiles: Pair;
  readonly inTime: number;
  readonly late: number;
};

/** How soon those who registered in a time read something. */
export async function readFirstResponse(
  manager: EntityManager,
  tenantId: string,
  { from, to }: Period,
): Promise<FirstResponseDto> {
  const [row] = await manager.query<[Row]>(RESPONSES, [tenantId, from, to, RESPONSE_TARGET_SECONDS]);
  const [median, p95] = row.percentiles ?? [null, null];
  const [personMedian, personP95] = row.personPercentiles ?? [null, null];
  return {
    registered: row.registered,
    answered: row.answered,
    answered_by_person: row.byPerson,
    wrote_so_far: row.wrote,
    average_seconds: toTenths(row.average),
    median_seconds: toTenths(median),
    p95_seconds: toTenths(p95),
    person_median_seconds: toTenths(personMedian),
    person_p95_seconds: toTenths(personP95),
    in_time_rate: rate(row.inTime, row.inTime + row.late),
  };
}

/** Of those whose seven days ended in a time: whoever registered yesterday may still write. */
export async function readConversion(
  manager: EntityManager,
  tenantId: string,
  { from, to, now }: Period,
): Promise<ConversionDto> {
  const end = to < now ? to : now;
  const registered = {
    from: new Date(from.getTime() - WINDOW_MS),
    to: new Date(Math.max(from.getTime(), end.getTime()) - WINDOW_MS),
  };
  const [row] = await manager.query<[Row]>(CONVERSION, [tenantId, registered.from, registered.to]);
  return {
    registered_from: registered.from.toISOString(),
    registered_to: registered.to.toISOString(),
    registered: row.registered,
    wrote: row.wrote,
    rate: rate(row.wrote, row.registered),
  };
}
