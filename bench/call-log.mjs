// The call log with many rows: how long pages of search take, what an insert costs beside an empty table, how fast an export
// is. It works on a database of its own (an owner's DATABASE_URL, and the other roles' as the service has them).
//
//   npm run build
//   node bench/call-log.mjs fill --rows 10000000 --days 30      # about 12 minutes; needs 2 kB of disk a row, as a superuser
//   DATABASE_URL=… npm start                                    # follows the log: statistics and the guide, until done
//   node bench/call-log.mjs search --repeats 20                 # every filter, through the service's own code
//   node bench/call-log.mjs insert --seconds 10                 # the writer's own statement, 3 × 128 rows
//   node bench/call-log.mjs export --rows 1000000
//
// `search --to 2026-01-31T00:00:00Z` looks at what is older only: where the guide has not come to the end yet.
import 'reflect-metadata';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { CallLogLane } from '../dist/src/call-logs/writing/call-log-lane.js';
import { CallExport } from '../dist/src/call-logs/search/call-export.js';
import { CallSearch } from '../dist/src/call-logs/search/call-search.js';
import { loadConfig } from '../dist/src/platform/config.js';
import { dataSourceOptions } from '../dist/src/boot/database/database.js';
import { generateDay, SOUGHT, tenantId, uuidOf } from './call-log/rows.mjs';

const DAY_MS = 86_400_000;
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string', default: '10000000' },
    days: { type: 'string', default: '30' },
    repeats: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '10' },
    to: { type: 'string' },
  },
});
const config = loadConfig({ TOOLCRIB_MASTER_KEY: Buffer.alloc(32).toString('base64'), ...process.env });
const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
const ms = (value) => value.toFixed(1).padStart(8);

async function fill() {
  const client = new pg.Client(config.databaseUrls.owner);
  await client.connect();
  const days = Number(options.days);
  const began = Date.now();
  for (let ago = days; ago >= 1; ago -= 1) {
    const day = new Date(Date.now() - ago * DAY_MS).toISOString().slice(0, 10);
    await client.query('SELECT make_call_log_partition($1)', [day]);
    await generateDay(client, { day, rows: Math.round(Number(options.rows) / days) });
    console.log(`${day} ${Math.round((Date.now() - began) / 1000)} s`);
  }
  await client.query('VACUUM ANALYZE mcp_call_logs');
  await client.end();
}

/** One filter each and combinations, frequent, rare and absent values. */
function filters() {
  const group = (n) => uuidOf('2', n);
  return {
    none: {},
    'tool, frequent': { tool: 'tool_0' },
    'tool, rare': { tool: 'tool_39' },
    'tool, none such': { tool: 'nothing' },
    'group, frequent': { group_id: group(0) },
    'group, rare': { group_id: group(9) },
    'key, rare': { key_id: uuidOf('4', 93) },
    'caller, rare': { caller_app_id: 'app-11' },
    'user, rare': { user_id: uuidOf('5', 3) },
    'success=false': { success: false },
    'kind, rare': { error_kind: 'internal' },
    'kind, frequent': { error_kind: 'tool_error' },
    'a day long ago': { from: daysAgo(25), to: daysAgo(24) },
    'tool + success=false': { tool: 'tool_5', success: false },
    'tool + caller': { tool: 'tool_3', caller_app_id: 'app-7' },
    'rare tool + rare caller': { tool: 'tool_39', caller_app_id: 'app-11' },
    'group + tool + kind, rare': { group_id: group(3), tool: 'tool_11', error_kind: 'timeout' },
    'caller + kind, 1 in 10^6': { caller_app_id: 'app-5', error_kind: 'internal' },
    'duration >= 100': { duration_min: 100 },
    'duration >= 50, < 50.5': { duration_min: 50, duration_max: 50.5 },
    'duration >= 500, rare': { duration_min: 500 },
    'duration >= 3000, none': { duration_min: 3000 },
    'tool + duration >= 300': { tool: 'tool_20', duration_min: 300 },
    'word, 1 in 2': { q: SOUGHT.commonWord },
    'word, rare': { q: SOUGHT.rareWord },
    'a number, rare': { q: '4242' },
    'word, none such': { q: 'nosuchwordhere' },
    'Chinese, 1 in 5': { q: SOUGHT.commonChinese },
    'Chinese, rare': { q: SOUGHT.rareChinese },
    'Chinese, a part of a word': { q: SOUGHT.rareChinese.slice(1) },
    'two words, rare together': { q: `${SOUGHT.rareChinese} ${SOUGHT.commonWord}` },
    'word + tool + failed': { q: SOUGHT.commonChinese, tool: 'tool_8', success: false },
  };
}

function daysAgo(days) {
  return new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - days * DAY_MS);
}

async function search() {
  const dataSource = await new DataSource({ ...dataSourceOptions(config), poolSize: 4 }).initialize();
  const calls = new CallSearch(dataSource);
  const all = [];
  const to = options.to ? new Date(options.to) : undefined;
  console.log('filter                        rows    p50 ms   p95 ms   max ms');
  for (const [name, filter] of Object.entries(filters())) {
    const times = [];
    let rows = 0;
    let before;
    for (let n = 0; n < Number(options.repeats); n += 1) {
      const began = performance.now();
      const { calls: page } = await calls.find(tenantId(0), {
        filter: { ...(to ? { to } : {}), ...filter },
        before,
        limit: 51,
      });
      times.push(performance.now() - began);
      rows ||= page.length;
      const last = page[49];
      // On through the pages, and now and then deep into the past, as a cursor may be.
      before = last ? { at: last.createdAt, id: last.id } : undefined;
      if (n % 4 === 3 && last) before = { at: new Date(last.createdAt.getTime() - n * DAY_MS), id: last.id };
    }
    times.sort((a, b) => a - b);
    all.push(...times);
    console.log(
      name.padEnd(28),
      String(rows).padStart(5),
      ms(quantile(times, 0.5)),
      ms(quantile(times, 0.95)),
      ms(times.at(-1)),
    );
  }
  all.sort((a, b) => a - b);
  console.log(
    `all ${all.length} pages: p50 ${ms(quantile(all, 0.5))}, p95 ${ms(quantile(all, 0.95))}, max ${ms(all.at(-1))}`,
  );
  await dataSource.destroy();
}

/** Rows per second of the writer's statement: two lanes of 128 rows. */
async function insert() {
  const url = config.databaseUrls.log;
  const began = performance.now();
  const until = began + Number(options.seconds) * 1000;
  const one = (n) => ({
    id: crypto.randomUUID(),
    createdAt: new Date(),
    tenantId: tenantId(n % 3),
    groupId: uuidOf('2', n % 10),
    toolName: `tool_${n % 40}`,
    toolId: uuidOf('3', n % 40),
    callerAppId: `app-${n % 12}`,
    keyId: uuidOf('4', n % 40),
    userId: null,
    era: '2025-06-18',
    transport: 'streamable_http',
    isTest: false,
    request: JSON.stringify({ query: `customer ${n}`, limit: 20 }),
    response: JSON.stringify({
      content: [{ type: 'text', text: '客户询问光子嫩肤恢复期与注意事项。'.repeat(15) }],
    }),
    success: n % 25 !== 0,
    errorKind: n % 25 === 0 ? 'tool_error' : null,
    errorMessage: null,
    durationMs: n % 300,
  });
  const lane = async () => {
    const client = new pg.Client(url);
    await client.connect();
    const chain = new CallLogLane();
    let rows = 0;
    while (performance.now() < until) {
      const batch = chain.form(Array.from({ length: 128 }, (_, n) => one(rows + n)));
      await client.query(batch.statement);
      chain.committed(batch);
      rows += 128;
    }
    await client.end();
    return rows;
  };
  const rows = (await Promise.all([lane(), lane()])).reduce((sum, n) => sum + n, 0);
  console.log(`${Math.round(rows / ((performance.now() - began) / 1000))} rows/s`);
}

async function exportRows() {
  const dataSource = await new DataSource({ ...dataSourceOptions(config), poolSize: 4 }).initialize();
  const exports = new CallExport(dataSource, new CallSearch(dataSource), {
    recordAct: async () => undefined,
  });
  for (const format of ['jsonl', 'csv']) {
    const began = performance.now();
    const { content } = await exports.open(
      { tenantId: tenantId(0) },
      { format },
      new AbortController().signal,
    );
    let lines = 0;
    let bytes = 0;
    let rssMax = 0;
    for await (const piece of content) {
      lines += piece.split('\n').length - 1;
      bytes += Buffer.byteLength(piece);
      rssMax = Math.max(rssMax, process.memoryUsage().rss);
      if (lines >= Number(options.rows)) break;
    }
    const seconds = (performance.now() - began) / 1000;
    console.log(
      `${format}: ${lines} lines, ${Math.round(bytes / 1e6)} MB in ${seconds.toFixed(1)} s; RSS at most ${Math.round(rssMax / 1048576)} MiB`,
    );
  }
  await dataSource.destroy();
}

await { fill, search, insert, export: exportRows }[positionals[0] ?? 'search']();
