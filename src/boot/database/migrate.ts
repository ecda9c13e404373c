import { DataSource } from 'typeorm';
import { withAdvisoryLock } from '../../platform/database/advisory-locks.js';
import { analyzeOwnTables } from '../../platform/database/statistics.js';
import type { Config } from '../../platform/config.js';
import { dataSourceOptions, ownerDataSourceOptions } from './database.js';
import { areSecretsBound, bindSecrets } from '../master-keys/bind-secrets.js';
import { ensureRoles } from './database-roles.js';
import { examineDatabase, examineRoles, examineSessions, servingUrls } from './examine-database.js';

/** Makes the service's roles and brings the schema, and how secrets are sealed, up to date. @returns Names of the migrations that ran. */
export async function migrateAsOwner(config: Config): Promise<string[]> {
  const { owner } = config.databaseUrls;
  await examineDatabase(owner);
  if (config.bringsDatabase) await examineSessions([owner]);
  return withOwner(config, async (dataSource) => {
    await ensureRoles(config);
    if (config.bringsDatabase && (await willBindSecrets(dataSource))) await examineRoles(servingUrls(config));
    const ran = await migrate(dataSource, config.env.MIGRATE_WAIT_SECONDS);
    await bindSecrets(dataSource, config);
    if (ran.length > 0) await analyzeOwnTables(dataSource);
    return ran;
  });
}

/** It is done as the roles that serve: better that they are looked at before anything is changed. */
async function willBindSecrets(dataSource: DataSource): Promise<boolean> {
  const [{ isMade }] = await dataSource.query<[{ isMade: boolean }]>(
    `SELECT to_regclass('installation_steps') IS NOT NULL AS "isMade"`,
  );
  return !isMade || !(await areSecretsBound(dataSource));
}

/** Does work as the owner of the schema, on a data source of its own. */
export async function withOwner<T>(config: Config, work: (dataSource: DataSource) => Promise<T>): Promise<T> {
  const dataSource = await new DataSource(ownerDataSourceOptions(config)).initialize();
  try {
    return await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

/** Asks as the service's own role: the owner's address may be unknown to a service that does not migrate. */
export async function isSchemaUpToDate(config: Config): Promise<boolean> {
  const dataSource = await new DataSource(dataSourceOptions(config)).initialize();
  try {
    // TypeORM would make its table where there is none; a schema of old grants the service no right to read it.
    const [{ readable }] = await dataSource.query<[{ readable: boolean | null }]>(
      `SELECT has_table_privilege(to_regclass('migrations'), 'SELECT') AS readable`,
    );
    return readable === true && !(await dataSource.showMigrations()) && (await areSecretsBound(dataSource));
  } finally {
    await dataSource.destroy();
  }
}

/**
 * Brings the schema up to date. Replicas that start together wait for the first one.
 *
 * @returns Names of the migrations that ran, oldest first.
 * @throws {StartError} The first one takes longer than that, or left its lock behind.
 */
export async function migrate(dataSource: DataSource, waitSeconds?: number): Promise<string[]> {
  const run = async () => (await dataSource.runMigrations()).map((migration) => migration.name);
  return withAdvisoryLock(dataSource, 'migrate', run, { waitSeconds });
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
