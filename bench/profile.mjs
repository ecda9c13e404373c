// Where the server's time goes: the built product under load with V8's sampling profiler on.
//
//   npm run build && node bench/profile.mjs [--case echo|get_user_profile|tools/list 10] [--era 2026-07-28] [-c 64] [--seconds 5] [--top 30]
//
// Prints self time by area (package, folder of ours, Node's own module) and by function.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { makeWorld, openDatabase } from './harness/database.mjs';
import { load, startToolcrib } from './harness/servers.mjs';
import { GROUPS, toolcribTargets } from './harness/targets.mjs';

const { values } = parseArgs({
  options: {
    case: { type: 'string', default: 'echo' },
    era: { type: 'string', default: '2026-07-28' },
    concurrency: { type: 'string', short: 'c', default: '64' },
    seconds: { type: 'string', default: '5' },
    top: { type: 'string', default: '30' },
    log: { type: 'string', default: 'on' },
  },
});
const WARM_UP_S = 3;
const folder = mkdtempSync(join(tmpdir(), 'toolcrib-profile-'));
const database = await openDatabase();
try {
  const world = await makeWorld(database.env, GROUPS);
  const file = join(folder, 'cpu.json');
  const env = { ...database.env, BENCH_TOOLS: '1000', BENCH_LOG: values.log, BENCH_PROFILE: file };
  const server = await startToolcrib('Toolcrib', env);
  const profile = { tool: 'get_user_profile', args: { user_id: world.customerId } };
  const target = toolcribTargets({ on: server, off: server }, world, profile).find(
    (one) => one.case === values.case && one.protocol === values.era,
  );
  const effort = { concurrency: [Number(values.concurrency)], seconds: Number(values.seconds) };
  await load(target, { ...effort, seconds: 1, warmup: WARM_UP_S }); // what is profiled is compiled code
  process.kill(server.pid, 'SIGUSR2');
  const [run] = await load(target, { ...effort, warmup: 0.5 });
  process.kill(server.pid, 'SIGUSR2');
  while (!existsSync(file) || !readFileSync(file, 'utf8').endsWith('}')) await delay(100);
  await server.stop();
  const calls = Math.round(run.calls / run.server.server.cpuS);
  process.stdout.write(
    `${values.case}, ${values.era}, ${run.callsPerS} calls/s, ${calls} per CPU-second, ${run.errors} errors\n`,
  );
  print(JSON.parse(readFileSync(file, 'utf8')));
} finally {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
}

function print({ nodes, samples, timeDeltas }) {
  const selfUs = new Map();
  samples.forEach((id, index) => selfUs.set(id, (selfUs.get(id) ?? 0) + timeDeltas[index]));
  const areas = new Map();
  const functions = new Map();
  let busyUs = 0;
  for (const { id, callFrame } of nodes) {
    const us = selfUs.get(id) ?? 0;
    if (callFrame.functionName === '(idle)') continue;
    busyUs += us;
    const area = areaOf(callFrame);
    areas.set(area, (areas.get(area) ?? 0) + us);
    const name = `${callFrame.functionName || '(anonymous)'} ${area}:${callFrame.lineNumber + 1}`;
    functions.set(name, (functions.get(name) ?? 0) + us);
  }
  for (const [title, times, count] of [
    ['area', areas, 40],
    ['function', functions, Number(values.top)],
  ]) {
    process.stdout.write(`\nself time by ${title}\n`);
    const sorted = [...times].toSorted((a, b) => b[1] - a[1]).slice(0, count);
    for (const [name, us] of sorted) {
      process.stdout.write(`${((us / busyUs) * 100).toFixed(1).padStart(5)} %  ${name}\n`);
    }
  }
}

function areaOf({ url, functionName }) {
  if (url === '') return functionName.startsWith('(') ? functionName : '(native)';
  if (url.startsWith('node:')) return url;
  const modules = url.lastIndexOf('/node_modules/');
  if (modules >= 0) {
    return url
      .slice(modules + 14)
      .split('/')
      .slice(0, url[modules + 14] === '@' ? 2 : 1)
      .join('/');
  }
  return url.replace(/^.*\/(dist|bench)\//, '$1/');
}
