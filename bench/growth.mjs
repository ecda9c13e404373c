// What grows and what must not: the cost of a call with the size of the installation, memory with tools, calls and streams.
//
//   npm run build && node bench/growth.mjs [--groups 1000] [--calls 1000000] [--streams 5000] [--only size|calls|streams]
//
// Writes results/growth.json. Needs Linux; servers on core 0, the load on core 1.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { makeWorld, openDatabase } from './harness/database.mjs';
import { describeRun } from './harness/machine.mjs';
import { load, ROOT, startToolcrib } from './harness/servers.mjs';
import { toolNames } from './harness/targets.mjs';
import { median, round } from './load/statistics.mjs';
import { writeTables } from './tables.mjs';

const TOOLS_PER_GROUP = 10;
const ROUNDS = 5;
const WARM_UP_CALLS = 100_000;
const KIB = 1024;
const MIB = 1024 * 1024;
const FILE = join(ROOT, 'bench/results/growth.json');
const { values } = parseArgs({
  options: {
    groups: { type: 'string', default: '1000' },
    calls: { type: 'string', default: '1000000' },
    streams: { type: 'string', default: '5000' },
    only: { type: 'string', default: '' },
    'no-write': { type: 'boolean', default: false },
  },
});
const groups = Number(values.groups);
const closing = [];
try {
  const small = await installation(1);
  const result = { ...(existsSync(FILE) && JSON.parse(readFileSync(FILE, 'utf8'))) };
  Object.assign(result, await describeRun(small.superuserUrl));
  // Before any load, which leaves memory to the process that streams would take without its growing.
  if (isAsked('streams')) result.streams = await measureStreams(small, Number(values.streams));
  if (isAsked('size')) result.size = await measureSize(small, await installation(groups));
  if (isAsked('calls')) result.calls = await measureCalls(small, Number(values.calls));
  process.stdout.write(`${JSON.stringify(result, null, 1)}\n`);
  if (!values['no-write']) {
    writeFileSync(FILE, `${JSON.stringify(result, null, 1)}\n`);
    if (existsSync(join(ROOT, 'bench/results/speed.json'))) writeTables();
  }
} finally {
  for (const close of closing.toReversed()) await close();
}

function isAsked(part) {
  return values.only === '' || values.only === part;
}

/** A database of its own with that many groups, all of different tools, and a server on it. */
async function installation(count) {
  const database = await openDatabase();
  closing.push(database.close);
  const names = toolNames(count * TOOLS_PER_GROUP);
  const plan = Array.from({ length: count }, (_, index) => ({
    code: `group-${index}`,
    tools: names.slice(index * TOOLS_PER_GROUP, (index + 1) * TOOLS_PER_GROUP),
  }));
  const world = await makeWorld(database.env, plan, { customers: 0 });
  const env = { ...database.env, BENCH_TOOLS: String(names.length) };
  const server = await startToolcrib(`${count} groups`, env, ['--expose-gc']);
  closing.push(server.stop);
  const { key } = world.groups[0];
  const url = `http://127.0.0.1:${server.port}/mcp/group-0/mcp`;
  const target = { url, key, pid: server.pid, protocol: '2026-07-28', tool: 'echo', expect: 'hello-{{n}}' };
  return { ...database, world, plan, server, target };
}

/** Calls per CPU-second in turns on the small and the large installation; what each tool of the large one holds. */
async function measureSize(small, large) {
  const [before, loaded] = [await small.server.memory(), await large.server.memory()];
  const rates = { small: [], large: [] };
  for (let turn = 0; turn < ROUNDS + 1; turn++) {
    for (const [name, { target }] of Object.entries({ small, large })) {
      const [run] = await load(target, { concurrency: [16], seconds: 2, warmup: turn === 0 ? 3 : 0.5 });
      if (turn > 0) rates[name].push(run.calls / run.server.server.cpuS);
    }
  }
  const warm = await large.server.memory();
  await callEveryTool(large);
  const called = await large.server.memory();
  const tools = large.plan.length * TOOLS_PER_GROUP;
  const perTool = (one, other, count) => round((one.heldBytes - other.heldBytes) / count / KIB, 2);
  return {
    groups: [1, large.plan.length],
    tools: [TOOLS_PER_GROUP, tools],
    callsPerCpuS: [Math.round(median(rates.small)), Math.round(median(rates.large))],
    kibPerTool: perTool(loaded, before, tools - TOOLS_PER_GROUP),
    kibPerCalledTool: perTool(called, warm, tools),
  };
}

/** So that every argument check is compiled. */
async function callEveryTool({ world, plan, server }) {
  for (const [index, { code, key }] of world.groups.entries()) {
    await Promise.all(
      plan[index].tools.map(async (name) => {
        const args = name === 'echo' ? { message: 'x' } : { query: 'x' };
        const answer = await post(server.port, code, key, { name, arguments: args });
        if (!answer.result || answer.result.isError)
          throw new Error(`${name} failed: ${JSON.stringify(answer)}`);
      }),
    );
  }
}

async function post(port, code, key, params) {
  const response = await fetch(`http://127.0.0.1:${port}/mcp/${code}/mcp`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
  });
  return response.json();
}

/**
 * Memory after a warm-up and after each tenth of a million calls, each time after a full collection; and how far search and
 * statistics are behind when the last call was made.
 */
async function measureCalls({ server, target, superuserUrl }, calls) {
  await callTimes(target, WARM_UP_CALLS);
  const memories = [await server.memory()];
  const began = performance.now();
  let made = 0;
  let behind;
  for (let tenth = 0; tenth < 10; tenth++) {
    made += await callTimes(target, calls / 10);
    if (tenth === 9) behind = await followersBehind(superuserUrl);
    memories.push(await server.memory());
  }
  return {
    calls: made,
    callsPerS: Math.round(made / ((performance.now() - began) / 1000)),
    behind,
    rssMiB: memories.map(({ rssBytes }) => round(rssBytes / MIB)),
    heldMiB: memories.map(({ heldBytes }) => round(heldBytes / MIB)),
  };
}

/** How old the oldest record is that a follower has not come to, in seconds. */
async function followersBehind(url) {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } =
    await client.query(`SELECT follower, round(extract(epoch FROM coalesce(now() - (SELECT l.created_at
        FROM mcp_call_logs l WHERE (l.recorded_in, l.id) > (p.recorded_in, p.id) ORDER BY l.recorded_in, l.id LIMIT 1),
      interval '0')), 1)::float8 AS seconds
    FROM call_log_positions p WHERE follower IN ('guide', 'statistics')`);
  await client.end();
  return Object.fromEntries(rows.map(({ follower, seconds }) => [follower, seconds]));
}

async function callTimes(target, wanted) {
  let made = 0;
  let perSecond = 1000;
  while (made < wanted) {
    const seconds = Math.min(30, Math.max(1, Math.ceil((wanted - made) / perSecond)));
    const [run] = await load(target, { concurrency: [64], seconds, warmup: 0 });
    if (run.errors > 0) throw new Error(`${run.errors} calls failed`);
    made += run.calls;
    perSecond = Math.max(100, run.callsPerS);
  }
  return made;
}

/** Memory of the server per `subscriptions/listen` stream that stands and hears nothing. */
async function measureStreams({ server, target }, count) {
  const before = await server.memory();
  const sockets = [];
  for (let opened = 0; opened < count; opened += 100) {
    sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => listen(server.port, target.key)))));
  }
  const after = await server.memory();
  for (const socket of sockets) socket.destroy();
  return {
    streams: sockets.length,
    heldKibPerStream: round((after.heldBytes - before.heldBytes) / sockets.length / KIB, 1),
    rssKibPerStream: round((after.rssBytes - before.rssBytes) / sockets.length / KIB, 1),
  };
}

/** @returns The socket, once the server has acknowledged the subscription. */
function listen(port, key) {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'growth', version: '1.0.0' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const params = { notifications: { toolsListChanged: true }, _meta };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params });
  const lines = [
    'POST /mcp/group-0/mcp HTTP/1.1',
    'Host: 127.0.0.1',
    `Authorization: Bearer ${key}`,
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    'MCP-Protocol-Version: 2026-07-28',
    'Mcp-Method: subscriptions/listen',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`));
    let text = '';
    socket.setEncoding('utf8').on('error', reject);
    socket.on('data', (chunk) => {
      text += chunk;
      if (text.includes('acknowledged')) resolve(socket);
      else if (!text.startsWith('HTTP/1.1 200')) reject(new Error(text.slice(0, 500)));
    });
  });
}
