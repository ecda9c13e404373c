import { type Check, ok, problem, warning } from './check.js';
import type { Connections } from './role-connections.js';
import type { DatabaseUrls } from '../../platform/database/database-urls.js';
import { listUnfit, type Unfit } from '../../platform/database/fitness.js';
import { findSharedSession } from '../../platform/database/session-probe.js';

const SKEW_WARNING_MS = 2000;

type RoleFacts = {
  readonly superuser: boolean;
  readonly bypass: boolean;
  readonly makes: boolean;
  readonly owns: readonly string[];
  readonly isOwner: boolean;
  readonly creates: boolean;
};

/** That the service's roles have no power beyond their grants. */
export async function checkRoles({ owner, app, system, log }: Connections): Promise<Check[]> {
  const checks: Check[] = [];
  for (const { role } of [app, system, log]) {
    const [facts] = await owner.query<[RoleFacts]>(
      `SELECT rolsuper AS superuser, rolbypassrls AS bypass, rolcreaterole OR rolcreatedb AS makes,
         pg_has_role(rolname, $2, 'MEMBER') AS "isOwner",
         has_schema_privilege(rolname, 'public', 'CREATE') OR has_database_privilege(rolname, current_database(), 'CREATE') AS creates,
         ARRAY(SELECT relname::text FROM pg_class WHERE relowner = r.oid AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND relpersistence <> 't'
           UNION SELECT proname::text FROM pg_proc WHERE proowner = r.oid
           UNION SELECT nspname::text FROM pg_namespace WHERE nspowner = r.oid) AS owns
       FROM pg_roles r WHERE rolname = $1`,
      [role, owner.role],
    );
    checks.push(...judge(role, owner.role, facts));
  }
  return checks;
}

function judge(role: string, owner: string, facts: RoleFacts): Check[] {
  const name = `rights of ${role}`;
  const found: Check[] = [];
  if (facts.superuser || facts.bypass) {
    const words = facts.superuser ? 'is a superuser' : 'may bypass row-level security';
    const fix = `ALTER ROLE ${role} NOSUPERUSER NOBYPASSRLS, or use another role`;
    found.push(problem(name, `${words}: no policy binds it`, fix));
  }
  if (facts.isOwner && !facts.superuser) {
    const fix = `REVOKE ${owner} FROM ${role}, and give it a role of its own`;
    found.push(problem(name, `acts for ${owner}, who owns the schema`, fix));
  }
  if (facts.owns.length > 0) {
    const fix = `ALTER … OWNER TO ${owner} for each of them`;
    found.push(problem(name, `owns ${facts.owns.slice(0, 5).join(', ')}`, fix));
  }
  if (facts.creates && !facts.superuser) {
    const fix = `REVOKE CREATE ON SCHEMA public FROM PUBLIC, ${role}; REVOKE CREATE ON DATABASE … FROM PUBLIC, ${role}`;
    found.push(problem(name, 'may create objects in the database', fix));
  }
  if (facts.makes)
    found.push(problem(name, 'may make roles or databases', `ALTER ROLE ${role} NOCREATEROLE NOCREATEDB`));
  return found.length > 0 ? found : [ok(name, 'owns nothing, bypasses nothing, creates nothing')];
}

/** The server itself: version, extension, clock, what the service cannot work with, and whether a pooler stands in between. */
export async function checkServer({ owner }: Connections, urls: DatabaseUrls): Promise<Check[]> {
  const sentAt = Date.now();
  const [facts] = await owner.query<[{ text: string; trigrams: boolean; nowMs: number }]>(
    `SELECT current_setting('server_version') AS text,
       EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') AS trigrams,
       extract(epoch FROM clock_timestamp())::float8 * 1000 AS "nowMs"`,
  );
  const skewMs = Math.round(facts.nowMs - (sentAt + Date.now()) / 2);
  const shared = await findShared(urls);
  const unfit = await listUnfit(owner);
  return [
    ok('database', `PostgreSQL ${facts.text}`),
    facts.trigrams
      ? ok('pg_trgm', 'is there')
      : problem('pg_trgm', 'is missing; search_users needs it', 'CREATE EXTENSION pg_trgm'),
    ...judgeFitness(unfit),
    Math.abs(skewMs) < SKEW_WARNING_MS
      ? ok('clock', `differs from the database's by ${skewMs} ms`)
      : warning(
          'clock',
          `differs from the database's by ${skewMs} ms`,
          'Let both machines take their time by NTP',
        ),
    shared === undefined
      ? ok('pooler', 'connections have sessions of their own')
      : problem(
          'pooler',
          `${shared}: a pooler in transaction or statement mode stands in between, and a start is refused`,
          'Connect directly, or through a pooler in session mode: locks and news of changes belong to a session',
        ),
  ];
}

/** One line for each thing that a start would refuse or warn of; one where there is none. */
function judgeFitness(unfit: readonly Unfit[]): Check[] {
  const checks = unfit.map(({ name, isFatal, message, fix }) =>
    (isFatal ? problem : warning)(name, message, fix),
  );
  return checks.length > 0
    ? checks
    : [ok('fitness', 'encoding, locale and durability are what the service needs')];
}

async function findShared({ owner, app, system, log }: DatabaseUrls): Promise<string | undefined> {
  const all = await Promise.all([owner, app, system, log].map(findSharedSession));
  return all.find((reason) => reason !== undefined);
}
