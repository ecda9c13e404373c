import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { Config } from '../../platform/config.js';
import type { JobContext } from '../../jobs/job-context.js';
import { Job } from '../../jobs/job.decorator.js';
import { removeInBatches } from '../../jobs/remove-in-batches.js';

const BATCH = 2000;

/** The oldest first, so that what is left has no holes; how far it went is noted in the same statement. */
const REMOVE = `WITH old AS (
    SELECT id, cursor FROM live_events WHERE tenant_id = $1 AND cursor <= (
      SELECT max(cursor) FROM live_events WHERE tenant_id = $1 AND created_at < trusted_now() - $2 * interval '1 day')
    ORDER BY cursor LIMIT ${BATCH}),
  gone AS (DELETE FROM live_events e USING old WHERE e.id = old.id RETURNING e.cursor),
  noted AS (UPDATE live_cursors SET removed_to = greatest(removed_to, (SELECT max(cursor) FROM gone))
    WHERE tenant_id = $1 AND EXISTS (SELECT FROM gone))
  SELECT count(*)::int AS count FROM gone`;

/** Removes old events, once a day, of each tenant. */
@Injectable()
export class LiveCleanup {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly config: Config,
  ) {}

  @Job({
    kind: 'live.cleanup',
    description: 'Removes live events that are older than LIVE_EVENTS_KEEP_DAYS',
    payload: z.object({ slot: z.iso.datetime() }),
    schedule: { at: '37 3 * * *', for: 'every_tenant' },
    timeoutSeconds: 600,
    concurrency: { total: 2 },
  })
  async run(_payload: { slot: string }, { tenantId, signal }: JobContext): Promise<void> {
    const parameters = [tenantId, this.config.env.LIVE_EVENTS_KEEP_DAYS];
    await removeInBatches(this.dataSource, { sql: REMOVE, parameters, batch: BATCH, signal });
  }
}
