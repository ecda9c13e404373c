import type { Config } from '../../platform/config.js';
import { SYSTEM_POOL_MAX } from '../../platform/database/system-database.js';
import { type Check, ok, problem, warning } from './check.js';
import type { Connections } from './role-connections.js';

/** One hears of changes, one of jobs. */
const LISTENERS = 2;
const CALL_LOG_MAX = 2;

/** `max` is null where nothing limits it. */
type Limit = { readonly what: string; readonly max: number | null; readonly needed: number };
type Limits = { readonly server: number; readonly database: number; readonly inRecovery: boolean };

/** What a fail-over or a full server would do to the service, as far as it shows beforehand. */
export async function checkConnections(connections: Connections, { env }: Config): Promise<Check[]> {
  const { owner, app, system, log } = connections;
  const [{ server, database, inRecovery }] = await owner.query<[Limits]>(
    `SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
         - coalesce(current_setting('reserved_connections', true)::int, 0) AS server,
       (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS database,
       pg_is_in_recovery() AS "inRecovery"`,
  );
  const needs = {
    [app.role]: env.DATABASE_POOL_MAX + LISTENERS,
    [system.role]: SYSTEM_POOL_MAX,
    [log.role]: CALL_LOG_MAX,
  };
  const roles = await owner.query<{ role: string; max: number }[]>(
    'SELECT rolname AS role, rolconnlimit AS max FROM pg_roles WHERE rolname = ANY ($1) ORDER BY 1',
    [Object.keys(needs)],
  );
  const needed = Object.values(needs).reduce((sum, own) => sum + own, 0);
  const limits: Limit[] = [
    { what: 'the server (max_connections)', max: server, needed },
    { what: 'the database (CONNECTION LIMIT)', max: limitOf(database), needed },
    ...roles.map(({ role, max }) => ({
      what: `the role ${role} (CONNECTION LIMIT)`,
      max: limitOf(max),
      needed: needs[role],
    })),
  ];
  return [
    inRecovery
      ? problem('primary', 'this server only reads: it is a standby', 'Let DATABASE_URL name the primary')
      : ok('primary', 'takes changes'),
    judge(limits, needed),
  ];
}

function judge(limits: readonly Limit[], needed: number): Check {
  const name = 'connections';
  const short = limits.filter((limit) => limit.max !== null && limit.max < limit.needed);
  if (short.length === 0) return ok(name, `there is room for the ${needed} of a replica`);
  const words = short.map(({ what, max, needed: own }) => `${what} allows ${max} of the ${own}`).join(', ');
  const fix =
    'Raise it, for every replica, or lower DATABASE_POOL_MAX: what finds no connection is answered 503';
  return warning(name, `${words} that a replica may need`, fix);
}

/** PostgreSQL writes -1 for none. */
function limitOf(stored: number): number | null {
  return stored < 0 ? null : stored;
}
