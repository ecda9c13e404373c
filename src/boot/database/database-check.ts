import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseClient } from '../../platform/database/database-client.js';
import { isPassing } from '../../platform/database/database-faults.js';
import { StartError } from '../../platform/errors.js';

const WAIT_LIMIT_MS = 30_000;
const RETRY_DELAY_MS = 500;
const CONNECT_LIMIT_MS = 5000;

/**
 * Waits until the database of `DATABASE_URL` answers.
 *
 * @throws {StartError} It cannot be used; the message names the server, never the password.
 */
export async function checkDatabase(url: string, connectLimitMs = CONNECT_LIMIT_MS): Promise<void> {
  const deadline = performance.now() + WAIT_LIMIT_MS;
  const { host, pathname } = new URL(url);
  for (;;) {
    try {
      return await connect(url, connectLimitMs);
    } catch (error) {
      if (error instanceof StartError) throw error;
      const { code, message } = error as { code?: string; message?: string };
      if (isPassing(error) && performance.now() < deadline) {
        await delay(RETRY_DELAY_MS);
        continue;
      }
      const reason = message || code;
      throw new StartError(`The database at ${host}${pathname} (DATABASE_URL) cannot be used: ${reason}`, {
        cause: error,
      });
    }
  }
}

async function connect(url: string, connectLimitMs: number): Promise<void> {
  const client = new DatabaseClient({ connectionString: url, connectionTimeoutMillis: connectLimitMs });
  client.on('error', () => undefined); // the connecting fails with it
  try {
    await client.connect();
  } finally {
    await client.end().catch(() => undefined);
  }
}
