// Measures tools/call side by side in one run: the bare limit, Toolcrib's fast lane, the same requests through the SDK,
// and a real tool (get_user_profile) on the product itself. Toolcrib always checks the key and the arguments and commits
// the call's record to Postgres (fsync on) before it answers; the bare server does none of that.
//
//   npm run build && npm run build:test && node bench/run.mjs [--seconds 5] [--rounds 3] [--concurrency 1,16,64]
//
// Needs Linux. Each server runs on core 0 and the load on core 1 (taskset); Postgres runs where the kernel puts it.
import { createHmac } from 'node:crypto';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    concurrency: { type: 'string', default: '1,16,64' },
  },
});
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dataDir = mkdtempSync(join(tmpdir(), 'toolcrib-bench-'));
execFileSync('chmod', ['755', dataDir]);
const running = [];

async function serve(script, env, said = '') {
  const child = spawn('taskset', ['-c', '0', process.execPath, join(root, script)], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  const url = `http://127.0.0.1:${env.PORT}`;
  for (let n = 0; n < 300; n++) {
    if (output.includes(said) && (await accepts(Number(env.PORT))))
      return { child, url, output: () => output };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${script} did not start`);
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.once('error', () => resolve(false)).once('connect', () => socket.destroy());
  });
}

/** A measurement that fails must not leave servers behind. */
process.once('exit', () => {
  for (const child of running) child.kill('SIGTERM');
});

function load({ url, key, protocol, tool, args = '{}', pid }) {
  const parameters = [
    join(root, 'bench/mcp-load.mjs'),
    ...['--url', url, '--protocol', protocol, '--tool', tool, '--args', args, '--json', '--warmup', '2'],
    ...['-c', options.concurrency, '-d', options.seconds, '--pid', `server=${pid}`],
    ...(key ? ['--header', `Authorization: Bearer ${key}`] : []),
  ];
  const text = execFileSync('taskset', ['-c', '1', process.execPath, ...parameters], { encoding: 'utf8' });
  return JSON.parse(text);
}

/** The product itself: its embedded Postgres also holds the database of the test build. */
const product = await serve('dist/src/main.js', { PORT: '4801', DATA_DIR: dataDir }, 'Serving on');
const key = /mcp_key_[A-Za-z0-9_-]+/.exec(product.output())[0];
const password = Buffer.from(readFileSync(join(dataDir, 'postgres.password'), 'utf8'), 'base64').toString(
  'base64url',
);
const [, , , port] = readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n');
const admin = new pg.Client(`postgres://postgres:${password}@127.0.0.1:${port}/postgres`);
await admin.connect();
for (const name of ['fast', 'sdk']) await admin.query(`CREATE DATABASE ${name} OWNER toolcrib`);
await admin.end();

/** Each role of the embedded server has its own password: see `passwordOf` in src/embedded-postgres.ts. */
const urlAs = (role, name) => {
  const rolesOwn = createHmac('sha256', password).update(role).digest('base64url');
  return `postgres://${role}:${rolesOwn}@127.0.0.1:${port}/${name}`;
};

const testBuild = async (name, PORT, MCP_FAST_LANE) => {
  const env = {
    PORT,
    MCP_FAST_LANE,
    DATABASE_URL: `postgres://postgres:${password}@127.0.0.1:${port}/${name}`,
    DATABASE_APP_URL: urlAs('toolcrib_app', name),
    DATABASE_SYSTEM_URL: urlAs('toolcrib_system', name),
    DATABASE_LOG_URL: urlAs('toolcrib_log', name),
    TOOLCRIB_MASTER_KEY: Buffer.alloc(32).toString('base64'),
  };
  execFileSync(process.execPath, [join(root, 'dist/src/cli.js'), 'migrate'], {
    env: { PATH: process.env.PATH, ...env },
  });
  return serve('dist-test/test/fixtures/conformance-server.js', env);
};
const bare = await serve('bench/bare.mjs', { PORT: '4800' });
const fast = await testBuild('fast', '4802', 'true');
const sdk = await testBuild('sdk', '4803', 'false');

const call = (name, params) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name, arguments: params },
});
const found = await fetch(`${product.url}/mcp/sample/mcp`, {
  method: 'POST',
  headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
  body: JSON.stringify(call('search_users', { query: 'a', role: 'customer', limit: 1 })),
}).then((response) => response.json());
const userId = found.result.structuredContent.users[0].user_id;

const fixture = (server, protocol) => ({
  url: `${server.url}/mcp/conformance/mcp`,
  protocol,
  tool: 'test_simple_text',
  pid: server.child.pid,
});
const profile = (protocol) => ({
  url: `${product.url}/mcp/sample/mcp`,
  key,
  protocol,
  tool: 'get_user_profile',
  args: JSON.stringify({ user_id: userId }),
  pid: product.child.pid,
});
const contestants = {
  'bare node:http': { ...fixture(bare, 'stateless'), url: bare.url },
  'Toolcrib, fast lane, 2025': fixture(fast, 'stateless'),
  'Toolcrib, fast lane, 2026-07-28': fixture(fast, '2026-07-28'),
  'Toolcrib, SDK lane, 2025': fixture(sdk, 'stateless'),
  'Toolcrib, SDK lane, 2026-07-28': fixture(sdk, '2026-07-28'),
  'get_user_profile, 2025': profile('stateless'),
  'get_user_profile, 2026-07-28': profile('2026-07-28'),
};

const results = {};
for (let round = 0; round < Number(options.rounds); round++) {
  for (const [name, contestant] of Object.entries(contestants)) {
    for (const measured of load(contestant).runs) {
      ((results[name] ??= {})[measured.concurrency] ??= []).push(measured);
    }
  }
}
for (const child of running.toReversed()) {
  child.kill('SIGTERM');
  await once(child, 'close');
}
rmSync(dataDir, { recursive: true, force: true });

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
process.stdout.write(
  `Node ${process.version}, medians of ${options.rounds} rounds of ${options.seconds} s\n`,
);
process.stdout.write(
  '| server | connections | calls/s | calls per CPU-second | p50 ms | p99 ms | errors |\n|---|---|---|---|---|---|---|\n',
);
for (const [name, byConcurrency] of Object.entries(results)) {
  for (const [concurrency, all] of Object.entries(byConcurrency)) {
    const of = (pick) => median(all.map(pick));
    const errors = all.reduce((sum, run) => sum + run.errors, 0);
    const perCpuSecond = Math.round(of((run) => run.calls / run.server.server.cpuS));
    process.stdout.write(
      `| ${name} | ${concurrency} | ${Math.round(of((run) => run.callsPerS))} | ${perCpuSecond} | ${of((run) => run.p50Ms)} | ${of((run) => run.p99Ms)} | ${errors} |\n`,
    );
  }
}
