import type { DataSource } from 'typeorm';
import { withAdvisoryLock } from './advisory-lock.js';

/**
 * Brings the schema up to date. Replicas that start together wait for the first one.
 *
 * @returns Names of the migrations that ran, oldest first.
 */
export async function migrate(dataSource: DataSource): Promise<string[]> {
  return withAdvisoryLock(dataSource, 'migrate', async () => {
    const ran = await dataSource.runMigrations();
    return ran.map((migration) => migration.name);
  });
}

/** Takes back the newest migration. @returns Its name, or undefined when there was none. */
export async function revertMigration(dataSource: DataSource): Promise<string | undefined> {
  return withAdvisoryLock(dataSource, 'migrate', async () => {
    await dataSource.showMigrations(); // makes the table that lists them
    const [newest] = await dataSource.query<{ name: string }[]>(
      'SELECT name FROM migrations ORDER BY id DESC LIMIT 1',
    );
    if (newest) await dataSource.undoLastMigration();
    return newest?.name;
  });
}
