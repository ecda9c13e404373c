// Markdown of results/*.json for docs/performance.md, and how the figures stand to what was to be reached.
//
//   node bench/tables.mjs      writes the tables anew from the committed results
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BENCH = dirname(fileURLToPath(import.meta.url));
const PAGE = join(BENCH, '../docs/performance.md');
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

/** Puts text between `<!-- name -->` and `<!-- /name -->` of the page. */
export function replaceBlock(page, name, text) {
  const block = new RegExp(`(<!-- ${name} -->\n)[^]*?(\n<!-- /${name} -->)`);
  if (!block.test(page)) throw new Error(`docs/performance.md has no block '${name}'`);
  return page.replace(block, (_all, before, after) => `${before}\n${text}\n${after}`);
}

export function writeTables(result) {
  if (!existsSync(PAGE)) return;
  let page = readFileSync(PAGE, 'utf8');
  page = replaceBlock(page, 'goals', goals(result).join('\n'));
  page = replaceBlock(page, 'speed', printTables(result));
  writeFileSync(PAGE, page);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeTables(JSON.parse(readFileSync(join(BENCH, 'results/speed.json'), 'utf8')));
}
