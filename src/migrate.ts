import { Client } from 'pg';
import type { DataSource } from 'typeorm';

/** Advisory lock that lets one process at a time change the schema. Any number will do, as long as all agree. */
const MIGRATION_LOCK = 7_210_001;

/**
 * Brings the schema up to date. Replicas that start together wait for the first one.
 *
 * @returns Names of the migrations that ran, oldest first.
 */
export async function migrate(dataSource: DataSource): Promise<string[]> {
  return withMigrationLock(dataSource, async () => {
    const ran = await dataSource.runMigrations();
    return ran.map((migration) => migration.name);
  });
}

/** Takes back the newest migration. @returns Its name, or undefined when there was none. */
export async function revertMigration(dataSource: DataSource): Promise<string | undefined> {
  return withMigrationLock(dataSource, async () => {
    await dataSource.showMigrations(); // makes the table that lists them
    const [newest] = await dataSource.query<{ name: string }[]>(
      'SELECT name FROM migrations ORDER BY id DESC LIMIT 1',
    );
    if (newest) await dataSource.undoLastMigration();
    return newest?.name;
  });
}

/** The lock has a connection of its own: it neither starves a small pool nor outlives this process. */
async function withMigrationLock<T>(dataSource: DataSource, work: () => Promise<T>): Promise<T> {
  const { url } = dataSource.options as { url?: string };
  const holder = new Client({ connectionString: url, application_name: 'toolcrib-migrate' });
  await holder.connect();
  try {
    await holder.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    return await work();
  } finally {
    await holder.end();
  }
}
