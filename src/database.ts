import type { DataSourceOptions } from 'typeorm';
import { migrations } from '../migrations/index.js';
import { RefreshToken } from './auth/refresh-token.entity.js';
import { Tenant } from './auth/tenant.entity.js';
import { User } from './auth/user.entity.js';
import { CallLog } from './call-logs/call-log.entity.js';
import type { Config } from './config.js';
import { crmEntities } from './crm/crm.entities.js';
import { GroupKey } from './groups/group-key.entity.js';
import { ToolGroup } from './groups/group.entity.js';
import { GroupTool } from './groups/group-tool.entity.js';

/** How TypeORM reaches the database. The schema changes by migrations only. */
export function dataSourceOptions(config: Config): DataSourceOptions {
  return {
    type: 'postgres',
    url: config.databaseUrl,
    entities: [Tenant, User, RefreshToken, ToolGroup, GroupKey, GroupTool, CallLog, ...crmEntities],
    migrations: [...migrations],
    migrationsTableName: 'migrations',
    migrationsTransactionMode: 'each',
    synchronize: false,
    logging: false,
    installExtensions: false,
    uuidExtension: 'pgcrypto',
    poolSize: config.env.DATABASE_POOL_MAX,
    applicationName: 'toolcrib',
    extra: { keepAlive: true, connectionTimeoutMillis: 10_000 },
  };
}
