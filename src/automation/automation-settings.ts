import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { AutomationSetting } from './automation-setting.entity.js';

/** Asked by the agent while it writes: without them it knows nobody. */
export const DEFAULT_TOOLS: readonly string[] = ['get_user_profile', 'analyze_customer'];

/** What a tenant's runs go by. */
export type AutomationSettingValues = Pick<
  AutomationSetting,
  | 'strategy'
  | 'defaultLanguage'
  | 'conversationChannel'
  | 'conversationTitle'
  | 'conversationAiEnabled'
  | 'requiredTools'
  | 'groupId'
  | 'catchUpHours'
  | 'alertAfterMinutes'
  | 'version'
>;

/** Of a tenant that has set nothing. */
export const DEFAULTS: AutomationSettingValues = {
  strategy: 'agent',
  defaultLanguage: 'en',
  conversationChannel: 'app',
  conversationTitle: 'Welcome',
  conversationAiEnabled: true,
  requiredTools: [...DEFAULT_TOOLS],
  groupId: null,
  catchUpHours: 72,
  alertAfterMinutes: 10,
  version: 0,
};

/** What tenants set for their registration automation, read from the database: a change holds with its commit. */
@Injectable()
export class AutomationSettings {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  async of(
    tenantId: string,
    manager: EntityManager = this.dataSource.manager,
  ): Promise<AutomationSettingValues> {
    return (await manager.findOneBy(AutomationSetting, { tenantId })) ?? DEFAULTS;
  }
}
