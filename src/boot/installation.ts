import { existsSync } from 'node:fs';
import type { Config } from '../platform/config.js';
import { DataDir, DataDirInUseError } from './data-dir.js';
import { StartError } from '../platform/errors.js';
import { checkDatabase } from './database/database-check.js';
import { EmbeddedPostgres } from './postgres/embedded-postgres.js';
import {
  CHECKPOINT_KEY_FILE,
  MASTER_KEY_BYTES,
  MASTER_KEY_FILE,
  readMasterKeys,
} from './master-keys/master-key-files.js';

/** A database that answers and the key to its secrets. */
export type Installation = {
  /** With `databaseUrls` and `masterKeys` known. */
  readonly config: Config;
  /** Stops what {@link openInstallation} started. */
  readonly close: () => Promise<void>;
};

/**
 * Makes ready what the service stands on: the PostgreSQL of `DATABASE_URL`, or an embedded one under `DATA_DIR`.
 *
 * @param onLost Told when the embedded server went away for good.
 * @throws {StartError} Says what the operator can do.
 */
export async function openInstallation(
  config: Config,
  onLost: (error: Error) => void = () => undefined,
): Promise<Installation> {
  if (config.bringsDatabase) {
    await checkDatabase(config.env.MIGRATE_ON_START ? config.databaseUrls.owner : config.databaseUrls.app);
    return { config, close: async () => undefined };
  }
  const dataDir = DataDir.open(config.dataDir);
  dataDir.own();
  try {
    const keys = findKeys(config, dataDir);
    const server = await EmbeddedPostgres.start(dataDir, { onLost });
    const close = () => server.stop().finally(() => dataDir.release());
    closeOpened = close;
    return { config: config.with({ databaseUrls: server.urls, ...keys }), close };
  } catch (error) {
    dataDir.release();
    throw error;
  }
}

let closeOpened: (() => Promise<void>) | undefined;

/** Stops what this process opened, in the middle of whatever goes on: a start that fails or is ended leaves nothing running. */
export async function abandonInstallation(): Promise<void> {
  await closeOpened?.();
}

/** For a command beside the service: uses the database of the running service, or opens it when none runs. */
export async function joinInstallation(config: Config): Promise<Installation> {
  try {
    return await openInstallation(config);
  } catch (error) {
    if (!(error instanceof DataDirInUseError)) throw error;
    return { config: shareInstallation(config), close: async () => undefined };
  }
}

/**
 * Finds what another process has opened, and will close.
 *
 * @returns The settings with `databaseUrls` and `masterKeys` known.
 * @throws {StartError} It is not there yet.
 */
export function shareInstallation(config: Config): Config {
  if (config.bringsDatabase) return config;
  const dataDir = DataDir.open(config.dataDir);
  const databaseUrls = EmbeddedPostgres.findRunning(dataDir);
  if (!databaseUrls)
    throw new StartError(`Another Toolcrib is just starting on ${dataDir.path}; try again in a moment`);
  return config.with({ databaseUrls, ...findKeys(config, dataDir) });
}

function findKeys(config: Config, dataDir: DataDir) {
  const masterKeys = findMasterKeys(config, dataDir);
  return { masterKeys, checkpointKey: dataDir.secret(CHECKPOINT_KEY_FILE, MASTER_KEY_BYTES) };
}

function findMasterKeys(config: Config, dataDir: DataDir): Buffer[] {
  const isLost =
    !config.env.TOOLCRIB_MASTER_KEY &&
    EmbeddedPostgres.existsIn(dataDir) &&
    !existsSync(dataDir.file(MASTER_KEY_FILE));
  if (isLost) {
    throw new StartError(
      `${dataDir.file(MASTER_KEY_FILE)} is missing, and a new one could not read the stored group keys. Put it back, or ` +
        'set TOOLCRIB_MASTER_KEY to the key that was used so far',
    );
  }
  return readMasterKeys(config, dataDir);
}
