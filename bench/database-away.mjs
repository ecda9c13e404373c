// What calls and writes get while the database is away in one way or another, and how soon they are answered again.
//
//   npm run build && npm exec -c 'node bench/database-away.mjs [--seconds 30] [--only hangs,vanishes,is-cut-off,is-full]'
//
// One built server with a PostgreSQL of the run's own and a TCP proxy between them; 8 clients call a tool, 3 make groups.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { makeWorld, openDatabase } from './harness/database.mjs';
import { ROOT } from './harness/servers.mjs';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    only: { type: 'string', default: 'hangs,vanishes,is-cut-off,is-full' },
    port: { type: 'string', default: '4821' },
  },
});
const CLIENTS = { call: 8, write: 3 };
const BEFORE_MS = 4000;
const AFTER_MS = 20_000;
const PASSWORD = 'a long enough password';

const database = await openDatabase();
const line = await startLine(new URL(database.env.DATABASE_URL));
const children = [];
process.once('exit', () => children.forEach((child) => child.kill('SIGKILL')));
const admin = new pg.Client(database.superuserUrl);
await admin.connect();
const name = new URL(database.env.DATABASE_URL).pathname.slice(1);
const limit = (count) => admin.query(`ALTER DATABASE ${name} CONNECTION LIMIT ${count}`);
const FAULTS = {
  hangs: [() => line.freeze(), () => line.thaw()],
  vanishes: [() => line.freeze(), () => line.replace()],
  'is-cut-off': [() => line.cut(), () => line.thaw()],
  'is-full': [
    async () => {
      await limit(0);
      await admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND usename <> 'postgres'`,
        [name],
      );
    },
    () => limit(-1),
  ],
};

try {
  const first = await serve(); // makes the first administrator
  first.kill('SIGTERM');
  await once(first, 'close');
  const world = await makeWorld(database.env, [{ code: 'away', tools: ['get_user_profile'] }]);
  await serve();
  for (const fault of options.only.split(',')) await measure(fault, world);
} finally {
  for (const child of children) child.kill('SIGKILL');
  line.close();
  await admin.end();
  await database.close();
}

async function measure(fault, { customerId, groups: [{ key }] }) {
  const login = { email: 'admin@toolcrib.local', password: PASSWORD };
  const { data } = JSON.parse((await post('/api/v1/auth/login', '', login)).text);
  const params = { name: 'get_user_profile', arguments: { user_id: customerId } };
  const send = {
    call: () => post('/mcp/away/mcp', key, { jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
    write: () => post('/api/v1/admin/groups', data.access_token, { name: `Group ${Math.random()}` }),
  };
  const answers = [];
  let isOver = false;
  const client = async (kind) => {
    while (!isOver) {
      const startedMs = performance.now();
      const { status, text } = await send[kind]();
      const isGood = status < 300 && !/"isError":true|"error":/.test(text);
      const told = isGood ? 'good' : (/"(?:message|text)":"([^";.]*)/.exec(text)?.[1] ?? text.slice(0, 60));
      const endedMs = performance.now();
      answers.push({ kind, isGood, told: `${status} ${told}`, tookMs: endedMs - startedMs, endedMs });
      await delay(20);
    }
  };
  const running = Object.entries(CLIENTS).flatMap(([kind, count]) =>
    Array.from({ length: count }, () => client(kind)),
  );
  await delay(BEFORE_MS);
  await FAULTS[fault][0]();
  await delay(Number(options.seconds) * 1000);
  const backAtMs = performance.now();
  await FAULTS[fault][1]();
  await delay(AFTER_MS);
  isOver = true;
  await Promise.all(running);
  console.log(`\nThe database ${fault.replaceAll('-', ' ')} for ${options.seconds} s`);
  for (const kind of Object.keys(CLIENTS))
    report(
      kind,
      answers.filter((one) => one.kind === kind),
      backAtMs,
    );
}

function report(kind, answers, backAtMs) {
  const seconds = (ms) => (ms / 1000).toFixed(1);
  for (const [told, all] of Map.groupBy(answers, (one) => one.told))
    console.log(
      `  ${kind}: ${all.length} × ${told}; the longest took ${seconds(Math.max(...all.map((one) => one.tookMs)))} s`,
    );
  const again = answers.find((one) => one.isGood && one.endedMs > backAtMs);
  const last = answers.findLast((one) => !one.isGood && one.endedMs > backAtMs);
  console.log(
    `  ${kind}: good again ${again ? seconds(again.endedMs - backAtMs) : 'never'} s after it was back; ` +
      `the last that was not, ${last ? `${seconds(last.endedMs - backAtMs)} s after it` : 'before that'}`,
  );
}

async function post(path, token, body) {
  const response = await fetch(`http://127.0.0.1:${options.port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

async function serve() {
  const env = { PATH: process.env.PATH, ...database.env, PORT: options.port, ADMIN_PASSWORD: PASSWORD };
  for (const [setting, value] of Object.entries(database.env))
    if (setting.startsWith('DATABASE_')) env[setting] = line.through(value);
  const child = spawn(process.execPath, [join(ROOT, 'dist/bin/main.js')], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (printed += text));
  while (!printed.includes('Serving on')) await once(child.stdout, 'data');
  return child;
}

/** As `test/support/tcp-proxy.ts`, which see. */
async function startLine({ hostname, port }) {
  const nears = new Set();
  const fars = new Set();
  const all = () => [...nears, ...fars];
  let state = 'open';
  const server = createServer((near) => {
    if (state === 'cut') return near.destroy();
    const far = connect(Number(port), hostname);
    for (const [socket, other, side] of [
      [near, far, nears],
      [far, near, fars],
    ]) {
      side.add(socket);
      socket.on('data', (data) => other.write(data));
      socket.on('error', () => undefined);
      socket.on('close', () => side.delete(socket) && other.destroy());
      if (state === 'frozen') socket.pause();
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const become = (next, act) => {
    state = next;
    all().forEach(act);
  };
  return {
    through: (url) =>
      Object.assign(new URL(url), { hostname: '127.0.0.1', port: server.address().port }).href,
    freeze: () => become('frozen', (socket) => socket.pause()),
    cut: () => become('cut', (socket) => socket.destroy()),
    thaw: () => become('open', (socket) => socket.resume()),
    replace: () => {
      state = 'open';
      for (const near of nears) near.pause();
      for (const far of fars) {
        fars.delete(far);
        far.destroy();
      }
    },
    close: () => {
      all().forEach((socket) => socket.destroy());
      server.close();
    },
  };
}
