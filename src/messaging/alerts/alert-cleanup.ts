import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { Config } from '../../platform/config.js';
import type { JobContext } from '../../jobs/job-context.js';
import { Job } from '../../jobs/job.decorator.js';
import { removeInBatches } from '../../jobs/remove-in-batches.js';

const BATCH = 1000;
const DELETE = `WITH old AS (
    SELECT id FROM alerts WHERE tenant_id = $1 AND last_seen_at < trusted_now() - $2 * interval '1 day' LIMIT ${BATCH}),
  gone AS (DELETE FROM alerts a USING old WHERE a.id = old.id RETURNING a.id)
  SELECT count(*)::int AS count FROM gone`;

/** Removes alerts of long ago, once a day, of each tenant, also those that nobody has acknowledged. */
@Injectable()
export class AlertCleanup {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly config: Config,
  ) {}

  @Job({
    kind: 'alerts.cleanup',
    description: 'Removes alerts that were last seen more than ALERT_KEEP_DAYS ago',
    payload: z.object({ slot: z.iso.datetime() }),
    schedule: { at: '47 3 * * *', for: 'every_tenant' },
    timeoutSeconds: 600,
    concurrency: { total: 2 },
  })
  async run(_payload: { slot: string }, { tenantId, signal }: JobContext): Promise<void> {
    const parameters = [tenantId, this.config.env.ALERT_KEEP_DAYS];
    await removeInBatches(this.dataSource, { sql: DELETE, parameters, batch: BATCH, signal });
  }
}
