import pg from 'pg';
import type { DataSourceOptions } from 'typeorm';
import { migrations } from '../../../migrations/index.js';
import { platformEntities } from '../../platform/platform.entities.js';
import { accessEntities } from '../../access/access.entities.js';
import { jobsEntities } from '../../jobs/jobs.entities.js';
import { callLogsEntities } from '../../call-logs/call-logs.entities.js';
import { authEntities } from '../../auth/auth.entities.js';
import { messagingEntities } from '../../messaging/messaging.entities.js';
import { toolsEntities } from '../../tools/tools.entities.js';
import { sourcesEntities } from '../../sources/sources.entities.js';
import { groupsEntities } from '../../groups/groups.entities.js';
import { crmEntities } from '../../crm/crm.entities.js';
import { agentsEntities } from '../../agents/agents.entities.js';
import { consultantsEntities } from '../../consultants/consultants.entities.js';
import { automationEntities } from '../../automation/automation.entities.js';
import type { Config } from '../../platform/config.js';
import { SYSTEM_POOL_MAX } from '../../platform/database/system-database.js';
import { LivePool } from '../../platform/database/live-pool.js';
import { TenantPool } from '../../platform/database/tenant-pool.js';

const common = {
  type: 'postgres',
  entities: [
    ...platformEntities,
    ...accessEntities,
    ...jobsEntities,
    ...callLogsEntities,
    ...authEntities,
    ...messagingEntities,
    ...toolsEntities,
    ...sourcesEntities,
    ...groupsEntities,
    ...crmEntities,
    ...agentsEntities,
    ...consultantsEntities,
    ...automationEntities,
  ],
  migrations: [...migrations],
  migrationsTableName: 'migrations',
  migrationsTransactionMode: 'each',
  synchronize: false,
  logging: false,
  installExtensions: false,
  uuidExtension: 'pgcrypto',
  driver: { ...pg, Pool: LivePool },
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
  return {
    ...common,
    url: config.databaseUrls.owner,
    poolSize: 2,
    applicationName: 'toolcrib-migrate',
  };
}
