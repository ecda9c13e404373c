import { generateKey } from '../../../src/groups/keys/key-format.js';
import {
  findFreePort,
  makeDataDir,
  removeDataDir,
  type RunningServer,
  startServer,
} from '../../support/server.js';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.js';
import type { Target } from './load.js';
import { OwnPostgres } from './own-postgres.js';

/** How long a client may take to send a body, in this installation. */
export const BODY_LIMIT_MS = 1500;

/** An installation to do harm to: a PostgreSQL of its own, the network between, the built service as a process. */
export type Stage = {
  readonly target: Target;
  readonly postgres: OwnPostgres;
  readonly network: TcpProxy;
  /** The process that serves now. */
  readonly app: () => RunningServer;
  /** After it was killed: on the same port. */
  startApp(): Promise<void>;
  /** Ids of the recorded calls of `tool`. */
  recorded(tool: string): Promise<Set<string>>;
  close(): Promise<void>;
};

async function tellOfDeath(server: RunningServer): Promise<void> {
  const how = await server.exit;
  if (how !== 'SIGKILL') process.stderr.write(`The service ended by itself (${how}):\n${server.stderr()}\n`);
}

/** @param parent Where the database lives. @default A new directory, removed at the end */
export async function buildStage(parent?: string): Promise<Stage> {
  const directory = parent ?? makeDataDir();
  const postgres = await OwnPostgres.create(directory);
  const network = await startTcpProxy(postgres.url);
  const target = { port: await findFreePort(), key: generateKey() };
  const launch = async () => {
    const server = await startServer({
      command: ['dist/bin/chaos-server.js'],
      env: {
        DATABASE_URL: network.url,
        DATABASE_POOL_MAX: '8',
        PORT: String(target.port),
        CHAOS_KEY: target.key,
        MCP_BODY_TIMEOUT_MS: String(BODY_LIMIT_MS),
        TOOL_THREAD_MEMORY_MIB: '64',
        TOOL_BREAKER_FAILURES: '0', // else the tenth bad call of a tool were the last that runs
      },
    });
    void tellOfDeath(server);
    return server;
  };
  // The first start makes the schema, which takes its time on a busy machine; a second goes on where that ended.
  let app = await launch()
    .catch(launch)
    .catch(async (error: unknown) => {
      await network.close();
      postgres.destroy();
      throw error;
    });
  return {
    target,
    postgres,
    network,
    app: () => app,
    startApp: async () => {
      app = await launch();
    },
    recorded: async (tool) => {
      const rows = await postgres.query<{ id: string }>(
        `SELECT request_data->>'id' AS id FROM mcp_call_logs WHERE tool_name = '${tool}'`,
      );
      return new Set(rows.map(({ id }) => id));
    },
    close: async () => {
      await app.kill9();
      await network.close();
      postgres.destroy();
      if (parent === undefined) removeDataDir(directory);
    },
  };
}
