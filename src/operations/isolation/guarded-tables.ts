import { IS_PARTITION } from '../../../migrations/tenant-owned.js';
import { timeOfId } from '../../call-logs/storage/call-places.js';

/** Runs a query; a data source, a manager and a query runner have it. */
export type Queryable = {
  query<Rows extends readonly object[]>(sql: string, parameters?: unknown[]): Promise<Rows>;
};

/** A table with rows of tenants, as the catalogue of the database knows it. */
export type GuardedTable = {
  readonly name: string;
  /** Column that names the owning tenant. */
  readonly column: string;
  /** Reached through its parent only. */
  readonly isPartition: boolean;
  /** Column by whose time the table is parted; null: it is not. */
  readonly partedBy: string | null;
  readonly rlsEnabled: boolean;
  readonly rlsForced: boolean;
  /** Names the person that each row is about; null: none does. */
  readonly person: string | null;
  readonly policies: readonly Policy[];
};

export type Policy = {
  readonly name: string;
  /** Takes away from what the others show; a permissive one adds to it. */
  readonly isRestrictive: boolean;
  readonly roles: readonly string[];
  readonly using: string | null;
  readonly check: string | null;
};

/** Every table of ours that has a `tenant_id`, and `tenants` itself. Found in the catalogue, so that none is forgotten. */
export function listGuardedTables(database: Queryable): Promise<readonly GuardedTable[]> {
  return database.query<GuardedTable[]>(`
    SELECT c.relname AS name, a.attname AS "column", ${IS_PARTITION} AS "isPartition",
      (SELECT k.attname FROM pg_partitioned_table p
        JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = p.partattrs[0] WHERE p.partrelid = c.oid) AS "partedBy",
      CASE c.relname WHEN 'users' THEN 'id' ELSE (SELECT p.attname FROM pg_attribute p
        WHERE p.attrelid = c.oid AND p.attname = 'user_id' AND NOT p.attisdropped) END AS person,
      c.relrowsecurity AS "rlsEnabled", c.relforcerowsecurity AS "rlsForced",
      coalesce((SELECT jsonb_agg(jsonb_build_object('name', p.polname, 'isRestrictive', NOT p.polpermissive, 'roles', p.polroles::regrole[]::text[],
          'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid)) ORDER BY p.polname)
        FROM pg_policy p WHERE p.polrelid = c.oid), '[]') AS policies
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
      AND a.attname = CASE c.relname WHEN 'tenants' THEN 'id' ELSE 'tenant_id' END
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
    ORDER BY c.relname`);
}

/** Shows rows that belong to the installation and to no tenant, and lets none be written. */
export function isOfNoTenant({ using, check }: Policy): boolean {
  return using === '(tenant_id IS NULL)' && check === null;
}

/** Written by the log's own role and read by people who may see it all, or not at all: no tool looks into it. */
const OF_NOBODY_IN_PARTICULAR = ['mcp_call_logs'];

/** Whether work that may see one person's rows only must be kept to them in this table (policy `own_rows`). */
export function isAboutPeople({ name, person, isPartition }: GuardedTable): boolean {
  return person !== null && !isPartition && !OF_NOBODY_IN_PARTICULAR.includes(name);
}

/** Keeps such work to these rows, as PostgreSQL prints it. */
export function ownRowsRule(person: string): string {
  const setting = `(NULLIF(current_setting('toolcrib.person_id'::text, true), ''::text))::uuid`;
  return `(( SELECT (${setting} IS NULL)) OR (${person} = ${setting}))`;
}

/** A foreign key from one tenant-owned table to another one whose columns do not say the tenant. */
export type LooseForeignKey = { readonly table: string; readonly name: string; readonly parent: string };

/** The check of a foreign key sees all rows, so such a key lets a row refer to another tenant's. */
export function listLooseForeignKeys(database: Queryable): Promise<readonly LooseForeignKey[]> {
  return database.query<LooseForeignKey[]>(`
    SELECT child.relname AS "table", k.conname AS name, parent.relname AS parent
    FROM pg_constraint k
    JOIN pg_class child ON child.oid = k.conrelid
    JOIN pg_class parent ON parent.oid = k.confrelid AND parent.relname <> 'tenants'
    JOIN pg_attribute owner ON owner.attrelid = child.oid AND owner.attname = 'tenant_id'
    JOIN pg_attribute theirs ON theirs.attrelid = parent.oid AND theirs.attname = 'tenant_id'
    WHERE k.contype = 'f' AND child.relnamespace = 'public'::regnamespace AND NOT owner.attnum = ANY (k.conkey)
    ORDER BY 1, 2`);
}

/**
 * Finds the rows of tenants that the check has made up, as `FROM` takes it. A table of years is asked for what came since the first of
 * them was made: each day more is a lock, and there are more days than a server has locks.
 *
 * @param tenants Ids that tell when they were made (UUIDv7).
 */
export function rowsOf(
  { name, column, partedBy }: Pick<GuardedTable, 'name' | 'column' | 'partedBy'>,
  tenants: readonly string[],
): string {
  const times = tenants.map((id) => timeOfId(id) ?? 0);
  const since = new Date(Math.max(0, Math.min(...times) - CLOCKS_APART_MS)).toISOString();
  const bound = partedBy === null ? '' : ` AND "${partedBy}" >= '${since}'`;
  return `"${name}" t WHERE "${column}" = ANY (ARRAY[${tenants.map((id) => `'${id}'`).join(', ')}]::uuid[])${bound}`;
}

/** Whoever writes the rows may have another clock than whoever made the tenant. */
const CLOCKS_APART_MS = 2 * 86_400_000;

/** Made by jobs of the service out of the tenant's own records, whenever they get to it. */
const DERIVED = ['call_log_stats', 'call_log_chunks', 'call_log_checkpoints', 'call_log_deliveries'];

/** Columns that change by being looked at, not by an attack. */
const VOLATILE = ['last_used_at', 'last_seen_at', 'used_at', 'last_used_ip'];

/** What a tenant's rows are now, by table: a hash each. Run it in the tenant's unit of work. */
export async function fingerprint(
  database: Queryable,
  tables: readonly GuardedTable[],
  tenantId: string,
): Promise<ReadonlyMap<string, string>> {
  const volatile = VOLATILE.map((name) => `'${name}'`).join(', ');
  const watched = tables.filter(({ name }) => !DERIVED.includes(name));
  const parts = watched.map(
    (table) =>
      `SELECT '${table.name}' AS "table", md5(coalesce(string_agg(row, '' ORDER BY row), '')) AS hash FROM
        (SELECT (to_jsonb(t) - ARRAY[${volatile}])::text AS row FROM ${rowsOf(table, [tenantId])}) rows`,
  );
  const rows = await database.query<{ table: string; hash: string }[]>(parts.join(' UNION ALL '));
  return new Map(rows.map(({ table, hash }) => [table, hash]));
}

/** Tables whose rows the service's role may read: the others it cannot leak. */
export async function onlyReadable(
  database: Queryable,
  tables: readonly GuardedTable[],
): Promise<readonly GuardedTable[]> {
  const names = await database.query<{ name: string }[]>(
    `SELECT name FROM unnest($1::text[]) AS name WHERE has_table_privilege(format('public.%I', name), 'SELECT')`,
    [tables.filter(({ isPartition }) => !isPartition).map(({ name }) => name)],
  );
  return tables.filter(({ name }) => names.some((readable) => readable.name === name));
}
