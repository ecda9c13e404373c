import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where package.json is: two or three folders up, in the sources as in the build. */
function findPackageFolder(): string {
  let folder = import.meta.dirname; // src/platform in tests, dist/src/platform when built
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

export const PACKAGE_FOLDER = findPackageFolder();
