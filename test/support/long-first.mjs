import { basename } from 'node:path';
import TestSequencer from '@jest/test-sequencer';

/** Begun last, one of these would run alone at the end while the other cores have nothing to do. */
const LONG = [
  'boot',
  'isolation-attack',
  'tenants',
  'automation-kill',
  'chaos',
  'registrations',
  'jobs-kill',
  'configuration-cli',
  'kill',
  'rotate-master',
];

/** The specs that take longest first; the rest in jest's own order. */
export default class LongFirst extends TestSequencer {
  async sort(tests) {
    const sorted = await super.sort(tests); // oxlint-disable-line unicorn/no-array-sort -- jest's method, not an array's
    const long = LONG.flatMap((name) =>
      sorted.filter(({ path }) => basename(path) === `${name}.e2e-spec.ts`),
    );
    return [...new Set([...long, ...sorted])];
  }
}
