import { beginningsOfPartitions, stretchesOf } from '../../call-logs/storage/stretches.js';
import { listGuardedTables, onlyReadable } from '../isolation/guarded-tables.js';
import { type Check, ok, problem } from './check.js';
import type { Connection, Connections } from './role-connections.js';

const DENIED = '42501';
/** Leaves all partitions but one alone: that it may not be done is known before anything is looked for. */
const NO_DAY = `WHERE created_at < '0001-01-02'`;

/** Statements that must fail, by who tries them. Each is tried, and taken back if it goes through. */
const FORBIDDEN: readonly {
  readonly by: 'app' | 'system' | 'log';
  readonly what: string;
  readonly sql: string;
}[] = [
  {
    by: 'app',
    what: 'writes a row outside a unit of work',
    sql: `INSERT INTO admin_audit_logs (id, tenant_id, actor_kind, action, result)
      SELECT gen_random_uuid(), gen_random_uuid(), 'job', 'doctor', 'ok'`,
  },
  { by: 'app', what: 'changes the admin audit', sql: `UPDATE admin_audit_logs SET action = action` },
  { by: 'app', what: 'deletes from the admin audit', sql: 'DELETE FROM admin_audit_logs' },
  {
    by: 'app',
    what: 'changes call records',
    sql: `UPDATE mcp_call_logs SET tool_name = tool_name ${NO_DAY}`,
  },
  { by: 'app', what: 'deletes call records', sql: `DELETE FROM mcp_call_logs ${NO_DAY}` },
  {
    by: 'app',
    what: 'writes call records',
    sql: `INSERT INTO mcp_call_logs SELECT * FROM mcp_call_logs ${NO_DAY}`,
  },
  {
    by: 'app',
    what: 'reads a partition past its parent',
    sql: 'SELECT * FROM mcp_call_logs_default LIMIT 1',
  },
  { by: 'app', what: 'makes a table', sql: 'CREATE TABLE public.doctor (id int)' },
  { by: 'app', what: 'turns row-level security off', sql: 'ALTER TABLE users DISABLE ROW LEVEL SECURITY' },
  { by: 'system', what: 'changes users', sql: 'UPDATE users SET enabled = enabled' },
  { by: 'system', what: 'reads messages', sql: 'SELECT content FROM messages LIMIT 1' },
  { by: 'log', what: 'reads call records', sql: `SELECT * FROM mcp_call_logs ${NO_DAY}` },
  {
    by: 'log',
    what: 'changes call records',
    sql: `UPDATE mcp_call_logs SET tool_name = tool_name ${NO_DAY}`,
  },
  { by: 'log', what: 'reads users', sql: 'SELECT * FROM users LIMIT 1' },
];

/** Really tries what must not work. Nothing stays of it. */
export async function tryForbidden(connections: Connections): Promise<Check[]> {
  const found: Check[] = [];
  for (const { by, what, sql } of FORBIDDEN) {
    const code = await connections[by].attempt(sql);
    if (code === DENIED) continue;
    const result = code === null ? 'it went through' : `it failed for another reason (SQLSTATE ${code})`;
    found.push(
      problem(
        `trial as ${connections[by].role}`,
        `${what}: ${result}`,
        'See the checks of roles, tables and grants',
      ),
    );
  }
  found.push(...(await readOutside(connections.app)));
  return found.length > 0
    ? found
    : [ok('trials', `${FORBIDDEN.length} forbidden statements were refused, unset reads are empty`)];
}

/** Outside a unit of work a tenant-owned table reads as empty. */
async function readOutside(app: Connection): Promise<Check[]> {
  const tables = await onlyReadable(app, await listGuardedTables(app));
  const found: Check[] = [];
  const stretches = stretchesOf(await beginningsOfPartitions(app));
  for (const { name, column } of tables) {
    const isEmpty = async (also: string, values: unknown[] = []) =>
      (await app.query(`SELECT 1 FROM "${name}" WHERE "${column}" IS NOT NULL ${also} LIMIT 1`, values))
        .length === 0;
    let isHidden = true;
    if (name !== 'mcp_call_logs') isHidden = await isEmpty('');
    else
      for (const { from, before } of stretches)
        isHidden &&= await isEmpty('AND created_at >= $1 AND created_at < $2', [from, before]);
    if (isHidden) continue;
    const fix = `See the checks of the table ${name} and of the role ${app.role}`;
    found.push(problem(`trial as ${app.role}`, `${name} shows rows though no tenant is set`, fix));
  }
  return found;
}
