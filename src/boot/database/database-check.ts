import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseClient } from '../../platform/database/database-client.js';
import { StartError } from '../../platform/errors.js';

const WAIT_LIMIT_MS = 30_000;
const RETRY_DELAY_MS = 500;
const CONNECT_LIMIT_MS = 5000;

/** The server is starting, restarting or busy: it may answer in a moment. Anything else will not mend itself. */
const PASSING = ['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EAI_AGAIN', '57P03'];
/** The driver's words for `connectionTimeoutMillis`; it gives no code. */
const TIMED_OUT = 'timeout expired';

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
      const isPassing = PASSING.includes(code ?? '') || message === TIMED_OUT;
      if (isPassing && performance.now() < deadline) {
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
