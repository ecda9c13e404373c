import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { Config } from '../../platform/config.js';
import type { JobContext } from '../../jobs/job-context.js';
import { Job } from '../../jobs/job.decorator.js';
import { removeInBatches } from '../../jobs/remove-in-batches.js';

const BATCH = 1000;
/** Their deliveries go with them. */
const DELETE = `WITH old AS (
    SELECT id FROM notices WHERE tenant_id = $1 AND created_at < trusted_now() - $2 * interval '1 day' LIMIT ${BATCH}),
  gone AS (DELETE FROM notices n USING old WHERE n.id = old.id RETURNING n.id)
  SELECT count(*)::int AS count FROM gone`;

/** Removes notices of long ago, once a day, of each tenant: they hold names of customers. */
@Injectable()
export class NotificationCleanup {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly config: Config,
  ) {}

  @Job({
    kind: 'notifications.cleanup',
    description: 'Removes notices that are older than NOTIFICATION_KEEP_DAYS, with their deliveries',
    payload: z.object({ slot: z.iso.datetime() }),
    schedule: { at: '37 3 * * *', for: 'every_tenant' },
    timeoutSeconds: 600,
    concurrency: { total: 2 },
  })
  async run(_payload: { slot: string }, { tenantId, signal }: JobContext): Promise<void> {
    const parameters = [tenantId, this.config.env.NOTIFICATION_KEEP_DAYS];
    await removeInBatches(this.dataSource, { sql: DELETE, parameters, batch: BATCH, signal });
  }
}
