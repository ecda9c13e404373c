import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { Config } from '../config.js';
import type { JobContext } from './job-context.js';
import { Job } from './job.decorator.js';

const BATCH = 2000;

/** Dead letters wait for a person; what must never be done again keeps its unique key. */
const DELETE = `WITH old AS (
    SELECT id FROM jobs WHERE tenant_id = $1 AND state IN ('done', 'cancelled') AND finished_at < now() - $2 * interval '1 day'
      AND (unique_key IS NULL OR unique_for = 'open') LIMIT ${BATCH} FOR UPDATE SKIP LOCKED),
  gone AS (DELETE FROM jobs j USING old WHERE j.id = old.id RETURNING j.id)
  SELECT count(*)::int AS count FROM gone`;

/** Removes jobs that were finished long ago, once a day, of each tenant. */
@Injectable()
export class JobCleanup {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly config: Config,
  ) {}

  @Job({
    kind: 'jobs.cleanup',
    description: 'Removes jobs that were done or cancelled more than JOBS_KEEP_DAYS ago',
    payload: z.object({ slot: z.iso.datetime() }),
    schedule: { at: '17 3 * * *', for: 'every_tenant' },
    timeoutSeconds: 600,
    concurrency: { total: 2 },
  })
  async run(_payload: { slot: string }, { tenantId, signal, progress }: JobContext): Promise<void> {
    const days = this.config.env.JOBS_KEEP_DAYS;
    for (let done = 0; ;) {
      signal.throwIfAborted();
      const [{ count }] = await this.dataSource.query<[{ count: number }]>(DELETE, [tenantId, days]);
      done += count;
      if (count > 0) await progress({ done });
      if (count < BATCH) return;
    }
  }
}
