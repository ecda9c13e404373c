import { Logger } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { QueryFailedError } from 'typeorm';
import { createApp } from './app.js';
import type { Config } from '../platform/config.js';
import { StartError } from '../platform/errors.js';
import { firstStart } from './first-start.js';
import { explainListenError } from './listen.js';
import { JobWorker } from '../jobs/job-worker.js';
import { LiveGateway } from '../messaging/live/live-gateway.js';
import { McpEndpoint } from '../mcp/mcp-endpoint.js';
import { isSchemaUpToDate, migrateAsOwner } from './database/migrate.js';
import { welcomeText } from './welcome.js';

const logger = new Logger('Toolcrib');

/**
 * Starts the service on a database that answers: schema, application, what a first start makes, HTTP.
 *
 * @returns The application, accepting calls.
 * @throws {StartError} The schema is not up to date and may not be changed, or the port cannot be had.
 */
export async function startService(config: Config): Promise<NestExpressApplication> {
  await prepareSchema(config);
  const app = await createApp(config);
  try {
    await app.init();
    const made = await firstStart(app, config);
    if (made) process.stdout.write(welcomeText(made, config));
    await app.listen(config.port, config.host).catch((error: unknown) => {
      throw explainListenError(error, config);
    });
  } catch (error) {
    await app.close();
    throw error;
  }
  return app;
}

/** Before the HTTP server is drained: ends the streams that no call is waiting on, and takes no more jobs. */
export function endStreams(app: NestExpressApplication): void {
  app.get(McpEndpoint).endStreams();
  app.get(LiveGateway).endAll();
  void app.get(JobWorker).drain();
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

/** On a connection of its own, as the schema's owner: the service itself may not change the schema. */
async function prepareSchema(config: Config): Promise<void> {
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
