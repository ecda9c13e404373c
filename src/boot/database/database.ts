import pg from 'pg';
import type { DataSourceOptions } from 'typeorm';
import { migrations } from '../../../migrations/index.js';
import { AgentOrder, AgentOrderStep } from '../../agents/agent-order.entity.js';
import { AgentVersion } from '../../agents/agent-version.entity.js';
import { Agent } from '../../agents/agent.entity.js';
import { AgentCall } from '../../automation/agent-call.entity.js';
import { AutomationRun } from '../../automation/automation-run.entity.js';
import { AutomationSetting } from '../../automation/automation-setting.entity.js';
import { AutomationStep } from '../../automation/automation-step.entity.js';
import { WelcomeTemplate } from '../../automation/welcome-template.entity.js';
import { Alert } from '../../messaging/alerts/alert.entity.js';
import { AdminAuditLog } from '../../access/audit/audit-log.entity.js';
import { OneTimeToken } from '../../auth/sign-in/one-time-token.entity.js';
import { PersonalToken } from '../../auth/sign-in/personal-token.entity.js';
import { RefreshToken } from '../../auth/sign-in/refresh-token.entity.js';
import { SecondFactor } from '../../auth/sign-in/second-factor.entity.js';
import { Session } from '../../auth/sign-in/session.entity.js';
import { SignInAttempt } from '../../auth/sign-in/sign-in-attempt.entity.js';
import { SignInSettings } from '../../auth/sign-in/sign-in-settings.entity.js';
import { Tenant } from '../../access/tenant.entity.js';
import { User } from '../../access/user.entity.js';
import { CallLogBatch } from '../../call-logs/chain/call-log-batch.entity.js';
import {
  CallLogCheckpoint,
  CallLogDelivery,
  CallLogKeyRotation,
  CallLogSigningKey,
  CallLogUncovered,
} from '../../call-logs/chain/call-log-checkpoint.entity.js';
import { CallLogRemoval } from '../../call-logs/chain/call-log-removal.entity.js';
import { CallLog } from '../../call-logs/chain/call-log.entity.js';
import { CallLogRetention } from '../../call-logs/storage/call-log-retention.entity.js';
import { DomainEvent } from '../../platform/replicas/domain-event.entity.js';
import { ReplicaRow } from '../../platform/replicas/replica.entity.js';
import { ReplicaResourcesRow } from '../../platform/replicas/replica-resources.entity.js';
import type { Config } from '../../platform/config.js';
import { CircuitStateRow } from '../../tools/breakers/circuit-state.entity.js';
import { ConsultantProfile } from '../../consultants/consultant-profile.entity.js';
import { ConsultantSettings } from '../../consultants/consultant-settings.entity.js';
import { CustomerClaim } from '../../consultants/customer-claim.entity.js';
import { crmEntities } from '../../crm/crm.entities.js';
import { ToolEffect } from '../../tools/once/tool-effect.entity.js';
import { Feature } from '../../access/features/feature.entity.js';
import { GroupKey } from '../../groups/keys/group-key.entity.js';
import { ToolGroup } from '../../groups/group.entity.js';
import { GroupTool } from '../../groups/group-tools/group-tool.entity.js';
import { IdempotencyKey } from '../../access/idempotency/idempotency-key.entity.js';
import { Job } from '../../jobs/job.entity.js';
import { JobAttempt } from '../../jobs/job-attempt.entity.js';
import { JobSchedule } from '../../jobs/job-schedule.entity.js';
import { JobTurn } from '../../jobs/job-turn.entity.js';
import { JobSetting } from '../../jobs/job-setting.entity.js';
import { JobStep } from '../../jobs/job-step.entity.js';
import { CallQuotaUse } from '../../tools/limits/call-quota-use.entity.js';
import { ChannelChoice } from '../../messaging/channels/channel-choice.entity.js';
import { NoticeRow } from '../../messaging/notices/notice.entity.js';
import { NotificationChannel } from '../../messaging/channels/notification-channel.entity.js';
import { NotificationDelivery } from '../../messaging/notices/notification-delivery.entity.js';
import { NotificationPreference } from '../../messaging/notices/notification-preference.entity.js';
import { NotificationTemplate } from '../../messaging/templates/notification-template.entity.js';
import { PushKey } from '../../messaging/channels/push-key.entity.js';
import { PushSubscription } from '../../messaging/channels/push-subscription.entity.js';
import { LiveCursor } from '../../messaging/live/live-cursor.entity.js';
import { LiveEvent } from '../../messaging/live/live-event.entity.js';
import { LivePresence } from '../../messaging/live/live-presence.entity.js';
import { OidcIdentity } from '../../auth/oidc/oidc-identity.entity.js';
import { OidcProvider } from '../../auth/oidc/oidc-provider.entity.js';
import { CallResult, CallResultChunk } from '../../tools/long-results/call-result.entity.js';
import { TenantJob } from '../../auth/tenants/tenant-job.entity.js';
import { TenantPool } from '../../platform/database/tenant-pool.js';

/** The jobs that follow the call log keep one each while they are at it. */
const SYSTEM_POOL_MAX = 8;

const common = {
  type: 'postgres',
  entities: [
    Tenant,
    User,
    RefreshToken,
    Session,
    SignInAttempt,
    SignInSettings,
    OneTimeToken,
    SecondFactor,
    PersonalToken,
    OidcProvider,
    OidcIdentity,
    DomainEvent,
    AdminAuditLog,
    ToolGroup,
    GroupKey,
    GroupTool,
    CallLog,
    CallLogRetention,
    CallLogBatch,
    CallLogRemoval,
    CallLogCheckpoint,
    CallLogDelivery,
    CallLogUncovered,
    CallLogSigningKey,
    CallLogKeyRotation,
    ReplicaRow,
    ReplicaResourcesRow,
    TenantJob,
    Feature,
    IdempotencyKey,
    ToolEffect,
    CallResult,
    CallResultChunk,
    CallQuotaUse,
    CircuitStateRow,
    Job,
    JobAttempt,
    JobStep,
    JobSetting,
    JobSchedule,
    JobTurn,
    Agent,
    AgentVersion,
    AgentOrder,
    AgentOrderStep,
    AutomationRun,
    AutomationStep,
    AgentCall,
    AutomationSetting,
    WelcomeTemplate,
    Alert,
    NotificationChannel,
    ChannelChoice,
    NotificationPreference,
    NotificationTemplate,
    NoticeRow,
    NotificationDelivery,
    PushSubscription,
    PushKey,
    LiveEvent,
    LiveCursor,
    LivePresence,
    ConsultantProfile,
    ConsultantSettings,
    CustomerClaim,
    ...crmEntities,
  ],
  migrations: [...migrations],
  migrationsTableName: 'migrations',
  migrationsTransactionMode: 'each',
  synchronize: false,
  logging: false,
  installExtensions: false,
  uuidExtension: 'pgcrypto',
  extra: { keepAlive: true, connectionTimeoutMillis: 10_000 },
} as const satisfies DataSourceOptions;

/** How the service reaches its data: as a role that owns nothing, seeing the tenant of the running unit of work. */
export function dataSourceOptions(config: Config): DataSourceOptions {
  return {
    ...common,
    url: config.databaseUrls.app,
    driver: { ...pg, Pool: TenantPool },
    poolSize: config.env.DATABASE_POOL_MAX,
    applicationName: 'toolcrib',
  };
}

/** How the service looks across tenants: see `platform/database/system-database.ts`. */
export function systemDataSourceOptions(config: Config): DataSourceOptions {
  return {
    ...common,
    url: config.databaseUrls.system,
    poolSize: SYSTEM_POOL_MAX,
    applicationName: 'toolcrib-system',
  };
}

/** How the schema is changed: as its owner, who serves no request. The schema changes by migrations only. */
export function ownerDataSourceOptions(config: Config): DataSourceOptions {
  return { ...common, url: config.databaseUrls.owner, poolSize: 2, applicationName: 'toolcrib-migrate' };
}
