import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { lock } from '../../platform/database/advisory-locks.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { messageOf } from '../../platform/errors.js';
import { RepeatedJob } from '../../platform/repeated-job.js';
import { inTenant } from '../../platform/request-scope.js';
import { MissingTools } from './missing-tools.js';
import { TargetWatch } from './target-watch.js';

const PAUSE_MS = 60_000;
/** Where something is wrong, or people registered lately: nothing changes anywhere else. */
const TO_LOOK_AT = `SELECT t.id FROM tenants t WHERE t.enabled AND t.removing_at IS NULL AND (
    EXISTS (SELECT FROM automation_troubles b WHERE b.tenant_id = t.id AND b.since IS NOT NULL)
    OR EXISTS (SELECT FROM domain_events e WHERE e.tenant_id = t.id AND e.kind = 'user.registered' AND e.created_at > now() - interval '65 minutes'))
  ORDER BY t.id`;

/** Looks once a minute, of each tenant, whether targets are met, and whether tools are back that customers wait for. */
@Injectable()
export class AutomationWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(AutomationWatch.name);
  private readonly job = new RepeatedJob(this.logger, {
    name: 'Watching the automation',
    pauseMs: PAUSE_MS,
    step: async () => {
      await this.look();
      return false;
    },
  });

  constructor(
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly missingTools: MissingTools,
    private readonly targets: TargetWatch,
  ) {}

  onApplicationBootstrap(): void {
    this.job.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.job.stop();
  }

  async look(): Promise<void> {
    const tenants = await this.system.query<{ id: string }[]>(TO_LOOK_AT);
    for (const { id } of tenants) {
      if (this.job.isStopping) return;
      await this.lookAt(id).catch((error: unknown) =>
        this.logger.warn(`The automation of tenant ${id} could not be looked at: ${messageOf(error)}`),
      );
    }
  }

  private async lookAt(tenantId: string): Promise<void> {
    await inTenant(tenantId, async () => {
      while (await this.dataSource.transaction((manager) => this.missingTools.catchUp(manager, tenantId)))
        if (this.job.isStopping) return;
      await this.dataSource.transaction((manager) => this.lookAtTargets(manager, tenantId));
    });
  }

  private async lookAtTargets(manager: EntityManager, tenantId: string): Promise<void> {
    await lock(manager, 'automationWatch', tenantId);
    await this.targets.look(manager, tenantId);
  }
}
