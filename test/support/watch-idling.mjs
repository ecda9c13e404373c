import { createHook } from 'node:async_hooks';
import { writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

/**
 * Loaded before a program, this writes to descriptor 3, as the process ends, what it waited for without working:
 * - `repeated`: who began something that goes on by itself (`setInterval`)
 * - `waited`: timers that ran out after the last word on standard output, each with its delay
 * - `isEmpty`: whether the process ended because nothing was left to wait for
 * - `closingMs`: from the last word to the end, by the clock of this process
 * - `slowness`: how many times longer its work took than the processor needed for it; 1: it had the machine for itself
 *
 * Delays, not the clock, tell idling from a busy machine: what waits for a timer waits as long on any machine. What waits for
 * another process is told by the clock, and how slow the machine was.
 */
const made = new Map();
const repeated = new Set();
let waited = [];
let isEmpty = false;
let lastWordMs = 0;

createHook({
  init(id, type, _trigger, timer) {
    if (type !== 'Timeout') return;
    const by = maker();
    made.set(id, { delayMs: timer._idleTimeout, by });
    if (timer._repeat !== null) repeated.add(by);
  },
  before(id) {
    const timer = made.get(id);
    if (timer) waited.push(timer);
  },
  destroy(id) {
    made.delete(id);
  },
}).enable();

const write = process.stdout.write.bind(process.stdout);
process.stdout.write = (...args) => {
  waited = [];
  lastWordMs = performance.now();
  return write(...args);
};

process.on('beforeExit', () => (isEmpty = true));
process.on('exit', () => {
  const closingMs = Math.round(performance.now() - lastWordMs);
  const { user, system } = process.cpuUsage();
  const workedMs = performance.now() - performance.eventLoopUtilization().idle;
  const slowness = Math.max(1, workedMs / ((user + system) / 1000));
  writeSync(3, JSON.stringify({ repeated: [...repeated], waited, isEmpty, closingMs, slowness }));
});

/** The file that made a timer: below `dist/`, or below `node_modules/`. */
function maker() {
  const place = { stackTraceLimit: Error.stackTraceLimit };
  Error.stackTraceLimit = 20;
  const { stack = '' } = new Error('Who makes a timer');
  Error.stackTraceLimit = place.stackTraceLimit;
  const file = stack
    .split('\n')
    .slice(1)
    .map((line) => /(?:\(|at (?:async )?)(?:file:\/\/)?(\/[^:)]+):\d+:\d+/.exec(line)?.[1])
    .find((path) => path !== undefined && !path.endsWith('/watch-idling.mjs'));
  return file?.replace(/^.*\/(?=(?:dist|node_modules)\/)/, '') ?? 'node';
}
