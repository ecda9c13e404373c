import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Config } from '../../platform/config.js';
import { messageOf } from '../../platform/errors.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { RepeatedJob } from '../../platform/repeated-job.js';
import { MADE_UP } from '../../access/tenant.entity.js';
import type { UpstreamId } from './upstream-connections.js';
import { UpstreamReader } from './upstream-reader.js';

const LOOK_EVERY_MS = 5000;
const AT_ONCE = 4;
const PER_LOOK = 40;
const DUE = `SELECT u.id, u.tenant_id AS "tenantId" FROM upstreams u
  WHERE u.enabled AND u.tenant_id IN (SELECT id FROM tenants WHERE enabled AND NOT ${MADE_UP}) AND u.state NOT IN ('off', 'needs_sign_in')
    AND (u.reading_until IS NULL OR u.reading_until < now())
    AND CASE WHEN u.next_try_at IS NOT NULL THEN u.next_try_at <= now()
      ELSE u.tools_read_at IS NULL AND u.created_at < now() - interval '10 seconds'
        OR u.tools_read_at < now() - make_interval(mins => $1) OR u.read_wanted_at IS NOT NULL END
  ORDER BY u.next_try_at NULLS FIRST LIMIT ${PER_LOOK}`;

/** Reads upstreams again that failed, were never read, or were read long ago. */
@Injectable()
export class UpstreamSchedule implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(UpstreamSchedule.name);
  private readonly job = new RepeatedJob(this.logger, {
    name: 'Reading upstreams',
    pauseMs: LOOK_EVERY_MS,
    step: () => this.step(),
  });

  constructor(
    @InjectDataSource(SYSTEM_DATABASE) private readonly allTenants: DataSource,
    private readonly reader: UpstreamReader,
    private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    this.job.start();
  }

  /** Does not wait: what is being read is read anew by whoever comes next. */
  onApplicationShutdown(): void {
    void this.job.stop();
  }

  private async step(): Promise<boolean> {
    const due = await this.allTenants.query<UpstreamId[]>(DUE, [this.config.env.UPSTREAM_REFRESH_MINUTES]);
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.readAll(due)));
    return false;
  }

  /** Takes one after the other from what others take from, too: one that hangs holds up nobody else. */
  private async readAll(due: UpstreamId[]): Promise<void> {
    for (let next = due.shift(); next && !this.job.isStopping; next = due.shift())
      await this.reader
        .read(next)
        .catch((error: unknown) => this.logger.debug(`An upstream was not read: ${messageOf(error)}`));
  }
}
