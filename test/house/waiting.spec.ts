import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './imports.js';

/** Where time itself is what is tried, and why. */
const WAITS_FOR_TIME: Readonly<Record<string, string>> = {
  'test/boot/processes.e2e-spec.ts': 'timers of which a watch must tell',
  'test/call-logs/call-log.e2e-spec.ts': 'a write older than a second vouches for nothing',
  'test/faults/kill.e2e-spec.ts': 'each round dies in another moment of a batch',
  'test/faults/chaos/registrations.e2e-spec.ts': 'the database is away for so long',
  'test/jobs/jobs.e2e-spec.ts': 'a job lasts a moment, so that those beside it are seen',
};
/** Look again and again, or last for the time that a fault lasts. */
const TOOLS = ['test/support/', 'test/faults/chaos/', 'test/fixtures/'];

const specs = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
  .map((file) => `test/${file.replaceAll('\\', '/')}`)
  .filter((file) => file.endsWith('.ts') && !file.startsWith('test/house/'));

const filesThatSay = (pattern: RegExp, but = /$^/) =>
  specs.filter((file) =>
    readFileSync(join(ROOT, file), 'utf8')
      .split('\n')
      .some((line) => pattern.test(line) && !but.test(line)),
  );

describe('a test', () => {
  it('waits for what it waits for, not for time', () => {
    const looksAgainOrEndsAHang = /while \(|HANG_MS/;
    const sleeping = filesThatSay(
      /await delay\(|setTimeout\((resolve|settle|\(\) =>)/,
      looksAgainOrEndsAHang,
    );
    const inSpecs = sleeping.filter(
      (file) => WAITS_FOR_TIME[file] || !TOOLS.some((folder) => file.startsWith(folder)),
    );
    expect(inSpecs.toSorted()).toEqual(Object.keys(WAITS_FOR_TIME).toSorted());
  });

  it('knows a hang by HANG_MS, on the slowest machine too', () => {
    expect(filesThatSay(/const \w*(WAIT|HANG|PATIENCE|GIVE_UP)_MS = \d/).toSorted()).toEqual([
      'test/faults/chaos/scenarios/malformed.ts', // a server may rightly wait for the rest of a request
      'test/groups/changes-in-force.e2e-spec.ts', // a setting of the servers
      'test/support/waiting.ts',
    ]);
  });
});
