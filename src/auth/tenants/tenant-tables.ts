import type { EntityManager } from 'typeorm';
import { IS_PARTITION } from '../../../migrations/tenant-owned.js';

/** A table with rows of tenants, as the catalogue of the database knows it. */
export type TenantTable = {
  readonly name: string;
  /** Of the primary key, in its order. */
  readonly key: readonly { readonly name: string; readonly type: string }[];
};

const TABLES = `SELECT c.relname AS name,
    (SELECT jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) ORDER BY k.place)
     FROM pg_index i, unnest(i.indkey::smallint[]) WITH ORDINALITY AS k(attnum, place)
     JOIN pg_attribute a ON a.attnum = k.attnum
     WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid) AS key
  FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid AND t.attname = 'tenant_id' AND NOT t.attisdropped
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT ${IS_PARTITION}
  ORDER BY c.relname`;

const REFERENCES = `SELECT DISTINCT child.relname AS child, parent.relname AS parent
  FROM pg_constraint k JOIN pg_class child ON child.oid = k.conrelid JOIN pg_class parent ON parent.oid = k.confrelid
  WHERE k.contype = 'f' AND k.conrelid <> k.confrelid AND child.relnamespace = 'public'::regnamespace`;

/**
 * Every table with a `tenant_id`, whether or not a foreign key says so, and children before the tables they refer to: a
 * row that goes then takes few others with it. Asked of the catalogue each time, so that no list can go stale.
 */
export async function listTenantTables(manager: EntityManager): Promise<readonly TenantTable[]> {
  const tables = await manager.query<TenantTable[]>(TABLES);
  const references = await manager.query<{ child: string; parent: string }[]>(REFERENCES);
  const ordered: TenantTable[] = [];
  const seen = new Set<string>();
  const visit = (table: TenantTable): void => {
    if (seen.has(table.name)) return; // also where tables refer to each other in a circle
    seen.add(table.name);
    for (const { child } of references.filter(({ parent }) => parent === table.name)) {
      const found = tables.find(({ name }) => name === child);
      if (found) visit(found);
    }
    ordered.push(table);
  };
  for (const table of tables) visit(table);
  return ordered;
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
