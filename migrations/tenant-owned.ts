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
  // Before migration `tenants` there is no such thing as a tenant that is being removed; it lets the older tables follow.
  if (await queryRunner.hasColumn('tenants', 'removing_at')) await letTenantBeRemoved(queryRunner, table);
}

const BEING_REMOVED = '(SELECT id FROM tenants WHERE removing_at IS NOT NULL)';

/**
 * Lets the system role delete the rows of a tenant that is being removed, and of no other, whatever else it may do with the
 * table. To find them it may read the table's key and `tenant_id`.
 */
export async function letTenantBeRemoved(queryRunner: QueryRunner, table: string): Promise<void> {
  const [{ mayDelete, columns }] = (await queryRunner.query(FINDING_COLUMNS, [`public."${table}"`])) as [
    { mayDelete: boolean; columns: string },
  ];
  await queryRunner.query(`GRANT SELECT (${columns}) ON "${table}" TO ${SYSTEM_ROLE}`);
  if (mayDelete) return; // more was granted on purpose
  await queryRunner.query(`GRANT DELETE ON "${table}" TO ${SYSTEM_ROLE}`);
  await queryRunner.query(
    `CREATE POLICY tenant_removal ON "${table}" TO ${SYSTEM_ROLE}
       USING (tenant_id IN ${BEING_REMOVED}) WITH CHECK (false)`,
  );
  await queryRunner.query(
    `CREATE POLICY tenant_removal_only ON "${table}" AS RESTRICTIVE FOR DELETE TO ${SYSTEM_ROLE}
       USING (tenant_id IN ${BEING_REMOVED})`,
  );
}

const FINDING_COLUMNS = `SELECT has_table_privilege('${SYSTEM_ROLE}', i.indrelid, 'DELETE') AS "mayDelete",
    string_agg(quote_ident(a.attname), ', ') AS columns
  FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid
  WHERE i.indisprimary AND i.indrelid = $1::regclass AND (a.attnum = ANY (i.indkey) OR a.attname = 'tenant_id')
  GROUP BY i.indrelid`;

/** Takes back {@link letTenantBeRemoved}. */
export async function letTenantStay(queryRunner: QueryRunner, table: string): Promise<void> {
  const policies = (await queryRunner.query(
    `SELECT polname AS name FROM pg_policy WHERE polrelid = $1::regclass AND polname = 'tenant_removal'`,
    [`public."${table}"`],
  )) as { name: string }[];
  if (policies.length === 0) return;
  await queryRunner.query(`DROP POLICY tenant_removal ON "${table}"`);
  await queryRunner.query(`DROP POLICY tenant_removal_only ON "${table}"`);
  const [{ columns }] = (await queryRunner.query(FINDING_COLUMNS, [`public."${table}"`])) as [
    { columns: string },
  ];
  await queryRunner.query(`REVOKE DELETE, SELECT (${columns}) ON "${table}" FROM ${SYSTEM_ROLE}`);
}

/** SQL condition on a `pg_class c`: reached through its parent only, or a month of the call log that is being merged and soon will be. */
export const IS_PARTITION = `(c.relispartition OR c.relname ~ '^mcp_call_logs_m[0-9]{6}$')`;

/** Every table with a `tenant_id`, from the catalogue; partitions are reached through their parent. */
export async function tablesOfTenants(queryRunner: QueryRunner): Promise<string[]> {
  const rows = (await queryRunner.query(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT ${IS_PARTITION}
       AND NOT a.attisdropped ORDER BY 1`,
  )) as { name: string }[];
  return rows.map(({ name }) => name);
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
