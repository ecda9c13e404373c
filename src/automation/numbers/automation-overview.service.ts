import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, IsNull } from 'typeorm';
import type { UserCaller } from '../../access/caller.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { Feature } from '../../access/features/feature.entity.js';
import { settingsOf } from '../../consultants/consultant-settings.js';
import { NotificationChannel } from '../../messaging/channels/notification-channel.entity.js';
import { NotificationTemplate } from '../../messaging/templates/notification-template.entity.js';
import { AutomationSettingsService } from '../automation-settings.service.js';
import { GREET_JOB } from '../greet-job.js';
import { AUTOMATION_FEATURE } from '../run-gate.js';
import { WELCOME_PURPOSE } from '../welcome-writer.js';
import { WelcomeTemplatesService } from '../welcome-templates.service.js';
import type { OverviewDto } from './overview.dto.js';

const ASKED = `SELECT a.name FROM agent_orders o JOIN agent_order_steps s ON s.tenant_id = o.tenant_id AND s.order_id = o.id
    JOIN agents a ON a.tenant_id = s.tenant_id AND a.id = s.agent_id
  WHERE o.tenant_id = $1 AND o.purpose = $2 ORDER BY s.position`;
const ADMIN = '/api/v1/admin';

/** All that is set for the automation, read from where each part is kept. Writes nothing. */
@Injectable()
export class AutomationOverviewService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    /** Row-level security keeps the installation's switch from tenants. */
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    private readonly settings: AutomationSettingsService,
    private readonly templates: WelcomeTemplatesService,
  ) {}

  async read(caller: UserCaller): Promise<OverviewDto> {
    const welcome = await this.settings.get(caller);
    const templates = await this.templates.list(caller);
    return {
      switch: await this.readSwitch(caller),
      welcome: Object.assign(welcome, { change_with: `PUT ${ADMIN}/automation/settings` }),
      welcome_templates: {
        change_with: `PUT ${ADMIN}/automation/templates/{language}`,
        templates: templates.map(({ language, source }) => ({ language, source })),
      },
      retry_plan: {
        change_with: `PUT ${ADMIN}/job-settings/${GREET_JOB}`,
        retry_seconds: welcome.retry_seconds,
      },
      agent_order: await this.readOrder(caller),
      ...(await this.readNotifications(caller)),
      allocation: await this.readAllocation(caller),
    };
  }

  /** The tenant's own switch goes before the installation's. */
  private async readSwitch({ tenantId }: UserCaller): Promise<OverviewDto['switch']> {
    const name = AUTOMATION_FEATURE;
    const where = [
      { name, tenantId },
      { name, tenantId: IsNull() },
    ];
    const found = await this.system.getRepository(Feature).findBy(where);
    const rule = found.find((row) => row.tenantId === tenantId) ?? found.find((row) => row.tenantId === null);
    return {
      change_with: `PUT ${ADMIN}/features/${AUTOMATION_FEATURE}`,
      enabled: rule?.enabled ?? false,
      percentage: rule?.percentage ?? 0,
    };
  }

  private async readOrder({ tenantId }: UserCaller): Promise<OverviewDto['agent_order']> {
    const asked = await this.dataSource.query<{ name: string }[]>(ASKED, [tenantId, WELCOME_PURPOSE]);
    return { change_with: `PUT ${ADMIN}/agent-orders/{id}`, agents: asked.map(({ name }) => name) };
  }

  private async readNotifications({
    tenantId,
  }: UserCaller): Promise<Pick<OverviewDto, 'notification_channels' | 'notification_templates'>> {
    const { manager } = this.dataSource;
    const channels = await manager.find(NotificationChannel, { where: { tenantId }, order: { name: 'ASC' } });
    const own = await manager.find(NotificationTemplate, {
      where: { tenantId },
      order: { kind: 'ASC', language: 'ASC' },
    });
    return {
      notification_channels: {
        change_with: `PUT ${ADMIN}/notification-channels/{id}`,
        channels: channels.map(({ id, name, kind, enabled }) => ({ id, name, kind, enabled })),
      },
      notification_templates: {
        change_with: `PUT ${ADMIN}/notification-templates/{kind}/{language}`,
        own: own.map(({ kind, language }) => ({ kind, language })),
      },
    };
  }

  private async readAllocation({ tenantId }: UserCaller): Promise<OverviewDto['allocation']> {
    const { allocation, levels, ...seconds } = await settingsOf(this.dataSource.manager, tenantId);
    return {
      change_with: `PUT ${ADMIN}/consultant-settings`,
      allocation,
      offer_seconds: seconds.offerSeconds,
      expected_response_seconds: seconds.expectedResponseSeconds,
      escalation_after_seconds: levels.map(({ after_seconds }) => after_seconds),
    };
  }
}
