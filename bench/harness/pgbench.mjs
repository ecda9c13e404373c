// The limit for a call with one query: pgbench doing the same SELECT and one INSERT of a call record, each committed.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { USER_CARD_COLUMNS } from '../../dist/src/crm/directory.service.js';
import { onLoadCore } from './servers.mjs';

export function hasPgbench() {
  try {
    execFileSync('pgbench', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * What is inserted is a copy of the newest record of that tool, column by column.
 *
 * @returns Transactions (SELECT + INSERT) per second at each concurrency.
 */
export async function runPgbench({ superuserUrl, tenantId, customerId, concurrency, seconds }) {
  const folder = mkdtempSync(join(tmpdir(), 'toolcrib-pgbench-'));
  try {
    const script = join(folder, 'call.sql');
    writeFileSync(script, await transaction(superuserUrl, tenantId, customerId));
    const rates = {};
    for (const clients of concurrency) {
      const options = ['-n', '-M', 'prepared', '-c', String(clients), '-j', '1', '-T', String(seconds)];
      const { stdout } = await onLoadCore('pgbench', [...options, '-f', script, superuserUrl]);
      rates[clients] = Number(/tps = ([\d.]+)/.exec(stdout)[1]);
    }
    return rates;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function transaction(url, tenantId, customerId) {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const select = `SELECT ${USER_CARD_COLUMNS} FROM users WHERE tenant_id = '${tenantId}' AND id = '${customerId}';`;
    const { rows } = await client.query(
      `SELECT * FROM mcp_call_logs WHERE tenant_id = $1 AND tool_name = 'get_user_profile' ORDER BY created_at DESC LIMIT 1`,
      [tenantId],
    );
    const columns = Object.entries(rows[0]).filter(([, value]) => value !== null);
    const values = columns.map(([name, value]) => valueOf(name, value));
    const names = columns.map(([name]) => name).join(', ');
    return `${select}\nINSERT INTO mcp_call_logs (${names}) VALUES (${values.join(', ')});\n`;
  } finally {
    await client.end();
  }
}

function valueOf(name, value) {
  if (name === 'id') return 'uuidv7()';
  if (name === 'created_at') return 'now()';
  if (Buffer.isBuffer(value)) return `'\\x${value.toString('hex')}'`;
  if (value instanceof Date) return literal(value.toISOString());
  return literal(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

/** pgbench takes `:name` for a variable of its own, inside quotes too. */
function literal(text) {
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll(':', '\\x3a')}'`;
}
