// Three ways to find words in the call log, side by side on the same records: the guide (call_log_chunks), trigrams and a
// text search vector on each record (GIN). On a database that bench/call-log.mjs has filled and the guide has followed.
//
//   npm run build
//   node bench/text-search.mjs --from 2026-01-01T00:00:00Z --to 2026-01-04T00:00:00Z     # as a superuser, for pg_trgm
import 'reflect-metadata';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { CallSearch } from '../dist/src/call-logs/search/call-search.js';
import { loadConfig } from '../dist/src/platform/config.js';
import { dataSourceOptions } from '../dist/src/boot/database/database.js';
import { SOUGHT, tenantId } from './call-log/rows.mjs';

const { values: options } = parseArgs({ options: { from: { type: 'string' }, to: { type: 'string' } } });
const config = loadConfig({ TOOLCRIB_MASTER_KEY: Buffer.alloc(32).toString('base64'), ...process.env });
const span = [tenantId(0), options.from, options.to];
const WORDS = {
  'word, 1 in 2': SOUGHT.commonWord,
  'word, rare': SOUGHT.rareWord,
  'word, none': 'nosuchword',
  'Chinese, 1 in 5': SOUGHT.commonChinese,
  'Chinese, rare': SOUGHT.rareChinese,
  'Chinese, two characters': SOUGHT.rareChinese.slice(1),
};
const DESIGNS = {
  'no index': { index: undefined, where: `text ILIKE '%' || $1 || '%'` },
  trigrams: {
    index: 'CREATE INDEX ON text_search USING gin (text gin_trgm_ops)',
    where: `text ILIKE '%' || $1 || '%'`,
  },
  tsvector: {
    index: `CREATE INDEX ON text_search USING gin (to_tsvector('simple', text))`,
    where: `to_tsvector('simple', text) @@ plainto_tsquery('simple', $1)`,
  },
};

const client = new pg.Client(config.databaseUrls.owner);
await client.connect();
await client.query('CREATE EXTENSION IF NOT EXISTS pg_trgm');
await client.query('CREATE TEMP TABLE source (n bigint PRIMARY KEY, created_at timestamptz, text text)');
await client.query(
  `INSERT INTO source SELECT row_number() OVER (ORDER BY created_at), created_at,
     concat_ws(' ', request_data::text, response_data::text, error_message)
   FROM mcp_call_logs WHERE tenant_id = $1 AND created_at >= $2 AND created_at < $3`,
  span,
);
const [{ rows, bytes }] = (
  await client.query('SELECT count(*)::int AS rows, sum(octet_length(text))::float8 AS bytes FROM source')
).rows;
console.log(`${rows} records, ${Math.round(bytes / rows)} bytes of text each`);

const timed = async (work) => {
  const times = [];
  let found = 0;
  for (let n = 0; n < 7; n += 1) {
    const began = performance.now();
    found = await work();
    times.push(performance.now() - began);
  }
  return `${times.toSorted((a, b) => a - b)[3].toFixed(1)} ms (${found})`;
};

for (const [name, { index, where }] of Object.entries(DESIGNS)) {
  await client.query('DROP TABLE IF EXISTS text_search');
  await client.query('CREATE UNLOGGED TABLE text_search (created_at timestamptz, text text)');
  await client.query('CREATE INDEX ON text_search (created_at)');
  if (index) await client.query(index);
  const began = performance.now();
  for (let from = 0; from < rows; from += 128)
    await client.query({
      name: 'fill',
      text: 'INSERT INTO text_search SELECT created_at, text FROM source WHERE n > $1 AND n <= $1 + 128',
      values: [from],
    });
  const seconds = (performance.now() - began) / 1000;
  await client.query('DEALLOCATE fill');
  delete client.connection.parsedStatements.fill;
  await client.query('VACUUM ANALYZE text_search');
  const [{ size }] = (await client.query(`SELECT pg_indexes_size('text_search')::float8 AS size`)).rows;
  console.log(
    `\n${name}: ${Math.round(rows / seconds)} rows/s, indexes ${Math.round(size / rows)} bytes a record`,
  );
  for (const [what, word] of Object.entries(WORDS)) {
    const sql = `SELECT created_at FROM text_search WHERE ${where} ORDER BY created_at DESC LIMIT 51`;
    console.log('  ', what.padEnd(26), await timed(async () => (await client.query(sql, [word])).rowCount));
  }
}
await client.query('DROP TABLE text_search');

const [{ size, chunks }] = (
  await client.query(
    `SELECT pg_total_relation_size('call_log_chunks')::float8 AS size, count(*)::int AS chunks FROM call_log_chunks`,
  )
).rows;
console.log(
  `\nguide: ${Math.round(size / chunks)} bytes for a stretch of up to 256 records, made behind the writer`,
);
const dataSource = await new DataSource({ ...dataSourceOptions(config), poolSize: 4 }).initialize();
const calls = new CallSearch(dataSource);
for (const [what, q] of Object.entries(WORDS)) {
  const filter = { q, from: new Date(options.from), to: new Date(options.to) };
  const find = async () => (await calls.find(tenantId(0), { filter, limit: 51 })).calls.length;
  console.log('  ', what.padEnd(26), await timed(find));
}
await dataSource.destroy();
await client.end();
