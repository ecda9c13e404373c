// A group of 1,000 tools that is changed over and over while it is called: no call may fail, and p99 stays what it was.
//
//   npm run build && node bench/reload.mjs [--tools 1000] [--every 500] [--seconds 10] [--rounds 3]
//
// A change is one tool's new description through the product's own service, in a process beside the server, which hears of
// it from PostgreSQL as every replica does. Writes results/reload.json. Needs Linux.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import { CommandModule } from '../dist/src/app.module.js';
import { inTenant } from '../dist/src/platform/request-scope.js';
import { SYSTEM_DATABASE } from '../dist/src/platform/database/system-database.js';
import { loadConfig } from '../dist/src/platform/config.js';
import { GroupToolsService } from '../dist/src/groups/group-tools/group-tools.service.js';
import { makeWorld, openDatabase } from './harness/database.mjs';
import { describeRun } from './harness/machine.mjs';
import { load, ROOT, startToolcrib } from './harness/servers.mjs';
import { toolNames } from './harness/targets.mjs';
import { median } from './load/statistics.mjs';
import { writeTables } from './tables.mjs';

const { values } = parseArgs({
  options: {
    tools: { type: 'string', default: '1000' },
    every: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    'no-write': { type: 'boolean', default: false },
  },
});
const tools = Number(values.tools);
const database = await openDatabase();
const closing = [database.close];
try {
  const plan = [{ code: 'big', tools: toolNames(tools) }];
  const world = await makeWorld(database.env, plan, { customers: 0 });
  const server = await startToolcrib('Toolcrib', { ...database.env, BENCH_TOOLS: String(tools) });
  closing.push(server.stop);
  const admin = await openAdmin(world);
  closing.push(() => admin.app.close());
  const target = {
    ...{ url: `http://127.0.0.1:${server.port}/mcp/big/mcp`, key: world.groups[0].key, pid: server.pid },
    ...{ protocol: '2026-07-28', tool: 'echo', expect: 'hello-{{n}}' },
  };
  const effort = { concurrency: [16], seconds: Number(values.seconds), warmup: 0.5 };
  await load(target, { ...effort, seconds: 1, warmup: 3 });
  const runs = { before: [], during: [] };
  let changes = 0;
  for (let round = 0; round < Number(values.rounds); round++) {
    runs.before.push(...(await load(target, effort)));
    const stop = new AbortController();
    const changing = changeUntil(admin, stop.signal);
    runs.during.push(...(await load(target, effort)));
    stop.abort();
    changes += await changing;
  }
  const of = (name, pick) => median(runs[name].map(pick));
  const summary = (name) => ({
    callsPerS: of(name, (run) => run.callsPerS),
    p50Ms: of(name, (run) => run.p50Ms),
    p99Ms: of(name, (run) => run.p99Ms),
    errors: runs[name].reduce((sum, { errors }) => sum + errors, 0),
  });
  const result = {
    ...(await describeRun(database.superuserUrl)),
    tools,
    changes,
    before: summary('before'),
    during: summary('during'),
  };
  process.stdout.write(`${JSON.stringify(result, null, 1)}\n`);
  const file = join(ROOT, 'bench/results/reload.json');
  if (!values['no-write']) {
    writeFileSync(file, `${JSON.stringify(result, null, 1)}\n`);
    if (existsSync(join(ROOT, 'bench/results/speed.json'))) writeTables();
  }
  if (result.before.errors + result.during.errors > 0) process.exitCode = 1;
} finally {
  for (const close of closing.toReversed()) await close();
}

/** The product's services, without its endpoint. The bench's tools are not theirs, so this replica leaves them out. */
async function openAdmin({ tenantId, groups }) {
  const config = loadConfig(database.env);
  const app = await NestFactory.createApplicationContext(CommandModule.forRoot(config), { logger: false });
  const data = app.get(getDataSourceToken(SYSTEM_DATABASE));
  const [{ id }] = await data.query('SELECT id FROM mcp_tools WHERE group_id = $1 AND tool_name = $2', [
    groups[0].id,
    'echo',
  ]);
  return { app, toolId: id, tenantId };
}

async function changeUntil({ app, toolId, tenantId }, signal) {
  const caller = { kind: 'job', tenantId, job: 'bench' };
  let changes = 0;
  while (!signal.aborted) {
    const description = `Returns the message it is given (${changes}).`;
    await inTenant(tenantId, () => app.get(GroupToolsService).update(caller, toolId, { description }));
    changes++;
    await delay(Number(values.every));
  }
  return changes;
}
