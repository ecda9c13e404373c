import ts from 'typescript';
import { readSource, ROOMS, roomOf, sourceFiles } from './imports.js';

/** Tables that no entity stands for: they are read and written as SQL only. */
const WITHOUT_ENTITY: Readonly<Record<string, string>> = {
  call_log_chunks: 'call-logs',
  call_log_positions: 'call-logs',
  call_log_stats: 'call-logs',
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

const ownerOf = (table: string) => OWNERS.get(table) ?? '';
const writerOf = (table: string) => KEPT_BY[table] ?? ownerOf(table);

/** Says which tables of others a file writes, and which it reads of rooms after its own: `file writes table of room`. */
export function trespassesOf(file: string, text: string): string[] {
  if (EXEMPT.some((folder) => file.startsWith(folder))) return [];
  const room = roomOf(file);
  const { writes, reads } = tablesIn(file, text);
  const isAfter = (table: string) => ROOMS.indexOf(ownerOf(table)) > ROOMS.indexOf(room);
  return [
    ...[...writes]
      .filter((table) => writerOf(table) !== room)
      .map((table) => `${file} writes ${table} of ${writerOf(table)}`),
    ...[...reads].filter(isAfter).map((table) => `${file} reads ${table} of ${ownerOf(table)}`),
  ];
}

const WRITE =
  /(?:\bINSERT INTO|(?<!\bFOR |\bFOR NO KEY )\bUPDATE(?: ONLY)?|\bDELETE FROM(?: ONLY)?|\bMERGE INTO|\bTRUNCATE(?: TABLE)?) +(?:public\.)?"?(\w+)/g;
const READ = /\b(?:FROM|JOIN|USING|TABLE)(?: ONLY| LATERAL)? +(?:public\.)?"?(\w+)/g;
/** Names that a statement gives to a part of its own. */
const OWN_NAMES = /\b(\w+) AS (?:NOT )?(?:MATERIALIZED )?\(/g;
/** Of a manager, a repository or a query builder, with the entity as first argument. */
const ENTITY_WRITE =
  /\b(?:insert|update|delete|upsert|save|softDelete|increment|decrement|into)\(\s*(\w+)[,)]/g;
/** A repository that a class holds, and the calls that write through it. */
const REPOSITORY_FIELD = /(\w+): Repository<(\w+)>/g;
const writeThrough = (field: string) =>
  new RegExp(`\\b${field}\\s*\\.(?:insert|update|delete|upsert|save|softDelete|increment|decrement)\\(`);
const REPOSITORY_WRITE =
  /getRepository\(\s*(\w+)\s*\)\s*\.(?:insert|update|delete|upsert|save|softDelete|increment|decrement)\(/g;

function tablesIn(file: string, text: string): { writes: Set<string>; reads: Set<string> } {
  const writes = new Set<string>();
  const reads = new Set<string>();
  for (const sql of textsIn(file, text)) {
    const own = new Set(namesIn(sql, OWN_NAMES));
    const known = (names: string[]) => names.filter((name) => OWNERS.has(name) && !own.has(name));
    for (const name of known(namesIn(sql, WRITE))) writes.add(name);
    for (const name of known(namesIn(sql, READ))) reads.add(name);
  }
  const held = [...text.matchAll(REPOSITORY_FIELD)]
    .filter(([, field]) => writeThrough(field).test(text))
    .map(([, , name]) => name);
  for (const name of [...namesIn(text, ENTITY_WRITE), ...namesIn(text, REPOSITORY_WRITE), ...held]) {
    const table = TABLE_OF.get(name);
    if (table !== undefined) writes.add(table);
  }
  return { writes, reads };
}

function namesIn(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, name]) => name);
}

/** Strings and templates of a file, with `?` for what is put in. */
function textsIn(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, false);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) found.push(node.text);
    else if (ts.isTemplateExpression(node)) {
      found.push([node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join('?'));
    }
    node.forEachChild(visit);
  };
  visit(source);
  return found.map((one) => one.replaceAll(/\s+/g, ' '));
}

/** Classes whose constructors take more than five things, as `file: class takes n`. */
export function crowdedConstructors(file: string): string[] {
  const source = ts.createSourceFile(file, readSource(file), ts.ScriptTarget.Latest, false);
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
