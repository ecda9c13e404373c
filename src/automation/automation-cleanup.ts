import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { removalOfClosedClaims } from '../consultants/closed-claims.js';
import { removalOfEvents } from '../platform/replicas/domain-events.js';
import { Config } from '../platform/config.js';
import type { JobContext } from '../jobs/job-context.js';
import { Job } from '../jobs/job.decorator.js';
import { removeInBatches } from '../jobs/remove-in-batches.js';

/** A run that failed keeps what it would say until somebody retries it; nobody will when there is nobody to say it to. */
const FORGET = `UPDATE automation_steps s SET result = s.result - 'text' FROM automation_runs r
  WHERE r.tenant_id = $1 AND r.state IN ('queued', 'running', 'failed') AND s.run_id = r.id AND s.result ? 'text'
    AND NOT EXISTS (SELECT FROM users u WHERE u.tenant_id = $1 AND u.id = r.user_id)`;
const BATCH = 1000;
/** Steps and requests to agents go with their run. */
const REMOVE_OLD_RUNS = `WITH old AS (
    SELECT id FROM automation_runs WHERE tenant_id = $1 AND created_at < trusted_now() - $2 * interval '1 day'
      AND state IN ('done', 'failed', 'skipped') LIMIT ${BATCH}),
  gone AS (DELETE FROM automation_runs r USING old WHERE r.id = old.id RETURNING r.id)
  SELECT count(*)::int AS count FROM gone`;
const REMOVALS = [REMOVE_OLD_RUNS, removalOfClosedClaims(BATCH), removalOfEvents(BATCH)];

/** Removes what the automation need not keep, once a day, of each tenant. */
@Injectable()
export class AutomationCleanup {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly config: Config,
  ) {}

  @Job({
    kind: 'automation.cleanup',
    description:
      'Removes runs, closed claims and events that are older than AUTOMATION_KEEP_DAYS, and welcomes to people who are gone',
    payload: z.object({ slot: z.iso.datetime() }),
    schedule: { at: '47 3 * * *', for: 'every_tenant' },
    timeoutSeconds: 600,
    concurrency: { total: 2 },
  })
  async run(_payload: { slot: string }, { tenantId, signal }: JobContext): Promise<void> {
    await this.dataSource.query(FORGET, [tenantId]);
    const parameters = [tenantId, this.config.env.AUTOMATION_KEEP_DAYS];
    for (const sql of REMOVALS) {
      await removeInBatches(this.dataSource, { sql, parameters, batch: BATCH, signal });
    }
  }
}
