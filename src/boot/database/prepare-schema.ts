import { Logger } from '@nestjs/common';
import { QueryFailedError } from 'typeorm';
import type { Config } from '../../platform/config.js';
import { StartError } from '../../platform/errors.js';
import { examineDatabase, examineRoles, examineSessions, servingUrls } from './examine-database.js';
import { isSchemaUpToDate, migrateAsOwner } from './migrate.js';

const logger = new Logger('Toolcrib');

/**
 * Brings the schema up to date before anything is served, on a connection of its own, as the schema's owner: the service itself
 * may not change the schema.
 *
 * @throws {StartError} It is not up to date and may not be changed; or the database cannot be worked with.
 */
export async function prepareSchema(config: Config): Promise<void> {
  if (!config.env.MIGRATE_ON_START) await examineDatabase(config.databaseUrls.app);
  await bringUpToDate(config);
  if (!config.bringsDatabase) return;
  await examineRoles(servingUrls(config));
  await examineSessions(servingUrls(config));
}

async function bringUpToDate(config: Config): Promise<void> {
  if (config.env.MIGRATE_ON_START) {
    const ran = await migrateAsOwner(config).catch(explainMissingRights);
    if (ran.length > 0) logger.log({ message: 'The schema was brought up to date', migrations: ran });
    return;
  }
  if (!(await isSchemaUpToDate(config))) {
    throw new StartError(
      'The database schema is not up to date and MIGRATE_ON_START is false. Run: npm run migration:run (toolcrib migrate)',
    );
  }
}

function explainMissingRights(error: unknown): never {
  const isDenied =
    error instanceof QueryFailedError && (error.driverError as { code?: string }).code === '42501';
  if (!isDenied) throw error;
  throw new StartError(
    `The role of DATABASE_URL may not change the schema: ${error.message}. Let it own the database ` +
      '(ALTER DATABASE … OWNER TO …) or run, as an administrator: GRANT CREATE ON DATABASE … TO …; ' +
      'GRANT CREATE, USAGE ON SCHEMA public TO …',
    { cause: error },
  );
}
