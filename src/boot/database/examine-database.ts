import { Logger } from '@nestjs/common';
import type { Config } from '../../platform/config.js';
import { DatabaseClient } from '../../platform/database/database-client.js';
import { listUnfit, type Unfit } from '../../platform/database/fitness.js';
import { findSharedSession } from '../../platform/database/session-probe.js';
import { StartError } from '../../platform/errors.js';

const logger = new Logger('Database');

/**
 * Looks at a database before anything in it is changed.
 *
 * @param url As the role that is about to work with it.
 * @throws {StartError} Names all that the service cannot work with, and what to do.
 */
export async function examineDatabase(url: string): Promise<void> {
  const client = new DatabaseClient({ connectionString: url, application_name: 'toolcrib-start' });
  client.on('error', () => undefined); // the query fails with it
  await client.connect();
  let found: readonly Unfit[];
  try {
    found = await listUnfit({ query: async (sql) => (await client.query<object>(sql)).rows });
  } finally {
    await client.end();
  }
  const fatal = found.filter(({ isFatal }) => isFatal);
  if (fatal.length > 0) throw new StartError(refusalOf(url, fatal));
  for (const { name, message, fix } of found)
    logger.warn({ message: `The database's ${name} ${message}`, fix });
}

/** @throws {StartError} A pooler stands between that gives one session to several connections. */
export async function examineSessions(urls: readonly string[]): Promise<void> {
  const shared = await Promise.all(urls.map(findSharedSession));
  const index = shared.findIndex((reason) => reason !== undefined);
  if (index < 0) return;
  const { host, pathname, username } = new URL(urls[index]);
  throw new StartError(
    `The database at ${host}${pathname}, as ${username}, gives connections no sessions of their own: ${shared[index]}. A pooler in ` +
      'transaction or statement mode (PgBouncer: pool_mode) stands between; one tenant would see rows of another. Connect ' +
      'directly, or set the pooler to session mode',
  );
}

const ROLE = `SELECT current_user AS role, r.rolsuper AS "isSuperuser", r.rolbypassrls AS "mayBypass",
    coalesce((SELECT pg_has_role(relowner, 'MEMBER') FROM pg_class WHERE oid = to_regclass('public.mcp_tool_groups')), false) AS "isOwner"
  FROM pg_roles r WHERE r.rolname = current_user`;
type ServingRole = {
  readonly role: string;
  readonly isSuperuser: boolean;
  readonly mayBypass: boolean;
  readonly isOwner: boolean;
};

/** @throws {StartError} A role that serves cannot connect, or no row-level security binds it: it would see and change what is of all tenants. */
export async function examineRoles(urls: readonly string[]): Promise<void> {
  for (const url of urls) {
    const client = new DatabaseClient({ connectionString: url, application_name: 'toolcrib-start' });
    client.on('error', () => undefined); // the query fails with it
    try {
      await client.connect().catch((error: unknown) => {
        throw new StartError(noWayIn(url, error), { cause: error });
      });
      const [facts] = (await client.query<ServingRole>(ROLE)).rows;
      const power = facts && powerOf(facts);
      if (power)
        throw new StartError(
          `The role ${facts.role}, as which the service would serve (user ${new URL(url).username}), ${power}: no row-level security binds ` +
            'it, and one tenant could see rows of another. Let it be a role of its own, NOSUPERUSER NOBYPASSRLS; toolcrib doctor says more',
        );
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

/** What an administrator does about it, by SQLSTATE. */
const WAYS_IN: readonly (readonly [code: RegExp, fix: (role: string, database: string) => string])[] = [
  [/^42501$/, (role, database) => `GRANT CONNECT ON DATABASE ${database} TO ${role}`],
  [/^28000$/, (role) => `ALTER ROLE ${role} LOGIN, and let pg_hba.conf have a line for it`],
  [
    /^28/,
    (role) =>
      `ALTER ROLE ${role} PASSWORD '…' VALID UNTIL 'infinity', with the password of DATABASE_URL, or that of the role's own setting`,
  ],
  [/^53300$/, (role) => `ALTER ROLE ${role} CONNECTION LIMIT -1, and look at max_connections`],
];

function noWayIn(url: string, error: unknown): string {
  const { host, pathname, username } = new URL(url);
  const { code = '', message } = error as { code?: string; message?: string };
  const [, fix] = WAYS_IN.find(([codes]) => codes.test(code)) ?? [];
  const way = fix ? `. As an administrator: ${fix(username, decodeURIComponent(pathname.slice(1)))}` : '';
  return `The database at ${host}${pathname} cannot be used as ${username}, one of the roles that serve: ${message || code}${way}`;
}

function powerOf({ isSuperuser, mayBypass, isOwner }: ServingRole): string | undefined {
  if (isSuperuser) return 'is a superuser';
  if (mayBypass) return 'may bypass row-level security';
  return isOwner ? 'owns the tables' : undefined;
}

/** The addresses that serve. */
export function servingUrls({ databaseUrls: { app, system, log } }: Config): string[] {
  return [app, system, log];
}

function refusalOf(url: string, fatal: readonly Unfit[]): string {
  const { host, pathname } = new URL(url);
  const lines = fatal.map(({ name, message, fix }) => `  - ${name} ${message}. ${fix}`);
  return `The database at ${host}${pathname} cannot be used, and nothing was changed in it:\n${lines.join('\n')}`;
}
