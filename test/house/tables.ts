import ts from 'typescript';
import { readSource, ROOMS, roomOf, sourceFiles } from './imports.js';

/** Tables that no entity stands for: they are read and written as SQL only. */
const WITHOUT_ENTITY: Readonly<Record<string, string>> = {
  call_log_chunks: 'call-logs',
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

const NAME = String.raw`(?:public\.)?"?(\w+|\?)`;
const WRITE = String.raw`(?:\bINSERT INTO|(?<!\bFOR |\bFOR NO KEY |\bDO )\bUPDATE(?: ONLY)?|\bDELETE FROM(?: ONLY)?|\bMERGE INTO|\bTRUNCATE(?: TABLE)?) +${NAME}|\bCOPY +${NAME}[^;]*? FROM STDIN`;
const READ = String.raw`(?<!\bDISTINCT |\((?:SUBSTRING|EXTRACT|TRIM|OVERLAY)?[^()]* )\b(?:FROM|JOIN|USING|TABLE)(?: ONLY| LATERAL)? +${NAME}`;
/** A whole statement may be in small letters; of anything else those are words of a sentence. */
const STATEMENT =
  /^ ?\(?(?:select|insert into|update (?:only )?"?[\w.?]+"?(?: as)?(?: \w+)? set|delete from|merge into|truncate|copy|with (?:recursive )?\w+)\b/i;
/** Rights and the shape of tables are no rows. */
const DEFINITION = /^ ?(?:CREATE|ALTER|DROP|GRANT|REVOKE|COMMENT|REINDEX|ANALYZE|VACUUM)\b/i;
/** What stands for a name that is put in. */
const PUT_IN = '?';
/** Said of a file that reads or writes a table by a name that is put in, and names none itself. */
const GIVEN = 'a table that it is given';
/** Names that a statement gives to a part of its own. */
const OWN_NAMES = String.raw`\b(\w+)(?: \([\w, ]*\))? AS (?:NOT )?(?:MATERIALIZED )?\(`;
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
  const { texts, named } = textsIn(file, text);
  for (const sql of texts.filter((one) => !DEFINITION.test(one))) {
    const flags = STATEMENT.test(sql) ? 'gi' : 'g';
    const own = new Set(namesIn(sql, new RegExp(OWN_NAMES, flags)));
    const known = (pattern: string) =>
      namesIn(sql, new RegExp(pattern, flags)).flatMap((name) => {
        if (name === PUT_IN) return named.length > 0 ? named : [GIVEN];
        return OWNERS.has(name) && !own.has(name) ? [name] : [];
      });
    for (const name of known(WRITE)) writes.add(name);
    for (const name of known(READ)) reads.add(name);
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
  return [...text.matchAll(pattern)].map(([, ...names]) => names.find((name) => name !== undefined) ?? '');
}

/**
 * Reads the strings and templates of a file, with a file's own constants put in and `?` for what else is, and the tables that
 * strings name on their own.
 */
function textsIn(file: string, text: string): { texts: string[]; named: string[] } {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, false);
  const constants = new Map<string, ts.Expression>();
  for (const statement of source.statements.filter((one) => ts.isVariableStatement(one))) {
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (ts.isIdentifier(name) && initializer) constants.set(name.text, initializer);
    }
  }
  const textOf = (node: ts.Expression): string => {
    if (ts.isStringLiteralLike(node)) return node.text;
    if (ts.isIdentifier(node) && constants.has(node.text)) return textOf(constants.get(node.text)!);
    if (!ts.isTemplateExpression(node)) return PUT_IN;
    return node.templateSpans.reduce(
      (sum, { expression, literal }) => sum + textOf(expression) + literal.text,
      node.head.text,
    );
  };
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) found.push(textOf(node));
    node.forEachChild(visit);
  };
  visit(source);
  const texts = found.map((one) => one.replaceAll(/\s+/g, ' '));
  return { texts, named: [...new Set(texts.filter((one) => OWNERS.has(one)))] };
}

/** Calls of a manager that write a row without saying of which entity it is. */
export function namelessWritesOf(text: string): string[] {
  return [...text.matchAll(/\b\w*[mM]anager\s*\.(save|remove|softRemove|recover)\((?!\s*[A-Z]\w*\s*,)/g)].map(
    ([, method]) => method,
  );
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
