// Runs all the faults at full length and leaves chaos.json, chaos.txt and registrations.json: npm run chaos [-- --out DIRECTORY] [-t "name of a scenario"]
import { spawnSync } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const args = process.argv.slice(2);
const place = args.indexOf('--out');
const [out] = place < 0 ? ['chaos-report'] : args.splice(place, 2).slice(1);
const jest = resolve(root, 'node_modules/jest/bin/jest.js');
const { status } = spawnSync(
  process.execPath,
  [
    jest,
    '--forceExit',
    '--selectProjects',
    'faults',
    '--runTestsByPath',
    'test/faults/chaos/chaos.e2e-spec.ts',
    'test/faults/chaos/registrations.e2e-spec.ts',
    ...args,
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, CHAOS: 'full', CHAOS_REPORT: resolve(out) } },
);
process.exit(status ?? 1);
