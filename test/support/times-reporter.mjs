import { writeFileSync } from 'node:fs';
import SummaryReporter from './summary-reporter.mjs';

/** Also keeps the times of the run (`npm run test:times`): the order in which `slowest-first.mjs` begins the files. */
export default class TimesReporter extends SummaryReporter {
  onRunComplete(contexts, results) {
    writeFileSync(new URL('durations.json', import.meta.url), this.times.toJson());
    super.onRunComplete(contexts, results);
  }
}
