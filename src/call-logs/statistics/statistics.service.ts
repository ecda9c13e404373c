import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { UserCaller } from '../../auth/caller.js';
import { InvalidInputError } from '../../common/errors.js';
import { Condition } from '../search/call-filter.js';
import { type BucketCount, percentile } from './durations.js';
import type { StatisticsBy, StatisticsDto, StatisticsLineDto, StatisticsQueryDto } from './statistics.dto.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LINES_MAX = 1000;

const KEYS: Readonly<Record<StatisticsBy, string>> = {
  none: 'null::text',
  tool: 'tool_name',
  group: 'group_id::text',
  app: 'caller_app_id',
  hour: `to_char(starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`,
  day: `to_char(date_trunc('day', starts_at, 'UTC') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`,
};

type Line = {
  readonly key: string | null;
  readonly calls: number;
  readonly errors: number;
  readonly buckets: readonly number[];
  readonly counts: readonly number[];
};

/** Sums over the calls of a tenant, read from what `StatisticsJob` has added up. */
@Injectable()
export class StatisticsService {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** @throws {InvalidInputError} The end is not after the beginning. */
  async read({ tenantId }: UserCaller, query: StatisticsQueryDto): Promise<StatisticsDto> {
    const to = hourOf(query.to ?? new Date(Date.now() + HOUR_MS));
    const from = hourOf(query.from ?? new Date(to.getTime() - DAY_MS));
    if (from >= to)
      throw new InvalidInputError('from must be before to', {
        details: [{ field: 'from', message: 'from must be before to' }],
      });
    const [{ asOf }] = await this.dataSource.query<[{ asOf: Date }]>(
      `SELECT updated_at AS "asOf" FROM call_log_positions WHERE follower = 'statistics'`,
    );
    const condition = new Condition().and('tenant_id = ? AND sums = ?', tenantId, sumsFor(query));
    for (const [column, value] of [
      ['tool_name', query.tool],
      ['group_id', query.group_id],
      ['caller_app_id', query.caller_app_id],
    ] as const) {
      if (value !== undefined) condition.and(`${column} = ?`, value);
    }
    addTime(condition, { from, to, byHour: query.by === 'hour' });
    const lines = await this.dataSource.query<Line[]>(sumsBy(query.by, condition.sql), condition.parameters);
    return {
      from: from.toISOString(),
      to: to.toISOString(),
      as_of: asOf.toISOString(),
      lines: lines.map(toLine),
    };
  }
}

/**
 * Which of the sums answer a question: they are kept for all calls, by tool, by group, by both, and by app.
 *
 * @throws {InvalidInputError} None does.
 */
function sumsFor({ by, tool, group_id: groupId, caller_app_id: app }: StatisticsQueryDto): string {
  const isByTool = by === 'tool' || tool !== undefined;
  const isByGroup = by === 'group' || groupId !== undefined;
  const isByApp = by === 'app' || app !== undefined;
  if (!isByApp) return isByTool ? (isByGroup ? 'group_tool' : 'tool') : isByGroup ? 'group' : 'all';
  if (!isByTool && !isByGroup) return 'app';
  throw new InvalidInputError('Apps are counted over all tools and groups', {
    details: [{ field: 'caller_app_id', message: 'goes with no tool and no group' }],
  });
}

/** Whole days are read from the days' sums, what is left at both ends from those of hours. */
function addTime(condition: Condition, time: { from: Date; to: Date; byHour: boolean }): void {
  const { from, to } = time;
  const firstDay = new Date(Math.ceil(from.getTime() / DAY_MS) * DAY_MS);
  const lastDay = new Date(Math.floor(to.getTime() / DAY_MS) * DAY_MS);
  if (time.byHour || firstDay >= lastDay) {
    condition.and(`span = 'hour' AND starts_at >= ? AND starts_at < ?`, from, to);
    return;
  }
  condition.and(
    `((span = 'day' AND starts_at >= ? AND starts_at < ?)
      OR (span = 'hour' AND starts_at >= ? AND starts_at < ?) OR (span = 'hour' AND starts_at >= ? AND starts_at < ?))`,
    firstDay,
    lastDay,
    from,
    firstDay,
    lastDay,
    to,
  );
}

function sumsBy(by: StatisticsBy, where: string): string {
  const order = by === 'hour' || by === 'day' ? 'key' : 'calls DESC, key';
  return `SELECT key, sum(calls)::float8 AS calls, sum(errors)::float8 AS errors,
      array_agg(bucket ORDER BY bucket) AS buckets, array_agg(calls::float8 ORDER BY bucket) AS counts
    FROM (SELECT ${KEYS[by]} AS key, bucket, sum(calls) AS calls, sum(errors) AS errors
      FROM call_log_stats WHERE ${where} GROUP BY 1, 2) sums
    GROUP BY key ORDER BY ${order} LIMIT ${LINES_MAX}`;
}

function toLine({ key, calls, errors, buckets, counts }: Line): StatisticsLineDto {
  const histogram: BucketCount[] = buckets.map((bucket, at) => ({ bucket, calls: counts[at] }));
  return {
    key,
    calls,
    errors,
    error_rate: Number((errors / calls).toFixed(6)),
    p50_ms: percentile(histogram, 0.5),
    p95_ms: percentile(histogram, 0.95),
    p99_ms: percentile(histogram, 0.99),
  };
}

function hourOf(time: Date): Date {
  return new Date(Math.floor(time.getTime() / HOUR_MS) * HOUR_MS);
}
