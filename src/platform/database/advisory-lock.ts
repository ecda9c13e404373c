import { Client } from 'pg';
import type { DataSource } from 'typeorm';

/** What only one process at a time may do. Any numbers will do, as long as all processes agree. */
export const ADVISORY_LOCKS = { migrate: 7_210_001, firstStart: 7_210_002, bindSecrets: 7_210_040 } as const;

/**
 * Runs `work` while no other process runs work under the same lock on this database; waits for its turn. The lock has a
 * connection of its own: it neither starves a small pool nor outlives this process.
 */
export async function withAdvisoryLock<T>(
  dataSource: DataSource,
  name: keyof typeof ADVISORY_LOCKS,
  work: () => Promise<T>,
): Promise<T> {
  const { url } = dataSource.options as { url?: string };
  const holder = new Client({ connectionString: url, application_name: `toolcrib-${name}`, keepAlive: true });
  holder.on('error', () => undefined); // the work goes on; each step of it is safe to repeat
  await holder.connect();
  try {
    await holder.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCKS[name]]);
    return await work();
  } finally {
    await holder.end();
  }
}
