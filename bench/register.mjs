// What registering costs while the automation's agent hangs: POST /auth/register with the automation off and on, in turns on one server.
//
//   npm run build && node bench/register.mjs [--rounds 6] [--people 60] [--at-once 4]
//
// The agent takes every question and never answers, so each run holds its place until AGENT_HARD_BUDGET_MS; what has not begun
// waits in the queue. A registration hashes a password (argon2id), which is most of its time.
import { createServer } from 'node:http';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openDatabase } from './harness/database.mjs';
import { PRODUCT_FLAGS, startServer } from './harness/servers.mjs';
import { median, percentile, round } from './load/statistics.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '6' },
    people: { type: 'string', default: '60' },
    'at-once': { type: 'string', default: '4' },
  },
});
const [rounds, people, atOnce] = [options.rounds, options.people, options['at-once']].map(Number);
const ADMIN = { email: 'admin@bench.example', password: 'a long enough password' };
const PASSWORD = 'seven-quiet-lanterns-41';
const closing = [];

try {
  const database = await openDatabase();
  closing.push(database.close);
  const dify = await startHangingDify();
  const server = await startServer('Toolcrib', 'dist/src/main.js', settings(database.env), PRODUCT_FLAGS);
  closing.push(server.stop);
  const api = await setUp(`http://127.0.0.1:${server.port}`, dify.url);
  const seen = { off: [], on: [] };
  for (let turn = -1; turn < rounds; turn++) {
    // Every other round goes the other way, so that neither profits from its place.
    for (const state of turn % 2 === 0 ? ['off', 'on'] : ['on', 'off']) {
      await api.call('PUT', '/admin/features/registration_automation', { enabled: state === 'on' });
      const times = await registerAll(api, `${state}-${turn}`);
      if (turn >= 0) seen[state].push(times);
    }
  }
  const report = Object.fromEntries(Object.entries(seen).map(([state, turns]) => [state, describe(turns)]));
  report.asked = dify.asked();
  report.p99Ratio = round(report.on.p99Ms / report.off.p99Ms, 2);
  report.p50Ratio = round(report.on.p50Ms / report.off.p50Ms, 2);
  console.log(JSON.stringify(report, null, 1));
} finally {
  for (const close of closing.toReversed()) await close();
}

function settings(env) {
  return {
    ...env,
    ADMIN_EMAIL: ADMIN.email,
    ADMIN_PASSWORD: ADMIN.password,
    AGENT_PRIVATE_NETWORKS: 'true',
    AGENT_BREAKER_FAILURES: '1000000', // it goes on asking: the worst case
    AUTH_RATE_LIMIT: '1000000',
    REGISTRATIONS_PER_HOUR: '1000000',
  };
}

/** A Dify that says what its app is and then takes questions without a word. */
async function startHangingDify() {
  let asked = 0;
  const server = createServer((request, response) => {
    const answers = {
      '/v1/info': { name: 'Hanging', mode: 'agent-chat' },
      '/v1/parameters': { user_input_form: [] },
    };
    const answer = answers[request.url];
    request.resume();
    if (answer) response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    else asked++;
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.closeAllConnections() ?? server.close());
  return { url: `http://127.0.0.1:${server.address().port}/v1`, asked: () => asked };
}

async function setUp(url, difyUrl) {
  for (let n = 0; n < 200 && !(await fetch(`${url}/health/ready`).catch(() => null))?.ok; n++)
    await delay(50);
  const { access_token: token } = await send(`${url}/api/v1/auth/login`, 'POST', ADMIN);
  const call = (method, path, body) => send(`${url}/api/v1${path}`, method, body, token);
  await call('PUT', '/admin/sign-in-settings', { registration: 'open' });
  const group = await call('POST', '/admin/groups', { name: 'Welcome', server_code: 'welcome' });
  for (const tool_name of ['get_user_profile', 'analyze_customer']) {
    await call('POST', `/admin/groups/${group.id}/tools`, { tool_name });
  }
  const agent = await call('POST', '/admin/agents', {
    name: 'Hanging',
    base_url: difyUrl,
    api_key: 'app-aaaaaaaaaaaaaaaaaaaaaaaa',
  });
  await call('POST', '/admin/agent-orders', { purpose: 'welcome', agent_ids: [agent.id] });
  return { url, call };
}

async function send(url, method, body, token) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${method} ${url}: ${JSON.stringify(answer)}`);
  return answer.data;
}

/** @returns How long each took, in milliseconds. */
async function registerAll({ url }, prefix) {
  const times = [];
  let next = 0;
  const client = async () => {
    while (next < people) {
      const name = `${prefix}-${next++}`;
      const body = {
        tenant: 'default',
        email: `${name}@bench.example`,
        password: PASSWORD,
        display_name: name,
      };
      const began = performance.now();
      await send(`${url}/api/v1/auth/register`, 'POST', body);
      times.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, client));
  return times;
}

/** Medians over the turns. */
function describe(turns) {
  const of = (share) =>
    median(
      turns.map((times) =>
        percentile(
          times.toSorted((a, b) => a - b),
          share,
        ),
      ),
    );
  return { p50Ms: of(0.5), p95Ms: of(0.95), p99Ms: of(0.99) };
}
