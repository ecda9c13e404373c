import { createInterface } from 'node:readline';

// Preloaded into a server (`node --import`): measures what each turn of its event loop costs, in CPU time of the main thread, which
// neighbours on a busy machine do not lengthen as they do time on the clock. Each line on stdin gets a line on stdout:
// `@stall <longest turn since the last line, ms>`; for a line `speed`, `@stall <time of a fixed piece of work, ms>`.

const TEXT = JSON.stringify(
  Array.from({ length: 2000 }, (_, index) => ({ id: index, name: `name ${index}`, tags: ['a', 'b'] })),
);

let before = process.threadCpuUsage();
let longestMs = 0;

function cpuMs(since) {
  const { user, system } = process.threadCpuUsage(since);
  return (user + system) / 1000;
}

/** After the events of each turn; unref'd, it does not keep the loop from waiting for the next one. */
function endTurn() {
  longestMs = Math.max(longestMs, cpuMs(before));
  before = process.threadCpuUsage();
  setImmediate(endTurn).unref();
}

/** How fast this machine is at the moment: the best of a few. */
function calibrationMs() {
  const times = Array.from({ length: 3 }, () => {
    const start = process.threadCpuUsage();
    for (let round = 0; round < 3; round++) JSON.stringify(JSON.parse(TEXT));
    return cpuMs(start);
  });
  return Math.min(...times);
}

setImmediate(endTurn).unref();
createInterface({ input: process.stdin }).on('line', (line) => {
  process.stdout.write(`@stall ${(line === 'speed' ? calibrationMs() : longestMs).toFixed(3)}\n`);
  setImmediate(() => {
    longestMs = 0;
    before = process.threadCpuUsage();
  });
});
process.stdin.unref?.();
