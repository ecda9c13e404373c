// Markdown of results/*.json for docs/performance.md, and how the figures stand to what was to be reached.
//
//   node bench/tables.mjs            writes the tables anew from the committed results
//   node bench/tables.mjs --check    fails when they say something else
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BENCH = dirname(fileURLToPath(import.meta.url));
const PAGE = join(BENCH, '../docs/performance.md');
const README = join(BENCH, '../README.md');
const MODERN = '2026-07-28';
const SDK = 'SDK v2 createMcpHandler';

/** One table per case: a row for each server, era and number of connections. */
export function printTables({ date, commit, machine, versions, settings, rows }) {
  const { node, postgres, ...peers } = versions;
  const lines = [
    `${date}, commit ${commit}: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.kernel}; Node ${node}, ` +
      `PostgreSQL ${postgres}; ${Object.entries(peers)
        .map(([name, version]) => `${name} ${version}`)
        .join(', ')}. Medians of ${settings.rounds} rounds of ${settings.seconds} s.`,
  ];
  for (const what of new Set(rows.map((row) => row.case))) {
    lines.push('', `**${what}**`, '');
    lines.push('| server | era | connections | calls/s | calls per CPU-second | p50 ms | p99 ms | errors |');
    lines.push('| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |');
    for (const row of rows.filter((one) => one.case === what)) {
      const cells = [row.server, row.era, row.connections, Math.round(row.callsPerS).toLocaleString('en')];
      cells.push(row.callsPerCpuS?.toLocaleString('en') ?? '', row.p50Ms ?? '', row.p99Ms ?? '', row.errors);
      lines.push(`| ${cells.join(' | ')} |`);
    }
  }
  return lines.join('\n');
}

/** Ratios of one run, which is all that carries over to another machine. */
export function ratios({ rows }) {
  const find = (server, what, connections, era = MODERN) =>
    rows.find(
      (row) =>
        row.server === server && row.case === what && row.connections === connections && row.era === era,
    );
  const own = find('Toolcrib', 'echo', 64);
  const peer = find(SDK, 'echo', 64);
  const ratio = (one, other) => (one && other ? one / other : null);
  return {
    echoToSdk: ratio(own?.callsPerS, peer?.callsPerS),
    echoToSdkPerCpu: ratio(own?.callsPerCpuS, peer?.callsPerCpuS),
    echoToLogOff: ratio(own?.callsPerS, find('Toolcrib, log off', 'echo', 64)?.callsPerS),
    p99ToP50: ratio(own?.p99Ms, own?.p50Ms),
    latencyToSdk: ratio(find('Toolcrib', 'echo', 1)?.p50Ms, find(SDK, 'echo', 1)?.p50Ms),
    listToSdk: ratio(
      find('Toolcrib', 'tools/list 1000', 64)?.callsPerS,
      find(SDK, 'tools/list 1000', 64)?.callsPerS,
    ),
    profileToPgbench: ratio(
      find('Toolcrib', 'get_user_profile', 64)?.callsPerS,
      find('pgbench', 'SELECT + INSERT', 64, '-')?.callsPerS,
    ),
  };
}

const GOALS = [
  [
    'echoToSdk',
    '≥',
    4,
    "echo, 64 connections: calls/s to SDK v2's createMcpHandler, which checks and records nothing",
  ],
  ['echoToLogOff', '≥', 0.5, 'echo, 64 connections: calls/s to the same server with its log off'],
  ['p99ToP50', '≤', 5, 'echo, 64 connections: p99 to p50'],
  ['latencyToSdk', '≤', 2, "echo, 1 connection: p50 to SDK v2's"],
  ['listToSdk', '≥', 10, "tools/list of 1,000 tools, 64 connections: calls/s to SDK v2's"],
  ['profileToPgbench', '≥', 0.4, "get_user_profile, 64 connections: calls/s to pgbench's SELECT + INSERT"],
];

/** Table lines: what was to be reached, and what was. */
export function goals(result) {
  const reached = ratios(result);
  const lines = ['| ratio within the run | to reach | reached |', '| --- | --- | --- |'];
  for (const [name, sign, limit, text] of GOALS) {
    const value = reached[name];
    const isGood = value !== null && (sign === '≥' ? value >= limit : value <= limit);
    const shown = value === null ? 'not measured' : `${value.toFixed(2)}${isGood ? '' : ' (missed)'}`;
    lines.push(`| ${text} | ${sign} ${limit} | ${shown} |`);
  }
  return lines;
}

/** What grows with what; null of parts that were not measured. */
export function growthTable(growth, reload) {
  const lines = ['| measured | result |', '| --- | --- |'];
  const add = (what, text) => lines.push(`| ${what} | ${text} |`);
  if (growth?.size) {
    const { groups, tools, callsPerCpuS, kibPerTool, kibPerCalledTool } = growth.size;
    const count = (n) => `${groups[n]} groups, ${tools[n].toLocaleString('en')} tools`;
    add(
      `calls per CPU-second with ${count(0)} and with ${count(1)}`,
      callsPerCpuS.map((n) => n.toLocaleString('en')).join(' and '),
    );
    add(
      'memory per tool; and once it was called, its argument check compiled',
      `${kibPerTool} KiB; ${kibPerCalledTool} KiB more`,
    );
  }
  if (growth?.calls) {
    const { calls, callsPerS, behind, rssMiB, heldMiB } = growth.calls;
    if (behind) {
      add(
        `at the end of these ${calls.toLocaleString('en')} calls without a pause, ${callsPerS.toLocaleString('en')} a second: the oldest record that the guide, and statistics, have not come to`,
        `${behind.guide} s; ${behind.statistics} s`,
      );
    }
    add(
      `MiB resident after a warm-up and after each tenth of ${calls.toLocaleString('en')} calls`,
      rssMiB.join(', '),
    );
    add('MiB held by JavaScript at those times', heldMiB.join(', '));
  }
  if (growth?.streams) {
    const { streams, heldKibPerStream, rssKibPerStream } = growth.streams;
    add(
      `${streams.toLocaleString('en')} idle \`subscriptions/listen\` streams: held; resident, each`,
      `${heldKibPerStream} KiB; ${rssKibPerStream} KiB`,
    );
  }
  if (reload) {
    const { tools, changes, before, during } = reload;
    add(
      `a group of ${tools.toLocaleString('en')} tools changed ${changes} times under load: p99 before and during`,
      `${before.p99Ms} and ${during.p99Ms} ms; ${before.errors + during.errors} errors`,
    );
  }
  return lines.join('\n');
}

/** No tool is to take longer than that many times `list_tasks` on the same installation. */
const SLOWEST = 3;

/** Every tool on an installation minutes old and on a large one: what it takes, and how often that of `list_tasks`. */
export function firstHourTable(result) {
  if (!result) return 'Not measured yet.';
  const { date, commit, customers, loadedInS, settings, rows } = result;
  const count = (side) => customers[side].toLocaleString('en');
  const find = (side, { tool, case: label }) =>
    rows.find((row) => row.side === side && row.tool === tool && row.case === label);
  const usual = { tool: 'list_tasks', case: '' };
  const cells = (side, row) => {
    const { p50Ms, p95Ms, callsPerS } = find(side, row);
    const times = p50Ms / find(side, usual).p50Ms;
    const shown = `${times.toFixed(1)}${times > SLOWEST ? ' (missed)' : ''}`;
    return [p50Ms.toFixed(1), p95Ms.toFixed(1), shown, callsPerS.toLocaleString('en')];
  };
  const lines = [
    `${date}, commit ${commit}: ${count('fresh')} customers, minutes after the first start, and ${count('large')}, loaded within ` +
      `${loadedInS} s. p50 and p95 in ms of ${settings.rounds} blocks of calls on one connection; × is p50 to that of \`list_tasks\` ` +
      `(to reach: ≤ ${SLOWEST}); calls/s with ${settings.connections} connections.`,
    '',
    '| tool | case | p50 | p95 | × | calls/s | large: p50 | p95 | × | calls/s |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
  ];
  for (const row of rows.filter(({ side }) => side === 'fresh')) {
    const both = [...cells('fresh', row), ...cells('large', row)];
    lines.push(`| \`${row.tool}\` | ${row.case} | ${both.join(' | ')} |`);
  }
  return lines.join('\n');
}

/** What the policies that keep customers to their own rows take. */
export function ownRowsTable(result) {
  if (!result?.ownRows) return 'Not measured yet.';
  const lines = ['| by | call | with, ms | without, ms | ratio |', '| --- | --- | ---: | ---: | ---: |'];
  for (const { by, tool, withMs, withoutMs } of result.ownRows) {
    const ratio = (withMs / withoutMs).toFixed(2);
    lines.push(`| ${by} | ${tool} | ${withMs.toFixed(2)} | ${withoutMs.toFixed(2)} | ${ratio} |`);
  }
  return lines.join('\n');
}

/** A core is planned for this share of what it can do, so that there is room for the peak. */
const PLANNED_SHARE = 0.6;

/** Replicas and disk for a load, from this run's figures. */
export function capacityTable({ rows, log }) {
  const perCore = (what) =>
    rows.find(
      (row) => row.server === 'Toolcrib' && row.case === what && row.era === MODERN && row.connections === 64,
    ).callsPerCpuS;
  const [echo, profile] = [perCore('echo'), perCore('get_user_profile')];
  const lines = [
    `One core of a replica makes ${echo.toLocaleString('en')} calls/s of \`echo\` and ${profile.toLocaleString('en')} of a tool with one ` +
      `query. One call takes ${log.bytesPerCall.toLocaleString('en')} bytes of the log's tables, indexes and chain included (small ` +
      `arguments and results; add the JSON of yours). Planned at ${PLANNED_SHARE * 100} % of a core:`,
    '',
    '| calls/s, around the clock | replicas, native tools | replicas, one query each | log per day | log per 30 days |',
    '| ---: | ---: | ---: | ---: | ---: |',
  ];
  for (const load of [100, 1000, 10_000]) {
    const replicas = (rate) => Math.ceil(load / (rate * PLANNED_SHARE));
    const gib = (days) => `${((load * 86_400 * days * log.bytesPerCall) / 2 ** 30).toFixed(0)} GiB`;
    lines.push(
      `| ${load.toLocaleString('en')} | ${replicas(echo)} | ${replicas(profile)} | ${gib(1)} | ${gib(30)} |`,
    );
  }
  return lines.join('\n');
}

/** The README's sentence. */
function claim(result) {
  const { echoToSdk, echoToLogOff } = ratios(result);
  return (
    `On one core, with key, validation, limits and the tamper-evident log on, \`tools/call\` makes ${echoToSdk.toFixed(1)} times the ` +
    `calls of the official SDK's \`createMcpHandler\` with none of that, and ${Math.round(echoToLogOff * 100)} % of those without the log ` +
    '([performance](docs/performance.md)).'
  );
}

/** Puts text between `<!-- name -->` and `<!-- /name -->` of the page. */
function replaceBlock(page, name, text) {
  const block = new RegExp(`(<!-- ${name} -->\n)[^]*?(\n<!-- /${name} -->)`);
  if (!block.test(page)) throw new Error(`There is no block '${name}'`);
  return page.replace(block, (_all, before, after) => `${before}\n${text}\n${after}`);
}

function read(name) {
  const file = join(BENCH, 'results', `${name}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/** The pages as the committed results make them, by path. */
function pages() {
  const [speed, growth, reload, firstHour] = ['speed', 'growth', 'reload', 'first-hour'].map(read);
  const blocks = {
    goals: goals(speed).join('\n'),
    speed: printTables(speed),
    growth: growthTable(growth, reload),
    capacity: capacityTable(speed),
    'first-hour': firstHourTable(firstHour),
    'own-rows': ownRowsTable(firstHour),
  };
  let page = readFileSync(PAGE, 'utf8');
  for (const [name, text] of Object.entries(blocks)) page = replaceBlock(page, name, text);
  return new Map([
    [PAGE, page],
    [README, replaceBlock(readFileSync(README, 'utf8'), 'speed', claim(speed))],
  ]);
}

export function writeTables() {
  for (const [path, text] of pages()) writeFileSync(path, text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === '--check') {
    const stale = [...pages()].filter(([path, text]) => readFileSync(path, 'utf8') !== text);
    for (const [path] of stale) process.stderr.write(`${path} does not say what bench/results says\n`);
    process.exitCode = stale.length > 0 ? 1 : 0;
  } else writeTables();
}
