// What looking for work costs while a million jobs lie in the way.
//
//   npm run build && node bench/jobs-waiting.mjs [--jobs 1000000]
//
// Each case is a table of its own making, vacuumed and analysed; each figure is the median of nine claims of ten places, which are
// rolled back. PostgreSQL is the embedded one. Of a hundred places, how many the small tenant gets is told, too.
import { parseArgs } from 'node:util';
import pg from 'pg';
import { openDatabase } from './harness/database.mjs';

const ROUNDS = 9;
const CLAIM = `SELECT job_tenant_id AS tenant FROM claim_jobs('bench', 15, $1, '{bench.work}', ARRAY[$1::int], '{NULL}')`;
/** Who has most of the jobs, and in what state: columns and their values; `n` counts the jobs. */
const CASES = {
  'five jobs': { count: 5 },
  'waiting, of one tenant, and older': {
    values: { run_at: `now() - interval '1 hour' - n * interval '1 ms'` },
  },
  'waiting, of a suspended tenant, and older': {
    isSuspended: true,
    values: { run_at: `now() - interval '1 hour'` },
  },
  'not due, and more urgent': { values: { run_at: `now() + interval '1 hour'`, priority: '-(n % 3)' } },
  finished: { values: { state: `'done'`, finished_at: 'now()' } },
};

const { values: options } = parseArgs({ options: { jobs: { type: 'string', default: '1000000' } } });
const database = await openDatabase();
const client = new pg.Client(database.superuserUrl);
await client.connect();
try {
  for (const [name, setting] of Object.entries(CASES))
    console.log(JSON.stringify({ name, ...(await measure(setting)) }));
} finally {
  await client.end();
  await database.close();
}

async function measure({ count = Number(options.jobs), isSuspended = false, values = {} }) {
  await client.query('TRUNCATE jobs CASCADE');
  const [large, small] = [await newTenant(!isSuspended), await newTenant(true)];
  await put(large, count, values);
  await put(small, 50, {});
  await client.query('VACUUM ANALYZE jobs');
  const times = [];
  for (let n = 0; n < ROUNDS; n++) times.push((await claim(10)).ms);
  const { tenants } = await claim(100);
  return {
    jobs: count,
    claimMs: Number(times.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)].toFixed(1)),
    ofTheSmall: tenants.filter((tenant) => tenant === small).length,
    ofTheLarge: tenants.filter((tenant) => tenant === large).length,
  };
}

async function newTenant(enabled) {
  const sql = `INSERT INTO tenants (id, name, enabled) SELECT id, id::text, $1 FROM gen_random_uuid() AS id RETURNING id`;
  const { rows } = await client.query(sql, [enabled]);
  return rows[0].id;
}

async function put(tenant, count, values) {
  const columns = {
    id: 'uuidv7()',
    tenant_id: `'${tenant}'`,
    kind: `'bench.work'`,
    payload: `'{}'`,
    ...values,
  };
  await client.query(
    `INSERT INTO jobs (${Object.keys(columns).join(', ')})
     SELECT ${Object.values(columns).join(', ')} FROM generate_series(1, ${count}) AS n`,
  );
}

async function claim(places) {
  await client.query('BEGIN');
  const startedMs = performance.now();
  const { rows } = await client.query(CLAIM, [places]);
  const ms = performance.now() - startedMs;
  await client.query('ROLLBACK');
  return { ms, tenants: rows.map(({ tenant }) => tenant) };
}
