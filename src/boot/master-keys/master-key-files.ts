import { existsSync } from 'node:fs';
import type { Config } from '../../platform/config.js';
import type { DataDir } from '../data-dir.js';

export const MASTER_KEY_FILE = 'master.key';
export const PREVIOUS_KEY_FILE = 'master.key.previous';
/** Signs checkpoints of the call log; has nothing to do with the master key but its form. */
export const CHECKPOINT_KEY_FILE = 'checkpoint.key';
export const NEXT_CHECKPOINT_KEY_FILE = 'checkpoint.key.next';
export const MASTER_KEY_BYTES = 32;

/**
 * The master keys of an installation, the present one first: of the settings, or of the data directory.
 *
 * @throws {StartError} A file is damaged, or others may read it.
 */
export function readMasterKeys(config: Config, dataDir: DataDir): Buffer[] {
  if (config.env.TOOLCRIB_MASTER_KEY) return [...config.masterKeys];
  const present = dataDir.secret(MASTER_KEY_FILE, MASTER_KEY_BYTES);
  if (!existsSync(dataDir.file(PREVIOUS_KEY_FILE))) return [present];
  return [present, dataDir.secret(PREVIOUS_KEY_FILE, MASTER_KEY_BYTES)];
}
