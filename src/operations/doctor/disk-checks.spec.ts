import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../platform/config.js';
import { checkDisk, judgeDisk } from './disk-checks.js';

describe('checkDisk', () => {
  it('says how much is free, and warns of less than a GiB', () => {
    expect(judgeDisk(3 * 1024 ** 3)).toMatchObject({
      status: 'ok',
      message: expect.stringContaining('3.0 GiB') as string,
    });
    expect(judgeDisk(1024 ** 2)).toMatchObject({ status: 'warning' });
  });

  it('looks at the directory of the embedded database, and at none else', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'toolcrib-disk-'));
    expect(await checkDisk(loadConfig({ DATA_DIR: directory }))).toMatchObject([{ name: 'disk' }]);
    rmSync(directory, { recursive: true });
    expect(await checkDisk(loadConfig({ DATA_DIR: directory }))).toMatchObject([{ status: 'problem' }]);
    const DATABASE_URL = 'postgres://me@db/x';
    const TOOLCRIB_MASTER_KEY = Buffer.alloc(32).toString('base64');
    expect(await checkDisk(loadConfig({ DATA_DIR: directory, DATABASE_URL, TOOLCRIB_MASTER_KEY }))).toEqual(
      [],
    );
  });
});
