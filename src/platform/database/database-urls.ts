/** One address per database role: each part of the service gets the rights it needs and no more. */
export type DatabaseUrls = {
  /** Owns the schema and changes it; serves no request. */
  readonly owner: string;
  /** Serves: sees one tenant at a time. */
  readonly app: string;
  /** Looks across tenants: catalogs, sign-ins. */
  readonly system: string;
  /** Appends call records. */
  readonly log: string;
};

type DatabaseSettings = {
  readonly DATABASE_URL?: string | undefined;
  readonly DATABASE_APP_URL?: string | undefined;
  readonly DATABASE_SYSTEM_URL?: string | undefined;
  readonly DATABASE_LOG_URL?: string | undefined;
};

/** The addresses that the settings give; undefined: no database is brought. */
export function databaseUrlsOf(env: DatabaseSettings): DatabaseUrls | undefined {
  const owner = env.DATABASE_URL;
  if (owner === undefined) return undefined;
  return {
    owner,
    app: env.DATABASE_APP_URL ?? asRole(owner, 'toolcrib_app'),
    system: env.DATABASE_SYSTEM_URL ?? asRole(owner, 'toolcrib_system'),
    log: env.DATABASE_LOG_URL ?? asRole(owner, 'toolcrib_log'),
  };
}

/** What an address may say behind its `?`: the rest the driver would not read, or take for other than it says in front. */
const PARAMETERS =
  /^(?:ssl\w*|uselibpqcompat|channel_binding|gssencmode|host|port|(?:fallback_)?application_name|options|connect_timeout|keepalives\w*|tcp_user_timeout|client_encoding|target_session_attrs)$/;
const ELSEWHERE: Readonly<Record<string, string>> = {
  user: 'stands in front of the host: the roles that serve are put there',
  password: 'stands in front of the host',
  schema: 'is not read: the tables are in the schema public',
};

/** Says what of an address of a database would not be what it looks like; undefined: it can be used. */
export function findUrlProblem(text: string): string | undefined {
  if (!URL.canParse(text))
    return 'is no address (postgres://user:password@host:5432/database); in user and password write @ : / ? # % as %40 %3A %2F %3F %23 %25';
  const { host, username, password, pathname, hash, searchParams } = new URL(text);
  if (host === '' || username === '')
    return 'must name user and host (a directory with a socket: postgres://user@%2Fvar%2Frun%2Fpostgresql/database)';
  if (!/^\/[^/]+$/.test(pathname))
    return 'must name the database behind the host: each role would have another one';
  if (hash !== '') return 'has a # in it; write it as %23';
  if ([username, password, pathname].some((part) => !isDecodable(part)))
    return 'has a % in it; write it as %25';
  const odd = [...searchParams.keys()].find((name) => !PARAMETERS.test(name));
  return odd === undefined
    ? undefined
    : `the parameter ${odd} ${ELSEWHERE[odd] ?? 'is not read; take it out'}`;
}

function isDecodable(part: string): boolean {
  try {
    return !decodeURIComponent(part).includes('\0');
  } catch {
    return false;
  }
}

/** The same database as another role, which has the same password unless a setting says otherwise. */
function asRole(url: string, role: string): string {
  return Object.assign(new URL(url), { username: role }).href;
}
