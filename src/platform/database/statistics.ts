/** A data source or a connection, as the schema's owner: nobody else may make statistics. */
type Owner = { query(sql: string, parameters?: unknown[]): Promise<unknown> };

/** Partitions come with their parent. */
const OWN_TABLES = `SELECT c.oid::regclass::text AS name FROM pg_class c
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relowner = current_user::regrole
    AND c.relnamespace = current_schema()::regnamespace`;

/** What holds more than that, and nobody has looked at since its rows came. A parent has the rows of its partitions. */
const UNKNOWN = `${OWN_TABLES}
  AND NOT EXISTS (SELECT FROM pg_stat_all_tables s
    WHERE s.relid = c.oid AND coalesce(s.last_analyze, s.last_autoanalyze) IS NOT NULL)
  AND (pg_relation_size(c.oid) > $1
    OR EXISTS (SELECT FROM pg_partition_tree(c.oid) AS part WHERE pg_relation_size(part.relid) > $1))`;

/** Makes statistics of all our tables, after migrations have rewritten or filled them: autovacuum would come to it, later. */
export async function analyzeOwnTables(owner: Owner): Promise<void> {
  await analyze(owner, await namesOf(owner, OWN_TABLES));
}

/**
 * Makes statistics of our tables that hold rows and have none: a restore brings rows without them.
 *
 * @returns Their names.
 */
export async function analyzeUnknownTables(owner: Owner): Promise<string[]> {
  const unknown = await listUnknownTables(owner, 0);
  await analyze(owner, unknown);
  return unknown;
}

/** Names our tables of more than `minBytes` that have no statistics, nor had since a crash of the server. */
export function listUnknownTables(owner: Owner, minBytes: number): Promise<string[]> {
  return namesOf(owner, UNKNOWN, [minBytes]);
}

async function namesOf(owner: Owner, sql: string, parameters: unknown[] = []): Promise<string[]> {
  return ((await owner.query(sql, parameters)) as { name: string }[]).map(({ name }) => name);
}

async function analyze(owner: Owner, tables: readonly string[]): Promise<void> {
  if (tables.length > 0) await owner.query(`ANALYZE ${tables.join(', ')}`);
}
