import { writeSync } from 'node:fs';

/** Closes the run with one line that a machine can read: `N passed, N failed`. */
export default class SummaryReporter {
  onRunComplete(_contexts, results) {
    // A file that does not even load counts as one failure.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const parts = [`${results.numPassedTests} passed`, `${failed} failed`];
    if (skipped > 0) parts.push(`${skipped} skipped`);
    // Jest's own summary comes after every other reporter; this has to be the last line.
    process.once('exit', () => writeSync(process.stdout.fd, `${parts.join(', ')}\n`));
  }
}
