import { existsSync, renameSync } from 'node:fs';
import { storeKeyChange } from '../../call-logs/chain/key-change.js';
import { keyPairOf } from '../../call-logs/chain/signing-key.js';
import { withDatabases } from './command-databases.js';
import type { Config } from '../../platform/config.js';
import { DataDir } from '../data-dir.js';
import { StartError } from '../../platform/errors.js';
import {
  CHECKPOINT_KEY_FILE,
  MASTER_KEY_BYTES,
  NEXT_CHECKPOINT_KEY_FILE,
} from '../master-keys/master-key-files.js';

type Keys = { readonly old: Buffer; readonly next: Buffer; takeEffect(): void };

/**
 * Puts another key in the place of the one that signs checkpoints and removals. Both sign a statement about it, which stays in the
 * database, so that what the old one has signed goes on to count. Without CHECKPOINT_KEY the new key is made here, and the old one
 * is gone afterwards; a run that was interrupted goes on with the key it made. A running service signs with the old one
 * until it is restarted, which is just as well.
 *
 * @returns The new public key, PEM.
 * @throws {StartError} One of the two keys is not known.
 */
export async function rotateCheckpointKey(config: Config): Promise<string> {
  const keys = config.env.CHECKPOINT_KEY ? keysOfSettings(config) : keysOfFiles(config);
  const [old, next] = [keyPairOf(keys.old), keyPairOf(keys.next)];
  if (old.keyId === next.keyId) throw new StartError('The new checkpoint key is the one used so far');
  await withDatabases(config, ({ dataSource }) =>
    dataSource.transaction((manager) => storeKeyChange(manager, old, next)),
  );
  keys.takeEffect();
  return next.publicKey;
}

function keysOfSettings({ env }: Config): Keys {
  const { CHECKPOINT_KEY: next, CHECKPOINT_KEY_PREVIOUS: old } = env;
  if (!next || !old) {
    throw new StartError(
      'Run this with CHECKPOINT_KEY set to the new key (openssl rand -base64 32) and CHECKPOINT_KEY_PREVIOUS to the one used so far',
    );
  }
  return { old, next, takeEffect: () => undefined };
}

function keysOfFiles(config: Config): Keys {
  const dataDir = DataDir.open(config.dataDir);
  const file = dataDir.file(CHECKPOINT_KEY_FILE);
  if (config.bringsDatabase || !existsSync(file)) {
    throw new StartError(
      'CHECKPOINT_KEY is not set in the settings of this command, so it knows no key to replace. Where the service signs, run it with ' +
        'CHECKPOINT_KEY set to the new key and CHECKPOINT_KEY_PREVIOUS to the one used so far',
    );
  }
  return {
    old: dataDir.secret(CHECKPOINT_KEY_FILE, MASTER_KEY_BYTES),
    next: dataDir.secret(NEXT_CHECKPOINT_KEY_FILE, MASTER_KEY_BYTES),
    takeEffect: () => renameSync(dataDir.file(NEXT_CHECKPOINT_KEY_FILE), file),
  };
}
