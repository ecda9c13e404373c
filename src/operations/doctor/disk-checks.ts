import { access, constants, statfs } from 'node:fs/promises';
import type { Config } from '../../platform/config.js';
import { type Check, ok, problem, warning } from './check.js';

const FREE_MIN_BYTES = 1024 ** 3;

/** Room for the embedded database; nothing to see where the operator brings one. */
export async function checkDisk({ bringsDatabase, dataDir }: Config): Promise<Check[]> {
  if (bringsDatabase) return [];
  const name = 'disk';
  try {
    await access(dataDir, constants.W_OK);
    const { bavail, bsize } = await statfs(dataDir);
    return [judgeDisk(bavail * bsize)];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return [
      problem(name, `${dataDir} cannot be written to (${code})`, 'Let DATA_DIR be a directory of this user'),
    ];
  }
}

export function judgeDisk(freeBytes: number): Check {
  const name = 'disk';
  const message = `${(freeBytes / FREE_MIN_BYTES).toFixed(1)} GiB are free for the embedded database`;
  if (freeBytes >= FREE_MIN_BYTES) return ok(name, message);
  return warning(name, message, 'Make room: where none is left, all that writes is answered 503');
}
