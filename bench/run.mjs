// MCP servers side by side in one run: Toolcrib with everything on (key, argument checks, limits, call log), the same without
// its log, and others' servers without any of it. Writes results/speed.json and the tables of docs/performance.md.
//
//   npm run bench [-- --quick] [--rounds 3] [--seconds 2] [--concurrency 1,16,64] [--only echo] [--no-write]
//
// Needs Linux and two cores: servers on core 0, the load on core 1 (taskset), PostgreSQL where the kernel puts it.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { logSize, makeWorld, openDatabase } from './harness/database.mjs';
import { describeRun } from './harness/machine.mjs';
import { hasPgbench, runPgbench } from './harness/pgbench.mjs';
import { load, ROOT, startServer, startToolcrib } from './harness/servers.mjs';
import { GROUPS, LIST_SIZES, PEERS, peerTargets, toolcribTargets } from './harness/targets.mjs';
import { median, round } from './load/statistics.mjs';
import { goals, printTables, writeTables } from './tables.mjs';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    concurrency: { type: 'string', default: '1,16,64' },
    only: { type: 'string', default: '' },
    'no-write': { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
const seconds = Number(values.seconds ?? (values.quick ? 1 : 2));
const concurrency = values.concurrency.split(',').map(Number);
const effort = { concurrency, seconds, warmup: values.quick ? 0.5 : 1 };
/** Before the first round, for every target: what is measured is compiled code. */
const WARM_UP_S = values.quick ? 1 : 2;

installPeers();
const database = await openDatabase();
const servers = [];
try {
  const world = await makeWorld(database.env, GROUPS);
  const env = { ...database.env, BENCH_TOOLS: '1000' };
  const toolcrib = {
    on: keep(await startToolcrib('Toolcrib', env)),
    off: keep(await startToolcrib('Toolcrib, log off', { ...env, BENCH_LOG: 'off' })),
  };
  const profile = await expectedProfile(toolcrib.on, world);
  const targets = [...(await startPeers()), ...toolcribTargets(toolcrib, world, profile)].filter((target) =>
    target.case.includes(values.only),
  );
  const measured = new Map();
  for (const target of targets) await load(target, { concurrency: [16], seconds: 1, warmup: WARM_UP_S });
  for (let turn = 0; turn < rounds; turn++) {
    // Every other round goes the other way, so that nobody profits from a place.
    for (const target of turn % 2 === 0 ? targets : targets.toReversed()) {
      for (const run of await load(target, effort)) note(measured, target, run);
      process.stderr.write('.');
    }
    if (hasPgbench()) {
      const rates = await runPgbench({ ...database, ...world, ...effort });
      for (const [connections, callsPerS] of Object.entries(rates)) {
        const target = { server: 'pgbench', case: 'SELECT + INSERT', protocol: '-' };
        note(measured, target, { concurrency: Number(connections), callsPerS, calls: 0, errors: 0 });
      }
    } else process.stderr.write('\npgbench is not installed; its rows are left out\n');
  }
  const result = {
    ...(await describeRun(database.superuserUrl)),
    settings: { rounds, ...effort },
    log: await logSize(database.superuserUrl),
    rows: [...measured.values()].map(summary),
  };
  process.stderr.write('\n');
  process.stdout.write(`${printTables(result)}\n\n${goals(result).join('\n')}\n`);
  if (!values['no-write'] && !values.quick && values.only === '') {
    writeFileSync(join(ROOT, 'bench/results/speed.json'), `${JSON.stringify(result, null, 1)}\n`);
    writeTables();
  }
  if (result.rows.some(({ errors }) => errors > 0)) process.exitCode = 1;
} finally {
  for (const server of servers) await server.stop();
  await database.close();
}

/** The peers' packages, as their lock file has them; nothing of it is committed. */
function installPeers() {
  const folder = join(ROOT, 'bench/peers');
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--silent'], { cwd: folder, stdio: 'inherit' });
}

function keep(server) {
  servers.push(server);
  return server;
}

async function startPeers() {
  const targets = [];
  for (const peer of PEERS) {
    for (const tools of peer.lists ? [1, ...LIST_SIZES] : [1]) {
      const env = { ...peer.env, TOOLS: String(tools) };
      const server = keep(await startServer(peer.name, `bench/peers/${peer.script}`, env));
      targets.push(...peerTargets(peer, server, tools));
    }
  }
  return targets;
}

/** What get_user_profile answers, so that every later answer can be compared with it word for word. */
async function expectedProfile({ port }, { customerId, groups }) {
  const args = { user_id: customerId };
  const { key } = groups.find(({ code }) => code === 'profile');
  const params = { name: 'get_user_profile', arguments: args };
  const response = await fetch(`http://127.0.0.1:${port}/mcp/profile/mcp`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
  });
  const { result } = await response.json();
  if (!result.content[0].text.includes(customerId)) throw new Error('get_user_profile gives another user');
  return { tool: 'get_user_profile', args, expect: result.content[0].text };
}

function note(measured, target, run) {
  const { server, case: what, protocol } = target;
  const name = [server, what, protocol, run.concurrency].join(' | ');
  const row = measured.get(name) ?? {
    server,
    case: what,
    era: protocol,
    connections: run.concurrency,
    runs: [],
  };
  row.runs.push(run);
  measured.set(name, row);
}

/** Medians over the rounds; errors of all of them. */
function summary({ runs, ...row }) {
  const of = (pick) => {
    const values = runs.map(pick).filter((value) => value !== undefined && value !== null);
    return values.length > 0 ? median(values) : null;
  };
  const perCpuS = of(({ calls, server }) => (server ? calls / server.server.cpuS : undefined));
  return {
    ...row,
    callsPerS: round(of(({ callsPerS }) => callsPerS)),
    callsPerCpuS: perCpuS === null ? null : Math.round(perCpuS),
    p50Ms: of(({ p50Ms }) => p50Ms),
    p99Ms: of(({ p99Ms }) => p99Ms),
    rssMiB: of((run) => run.server?.server.rssMiB),
    errors: runs.reduce((sum, { errors }) => sum + errors, 0),
  };
}
