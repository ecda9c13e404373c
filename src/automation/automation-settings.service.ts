import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditTrail } from '../access/audit/audit-trail.js';
import { differenceOf } from '../access/audit/difference.js';
import type { UserCaller } from '../access/caller.js';
import { InvalidInputError, NotFoundError } from '../platform/errors.js';
import { given } from '../platform/rest/given.js';
import { type ReadVersions, requireVersion } from '../platform/rest/preconditions.js';
import { ToolGroup } from '../groups/group.entity.js';
import { JobRegistry } from '../jobs/job-registry.js';
import { JobSettings } from '../jobs/job-settings.js';
import { AutomationSetting } from './automation-setting.entity.js';
import { AutomationSettings, type AutomationSettingValues, DEFAULTS } from './automation-settings.js';
import type { AutomationSettingsDto, PutAutomationSettingsDto } from './automation-settings.dto.js';
import { toLanguage } from './languages.js';
import { GREET_JOB } from './greet-job.js';
import { ToolAvailability } from './tool-availability.js';

/** The administrators' side of the settings: seen and changed here, asked in {@link AutomationSettings}. */
@Injectable()
export class AutomationSettingsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly settings: AutomationSettings,
    private readonly tools: ToolAvailability,
    private readonly audit: AuditTrail,
    private readonly jobRegistry: JobRegistry,
    private readonly jobSettings: JobSettings,
  ) {}

  async get({ tenantId }: UserCaller): Promise<AutomationSettingsDto> {
    return this.toDto(tenantId, await this.settings.of(tenantId));
  }

  /** @param ifMatch The version that the caller read, 0 where nothing was set. */
  async put(
    caller: UserCaller,
    input: PutAutomationSettingsDto,
    ifMatch?: ReadVersions,
  ): Promise<AutomationSettingsDto> {
    const { tenantId } = caller;
    const columns = columnsOf(input);
    const saved = await this.dataSource.transaction(async (manager) => {
      await requireGroup(manager, tenantId, columns.groupId ?? null);
      const row = await this.findLocked(manager, tenantId, ifMatch);
      const values = differenceOf(row, columns);
      const changed = await manager.save(AutomationSetting, Object.assign(row, columns));
      const target = { kind: 'automation_settings', id: tenantId };
      await this.audit.record(manager, caller, { action: 'automation_settings.put', target, ...values });
      return changed;
    });
    return this.toDto(tenantId, saved);
  }

  private async findLocked(
    manager: EntityManager,
    tenantId: string,
    ifMatch: ReadVersions | undefined,
  ): Promise<AutomationSetting> {
    const made = await manager
      .createQueryBuilder()
      .insert()
      .into(AutomationSetting)
      .values({ tenantId })
      .orIgnore()
      .returning('tenant_id')
      .execute();
    const isNew = (made.raw as unknown[]).length > 0;
    const lock = { mode: 'pessimistic_write' } as const;
    const row = await manager.findOneOrFail(AutomationSetting, { where: { tenantId }, lock });
    requireVersion(isNew ? DEFAULTS : row, ifMatch);
    return row;
  }

  private async toDto(tenantId: string, values: AutomationSettingValues): Promise<AutomationSettingsDto> {
    const plan = this.jobSettings.planOf(tenantId, this.jobRegistry.get(GREET_JOB));
    return {
      strategy: values.strategy,
      default_language: values.defaultLanguage,
      conversation_channel: values.conversationChannel,
      conversation_title: values.conversationTitle,
      conversation_ai_enabled: values.conversationAiEnabled,
      required_tools: values.requiredTools,
      group_id: values.groupId,
      catch_up_hours: values.catchUpHours,
      alert_after_minutes: values.alertAfterMinutes,
      tools_problem: await this.tools.problem(this.dataSource.manager, tenantId, values),
      retry_seconds: plan.retrySeconds,
      version: values.version,
    };
  }
}

/** @throws {InvalidInputError} There is no such language. */
function columnsOf(input: PutAutomationSettingsDto): Partial<AutomationSettingValues> {
  const asked = input.default_language;
  const language = asked === undefined ? undefined : toLanguage(asked);
  if (language === null)
    throw new InvalidInputError('default_language is no language tag', {
      details: [{ field: 'default_language', message: 'is no language tag' }],
    });
  return given({
    strategy: input.strategy,
    defaultLanguage: language,
    conversationChannel: input.conversation_channel,
    conversationTitle: input.conversation_title,
    conversationAiEnabled: input.conversation_ai_enabled,
    requiredTools: input.required_tools,
    groupId: input.group_id,
    catchUpHours: input.catch_up_hours,
    alertAfterMinutes: input.alert_after_minutes,
  });
}

async function requireGroup(manager: EntityManager, tenantId: string, id: string | null): Promise<void> {
  if (id === null || (await manager.existsBy(ToolGroup, { id, tenantId }))) return;
  throw new NotFoundError(`No group ${id}`);
}
