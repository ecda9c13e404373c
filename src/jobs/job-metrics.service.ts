import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { UserCaller } from '../access/caller.js';
import type { JobMetricsDto } from './jobs.dto.js';

/** From the tables, each number as of now: nothing is lost with a process. */
const METRICS = `WITH counts AS (
    SELECT kind, count(*) FILTER (WHERE state = 'queued')::int AS queued,
      count(*) FILTER (WHERE state = 'queued' AND run_at <= now())::int AS due,
      count(*) FILTER (WHERE state = 'running')::int AS running, count(*) FILTER (WHERE state = 'dead')::int AS dead,
      extract(epoch FROM now() - min(run_at) FILTER (WHERE state = 'queued' AND run_at <= now()))::float8 AS oldest
    FROM jobs WHERE tenant_id = $1 AND state IN ('queued', 'running', 'dead') GROUP BY kind),
  ended AS (
    SELECT j.kind, a.outcome, count(*)::int AS runs,
      avg(extract(epoch FROM a.finished_at - a.started_at) * 1000)::float8 AS average_ms,
      percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM a.finished_at - a.started_at) * 1000) AS p95_ms
    FROM job_attempts a JOIN jobs j ON j.id = a.job_id AND j.tenant_id = a.tenant_id
    WHERE a.tenant_id = $1 AND a.finished_at > now() - make_interval(hours => $2) GROUP BY j.kind, a.outcome)
  SELECT kind, coalesce(c.queued, 0) AS queued, coalesce(c.due, 0) AS due, coalesce(c.running, 0) AS running,
    coalesce(c.dead, 0) AS dead, c.oldest AS oldest_due_seconds,
    coalesce((SELECT jsonb_agg(to_jsonb(e) - 'kind' ORDER BY e.outcome) FROM ended e WHERE e.kind = kinds.kind), '[]') AS runs
  FROM (SELECT kind FROM counts UNION SELECT kind FROM ended) AS kinds LEFT JOIN counts c USING (kind) ORDER BY kind`;

/** How the jobs of a tenant are doing. */
@Injectable()
export class JobMetricsService {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Kinds without jobs are left out. */
  read({ tenantId }: UserCaller, hours: number): Promise<JobMetricsDto[]> {
    return this.dataSource.query<JobMetricsDto[]>(METRICS, [tenantId, hours]);
  }
}
