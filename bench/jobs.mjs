// How many background jobs the replicas get done, and how soon one begins.
//
//   npm run build && node bench/jobs.mjs [--jobs 5000] [--replicas 2] [--concurrency 20] [--rounds 3]
//
// The jobs do nothing: what is measured is claiming, reading the payload, and storing the end with its attempt. Each is its own
// row, enqueued in one transaction before it is let go. PostgreSQL is the embedded one, fsync on. Times are the database's.
import 'reflect-metadata';
import { once } from 'node:events';
import { fork } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import { z } from 'zod';
import { WorkerModule } from '../dist/src/app.module.js';
import { loadConfig } from '../dist/src/platform/config.js';
import { Job } from '../dist/src/jobs/job.decorator.js';

const KIND = 'bench.nothing';
const SINGLE = 200;

if (process.env.BENCH_REPLICA) await serve();
else await measure();

async function serve() {
  class Nothing {
    async run() {}
  }
  const descriptor = Object.getOwnPropertyDescriptor(Nothing.prototype, 'run');
  Job({ kind: KIND, description: 'Nothing', payload: z.object({}) })(Nothing.prototype, 'run', descriptor);
  class Root {}
  Module({ imports: [WorkerModule.forRoot(loadConfig())], providers: [Nothing] })(Root);
  const app = await NestFactory.createApplicationContext(Root, { logger: ['error', 'warn'] });
  process.send('ready');
  process.once('SIGTERM', () => void app.close().then(() => process.exit(0)));
}

async function measure() {
  const { openDatabase } = await import('./harness/database.mjs');
  const { values: options } = parseArgs({
    options: {
      jobs: { type: 'string', default: '5000' },
      replicas: { type: 'string', default: '2' },
      concurrency: { type: 'string', default: '20' },
      rounds: { type: 'string', default: '3' },
    },
  });
  const database = await openDatabase();
  const client = new pg.Client(database.superuserUrl);
  const replicas = [];
  try {
    await client.connect();
    await client.query(`INSERT INTO tenants (id, name) VALUES (gen_random_uuid(), 'bench')`);
    const env = {
      ...database.env,
      PATH: process.env.PATH,
      BENCH_REPLICA: '1',
      JOBS_CONCURRENCY: options.concurrency,
    };
    for (let n = 0; n < Number(options.replicas); n++) {
      const child = fork(fileURLToPath(import.meta.url), { env: { ...env, REPLICA_NAME: `replica-${n}` } });
      replicas.push(child);
      await once(child, 'message');
    }
    await run(client, Number(options.jobs)); // warm
    const rates = [];
    for (let n = 0; n < Number(options.rounds); n++) rates.push(await run(client, Number(options.jobs)));
    const waits = await begin(client);
    console.log(JSON.stringify({ ...options, jobsPerSecond: rates, beginMs: waits }));
  } finally {
    for (const child of replicas) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    await client.end();
    await database.close();
  }
}

/** All of them are due at one moment, a little later, so that the making does not count. */
async function run(client, jobs) {
  await client.query('DELETE FROM jobs');
  await client.query(
    `INSERT INTO jobs (id, tenant_id, kind, payload, run_at)
     SELECT gen_random_uuid(), t.id, $1, '{}', clock_timestamp() + interval '2 seconds'
     FROM tenants t, generate_series(1, $2::int)`,
    [KIND, jobs],
  );
  await client.query(`SELECT pg_notify('toolcrib_jobs', '')`);
  for (;;) {
    await delay(200);
    const { rows } = await client.query(
      `SELECT count(*) FILTER (WHERE state = 'done')::int AS done, count(DISTINCT replica)::int AS replicas,
         max(fence) AS runs, extract(epoch FROM max(finished_at) - min(started_at))::float8 AS seconds FROM jobs`,
    );
    const [{ done, runs, seconds }] = rows;
    if (done < jobs) continue;
    if (runs !== 1) throw new Error(`A job was run ${runs} times`);
    return Math.round(jobs / seconds);
  }
}

/** From the commit of one job, while nothing else is to be done, to its beginning. */
async function begin(client) {
  await client.query('DELETE FROM jobs');
  for (let n = 0; n < SINGLE; n++) {
    await client.query(
      `WITH made AS (INSERT INTO jobs (id, tenant_id, kind, payload, created_at, run_at)
         SELECT gen_random_uuid(), id, $1, '{}', clock_timestamp(), clock_timestamp() FROM tenants RETURNING id)
       SELECT pg_notify('toolcrib_jobs', '') FROM made`,
      [KIND],
    );
    await delay(20);
  }
  const { rows } = await client.query(
    `SELECT round((percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP
       (ORDER BY extract(epoch FROM started_at - created_at) * 1000))[1]::numeric, 1)::float8 AS p50,
       round((percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP
       (ORDER BY extract(epoch FROM started_at - created_at) * 1000))[2]::numeric, 1)::float8 AS p95 FROM jobs`,
  );
  return rows[0];
}
