import ts from 'typescript';
import { entityWritesIn, namelessWritesIn } from './entity-writes.js';
import { parsed, readSource, ROOMS, roomOf, sourceFiles } from './imports.js';
import { PUT_IN, tablesOfSql, textsIn } from './sql-tables.js';

/** Tables that no entity stands for: they are read and written as SQL only. */
const WITHOUT_ENTITY: Readonly<Record<string, string>> = {
  call_log_chunks: 'call-logs',
  call_log_merge: 'call-logs',
  call_log_merge_changes: 'call-logs',
  call_log_positions: 'call-logs',
  call_log_stats: 'call-logs',
  clock_mark: 'platform',
  installation_steps: 'boot',
};

/** Rows that every room reads, so that their entity stands low, and that a later room keeps. */
const KEPT_BY: Readonly<Record<string, string>> = { tenants: 'auth', users: 'auth' };

/** Look after the whole installation, or prove what stands in it: they may touch any table. */
const EXEMPT = ['operations/', 'call-logs/evidence/'];

/** Classes of entities, by file. */
export function entitiesOf(file: string): { readonly name: string; readonly table: string }[] {
  return [...readSource(file).matchAll(/^@Entity\('(\w+)'[\s\S]*?^export class (\w+)/gm)].map(
    ([, table, name]) => ({ name, table }),
  );
}

/** The room that owns each table. */
export const OWNERS: ReadonlyMap<string, string> = new Map([
  ...Object.entries(WITHOUT_ENTITY),
  ...sourceFiles().flatMap((file) => entitiesOf(file).map(({ table }) => [table, roomOf(file)] as const)),
]);

const TABLE_OF = new Map(
  sourceFiles().flatMap((file) => entitiesOf(file).map(({ name, table }) => [name, table] as const)),
);

/** Read from functions of the schema, or from a list that they make. */
const NO_TABLES = ['call-logs/search/region-query.ts', 'call-logs/storage/partitions.ts'];

/**
 * Write or read whatever table they are given: all of a tenant, all sealed columns, a copy, or one that the room above names.
 * Those names come from the catalog of the database or from a list that says so.
 */
const HANDED = [
  'auth/tenants/tenant-export.ts',
  'auth/tenants/tenant-remover.ts',
  'boot/commands/rotate-master.ts',
  'boot/master-keys/bind-secrets.ts',
  'crm/sample/sample-copy.ts',
  'platform/database/kept-answer-quotas.ts',
];

/** An entity by its class, or a table by its name: TypeORM takes both. */
const isTarget = (name: string) => TABLE_OF.has(name) || OWNERS.has(name);
const ownerOf = (table: string) => OWNERS.get(table) ?? '';
const writerOf = (table: string) => KEPT_BY[table] ?? ownerOf(table);

/** Says which tables of others a file writes, and which it reads of rooms after its own: `file writes table of room`. */
export function trespassesOf(file: string, text: string): string[] {
  if (EXEMPT.some((folder) => file.startsWith(folder))) return [];
  const room = roomOf(file);
  const { writes, reads } = tablesIn(file, text);
  const isGiven = (table: string) => table === GIVEN;
  if ([...HANDED, ...NO_TABLES].includes(file)) for (const tables of [writes, reads]) tables.delete(GIVEN);
  const isAfter = (table: string) => ROOMS.indexOf(ownerOf(table)) > ROOMS.indexOf(room);
  return [
    ...[...writes]
      .filter((table) => !isGiven(table) && writerOf(table) !== room)
      .map((table) => `${file} writes ${table} of ${writerOf(table)}`),
    ...(writes.has(GIVEN) ? [`${file} writes ${GIVEN}`] : []),
    ...(reads.has(GIVEN) ? [`${file} reads ${GIVEN}`] : []),
    ...[...reads].filter(isAfter).map((table) => `${file} reads ${table} of ${ownerOf(table)}`),
  ];
}

/** Said of a file that reads or writes a table by a name that is put in, and names none itself. */
const GIVEN = 'a table that it is given';

type Tables = { readonly adds: Set<string>; readonly writes: Set<string>; readonly reads: Set<string> };

/** The tables that a file adds rows to, writes in any way, and reads. */
export function tablesIn(file: string, text: string): Tables {
  const found: Tables = { adds: new Set(), writes: new Set(), reads: new Set() };
  const source = parsed(file, text);
  const texts = textsIn(source);
  const named = texts.filter((one) => OWNERS.has(one));
  for (const { does, table } of texts.flatMap(tablesOfSql)) {
    const given = named.length > 0 ? named : [GIVEN];
    for (const name of table === PUT_IN ? given : OWNERS.has(table) ? [table] : []) {
      found[does === 'reads' ? 'reads' : 'writes'].add(name);
      if (does === 'adds') found.adds.add(name);
    }
  }
  for (const { name, adds } of entityWritesIn(source, isTarget)) {
    const table = name === undefined ? GIVEN : (TABLE_OF.get(name) ?? name);
    found.writes.add(table);
    if (adds) found.adds.add(table);
  }
  return found;
}

/** Calls of a manager that write a row without saying of which entity it is. */
export function namelessWritesOf(text: string): string[] {
  return namelessWritesIn(parsed('x.ts', text), isTarget);
}

/** Classes whose constructors take more than five things, as `file: class takes n`. */
export function crowdedConstructors(file: string): string[] {
  const source = parsed(file);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isClassLike(node)) {
      const taken =
        node.members.find((member) => ts.isConstructorDeclaration(member))?.parameters.length ?? 0;
      if (taken > 5) found.push(`${file}: ${node.name?.text ?? 'class'} takes ${taken}`);
    }
    node.forEachChild(visit);
  };
  visit(source);
  return found;
}
