import { DataSource } from 'typeorm';
import type { Config } from '../../platform/config.js';
import { dataSourceOptions, ownerDataSourceOptions, systemDataSourceOptions } from '../database/database.js';
import { StartError } from '../../platform/errors.js';

/** The database as a command sees it, by role: see `database.ts`. */
export type Databases = {
  readonly dataSource: DataSource;
  readonly system: DataSource;
  readonly owner: DataSource;
};

/**
 * Connects a command beside the service as each role.
 *
 * @throws {StartError} The schema is not up to date.
 */
export async function withDatabases<T>(
  config: Config,
  work: (databases: Databases) => Promise<T>,
): Promise<T> {
  const owner = await new DataSource(ownerDataSourceOptions(config)).initialize();
  const opened = [owner];
  try {
    if (await owner.showMigrations()) {
      throw new StartError(
        'The database schema is not up to date. Run: npm run migration:run (toolcrib migrate)',
      );
    }
    const dataSource = await new DataSource(dataSourceOptions(config)).initialize();
    const system = await new DataSource(systemDataSourceOptions(config)).initialize();
    opened.push(dataSource, system);
    return await work({ dataSource, system, owner });
  } finally {
    for (const source of opened) await source.destroy();
  }
}
