import { readFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import TestSequencer from '@jest/test-sequencer';

const root = fileURLToPath(new URL('../../', import.meta.url));
const durations = JSON.parse(readFileSync(new URL('durations.json', import.meta.url), 'utf8'));

/** Begins with the slowest: begun last, it would run alone while the other cores have nothing to do. */
export default class SlowestFirst extends TestSequencer {
  /** A new file, of which nobody knows, comes before all. */
  sort(tests) {
    return [...tests].toSorted((one, other) => secondsOf(other) - secondsOf(one));
  }
}

function secondsOf({ path }) {
  return durations[relative(root, path).replaceAll(sep, '/')]?.seconds ?? Infinity;
}
