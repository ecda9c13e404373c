import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AgentsModule } from './agents/agents.module.js';
import { AlertsModule } from './alerts/alerts.module.js';
import { AuditModule } from './audit/audit.module.js';
import { AuditLogsModule } from './audit-logs/audit-logs.module.js';
import { AutomationModule } from './automation/automation.module.js';
import { AutomationNumbersModule } from './automation/numbers/automation-numbers.module.js';
import { AuthModule } from './auth/auth.module.js';
import { CallLogsModule } from './call-logs/call-logs.module.js';
import { SYSTEM_DATABASE } from './common/system-database.js';
import { CommonModule } from './common/common.module.js';
import type { Config } from './config.js';
import { ConfigurationModule } from './configuration/configuration.module.js';
import { ConsultantsModule } from './consultants/consultants.module.js';
import { ConversationsModule } from './crm/conversations.module.js';
import { CrmModule } from './crm/crm.module.js';
import { dataSourceOptions, systemDataSourceOptions } from './database.js';
import { EvidenceModule } from './evidence/evidence.module.js';
import { FeaturesModule } from './features/features.module.js';
import { GroupsModule } from './groups/groups.module.js';
import { IdempotencyModule } from './idempotency/idempotency.module.js';
import { JobsModule } from './jobs/jobs.module.js';
import { LiveModule } from './live/live.module.js';
import { MasterKeys } from './master-keys.js';
import { McpModule } from './mcp/mcp.module.js';
import { NotificationsModule } from './notifications/notifications.module.js';
import { ObservabilityModule } from './observability/observability.module.js';
import { OidcModule } from './oidc/oidc.module.js';
import { TenantsModule } from './tenants/tenants.module.js';
import { ToolsModule } from './tools/tools.module.js';
import { UsersModule } from './users/users.module.js';

/** The whole service. `config.databaseUrls` and `config.masterKeys` must be known by now. */
@Module({})
export class AppModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: AppModule,
      providers: [MasterKeys],
      imports: [
        CommonModule.forRoot(config),
        TypeOrmModule.forRoot(dataSourceOptions(config)),
        TypeOrmModule.forRoot({ ...systemDataSourceOptions(config), name: SYSTEM_DATABASE }),
        AuditModule,
        AuditLogsModule,
        AuthModule,
        IdempotencyModule,
        UsersModule,
        OidcModule,
        CallLogsModule,
        EvidenceModule,
        ToolsModule,
        GroupsModule,
        ConfigurationModule,
        McpModule,
        ObservabilityModule,
        FeaturesModule,
        TenantsModule,
        JobsModule,
        CrmModule,
        ConversationsModule,
        AgentsModule,
        AutomationModule,
        AutomationNumbersModule,
        AlertsModule,
        NotificationsModule,
        LiveModule,
        ConsultantsModule,
      ],
    };
  }
}
