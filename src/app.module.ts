import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AgentsModule } from './agents/agents.module.js';
import { AlertsModule } from './messaging/alerts/alerts.module.js';
import { AuditModule } from './access/audit/audit.module.js';
import { AuditLogsModule } from './access/audit/audit-logs.module.js';
import { AutomationModule } from './automation/automation.module.js';
import { AutomationNumbersModule } from './automation/numbers/automation-numbers.module.js';
import { AuthModule } from './auth/sign-in/auth.module.js';
import { CallLogsModule } from './call-logs/call-logs.module.js';
import { SYSTEM_DATABASE } from './platform/database/system-database.js';
import { CommonModule } from './platform/platform.module.js';
import type { Config } from './platform/config.js';
import { ConfigurationModule } from './groups/configuration/configuration.module.js';
import { ConsultantsModule } from './consultants/consultants.module.js';
import { ConversationsModule } from './crm/conversations.module.js';
import { CrmModule } from './crm/crm.module.js';
import { dataSourceOptions, systemDataSourceOptions } from './boot/database/database.js';
import { EvidenceModule } from './call-logs/evidence/evidence.module.js';
import { FeaturesModule } from './access/features/features.module.js';
import { GroupsModule } from './groups/groups.module.js';
import { IdempotencyModule } from './access/idempotency/idempotency.module.js';
import { JobsModule } from './jobs/jobs.module.js';
import { LiveModule } from './messaging/live/live.module.js';
import { MasterKeys } from './boot/master-keys/master-keys.js';
import { McpModule } from './mcp/mcp.module.js';
import { NotificationsModule } from './messaging/notices/notifications.module.js';
import { ObservabilityModule } from './operations/status/observability.module.js';
import { OidcModule } from './auth/oidc/oidc.module.js';
import { TenantsModule } from './auth/tenants/tenants.module.js';
import { ToolsModule } from './tools/tools.module.js';
import { UsersModule } from './auth/users/users.module.js';

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
