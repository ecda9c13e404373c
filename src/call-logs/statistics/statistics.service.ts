import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { UserCaller } from '../../access/caller.js';
import { InvalidInputError } from '../../platform/errors.js';
import { Condition } from '../search/call-filter.js';
import { type BucketCount, percentile } from './durations.js';
import { addSpan, ceilDay, floorDay } from './spans.js';
import { HOURS_KEPT_DAYS } from './sums.js';
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
    const { from, to } = timeOf(query);
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
    addSpan(condition, { from, to, byHour: query.by === 'hour' });
    const lines = await this.dataSource.query<Line[]>(sumsBy(query.by, condition.sql), condition.parameters);
    return {
      from: from.toISOString(),
      to: to.toISOString(),
      as_of: asOf.toISOString(),
      lines: lines.slice(0, LINES_MAX).map(toLine),
      complete: lines.length <= LINES_MAX,
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

/**
 * In whole hours; further back than hours are kept in whole days, made longer at both ends.
 *
 * @throws {InvalidInputError} Hours are asked for that are not kept.
 */
function timeOf({ by, ...query }: StatisticsQueryDto): { readonly from: Date; readonly to: Date } {
  const to = hourOf(query.to ?? new Date(Date.now() + HOUR_MS));
  const from = hourOf(query.from ?? new Date(to.getTime() - DAY_MS));
  const hoursFrom = Date.now() - HOURS_KEPT_DAYS * DAY_MS + HOUR_MS; // those of this hour are about to go
  if (from.getTime() >= hoursFrom) return { from, to };
  if (by === 'hour')
    throw new InvalidInputError('Hours are kept for 400 days; ask by day', {
      details: [{ field: 'from', message: 'is too long ago for hours' }],
    });
  return { from: floorDay(from), to: to.getTime() < hoursFrom ? ceilDay(to) : to };
}

function sumsBy(by: StatisticsBy, where: string): string {
  const order = by === 'hour' || by === 'day' ? 'key' : 'calls DESC, key';
  return `SELECT key, sum(calls)::float8 AS calls, sum(errors)::float8 AS errors,
      array_agg(bucket ORDER BY bucket) AS buckets, array_agg(calls::float8 ORDER BY bucket) AS counts
    FROM (SELECT ${KEYS[by]} AS key, bucket, sum(calls) AS calls, sum(errors) AS errors
      FROM call_log_stats WHERE ${where} GROUP BY 1, 2) sums
    GROUP BY key ORDER BY ${order} LIMIT ${LINES_MAX + 1}`;
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
