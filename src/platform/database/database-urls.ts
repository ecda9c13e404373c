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

/** The same database as another role, which has the same password unless a setting says otherwise. */
function asRole(url: string, role: string): string {
  return Object.assign(new URL(url), { username: role }).href;
}
