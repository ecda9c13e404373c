import { migrations } from '../../../migrations/index.js';
import { GROUP_KEY } from '../../groups/keys/group-keys.service.js';
import { SecretBox } from '../../platform/secrets/secret-box.js';
import type { Config } from '../../platform/config.js';
import { hostNameOf } from '../../platform/network/host-name.js';
import { listUnknownTables } from '../../platform/database/statistics.js';
import { type Check, ok, problem, warning } from './check.js';
import type { Connection } from './role-connections.js';

/** Below it, no plan is slow enough to tell. */
const UNKNOWN_MIN_BYTES = 1024 * 1024;

/** The schema is the one that this build was made for. */
export async function checkSchema(owner: Connection): Promise<Check> {
  const name = 'schema';
  const [{ there }] = await owner.query<[{ there: boolean }]>(
    `SELECT to_regclass('migrations') IS NOT NULL AS there`,
  );
  const rows = there ? await owner.query<{ name: string }[]>('SELECT name FROM migrations') : [];
  const known = migrations.map((migration) => migration.name);
  const missing = known.filter((migration) => !rows.some((row) => row.name === migration));
  const newer = rows.filter((row) => !known.includes(row.name));
  if (missing.length > 0) return problem(name, `lacks ${missing.join(', ')}`, 'Run toolcrib migrate');
  if (newer.length > 0) {
    const list = newer.map((row) => row.name).join(', ');
    return warning(
      name,
      `has migrations that this build does not know: ${list}`,
      'Run the newer version of Toolcrib',
    );
  }
  return ok(name, `up to date, ${known.length} migrations`);
}

/** The planner knows the large tables: after a restore it may take the slow way for minutes. */
export async function checkStatistics(owner: Connection): Promise<Check> {
  const name = 'statistics';
  const unknown = await listUnknownTables(owner, UNKNOWN_MIN_BYTES);
  if (unknown.length === 0) return ok(name, 'PostgreSQL has them of every large table');
  return warning(name, `PostgreSQL has none of ${unknown.join(', ')}`, 'Run toolcrib migrate: it makes them');
}

/** The master key is the one that the stored keys were sealed with. */
export async function checkMasterKey(system: Connection, config: Config): Promise<Check> {
  const name = 'master key';
  const rows = await system.query<{ id: string; tenant_id: string; ciphertext: Buffer }[]>(
    'SELECT id, tenant_id, ciphertext FROM mcp_group_keys ORDER BY created_at DESC LIMIT 20',
  );
  if (rows.length === 0) return ok(name, 'no secret is stored yet');
  const box = new SecretBox(config);
  const closed = rows.filter(({ id, tenant_id: tenantId, ciphertext }) => {
    try {
      return box.open(ciphertext, GROUP_KEY.contextOf(tenantId, id)) === '';
    } catch {
      return true;
    }
  });
  if (closed.length === 0) return ok(name, `opens the newest ${rows.length} stored keys`);
  return problem(
    name,
    `does not open ${closed.length} of the newest ${rows.length} stored keys`,
    'Put back the TOOLCRIB_MASTER_KEY that they were stored under; or give their groups new keys',
  );
}

/** What clients are told to use must be what we answer to. */
export function checkAddresses({ env, publicUrl, allowedHosts, allowedOrigins }: Config): Check[] {
  const { host, protocol } = new URL(publicUrl);
  const hostname = hostNameOf(host) ?? host;
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  const checks: Check[] = [];
  if (env.PUBLIC_URL === undefined && !['127.0.0.1', 'localhost', '::1'].includes(env.HOST)) {
    const message = `is not set, so clients are told ${publicUrl}`;
    checks.push(warning('PUBLIC_URL', message, 'Set PUBLIC_URL to the address that clients use'));
  } else if (protocol === 'http:' && !isLocal) {
    const fix =
      'Let a proxy do TLS and set PUBLIC_URL to its https address: keys and tokens travel in headers';
    checks.push(warning('PUBLIC_URL', `${publicUrl} is not https`, fix));
  } else checks.push(ok('PUBLIC_URL', publicUrl));
  if (allowedHosts === undefined) {
    const fix = `Set ALLOWED_HOSTS=${hostname} (with every other name that clients use)`;
    checks.push(warning('ALLOWED_HOSTS', 'requests for any host name are served', fix));
  } else if (!allowedHosts.includes(hostname)) {
    const fix = `Add ${hostname}, the host of PUBLIC_URL, to ALLOWED_HOSTS`;
    checks.push(problem('ALLOWED_HOSTS', `${allowedHosts.join(', ')} does not have ${hostname}`, fix));
  } else checks.push(ok('ALLOWED_HOSTS', allowedHosts.join(', ')));
  if (allowedOrigins.includes('*')) {
    const fix =
      'Name the pages that may call; * lets any page a user opens call with what the browser can reach';
    checks.push(warning('ALLOWED_ORIGINS', 'any web page may call', fix));
  }
  return checks;
}
