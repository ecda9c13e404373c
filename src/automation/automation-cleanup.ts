import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import type { JobContext } from '../jobs/job-context.js';
import { Job } from '../jobs/job.decorator.js';

/** A run that failed keeps what it would say until somebody retries it; nobody will when there is nobody to say it to. */
const FORGET = `UPDATE automation_steps s SET result = s.result - 'text' FROM automation_runs r
  WHERE r.tenant_id = $1 AND r.state IN ('queued', 'running', 'failed') AND s.run_id = r.id AND s.result ? 'text'
    AND NOT EXISTS (SELECT FROM users u WHERE u.tenant_id = $1 AND u.id = r.user_id)`;

/** Removes what the automation need not keep, once a day, of each tenant. */
@Injectable()
export class AutomationCleanup {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  @Job({
    kind: 'automation.cleanup',
    description: 'Removes welcomes that were written to people who are gone',
    payload: z.object({ slot: z.iso.datetime() }),
    schedule: { at: '47 3 * * *', for: 'every_tenant' },
    timeoutSeconds: 600,
    concurrency: { total: 2 },
  })
  async run(_payload: { slot: string }, { tenantId }: JobContext): Promise<void> {
    await this.dataSource.query(FORGET, [tenantId]);
  }
}
