import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ADVISORY_LOCKS } from '../../src/platform/database/advisory-locks.js';
import { readSource, ROOT, sourceFiles } from './imports.js';

/** Files of `src`, but the one place for it, that say something. */
const filesThatSay = (pattern: RegExp, ...places: readonly string[]) =>
  sourceFiles().filter((file) => !places.includes(file) && pattern.test(readSource(file)));

describe('advisory locks', () => {
  const numbers = Object.values(ADVISORY_LOCKS);

  it('have a number each', () => {
    expect(numbers.filter((number, index) => numbers.indexOf(number) !== index)).toEqual([]);
  });

  it('are taken through the one file that names them', () => {
    const place = 'platform/database/advisory-locks.ts';
    expect(filesThatSay(/pg_\w*advisory|7_?210_?\d{3}\b/, place)).toEqual([]);
  });

  it('that the schema takes are in that file, too', () => {
    const taken = readdirSync(join(ROOT, 'migrations'))
      .map((file) => readFileSync(join(ROOT, 'migrations', file), 'utf8'))
      .flatMap((text) => [...text.matchAll(/pg_advisory\w*\(([^)]*)\)/g)])
      .map(([, key]) => Number(key));
    expect(taken.filter((number) => !new Set<number>(numbers).has(number))).toEqual([]);
    expect(new Set(taken)).toEqual(new Set([ADVISORY_LOCKS.callLogPartitions, ADVISORY_LOCKS.jobClaims]));
  });
});
