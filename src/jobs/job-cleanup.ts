import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { Config } from '../platform/config.js';
import type { JobContext } from './job-context.js';
import { Job } from './job.decorator.js';

const BATCH = 2000;

/**
 * Goes through the finished jobs of one state by id, which is by age, so that none is read twice. What must never be done again
 * keeps its row for the key; a cancelled one may be retried, and so keeps its steps. Dead letters wait for a person.
 */
const SWEEP = `WITH batch AS MATERIALIZED (
    SELECT id, created_at, finished_at < trusted_now() - $3 * interval '1 day' AS is_old, unique_key IS NOT NULL AND unique_for = 'ever' AS is_kept
    FROM jobs WHERE tenant_id = $1 AND state = $2 AND id > $4 ORDER BY id LIMIT ${BATCH}),
  gone AS (
    DELETE FROM jobs j USING batch b WHERE j.id = b.id AND b.is_old AND NOT b.is_kept AND j.state = $2 RETURNING j.id),
  emptied AS (SELECT id FROM batch WHERE is_old AND is_kept AND $2 = 'done'),
  steps AS (DELETE FROM job_steps s USING emptied e WHERE s.job_id = e.id),
  attempts AS (DELETE FROM job_attempts a USING emptied e WHERE a.job_id = e.id)
  SELECT (SELECT count(*)::int FROM gone) AS count, (SELECT id FROM batch ORDER BY id DESC LIMIT 1) AS last,
    count(*) = ${BATCH} AND max(created_at) < trusted_now() - $3 * interval '1 day' AS "hasMore"
  FROM batch`;
const FIRST = '00000000-0000-0000-0000-000000000000';

type Swept = { readonly count: number; readonly last: string; readonly hasMore: boolean };

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
    let done = 0;
    for (const state of ['done', 'cancelled']) {
      let after: string | undefined = FIRST;
      while (after !== undefined) {
        signal.throwIfAborted();
        const [swept]: [Swept] = await this.dataSource.query(SWEEP, [tenantId, state, days, after]);
        done += swept.count;
        if (swept.count > 0) await progress({ done });
        after = swept.hasMore ? swept.last : undefined;
      }
    }
  }
}
