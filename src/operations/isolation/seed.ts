import { randomBytes, randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { inTenant } from '../../platform/request-scope.js';
import { Harvest } from './harvest.js';
import { onlyReadable, type GuardedTable } from './guarded-tables.js';
import type { Side } from './world.js';

/** Rows there would be acted upon by the service. Not those in `jobs`: of a made-up kind there is no handler. */
const ACTED_UPON = /^tenant_jobs$|event|outbox|queue/;
const ROUNDS = 2;

type Column = { readonly name: string; readonly type: string; readonly length: number | null };

/**
 * Puts a made-up row into each of a tenant's tables that has none, so that there is an id of every kind to attack with. A
 * table that does not take it (a check, a right that the service lacks) stays empty.
 */
export async function seedEmptyTables(
  dataSource: DataSource,
  tables: readonly GuardedTable[],
  side: Pick<Side, 'tenantId' | 'marker'>,
): Promise<void> {
  const readable = await onlyReadable(dataSource, tables);
  for (let round = 0; round < ROUNDS; round += 1) {
    const harvest = await Harvest.of(dataSource, readable, side.tenantId);
    const empty = readable.filter(({ name }) => !harvest.idsOf.has(name) && !ACTED_UPON.test(name));
    for (const table of empty) await seed(dataSource, table, { side, harvest });
  }
}

async function seed(
  dataSource: DataSource,
  { name, column: owner }: GuardedTable,
  { side, harvest }: { side: Pick<Side, 'tenantId' | 'marker'>; harvest: Harvest },
): Promise<void> {
  const columns = await dataSource.query<Column[]>(
    `SELECT column_name AS name, udt_name AS type, character_maximum_length AS length FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name = $1 AND is_nullable = 'NO' AND column_default IS NULL`,
    [name],
  );
  const values = columns.map((column) =>
    column.name === owner ? side.tenantId : valueFor(column, { harvest, marker: side.marker }),
  );
  const names = columns.map((column) => `"${column.name}"`).join(', ');
  const places = columns.map((_column, index) => `$${index + 1}`).join(', ');
  await inTenant(side.tenantId, () =>
    dataSource.query(`INSERT INTO "${name}" (${names}) VALUES (${places})`, values),
  ).catch(() => undefined);
}

function valueFor(
  { name, type, length }: Column,
  { harvest, marker }: { harvest: Harvest; marker: string },
): unknown {
  switch (type) {
    case 'uuid':
      return name === 'id' ? randomUUID() : (harvest.idsFor(name)[0] ?? randomUUID());
    case 'bytea':
      return randomBytes(32);
    case 'timestamptz':
    case 'date':
      return new Date(Date.now() + 3_600_000);
    case 'bool':
      return true;
    case 'jsonb':
    case 'json':
      return '{}';
    default:
      if (type.startsWith('_')) return [];
      return /^(int|float|numeric)/.test(type) ? 1 : marker.slice(0, length ?? undefined);
  }
}
