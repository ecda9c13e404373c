import { Client } from 'pg';
import type { Config } from '../../platform/config.js';
import type { DatabaseUrls } from '../../platform/database/database-urls.js';
import type { Queryable } from '../isolation/guarded-tables.js';
import { type Check, ok, problem } from './check.js';

const CONNECT_LIMIT_MS = 5000;
const SETTINGS: Readonly<Record<keyof DatabaseUrls, string>> = {
  owner: 'DATABASE_URL',
  app: 'DATABASE_APP_URL',
  system: 'DATABASE_SYSTEM_URL',
  log: 'DATABASE_LOG_URL',
};

/** One connection of a role, without a pool: what is set on it stays on it. */
export class Connection implements Queryable {
  constructor(
    readonly client: Client,
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
      checks.push(
        problem(`role ${part}`, `cannot connect: ${(error as Error).message}`, howToConnect(part, config)),
      );
    }
  }
  const isComplete = opened.length === Object.keys(SETTINGS).length;
  return {
    checks,
    connections: isComplete ? (Object.fromEntries(opened) as Connections) : undefined,
    close: async () => {
      for (const [, { client }] of opened) await client.end().catch(() => undefined);
    },
  };
}

export async function connect(url: string): Promise<Connection> {
  const client = new Client({
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
