import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { SYSTEM_DATABASE } from '../../common/system-database.js';
import { follow, IN_STRETCH, stretchParameters } from '../follow.js';
import { RepeatedJob } from '../repeated-job.js';
import { BUCKET } from './durations.js';

const PAUSE_MS = 2000;
const STEP_RECORDS = 20_000;

const COUNT = `INSERT INTO call_log_stats (tenant_id, span, starts_at, group_id, tool_name, caller_app_id, bucket, calls, errors)
  SELECT tenant_id, span, date_trunc(span, created_at, 'UTC'), group_id, tool_name, coalesce(caller_app_id, ''), ${BUCKET},
    count(*), count(*) FILTER (WHERE NOT success)
  FROM mcp_call_logs CROSS JOIN (VALUES ('hour'), ('day')) AS spans(span)
  WHERE ${IN_STRETCH} GROUP BY 1, 2, 3, 4, 5, 6, 7
  ON CONFLICT (tenant_id, span, starts_at, group_id, tool_name, caller_app_id, bucket)
  DO UPDATE SET calls = call_log_stats.calls + excluded.calls, errors = call_log_stats.errors + excluded.errors`;

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
    return follow(this.system, { follower: 'statistics', limit: STEP_RECORDS }, async (manager, stretch) => {
      await manager.query(COUNT, stretchParameters(stretch));
    });
  }
}
