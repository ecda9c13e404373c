// What row-level security costs: tools/call of get_user_profile on one server whose database role is bound by it and on one
// whose role bypasses it, in turns; for one tenant, and for 50 tenants in turns (worst case: nearly every query goes to a
// connection that last served another tenant, which costs a round trip).
//
//   npm run build && node bench/rls.mjs [--seconds 1] [--rounds 31] [--concurrency 16]
//
// Needs Linux. The servers run on core 0 and the load on core 1 (taskset); Postgres runs where the kernel puts it.
import 'reflect-metadata';
import { createHmac } from 'node:crypto';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { v7 as newId } from 'uuid';
import { CommandModule } from '../dist/src/app.module.js';
import { inTenant } from '../dist/src/platform/request-scope.js';
import { SYSTEM_DATABASE } from '../dist/src/platform/database/system-database.js';
import { loadConfig } from '../dist/src/platform/config.js';
import { generateSample, SAMPLE_SEED } from '../dist/src/crm/sample/sample-data.js';
import { SampleIds } from '../dist/src/crm/sample/sample-random.js';
import { GroupToolsService } from '../dist/src/groups/group-tools/group-tools.service.js';
import { GroupsService } from '../dist/src/groups/groups.service.js';

const TENANTS = 50;
const CUSTOMERS = 200;
const WARM_UP_S = 2;
const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '31' },
    concurrency: { type: 'string', default: '16' },
  },
});
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dataDir = mkdtempSync(join(tmpdir(), 'toolcrib-rls-'));
chmodSync(dataDir, 0o755); // as root, PostgreSQL runs as another user
const running = [];
process.once('exit', () => {
  for (const child of running) child.kill('SIGTERM');
});

async function serve(env) {
  const child = spawn('taskset', ['-c', '0', process.execPath, join(root, 'dist/bin/main.js')], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  for (let n = 0; n < 300 && !output.includes('Serving on'); n++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { child, port: Number(env.PORT) };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return String(port);
}

/** The embedded server of one process holds the database of all. */
const host = await serve({ PORT: await freePort(), DATA_DIR: dataDir, SAMPLE_DATA: 'false' });
const password = Buffer.from(readFileSync(join(dataDir, 'postgres.password'), 'utf8'), 'base64').toString(
  'base64url',
);
const [postmaster, , , port] = readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n');
const admin = new pg.Client(`postgres://postgres:${password}@127.0.0.1:${port}/postgres`);
await admin.connect();
await admin.query('CREATE DATABASE rls OWNER toolcrib');
const secret = createHmac('sha256', password).update('bench').digest('hex');
await admin.query(`CREATE ROLE bench_bypass LOGIN BYPASSRLS PASSWORD '${secret}' IN ROLE toolcrib_app`);
await admin.end();
const urlAs = (role) => {
  const rolesOwn = createHmac('sha256', password).update(role).digest('base64url');
  return `postgres://${role}:${rolesOwn}@127.0.0.1:${port}/rls`;
};
const env = {
  DATABASE_URL: `postgres://postgres:${password}@127.0.0.1:${port}/rls`,
  DATABASE_APP_URL: urlAs('toolcrib_app'),
  DATABASE_SYSTEM_URL: urlAs('toolcrib_system'),
  DATABASE_LOG_URL: urlAs('toolcrib_log'),
  TOOLCRIB_MASTER_KEY: Buffer.alloc(32).toString('base64'),
  SAMPLE_DATA: 'false',
};
execFileSync(process.execPath, [join(root, 'dist/bin/toolcrib.js'), 'migrate'], {
  env: { PATH: process.env.PATH, ...env },
});

const targets = await makeTenants();
const on = await serve({ ...env, PORT: await freePort() });
const bypass = `postgres://bench_bypass:${secret}@127.0.0.1:${port}/rls`;
const off = await serve({ ...env, DATABASE_APP_URL: bypass, PORT: await freePort() });
execFileSync('taskset', ['-pc', '1', String(process.pid)]);

const sides = () => ({ on: [], off: [] });
const rates = { 'one tenant': sides(), [`${TENANTS} tenants in turns`]: sides() };
const cpu = { 'one tenant': sides(), [`${TENANTS} tenants in turns`]: sides() };
for (let round = 0; round <= Number(options.rounds); round++) {
  for (const [label, list] of [
    ['one tenant', targets.slice(0, 1)],
    [`${TENANTS} tenants in turns`, targets],
  ]) {
    // Every other round begins with the other one, so that neither profits from its place.
    const order = round % 2 === 0 ? ['on', 'off'] : ['off', 'on'];
    for (const which of order) {
      const seconds = round === 0 ? WARM_UP_S : Number(options.seconds);
      const server = { on, off }[which];
      const cpuBefore = cpuMs(server.child.pid);
      const { calls, callsPerS } = await load(server.port, list, seconds);
      if (round === 0) continue;
      rates[label][which].push(callsPerS);
      cpu[label][which].push((cpuMs(server.child.pid) - cpuBefore) / calls);
    }
  }
}
for (const child of running.toReversed()) {
  child.kill('SIGTERM');
  await once(child, 'close');
}
rmSync(dataDir, { recursive: true, force: true });

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
console.log(
  `Node ${process.version}, ${options.concurrency} connections, medians of ${options.rounds} rounds of ${options.seconds} s\n`,
);
console.log(
  '| load | RLS on, calls/s | off | ratio | middle half of the rounds | CPU ms per call, on | off | ratio |',
);
console.log('| --- | ---: | ---: | ---: | --- | ---: | ---: | ---: |');
for (const [label, rate] of Object.entries(rates)) {
  const ratios = rate.on.map((value, n) => value / rate.off[n]).toSorted((a, b) => a - b);
  const half = [0.25, 0.75].map((share) => ratios[Math.floor(ratios.length * share)].toFixed(2));
  const [on, off] = [median(rate.on), median(rate.off)].map(Math.round);
  const [cpuOn, cpuOff] = [median(cpu[label].on), median(cpu[label].off)];
  const cells = [label, on, off, median(ratios).toFixed(2), half.join(' to ')];
  console.log(
    `| ${[...cells, cpuOn.toFixed(2), cpuOff.toFixed(2), (cpuOff / cpuOn).toFixed(2)].join(' | ')} |`,
  );
}
process.exit();

/** Tenants with customers and a group, through the product's own services. */
async function makeTenants() {
  Logger.overrideLogger(['error']);
  const config = loadConfig(env);
  const app = await NestFactory.createApplicationContext(CommandModule.forRoot(config), {
    logger: ['error'],
  });
  const made = [];
  for (let n = 0; n < TENANTS; n++) {
    const tenantId = newId();
    await app
      .get(getDataSourceToken(SYSTEM_DATABASE))
      .query('INSERT INTO tenants (id, name, enabled) VALUES ($1, $2, true)', [tenantId, `bench ${n}`]);
    await generateSample(app.get(DataSource), { tenantId, customers: CUSTOMERS, messagesPerCustomer: 2 });
    const caller = { kind: 'job', tenantId, job: 'bench' };
    const { group, key } = await inTenant(tenantId, async () => {
      const created = await app
        .get(GroupsService)
        .create(caller, { name: 'Bench', server_code: `bench-${n}` });
      await app.get(GroupToolsService).add(caller, created.group.id, { tool_name: 'get_user_profile' });
      return created;
    });
    const ids = new SampleIds(tenantId, SAMPLE_SEED);
    const customers = Array.from({ length: CUSTOMERS }, (_, customer) => ids.of('customer', customer));
    made.push({ path: `/mcp/${group.serverCode}/mcp`, key: key.key, customers });
  }
  await app.close();
  return made;
}

/** Closed loop. @returns Calls per second, every one of them answered with the right customer. */
async function load(serverPort, list, seconds) {
  const agent = new Agent({ keepAlive: true, maxSockets: Number(options.concurrency) });
  const endAt = performance.now() + seconds * 1000;
  const startedAt = performance.now();
  let calls = 0;
  let next = 0;
  const worker = async () => {
    while (performance.now() < endAt) {
      const target = list[next++ % list.length];
      const customer = target.customers[next % CUSTOMERS];
      const text = await call(agent, serverPort, target, customer);
      if (!text.includes(customer)) throw new Error(`A wrong answer: ${text.slice(0, 300)}`);
      calls++;
    }
  };
  await Promise.all(Array.from({ length: Number(options.concurrency) }, worker));
  agent.destroy();
  return { calls, callsPerS: calls / ((performance.now() - startedAt) / 1000) };
}

/** Of the server and of all PostgreSQL processes: hardly moves when something else runs on the machine. */
function cpuMs(serverPid) {
  const fieldsOf = (pid) => {
    try {
      return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    } catch {
      return undefined; // ended meanwhile; its parent has its time
    }
  };
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const postgres = pids.filter((pid) => pid === postmaster || fieldsOf(pid)?.[1] === postmaster);
  const ticks = [String(serverPid), ...postgres].map((pid) => {
    const fields = fieldsOf(pid) ?? [];
    const ended = pid === postmaster ? Number(fields[13]) + Number(fields[14]) : 0;
    return Number(fields[11] ?? 0) + Number(fields[12] ?? 0) + ended;
  });
  return ticks.reduce((sum, value) => sum + value, 0) * 10;
}

function call(agent, serverPort, { path, key }, userId) {
  const params = { name: 'get_user_profile', arguments: { user_id: userId } };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        agent,
        port: serverPort,
        host: '127.0.0.1',
        path,
        method: 'POST',
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
        response.on('end', () => resolve(text)).on('error', reject);
      },
    );
    sent.on('error', reject).end(body);
  });
}
