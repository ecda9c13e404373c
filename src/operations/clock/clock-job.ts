import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Tenant } from '../../access/tenant.entity.js';
import { JobQueue } from '../../jobs/job-queue.js';
import { AdminAlerts } from '../../messaging/alerts/admin-alerts.js';
import { Config } from '../../platform/config.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { type ClockState, watchClock } from '../../platform/database/trusted-clock.js';
import { RepeatedJob } from '../../platform/repeated-job.js';
import { inTenant } from '../../platform/request-scope.js';

const PAUSE_MS = 60_000;
/** NTP moves clocks by less. */
const BACK_SECONDS = 60;
/** Of the alert. */
const CLOCK_LEAPT = 'clock_leapt';

/**
 * Looks at the clock of the database once a minute. While it goes on as clocks do, the mark of what is trusted goes with it; when it
 * has leapt ahead, the owners of the installation are told, and nothing is removed for good until one of them says that it is right.
 */
@Injectable()
export class ClockJob implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(ClockJob.name);
  private readonly job = new RepeatedJob(this.logger, {
    name: 'Looking at the clock',
    pauseMs: PAUSE_MS,
    step: async () => {
      await this.look();
      return false;
    },
  });
  /** Undefined: nothing was looked at yet. */
  private wasAhead: boolean | undefined;

  constructor(
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly alerts: AdminAlerts,
    private readonly queue: JobQueue,
    private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    this.job.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.job.stop();
  }

  async look(): Promise<ClockState> {
    const state = await watchClock(this.system, this.config.env.CLOCK_LEAP_MAX_HOURS);
    if (state.backSeconds > BACK_SECONDS) {
      this.logger.warn(`The clock of the database went back by ${Math.round(state.backSeconds)} s`);
      await this.queue.bringBack();
    }
    if (state.isAhead !== this.wasAhead) await this.tell(state);
    this.wasAhead = state.isAhead;
    return state;
  }

  private async tell({ isAhead, now, reachedAt }: ClockState): Promise<void> {
    const operating = await this.system.getRepository(Tenant).findOneBy({ isOperating: true });
    if (!operating) return;
    const { id: tenantId } = operating;
    const title = 'The clock of the database has leapt ahead; nothing is removed for good';
    if (isAhead) this.logger.error(`${title}: it shows ${now.toISOString()}`);
    await inTenant(tenantId, () =>
      this.dataSource.transaction(async (manager) => {
        if (!isAhead)
          return this.alerts.endState(manager, { tenantId, kind: CLOCK_LEAPT, targetId: tenantId });
        const detail =
          `It shows ${now.toISOString()}, and was last known to show ${reachedAt.toISOString()}. Set it right; or, when it is right ` +
          `(the service was stopped for long, a backup was restored), say so: toolcrib clock accept, or POST /api/v1/admin/clock/accept.`;
        const target = { kind: 'tenant', id: tenantId };
        await this.alerts.raiseState(manager, {
          tenantId,
          kind: CLOCK_LEAPT,
          title,
          detail,
          target,
          key: CLOCK_LEAPT,
        });
      }),
    );
  }
}
