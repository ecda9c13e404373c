// Where a newcomer looks first: every tool on an installation as `npm start` makes it, minutes old, and on one with a million
// customers, side by side.
//
//   npm run build && node bench/first-hour.mjs [--customers 1000000] [--rounds 10] [--seconds 1] [--only TOOL] [--own-rows] [--no-write]
//
// One connection: blocks of calls in turns, so that whatever else the machine does befalls every row alike. --own-rows: calls of
// an application and of a customer with the policies `own_rows` and without them, on the large one.
// Writes results/first-hour.json. Needs Linux; servers on core 0, the load on core 1. Five minutes; deletes what it made.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { casesOf } from './first-hour/cases.mjs';
import { freshInstallation, grow } from './first-hour/installation.mjs';
import { measureOwnRows } from './first-hour/own-rows.mjs';
import { callsDuring, callTimes, connectTo, warmUp } from './first-hour/calls.mjs';
import { describeRun } from './harness/machine.mjs';
import { ROOT } from './harness/servers.mjs';
import { percentile, round } from './load/statistics.mjs';
import { writeTables } from './tables.mjs';

const CALLS_PER_BLOCK = 12;
const CONNECTIONS = 32;
const FILE = join(ROOT, 'bench/results/first-hour.json');
const { values: options } = parseArgs({
  options: {
    customers: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    'own-rows': { type: 'boolean', default: false },
    'no-write': { type: 'boolean', default: false },
  },
});
const closing = [];
process.once('SIGINT', () => void close().then(() => process.exit(130)));
try {
  const sides = { fresh: await installation('fresh') };
  const beganAt = performance.now();
  sides.large = await grow(await installation('large'), Number(options.customers));
  const loadedInS = Math.round((performance.now() - beganAt) / 1000);
  process.stderr.write(`${sides.large.customers} customers after ${loadedInS} s\n`);
  execFileSync('taskset', ['-pc', '1', String(process.pid)], { stdio: 'ignore' });
  const result = {
    ...(await describeRun(sides.large.superuserUrl)),
    customers: Object.fromEntries(Object.entries(sides).map(([name, { customers }]) => [name, customers])),
    loadedInS,
    settings: { rounds: Number(options.rounds), seconds: Number(options.seconds), connections: CONNECTIONS },
    rows: await measure(sides),
    ...(options['own-rows'] && { ownRows: await measureOwnRows(sides.large, Number(options.rounds)) }),
  };
  process.stdout.write(`${JSON.stringify(result, null, 1)}\n`);
  if (!options['no-write']) {
    writeFileSync(FILE, `${JSON.stringify(result, null, 1)}\n`);
    writeTables();
  }
} finally {
  await close();
}

async function installation(name) {
  const made = await freshInstallation(name);
  closing.push(made.close);
  return made;
}

async function close() {
  for (const end of closing.splice(0).toReversed()) await end();
}

/** Each case on each side: milliseconds of a call on one connection, and calls a second on many. */
async function measure(sides) {
  const rows = [];
  for (const [name, side] of Object.entries(sides)) {
    for (const one of await casesOf(side)) {
      // list_tasks is what the others are compared with.
      if (options.only && ![options.only, 'list_tasks'].includes(one.tool)) continue;
      rows.push({ name, side, one, times: [] });
    }
  }
  const clients = Object.fromEntries(Object.entries(sides).map(([name, side]) => [name, connectTo(side, 1)]));
  for (const { name, one } of rows) await warmUp(clients[name][0], one);
  for (let turn = 0; turn < Number(options.rounds); turn += 1) {
    // Every other round goes the other way.
    for (const row of turn % 2 === 0 ? rows : rows.toReversed())
      row.times.push(...(await callTimes(clients[row.name][0], row.one, CALLS_PER_BLOCK)));
  }
  const many = Object.fromEntries(
    Object.entries(sides).map(([name, side]) => [name, connectTo(side, CONNECTIONS)]),
  );
  for (const row of rows) {
    row.callsPerS = round(await callsDuring(many[row.name], row.one, Number(options.seconds)), 0);
  }
  return rows.map(({ name, one, times, callsPerS }) => {
    const sorted = times.toSorted((a, b) => a - b);
    const [p50Ms, p95Ms] = [0.5, 0.95].map((part) => percentile(sorted, part));
    return { tool: one.tool, case: one.label, side: name, p50Ms, p95Ms, callsPerS };
  });
}
