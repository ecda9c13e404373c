// Calls per second of one process and of two behind one port, and three ways to deal connections out to these.
//
//   npm run build && node bench/workers.mjs [--rounds 3] [--seconds 8] [--connections 16,64]
//
// Everything shares the machine: the load, PostgreSQL and the processes. Every other round goes the other way.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const PORT = 4821;
const PASSWORD = 'a long enough password';
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '8' },
    connections: { type: 'string', default: '16,64' },
  },
});
const BY_CLUSTER = `--import ${new URL('harness/without-reuse-port.mjs', import.meta.url).href}`;
const VARIANTS = [
  { name: '1 process', env: { WORKERS: '1' } },
  { name: '2, a socket each (`reusePort`)', env: { WORKERS: '2' } },
  {
    name: '2, dealt out by the first process',
    env: { WORKERS: '2', NODE_OPTIONS: BY_CLUSTER, NODE_CLUSTER_SCHED_POLICY: 'rr' },
  },
  {
    name: '2, one shared socket',
    env: { WORKERS: '2', NODE_OPTIONS: BY_CLUSTER, NODE_CLUSTER_SCHED_POLICY: 'none' },
  },
];
const dataDir = mkdtempSync(join(tmpdir(), 'toolcrib-workers-'));
chmodSync(dataDir, 0o755); // as root, PostgreSQL runs as another user
const measured = new Map();
let key;

/** Runs the built service for as long as the work takes. */
async function withServer(env, work) {
  const child = spawn(process.execPath, ['--max-semi-space-size=16', join(root, 'dist/bin/main.js')], {
    cwd: tmpdir(),
    env: {
      PATH: process.env.PATH,
      PORT: String(PORT),
      DATA_DIR: dataDir,
      ADMIN_PASSWORD: PASSWORD,
      LOG_LEVEL: 'log',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  while (!output.includes('Serving on')) await once(child.stdout, 'data');
  try {
    return await work(child);
  } finally {
    child.kill('SIGTERM');
    await once(child, 'close');
  }
}

async function findKey() {
  const rest = async (path, body, token) => {
    const response = await fetch(`http://127.0.0.1:${PORT}/api/v1${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return (await response.json()).data;
  };
  const { access_token: token } = await rest('/auth/login', {
    email: 'admin@toolcrib.local',
    password: PASSWORD,
  });
  const [{ id }] = await rest('/admin/groups', undefined, token);
  return (await rest(`/admin/groups/${id}/api-key`, undefined, token)).api_key;
}

async function measure({ name, env }) {
  await withServer(env, async (child) => {
    key ??= await findKey();
    const load = spawn(
      process.execPath,
      [
        join(root, 'bench/mcp-load.mjs'),
        ...['--url', `http://127.0.0.1:${PORT}/mcp/sample/mcp`, '--header', `Authorization: Bearer ${key}`],
        ...['--protocol', 'stateless', '--tool', 'get_project_info', '--args', '{"limit":1}'],
        ...['--concurrency', options.connections, '--duration', options.seconds, '--warmup', '4'],
        ...['--pid', String(child.pid), '--json'],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let text = '';
    load.stdout.setEncoding('utf8').on('data', (data) => (text += data));
    const [code, signal] = await once(load, 'close');
    if (code !== 0) throw new Error(`The load ended with ${signal ?? code}: ${text}`);
    for (const run of JSON.parse(text).runs) {
      const place = `${name} at ${run.concurrency}`;
      measured.set(place, [...(measured.get(place) ?? []), run]);
      console.error(
        `${place}: ${run.callsPerS}/s, p95 ${run.p95Ms} ms, errors ${run.errors}, others ${run.foreignCpuS} s CPU`,
      );
    }
  });
}

try {
  for (let round = 0; round < Number(options.rounds); round += 1)
    for (const variant of round % 2 === 0 ? VARIANTS : VARIANTS.toReversed()) await measure(variant);
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)];
console.log(
  `${availableParallelism()} cores, Node ${process.version}, load average ${loadavg()[0].toFixed(1)} at the end\n`,
);
console.log(
  '| processes | connections | calls/s | to one process | p95, ms | errors |\n| --- | --- | --- | --- | --- | --- |',
);
for (const connections of options.connections.split(',')) {
  const one = median(measured.get(`${VARIANTS[0].name} at ${connections}`).map((run) => run.callsPerS));
  for (const { name } of VARIANTS) {
    const runs = measured.get(`${name} at ${connections}`);
    const calls = median(runs.map((run) => run.callsPerS));
    const cells = [name, connections, calls, (calls / one).toFixed(2), median(runs.map((run) => run.p95Ms))];
    console.log(`| ${[...cells, runs.reduce((sum, run) => sum + run.errors, 0)].join(' | ')} |`);
  }
}
