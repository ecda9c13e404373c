import type { Config } from '../../platform/config.js';
import { DatabaseClient, SessionSettingsError } from '../../platform/database/database-client.js';
import type { DatabaseUrls } from '../../platform/database/database-urls.js';
import type { Queryable } from '../isolation/guarded-tables.js';
import { type Check, ok, problem } from './check.js';
import { messageOf } from '../../platform/errors.js';

const CONNECT_LIMIT_MS = 5000;
/** Which nobody had to set: they come with PostgreSQL and its machine. */
const OF_EVERY_SERVER = ['search_path', 'jit', 'TimeZone', 'lc_monetary', 'lc_numeric', 'lc_time'];
const SETTINGS: Readonly<Record<keyof DatabaseUrls, string>> = {
  owner: 'DATABASE_URL',
  app: 'DATABASE_APP_URL',
  system: 'DATABASE_SYSTEM_URL',
  log: 'DATABASE_LOG_URL',
};

/** One connection of a role, without a pool: what is set on it stays on it. */
export class Connection implements Queryable {
  constructor(
    readonly client: DatabaseClient,
    /** As the database knows it. */
    readonly role: string,
  ) {}

  async query<Rows extends readonly object[]>(sql: string, parameters: unknown[] = []): Promise<Rows> {
    const { rows } = await this.client.query(sql, parameters);
    return rows as unknown as Rows;
  }

  /** Runs a statement and takes it back. @returns The SQLSTATE of its failure; null: it went through. */
  async attempt(sql: string): Promise<string | null> {
    await this.client.query('BEGIN');
    try {
      await this.client.query(sql);
      return null;
    } catch (error) {
      return (error as { code?: string }).code ?? 'unknown';
    } finally {
      await this.client.query('ROLLBACK');
    }
  }
}

export type Connections = Readonly<Record<keyof DatabaseUrls, Connection>>;

/** Connects as each role. `connections` is undefined when one of them cannot. */
export async function connectAll(config: Config): Promise<{
  readonly checks: readonly Check[];
  readonly connections: Connections | undefined;
  readonly close: () => Promise<void>;
}> {
  const checks: Check[] = [];
  const opened: [string, Connection][] = [];
  for (const part of ['owner', 'app', 'system', 'log'] as const) {
    try {
      const connection = await connect(config.databaseUrls[part]);
      opened.push([part, connection]);
      checks.push(ok(`role ${part}`, `connects as ${connection.role}`));
    } catch (error) {
      const fix =
        error instanceof SessionSettingsError
          ? 'Let the setting be what the message asks for: nothing that relies on it is started'
          : howToConnect(part, config);
      checks.push(problem(`role ${part}`, `cannot connect: ${messageOf(error)}`, fix));
    }
  }
  if (opened.length > 0) checks.push(checkSettings(opened.map(([, { client }]) => client)));
  const isComplete = opened.length === Object.keys(SETTINGS).length;
  return {
    checks,
    connections: isComplete ? (Object.fromEntries(opened) as Connections) : undefined,
    close: async () => {
      for (const [, { client }] of opened) await client.end().catch(() => undefined);
    },
  };
}

/** What is set there otherwise; each session of ours is brought to what we rely on. */
function checkSettings(clients: readonly DatabaseClient[]): Check {
  const name = 'session settings';
  const all = clients.flatMap(({ changedSettings }) => changedSettings);
  const changed = new Set(
    all.filter((one) => !OF_EVERY_SERVER.includes(one.name)).map((one) => `${one.name}=${one.value}`),
  );
  if (changed.size === 0) return ok(name, 'are what we rely on');
  return ok(name, `are brought to what we rely on; set otherwise there: ${[...changed].join(', ')}`);
}

export async function connect(url: string): Promise<Connection> {
  const client = new DatabaseClient({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    application_name: 'toolcrib-doctor',
  });
  client.on('error', () => undefined); // the query fails with it
  await client.connect();
  const { rows } = await client.query<{ role: string }>('SELECT current_user AS role');
  return new Connection(client, rows[0]?.role ?? '');
}

function howToConnect(part: keyof DatabaseUrls, config: Config): string {
  const { host, pathname, username } = new URL(config.databaseUrls[part]);
  if (part === 'owner')
    return `Check DATABASE_URL: server ${host}, database ${pathname.slice(1)}, role ${username}`;
  return (
    `toolcrib migrate makes the role ${username} if it may; else an administrator runs CREATE ROLE ${username} LOGIN ` +
    `NOINHERIT PASSWORD '…'. With a password of its own, set ${SETTINGS[part]}`
  );
}
