import type { QueryRunner } from 'typeorm';

/** The service's role: sees the rows of the tenant that its unit of work belongs to. */
export const APP_ROLE = 'toolcrib_app';
/** Looks across tenants for what has to be known before the tenant is: catalogs, sign-ins. */
export const SYSTEM_ROLE = 'toolcrib_system';
/** Appends call records. */
export const LOG_ROLE = 'toolcrib_log';

/**
 * What `current_tenant_id()` gives, written out: it costs the planner a third of a sub-select around the function, which is felt
 * in short queries. Where a query names the tenant itself, and all of ours do, it is evaluated once and not per row.
 */
const CURRENT_TENANT = `nullif(current_setting('toolcrib.tenant_id', true), '')::uuid`;

export type TenantOwned = {
  /** Column that names the owning tenant. @default 'tenant_id' */
  readonly column?: string;
  /** What the service may do with its tenant's rows. @default 'SELECT, INSERT, UPDATE, DELETE' */
  readonly app?: string;
  /** What the system role may do with everybody's rows, e.g. `SELECT, UPDATE (last_used_at)`. @default nothing */
  readonly system?: string;
  /** What the log writer may do with everybody's rows. @default nothing */
  readonly log?: string;
};

/**
 * Puts a table under row-level security, forced (its owner is bound, too), and grants the service's roles what they need.
 * Every table with rows of a tenant goes through here; a test looks for tables that did not.
 */
export async function ownByTenant(
  queryRunner: QueryRunner,
  table: string,
  options: TenantOwned = {},
): Promise<void> {
  const { column = 'tenant_id', app = 'SELECT, INSERT, UPDATE, DELETE', system, log } = options;
  await queryRunner.query(`ALTER TABLE "${table}" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`);
  await queryRunner.query(
    `CREATE POLICY tenant_isolation ON "${table}" TO ${APP_ROLE}
       USING ("${column}" = ${CURRENT_TENANT}) WITH CHECK ("${column}" = ${CURRENT_TENANT})`,
  );
  await queryRunner.query(`GRANT ${app} ON "${table}" TO ${APP_ROLE}`);
  for (const [role, rights] of [
    [SYSTEM_ROLE, system],
    [LOG_ROLE, log],
  ] as const) {
    if (rights === undefined) continue;
    await queryRunner.query(
      `CREATE POLICY all_tenants_${role} ON "${table}" TO ${role} USING (true) WITH CHECK (true)`,
    );
    await queryRunner.query(`GRANT ${rights} ON "${table}" TO ${role}`);
  }
}

/** For a table that belongs to the installation and no tenant. */
export async function shareWithAll(
  queryRunner: QueryRunner,
  table: string,
  rights: Pick<TenantOwned, 'app' | 'system' | 'log'>,
): Promise<void> {
  for (const [role, granted] of [
    [APP_ROLE, rights.app],
    [SYSTEM_ROLE, rights.system],
    [LOG_ROLE, rights.log],
  ] as const) {
    if (granted !== undefined) await queryRunner.query(`GRANT ${granted} ON "${table}" TO ${role}`);
  }
}
