/**
 * Names the data source that sees the rows of all tenants, for what must be known before a tenant is: which catalogs there
 * are, whose credential this is. Its role may read little and change next to nothing (see `migrations/tenant-owned.ts`).
 * Inject it by `@InjectDataSource(SYSTEM_DATABASE)`; everything else uses the default one, inside a tenant's unit of work.
 */
export const SYSTEM_DATABASE = 'system';

/** Its connections: the jobs that follow the call log keep one each while they are at it. */
export const SYSTEM_POOL_MAX = 8;
