import { writeSync } from 'node:fs';
import { FileTimes } from './file-times.mjs';

/** So many files are a run of which the slowest are of interest. */
const MANY_FILES = 30;

/** Closes the run with the slowest files and one line that a machine can read: `N passed, N failed`. */
export default class SummaryReporter {
  constructor({ rootDir }) {
    this.times = new FileTimes(rootDir);
  }

  onTestCaseStart({ path }, { startedAt }) {
    this.times.began(path, startedAt);
  }

  onTestFileResult({ path }, { perfStats }) {
    this.times.ended(path, perfStats);
  }

  onRunComplete(_contexts, results) {
    // A file that does not even load counts as one failure.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const parts = [`${results.numPassedTests} passed`, `${failed} failed`];
    if (skipped > 0) parts.push(`${skipped} skipped`);
    const slowest = this.times.size < MANY_FILES ? '' : `${this.times.slowest()}\n`;
    // Jest's own summary comes after every other reporter; this has to be the last line.
    process.once('exit', () => writeSync(process.stdout.fd, `${slowest}${parts.join(', ')}\n`));
  }
}
