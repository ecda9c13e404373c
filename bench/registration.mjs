// What the registration automation costs whoever registers, and how it does when many come at once and Dify fails.
//
//   npm run build && node bench/registration.mjs [--registrations 150] [--rounds 3] [--burst 100]
//
// 1. --burst registrations at once; every fifth request to Dify is answered with a 500.
// 2. POST /auth/register, four at a time: with the switch off, and with it on while Dify takes each question and never answers.
//    The two take turns, round by round, on one server; before each round nothing of the one before is left to do.
//
// PostgreSQL is the embedded one, fsync on. Dify is a stand-in that answers as a chat app does, without a delay of its own.
import 'reflect-metadata';
import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { v7 as newId } from 'uuid';
import { hashPassword } from '../dist/src/auth/sign-in/passwords.js';
import { openDatabase } from './harness/database.mjs';
import { ROOT } from './harness/servers.mjs';
import { median, percentile, round as rounded } from './load/statistics.mjs';

const PORT = 18_431;
const URL_OF_US = `http://127.0.0.1:${PORT}`;
const PASSWORD = 'five green umbrellas';
const AT_A_TIME = 4;
const FEATURE = '/admin/features/registration_automation';

let scenario = 'ok';
let asked = 0;
let registered = 0;

const { values: options } = parseArgs({
  options: {
    registrations: { type: 'string', default: '150' },
    rounds: { type: 'string', default: '3' },
    burst: { type: 'string', default: '100' },
  },
});
const dify = createServer(answer).listen(0, '127.0.0.1');
const database = await openDatabase();
const client = new pg.Client(database.superuserUrl);
await client.connect();
const server = fork(join(ROOT, 'dist/bin/main.js'), {
  env: {
    ...database.env,
    PATH: process.env.PATH,
    PORT: String(PORT),
    AGENT_PRIVATE_NETWORKS: 'true',
    AGENT_BREAKER_FAILURES: '1000', // Dify is asked all the while it hangs: the worst case
    AUTH_RATE_LIMIT: '1000000',
    REGISTRATIONS_PER_HOUR: '1000000',
  },
  stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
});
try {
  while (
    !(await fetch(`${URL_OF_US}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (server.exitCode !== null) throw new Error('The server did not start');
    await delay(50);
  }
  // First, while nothing that hangs is left over.
  console.log(JSON.stringify(await burst(await setUp())));
  const tenant = await setUp();
  const results = { off: [], hanging: [] };
  await measure(tenant, 'off'); // warm
  for (let round = 0; round < Number(options.rounds); round++) {
    const ways = round % 2 === 0 ? ['off', 'hanging'] : ['hanging', 'off']; // nobody profits from a place
    for (const way of ways) results[way].push(await measure(tenant, way));
  }
  const [off, hanging] = Object.entries(results).map(([way, rounds]) => {
    const told = summary(rounds);
    console.log(JSON.stringify({ way, ...told }));
    return told;
  });
  const ratio = (name) => rounded(hanging[name] / off[name], 2);
  console.log(
    JSON.stringify({ ratio: { median: ratio('medianMs'), p95: ratio('p95Ms'), p99: ratio('p99Ms') } }),
  );
} finally {
  server.kill('SIGKILL');
  await client.end();
  await database.close();
  dify.closeAllConnections();
  dify.close();
}

/** A tenant that anybody may register at, whose agent is our Dify. */
async function setUp() {
  const [tenantId, userId] = [newId(), newId()];
  const name = `bench-${tenantId}`;
  const email = `${userId}@example.test`;
  await client.query('INSERT INTO tenants (id, name) VALUES ($1, $2)', [tenantId, name]);
  await client.query(
    `INSERT INTO users (id, tenant_id, username, email, display_name, password_hash, roles)
     VALUES ($1, $2, $3, $4, 'Owner', $5, '{owner}')`,
    [userId, tenantId, `owner-${userId}`, email, await hashPassword(PASSWORD)],
  );
  await client.query(`INSERT INTO sign_in_settings (tenant_id, registration) VALUES ($1, 'open')`, [
    tenantId,
  ]);
  const { access_token: token } = await rest('POST', '/auth/login', { body: { email, password: PASSWORD } });
  const post = (path, body, method = 'POST') => rest(method, path, { token, body });
  const group = await post('/admin/groups', { name: 'Welcome' });
  for (const tool_name of ['get_user_profile', 'analyze_customer'])
    await post(`/admin/groups/${group.id}/tools`, { tool_name });
  const base_url = `http://127.0.0.1:${dify.address().port}/v1`;
  const agent = await post('/admin/agents', {
    name: 'Welcome',
    base_url,
    api_key: 'app-0123456789abcdefghijklmn',
  });
  await post('/admin/agent-orders', { purpose: 'welcome', agent_ids: [agent.id] });
  return { tenantId, name, turn: (enabled) => post(FEATURE, { enabled }, 'PUT') };
}

async function measure(tenant, way) {
  await nothingLeft();
  scenario = way === 'hanging' ? 'hanging' : 'ok';
  await tenant.turn(way === 'hanging');
  const times = [];
  let left = Number(options.registrations);
  const work = async () => {
    while (left-- > 0) {
      const startedMs = performance.now();
      await register(tenant);
      times.push(performance.now() - startedMs);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return times;
}

/** Lets go of what hangs, and waits for every greeting that has begun. */
async function nothingLeft() {
  scenario = 'ok';
  dify.closeAllConnections();
  const open = `SELECT count(*)::int AS jobs FROM jobs WHERE state IN ('queued', 'running') AND kind = 'automation.greet'`;
  while ((await client.query(open)).rows[0].jobs > 0) await delay(50);
}

async function burst(tenant) {
  await tenant.turn(true);
  scenario = 'every fifth fails';
  const count = Number(options.burst);
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: count }, () => register(tenant)));
  const registeredMs = Math.round(performance.now() - startedMs);
  const ended = `SELECT count(*)::int AS ended, count(DISTINCT r.user_id)::int AS users,
      count(*) FILTER (WHERE r.state = 'done')::int AS done,
      count(*) FILTER (WHERE r.welcomed_by = 'agent')::int AS "byAgent",
      count(*) FILTER (WHERE r.welcomed_by = 'template')::int AS "byTemplate",
      (SELECT count(*)::int FROM messages m WHERE m.tenant_id = $1) AS messages,
      round(avg(r.duration_ms))::int AS "averageRunMs", max(r.duration_ms) AS "longestRunMs"
    FROM automation_runs r WHERE r.tenant_id = $1 AND r.state IN ('done', 'failed', 'skipped')`;
  for (;;) {
    const { rows } = await client.query(ended, [tenant.tenantId]);
    if (rows[0].ended === count) {
      const allGreetedMs = Math.round(performance.now() - startedMs);
      return { way: 'burst', registrations: count, registeredMs, allGreetedMs, ...rows[0] };
    }
    await delay(50);
  }
}

function register({ name }) {
  const email = `customer-${(registered += 1)}-${newId()}@example.test`;
  const body = { tenant: name, email, password: PASSWORD, display_name: 'Emma' };
  return rest('POST', '/auth/register', { body });
}

async function rest(method, path, { token, body }) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const response = await fetch(`${URL_OF_US}/api/v1${path}`, { method, headers, body: JSON.stringify(body) });
  const answered = await response.json();
  if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answered)}`);
  return answered.data;
}

/** As much of Dify as a chat app shows. */
function answer(request, response) {
  request.resume();
  const json = (status, value) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  if (request.url.endsWith('/info')) return json(200, { name: 'Bench', mode: 'chat', tags: [] });
  if (!request.url.endsWith('/chat-messages')) return json(200, { user_input_form: [] });
  if (scenario === 'hanging') return undefined;
  if (scenario !== 'ok' && (asked += 1) % 5 === 0)
    return json(500, { code: 'internal_server_error', message: 'Our fault', status: 500 });
  const ids = { task_id: newId(), message_id: newId(), conversation_id: newId() };
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (event) => response.write(`data: ${JSON.stringify({ ...event, ...ids })}\n\n`);
  send({ event: 'message', answer: 'Welcome, Emma!' });
  send({ event: 'message_end', metadata: { usage: { total_tokens: 10 } } });
  return response.end();
}

/** Medians over the rounds. */
function summary(rounds) {
  const at = (share) =>
    Math.round(
      median(
        rounds.map((times) => {
          const sorted = times.toSorted((a, b) => a - b);
          return percentile(sorted, share);
        }),
      ),
    );
  return { registrations: rounds.flat().length, medianMs: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) };
}
