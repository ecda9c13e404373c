import type { QueryRunner } from 'typeorm';
import { migrations } from '../../../migrations/index.js';
import { APP_ROLE, IS_PARTITION, LOG_ROLE, SYSTEM_ROLE } from '../../../migrations/tenant-owned.js';
import { type Check, ok, problem } from './check.js';
import type { Connection } from './role-connections.js';

const ROLES: readonly string[] = [APP_ROLE, SYSTEM_ROLE, LOG_ROLE];
const RENAMING = /^\s*ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?"?(\w+)"?\s+RENAME\s+TO\s+"?(\w+)"?/i;

/** `role table` → its rights: `SELECT`, or `UPDATE (name)` for a column. */
type Grants = Map<string, Set<string>>;

/** That the roles have the rights that the migrations give them: not one more, not one less. */
export async function checkGrants(owner: Connection): Promise<Check[]> {
  const expected = await expectedGrants();
  const actual = await actualGrants(owner);
  const found: Check[] = [];
  for (const place of new Set([...expected.keys(), ...actual.grants.keys()])) {
    const [role = '', table = ''] = place.split(' ');
    const want = expected.get(place) ?? new Set();
    const have = actual.grants.get(place) ?? new Set();
    const extra = [...have].filter(
      (right) => !want.has(right) && !isForRemoval(role, right, actual.keys.get(table)),
    );
    const missing = actual.tables.has(table) ? [...want].filter((right) => !have.has(right)) : [];
    if (extra.length > 0) {
      const fix = `REVOKE ${extra.join(', ')} ON "${table}" FROM ${role}`;
      found.push(
        problem(
          `rights of ${role}`,
          `has more on ${table} than the migrations give: ${extra.join(', ')}`,
          fix,
        ),
      );
    }
    if (missing.length > 0) {
      const fix = `GRANT ${missing.join(', ')} ON "${table}" TO ${role}`;
      found.push(problem(`rights of ${role}`, `lacks on ${table}: ${missing.join(', ')}`, fix));
    }
  }
  return found.length > 0 ? found : [ok('grants', 'are what the migrations give')];
}

/** Given table by table as the catalogue has them, so that a tenant can be removed; policies keep it to such tenants. */
function isForRemoval(role: string, right: string, keys: readonly string[] = []): boolean {
  const forFinding = ['tenant_id', ...keys].map((column) => `SELECT (${column})`);
  return role === SYSTEM_ROLE && ['DELETE', ...forFinding].includes(right);
}

/** Runs the migrations against nothing and reads what they would grant. */
async function expectedGrants(): Promise<Grants> {
  const grants: Grants = new Map();
  const query = async (sql: string) => {
    apply(grants, sql);
    return [];
  };
  // Whatever else a migration asks, it is told nothing.
  const listener = new Proxy({} as QueryRunner, {
    get: (_target, name) => (name === 'query' ? query : async () => undefined),
  });
  for (const Migration of migrations) await new Migration().up(listener);
  return grants;
}

function apply(grants: Grants, sql: string): void {
  const [, before, after] = RENAMING.exec(sql) ?? [];
  if (before && after) return rename(grants, before, after);
  const statement = statementOf(sql);
  if (!statement) return;
  const { verb, rights, table, roles } = statement;
  for (const role of roles) {
    if (!ROLES.includes(role)) continue;
    const place = `${role} ${table}`;
    const held = grants.get(place) ?? new Set();
    for (const right of rightsOf(rights)) {
      if (verb === 'GRANT') held.add(right);
      else if (right.startsWith('ALL')) held.clear();
      else held.delete(right);
    }
    if (held.size > 0) grants.set(place, held);
    else grants.delete(place);
  }
}

/** What a GRANT or REVOKE about one table says; undefined: it is another statement. */
function statementOf(sql: string) {
  const words = sql.trim().replace(/;$/, '').split(/\s+/);
  const upper = words.map((word) => word.toUpperCase());
  const verb = upper[0] ?? '';
  const on = upper.indexOf('ON');
  const to = upper.findIndex((word, index) => index > on && (word === 'TO' || word === 'FROM'));
  const target = words.slice(upper[on + 1] === 'TABLE' ? on + 2 : on + 1, to);
  const [, table] = /^"?(\w+)"?$/.exec(target.join(' ')) ?? [];
  if (!['GRANT', 'REVOKE'].includes(verb) || on < 0 || to < 0 || table === undefined) return undefined;
  const roles = words
    .slice(to + 1)
    .join(' ')
    .split(',');
  return {
    verb,
    rights: words.slice(1, on).join(' '),
    table,
    roles: roles.map((name) => name.trim().replaceAll('"', '')),
  };
}

/** A table keeps its rights under its new name. */
function rename(grants: Grants, before: string, after: string): void {
  for (const role of ROLES) {
    const held = grants.get(`${role} ${before}`);
    if (!held) continue;
    grants.delete(`${role} ${before}`);
    grants.set(`${role} ${after}`, held);
  }
}

/** `SELECT, UPDATE (name, enabled)` → SELECT · UPDATE (name) · UPDATE (enabled) */
function rightsOf(list: string): string[] {
  return [...list.matchAll(/(\w+)(?: PRIVILEGES)? ?(?:\(([^()]*)\))?/g)].flatMap(([, right = '', columns]) =>
    columns === undefined
      ? [right.toUpperCase()]
      : columns.split(',').map((column) => `${right.toUpperCase()} (${column.trim().replaceAll('"', '')})`),
  );
}

/** The tables there are, each with the columns of its primary key, and who has which rights on them. */
async function actualGrants(owner: Connection) {
  const rows = await owner.query<{ place: string; right: string }[]>(
    `SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END || ' ' || c.relname AS place, a.privilege_type AS right
     FROM pg_class c, aclexplode(c.relacl) a
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT ${IS_PARTITION}
     UNION ALL
     SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END || ' ' || c.relname,
       a.privilege_type || ' (' || t.attname || ')'
     FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a
     WHERE c.relnamespace = 'public'::regnamespace AND NOT ${IS_PARTITION}`,
  );
  const known = await owner.query<{ name: string; columns: string[] }[]>(
    `SELECT c.relname AS name, coalesce(array_agg(a.attname::text) FILTER (WHERE a.attname IS NOT NULL), '{}') AS columns
     FROM pg_class c LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
       LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
     WHERE c.relnamespace = 'public'::regnamespace GROUP BY c.oid`,
  );
  const grants: Grants = new Map();
  for (const { place, right } of rows) {
    const [role = ''] = place.split(' ');
    if (![...ROLES, 'PUBLIC'].includes(role)) continue;
    grants.set(place, (grants.get(place) ?? new Set()).add(right));
  }
  const keys = new Map(known.map(({ name, columns }) => [name, columns]));
  return { grants, tables: new Set(keys.keys()), keys };
}
