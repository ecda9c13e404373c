/** Something about a database that the service cannot, or should not, work with. */
export type Unfit = {
  readonly name: string;
  readonly isFatal: boolean;
  readonly message: string;
  readonly fix: string;
};

type Database = { query(sql: string): Promise<readonly object[]> };

export const OLDEST_VERSION = 15;

type Facts = {
  readonly encoding: string;
  readonly isStandby: boolean;
  readonly isMade: boolean;
  readonly isPublicThere: boolean;
  readonly mayCreate: boolean;
  readonly mayExtend: boolean;
  readonly isTrigramAvailable: boolean;
  readonly trigramSchema: string | null;
  readonly strayTables: string | null;
  readonly locale: string;
  readonly hasOldCollation: boolean;
  readonly fsync: string;
  readonly fullPageWrites: string;
};

const FACTS = `SELECT current_setting('server_encoding') AS encoding, pg_is_in_recovery() AS "isStandby",
    to_regclass('public.migrations') IS NOT NULL AS "isMade", to_regnamespace('public') IS NOT NULL AS "isPublicThere",
    coalesce(has_schema_privilege(to_regnamespace('public')::oid, 'CREATE'), false) AS "mayCreate",
    has_database_privilege(current_database(), 'CREATE') AS "mayExtend",
    EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm') AS "isTrigramAvailable",
    (SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'pg_trgm') AS "trigramSchema",
    (SELECT n.nspname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relname = 'mcp_tool_groups' AND n.nspname = current_user) AS "strayTables",
    coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', d.datctype::text) AS locale,
    coalesce(to_jsonb(d) ->> 'datcollversion' <> pg_database_collation_actual_version(d.oid), false) AS "hasOldCollation",
    current_setting('fsync') AS fsync, current_setting('full_page_writes') AS "fullPageWrites"
  FROM pg_database d WHERE d.datname = current_database()`;

/** Needs an encoding that has the letters. */
const CASES = `SELECT lower('I') = 'i' AND upper('i') = 'I' AS ascii, lower('É') = 'é' AS unicode`;

/** Says what the service cannot work with, and what it works with worse. Changes nothing. */
export async function listUnfit(database: Database): Promise<Unfit[]> {
  const [{ version }] = (await database.query(
    `SELECT current_setting('server_version_num')::int / 10000 AS version`,
  )) as [{ version: number }];
  if (version < OLDEST_VERSION)
    return [fatal('database', `is PostgreSQL ${version}`, `Use PostgreSQL ${OLDEST_VERSION} or newer`)];
  const [facts] = (await database.query(FACTS)) as [Facts];
  const found = [...listForeign(facts), ...listUnsafe(facts)];
  if (facts.encoding !== 'UTF8') {
    const fix = `Make a database with ENCODING 'UTF8' TEMPLATE template0, and move what is in this one by pg_dump`;
    return [fatal('encoding', `is ${facts.encoding}: not every text can be stored`, fix), ...found];
  }
  const [cases] = (await database.query(CASES)) as [{ ascii: boolean; unicode: boolean }];
  return [...listOdd(facts, cases), ...found];
}

/** Things that others put where ours are to be, or ours that are elsewhere. */
function listForeign(facts: Facts): Unfit[] {
  const { trigramSchema, strayTables } = facts;
  const found: Unfit[] = [];
  if (facts.isStandby)
    found.push(fatal('database', 'is a standby, which cannot be written to', 'Connect to the primary'));
  if (strayTables !== null && !facts.isMade) {
    const fix = `Nothing was served from them: DROP SCHEMA "${strayTables}" CASCADE, or rename it, when nothing else is in it`;
    found.push(fatal('schema', `tables of an unfinished start are in the schema ${strayTables}`, fix));
  }
  if (!facts.isPublicThere)
    found.push(fatal('schema', 'there is no schema public', 'CREATE SCHEMA public AUTHORIZATION …'));
  else if (!facts.isMade && !facts.mayCreate) {
    const fix =
      'ALTER DATABASE … OWNER TO the role of DATABASE_URL, or GRANT CREATE, USAGE ON SCHEMA public TO it';
    found.push(fatal('schema', 'the role of DATABASE_URL may not make tables in the schema public', fix));
  }
  if (trigramSchema !== null && trigramSchema !== 'public') {
    const message = `is in the schema ${trigramSchema}, where it is not found`;
    found.push(fatal('pg_trgm', message, 'As an administrator: ALTER EXTENSION pg_trgm SET SCHEMA public'));
  }
  if (trigramSchema === null && !facts.isTrigramAvailable) {
    const fix = "Install PostgreSQL's contrib modules (postgresql-contrib) on the server";
    found.push(fatal('pg_trgm', 'is not there; searches need it', fix));
  } else if (trigramSchema === null && !facts.mayExtend) {
    const fix =
      'As an administrator: CREATE EXTENSION pg_trgm SCHEMA public, or GRANT CREATE ON DATABASE … TO the role';
    found.push(fatal('pg_trgm', 'is missing, and the role of DATABASE_URL may not make it', fix));
  }
  return found;
}

function listOdd(
  { locale, hasOldCollation }: Facts,
  { ascii, unicode }: { ascii: boolean; unicode: boolean },
): Unfit[] {
  const fix = `Make a database with LOCALE 'C.UTF-8' (or en_US.UTF-8) TEMPLATE template0, and move what is in this one by pg_dump`;
  const found: Unfit[] = [];
  if (!ascii)
    found.push(
      fatal('locale', `is ${locale}, where I and i are not one letter: addresses and names differ`, fix),
    );
  else if (!unicode)
    found.push(worse('locale', `is ${locale}: searches tell É from é, as every letter beyond a to z`, fix));
  if (hasOldCollation) {
    const message = 'is of another version of the operating system: indexes may miss rows';
    found.push(
      worse('collation', message, 'REINDEX DATABASE …; then ALTER DATABASE … REFRESH COLLATION VERSION'),
    );
  }
  return found;
}

function listUnsafe({ fsync, fullPageWrites }: Facts): Unfit[] {
  const lost = 'what was answered may be lost when the machine stops';
  return [
    ...(fsync === 'on'
      ? []
      : [worse('fsync', `is ${fsync} on the server: ${lost}`, 'ALTER SYSTEM RESET fsync')]),
    ...(fullPageWrites === 'on' || fsync !== 'on'
      ? []
      : [
          worse(
            'full_page_writes',
            `is ${fullPageWrites} on the server: ${lost}`,
            'Leave it on, unless the file system never tears pages',
          ),
        ]),
  ];
}

function fatal(name: string, message: string, fix: string): Unfit {
  return { name, isFatal: true, message, fix };
}

function worse(name: string, message: string, fix: string): Unfit {
  return { name, isFatal: false, message, fix };
}
