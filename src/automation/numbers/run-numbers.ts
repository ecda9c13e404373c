import type { EntityManager } from 'typeorm';
import { FALLBACK_REASONS, SKIP_REASONS } from '../automation-run.entity.js';
import { rate, toTenths } from './figures.js';
import { type Period, startOfDay } from './period.js';
import type { CountByReasonDto, DayDto, FallbackDto, HourDto, RunsDto } from './run-numbers.dto.js';

type Span = { readonly from: Date; readonly to: Date };
type Counts = {
  readonly runs: number;
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  readonly fallbacks: number;
  readonly asked: number;
  readonly average: number | null;
};

const WELCOMES = `count(*) FILTER (WHERE fallback_reason IS NOT NULL)::int AS fallbacks,
  count(*) FILTER (WHERE welcomed_by = 'agent' OR fallback_reason IS NOT NULL)::int AS asked`;
const COUNTS = `count(*)::int AS runs, count(*) FILTER (WHERE state = 'done')::int AS done,
  count(*) FILTER (WHERE state = 'failed')::int AS failed, count(*) FILTER (WHERE state = 'skipped')::int AS skipped,
  ${WELCOMES},
  (avg(duration_ms) FILTER (WHERE state = 'done'))::float8 AS average`;
const IN_SPAN = 'tenant_id = $1 AND created_at >= $2 AND created_at < $3';

const SUMMARY = `SELECT ${COUNTS}, count(*) FILTER (WHERE state = 'queued')::int AS queued,
    count(*) FILTER (WHERE state = 'running')::int AS running,
    count(*) FILTER (WHERE welcomed_by = 'agent')::int AS "byAgent",
    count(*) FILTER (WHERE welcomed_by = 'template')::int AS "byTemplate",
    percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY duration_ms) FILTER (WHERE state = 'done') AS percentiles,
    (avg(extract(epoch FROM started_at - created_at) * 1000) FILTER (WHERE started_at >= created_at))::float8 AS wait
  FROM automation_runs WHERE ${IN_SPAN}`;

/** Days without a run are there, too. A day is what the clocks call it, however many hours it has. */
const BY_DAY = `WITH counted AS (SELECT (created_at AT TIME ZONE $4)::date AS day, ${COUNTS} FROM automation_runs WHERE ${IN_SPAN} GROUP BY 1),
  registered AS (SELECT (created_at AT TIME ZONE $4)::date AS day, count(*)::int AS registrations FROM domain_events
    WHERE ${IN_SPAN} AND kind = 'user.registered' GROUP BY 1),
  days AS (SELECT day::date AS day FROM generate_series(($2::timestamptz AT TIME ZONE $4)::date::timestamp,
    ($3::timestamptz - interval '1 millisecond') AT TIME ZONE $4, '1 day') AS day)
  SELECT to_char(day, 'YYYY-MM-DD') AS date, ${startOfDay('day', '$4')} AS "startsAt", coalesce(registrations, 0) AS registrations,
    coalesce(runs, 0) AS runs, coalesce(done, 0) AS done, coalesce(failed, 0) AS failed, coalesce(skipped, 0) AS skipped,
    coalesce(fallbacks, 0) AS fallbacks, coalesce(asked, 0) AS asked, average
  FROM days LEFT JOIN counted USING (day) LEFT JOIN registered USING (day) ORDER BY day`;

/** Counted from the first instant of the day: 23 to 25 of them. */
const BY_HOUR = `WITH counted AS (SELECT date_bin('1 hour', created_at, $2) AS hour, ${COUNTS} FROM automation_runs WHERE ${IN_SPAN} GROUP BY 1),
  registered AS (SELECT date_bin('1 hour', created_at, $2) AS hour, count(*)::int AS registrations FROM domain_events
    WHERE ${IN_SPAN} AND kind = 'user.registered' GROUP BY 1)
  SELECT hour AS "startsAt", to_char(hour AT TIME ZONE $4, 'HH24:MI') AS "clock", coalesce(registrations, 0) AS registrations,
    coalesce(runs, 0) AS runs, coalesce(done, 0) AS done, coalesce(failed, 0) AS failed, coalesce(skipped, 0) AS skipped
  FROM generate_series($2::timestamptz, $3::timestamptz - interval '1 millisecond', '1 hour') AS hour
    LEFT JOIN counted USING (hour) LEFT JOIN registered USING (hour) ORDER BY hour`;

const REGISTRATIONS = `SELECT count(*)::int AS count FROM domain_events WHERE ${IN_SPAN} AND kind = 'user.registered'`;
const FALLBACKS = `SELECT ${WELCOMES} FROM automation_runs WHERE ${IN_SPAN}`;
const byReason = (column: string): string =>
  `SELECT ${column} AS reason, count(*)::int AS runs FROM automation_runs WHERE ${IN_SPAN} AND ${column} IS NOT NULL GROUP BY 1`;

type Summary = Counts & {
  readonly queued: number;
  readonly running: number;
  readonly byAgent: number;
  readonly byTemplate: number;
  readonly percentiles: readonly [number, number] | null;
  readonly wait: number | null;
};

/** Of the runs that were made in a time. */
export async function readRuns(manager: EntityManager, tenantId: string, span: Span): Promise<RunsDto> {
  const parameters = [tenantId, span.from, span.to];
  const [row] = await manager.query<[Summary]>(SUMMARY, parameters);
  const [{ count }] = await manager.query<[{ count: number }]>(REGISTRATIONS, parameters);
  const [median, p95] = row.percentiles ?? [null, null];
  return {
    registrations: count,
    runs: row.runs,
    queued: row.queued,
    running: row.running,
    done: row.done,
    failed: row.failed,
    skipped: row.skipped,
    welcomed_by_agent: row.byAgent,
    welcomed_by_template: row.byTemplate,
    success_rate: rate(row.done, row.done + row.failed),
    average_ms: toTenths(row.average),
    median_ms: toTenths(median),
    p95_ms: toTenths(p95),
    average_wait_ms: toTenths(row.wait),
  };
}

export async function readDays(
  manager: EntityManager,
  tenantId: string,
  { from, to, timeZone }: Period,
): Promise<DayDto[]> {
  type Row = Counts & { readonly date: string; readonly startsAt: Date; readonly registrations: number };
  const rows = await manager.query<Row[]>(BY_DAY, [tenantId, from, to, timeZone]);
  return rows.map(({ date, startsAt, registrations, runs, done, failed, skipped, ...row }) => ({
    date,
    starts_at: startsAt.toISOString(),
    registrations,
    runs,
    done,
    failed,
    skipped,
    success_rate: rate(done, done + failed),
    fallback_rate: rate(row.fallbacks, row.asked),
    average_ms: toTenths(row.average),
  }));
}

export async function readHours(
  manager: EntityManager,
  tenantId: string,
  { today, timeZone }: Period,
): Promise<HourDto[]> {
  type Row = Omit<HourDto, 'starts_at'> & { readonly startsAt: Date };
  const rows = await manager.query<Row[]>(BY_HOUR, [tenantId, today.from, today.to, timeZone]);
  return rows.map(({ startsAt, ...row }) => ({ starts_at: startsAt.toISOString(), ...row }));
}

/** How often the template greeted although an agent was to. */
export async function readFallbacks(
  manager: EntityManager,
  tenantId: string,
  { from, to }: Span,
): Promise<FallbackDto> {
  const parameters = [tenantId, from, to];
  const [{ fallbacks, asked }] = await manager.query<[Pick<Counts, 'fallbacks' | 'asked'>]>(
    FALLBACKS,
    parameters,
  );
  const reasons = await manager.query<CountByReasonDto[]>(byReason('fallback_reason'), parameters);
  return {
    welcomes: asked,
    fallbacks,
    rate: rate(fallbacks, asked),
    reasons: inOrder(reasons, FALLBACK_REASONS),
  };
}

export async function readSkips(
  manager: EntityManager,
  tenantId: string,
  { from, to }: Span,
): Promise<CountByReasonDto[]> {
  const reasons = await manager.query<CountByReasonDto[]>(byReason('skip_reason'), [tenantId, from, to]);
  return inOrder(reasons, SKIP_REASONS);
}

/** The most frequent first. */
function inOrder(counts: readonly CountByReasonDto[], known: readonly string[]): CountByReasonDto[] {
  return counts.toSorted((a, b) => b.runs - a.runs || known.indexOf(a.reason) - known.indexOf(b.reason));
}
