import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { follow, IN_STRETCH, stretchParameters } from '../follow.js';
import { RepeatedJob } from '../../platform/repeated-job.js';
import { OUR_FAULTS } from '../chain/call-log.entity.js';
import { BUCKET } from './durations.js';
import { APPS_MAX, NO_TOOL, OTHER_APPS } from './sums.js';

const PAUSE_MS = 2000;
const STEP_RECORDS = 20_000;

const FAULTS = `error_kind IN (${OUR_FAULTS.map((kind) => `'${kind}'`).join(', ')})`;

const NOBODY = '00000000-0000-0000-0000-000000000000';

/**
 * In the order of the key, and one follower at a time: no two of these wait for each other. Names that clients choose make only
 * so many sums: apps beyond the bound are one (those that were counted before keep their place), and tools that were not found.
 */
const COUNT = `WITH calls AS MATERIALIZED (SELECT tenant_id, span, date_trunc(span, hour, 'UTC') AS starts_at, group_id, tool_name,
      app, bucket, sum(calls)::bigint AS calls, sum(errors)::bigint AS errors, sum(faults)::bigint AS faults
    FROM (SELECT tenant_id, date_trunc('hour', created_at, 'UTC') AS hour, group_id,
          CASE WHEN tool_id IS NULL THEN '${NO_TOOL}' ELSE tool_name END AS tool_name, coalesce(caller_app_id, '') AS app,
          ${BUCKET} AS bucket, count(*) AS calls, count(*) FILTER (WHERE NOT success) AS errors,
          count(*) FILTER (WHERE NOT success AND ${FAULTS}) AS faults
        FROM mcp_call_logs WHERE ${IN_STRETCH} GROUP BY 1, 2, 3, 4, 5, 6) hours
      CROSS JOIN (VALUES ('hour'), ('day')) AS spans(span)
    GROUP BY 1, 2, 3, 4, 5, 6, 7),
  spans AS (SELECT DISTINCT tenant_id, span, starts_at FROM calls),
  known AS (SELECT DISTINCT tenant_id, span, starts_at, caller_app_id AS app FROM spans
    JOIN call_log_stats USING (tenant_id, span, starts_at) WHERE sums = 'app'),
  named AS (SELECT tenant_id, span, starts_at, app FROM (
      SELECT calls.tenant_id, calls.span, calls.starts_at, calls.app, known.app IS NOT NULL AS is_known, row_number() OVER (
        PARTITION BY calls.tenant_id, calls.span, calls.starts_at ORDER BY known.app IS NULL, sum(calls.calls) DESC, calls.app) AS place,
        (SELECT count(*) FROM known k WHERE (k.tenant_id, k.span, k.starts_at) = (calls.tenant_id, calls.span, calls.starts_at)
          AND k.app <> '${OTHER_APPS}') AS known_count,
        count(*) FILTER (WHERE known.app IS NOT NULL) OVER (PARTITION BY calls.tenant_id, calls.span, calls.starts_at) AS known_here
      FROM calls LEFT JOIN known USING (tenant_id, span, starts_at, app)
      GROUP BY calls.tenant_id, calls.span, calls.starts_at, calls.app, known.app) placed
    WHERE is_known OR place - known_here + known_count <= ${APPS_MAX})
  INSERT INTO call_log_stats
    (tenant_id, sums, span, starts_at, group_id, tool_name, caller_app_id, bucket, calls, errors, faults)
  SELECT tenant_id, CASE WHEN GROUPING(app) = 0 THEN 'app' WHEN GROUPING(group_id, tool_name) = 0 THEN 'group_tool'
      WHEN GROUPING(group_id) = 0 THEN 'group' WHEN GROUPING(tool_name) = 0 THEN 'tool' ELSE 'all' END, span, starts_at,
    coalesce(group_id, '${NOBODY}'), coalesce(tool_name, ''), coalesce(app, ''), bucket, sum(calls),
    sum(errors), sum(faults)
  FROM (SELECT tenant_id, span, starts_at, group_id, tool_name, bucket, calls.calls, errors, faults,
      CASE WHEN named.app IS NULL THEN '${OTHER_APPS}' ELSE calls.app END AS app
    FROM calls LEFT JOIN named USING (tenant_id, span, starts_at, app)) folded
  GROUP BY tenant_id, span, starts_at, bucket,
    GROUPING SETS ((), (group_id), (tool_name), (group_id, tool_name), (app))
  ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
  ON CONFLICT (tenant_id, sums, span, starts_at, group_id, tool_name, caller_app_id, bucket)
  DO UPDATE SET calls = call_log_stats.calls + excluded.calls, errors = call_log_stats.errors + excluded.errors,
    faults = coalesce(call_log_stats.faults, call_log_stats.errors) + excluded.faults`;

/**
 * Adds new records up by hour and by day. Each is counted once: counting and going on are one transaction, and the order of
 * commits leaves no late record behind.
 */
@Injectable()
export class StatisticsJob implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly job = new RepeatedJob(new Logger(StatisticsJob.name), {
    name: 'The statistics of the call log',
    pauseMs: PAUSE_MS,
    step: () => this.step(),
  });

  constructor(@InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource) {}

  onApplicationBootstrap(): void {
    this.job.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.job.stop();
  }

  /** @returns Whether more may be waiting. */
  step(): Promise<boolean> {
    return follow(this.system, {
      follower: 'statistics',
      limit: STEP_RECORDS,
      count: async (connection, stretch) => {
        await connection.query(COUNT, stretchParameters(stretch));
      },
    });
  }
}
