// How fast the log is hashed and verified: fills an embedded database of its own with made-up records of realistic size through
// the writer's own lane, then runs what `toolcrib verify` runs.
//
//   npm run build && taskset -c 0 node bench/verify.mjs [--records 300000] [--payload 1800] [--batch 64]
//
// With taskset the verifying process has one core; Postgres is started with another (Linux: taskset -c 1).
import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Logger } from '@nestjs/common';
import { Client } from 'pg';
import { v7 as newId } from 'uuid';
import { CallLogLane } from '../dist/src/call-logs/writing/call-log-lane.js';
import { loadConfig } from '../dist/src/platform/config.js';
import { verifyLog } from '../dist/src/call-logs/evidence/verify.js';
import { openInstallation } from '../dist/src/boot/installation.js';
import { migrateAsOwner } from '../dist/src/boot/database/migrate.js';

const { values: options } = parseArgs({
  options: {
    records: { type: 'string', default: '300000' },
    payload: { type: 'string', default: '1800' },
    batch: { type: 'string', default: '64' },
  },
});
const [records, payloadBytes, batchSize] = [options.records, options.payload, options.batch].map(Number);
Logger.overrideLogger(['error', 'fatal']);
const dataDir = mkdtempSync(join(tmpdir(), 'toolcrib-bench-'));
chmodSync(dataDir, 0o755);
const installation = await openInstallation(loadConfig({ DATA_DIR: dataDir }));
const { config } = installation;
try {
  const postmaster = readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[0];
  if (process.platform === 'linux') execFileSync('taskset', ['-acp', '1', postmaster], { stdio: 'ignore' });
  await migrateAsOwner(config);
  const tenantId = newId();
  const system = await connected(config.databaseUrls.system);
  await system.query(`INSERT INTO tenants (id, name) VALUES ($1, 'bench')`, [tenantId]);
  await system.end();
  print(
    `node ${process.version}, ${records} records of about ${payloadBytes} bytes of payload, ${batchSize} a batch`,
  );
  await fill(tenantId);
  // The first run of a process compiles; a second one shows whether memory grows with the number of records.
  for (const run of ['first', 'second']) await verify(run);
  await verifyNothing();
  await measureSpace();
} finally {
  await installation.close();
  rmSync(dataDir, { recursive: true, force: true });
}

async function fill(tenantId) {
  const log = await connected(config.databaseUrls.log);
  const lane = new CallLogLane();
  const groupId = newId();
  let hashingUs = 0; // of CPU: the wall clock also counts what else the machine does
  const request = JSON.stringify({ user_id: newId(), query: 'x'.repeat(Math.floor(payloadBytes * 0.15)) });
  for (let done = 0; done < records; done += batchSize) {
    const stored = Array.from({ length: Math.min(batchSize, records - done) }, (_, n) => ({
      id: newId(),
      createdAt: new Date(),
      tenantId,
      groupId,
      toolName: 'get_user_profile',
      toolId: groupId,
      callerAppId: 'dify',
      keyId: groupId,
      userId: null,
      era: '2026-07-28',
      transport: 'streamable_http',
      isTest: false,
      request,
      response: JSON.stringify({
        content: [
          { type: 'text', text: `${done + n} ${'profile "name" '.repeat(Math.floor(payloadBytes / 19))}` },
        ],
      }),
      success: true,
      errorKind: null,
      errorMessage: null,
      durationMs: Math.fround(1.25 + n),
    }));
    const before = process.cpuUsage();
    const batch = lane.form(stored);
    const { user, system } = process.cpuUsage(before);
    hashingUs += user + system;
    await log.query(batch.statement);
    lane.committed(batch);
  }
  await log.end();
  print(`hashing a record on its way in: ${(hashingUs / records).toFixed(1)} µs`);
}

async function verify(run) {
  global.gc?.();
  const cpuBefore = process.cpuUsage();
  const databaseBefore = databaseSeconds();
  let peak = 0;
  const sampling = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 50);
  const begun = performance.now();
  const { reports } = await verifyLog(config, { from: null, to: null, tenant: 'bench' });
  const seconds = (performance.now() - begun) / 1000;
  clearInterval(sampling);
  const cpu = process.cpuUsage(cpuBefore);
  const database = databaseSeconds() - databaseBefore;
  const [report] = reports;
  if (report.found > 0 || report.records !== records) throw new Error(JSON.stringify(report));
  const rate = (time) => Math.round(records / time).toLocaleString('en');
  print(
    `verify, ${run} run: ${rate(seconds)} records/s; ${rate((cpu.user + cpu.system) / 1e6)} per second of its own core, ` +
      `${rate(database)} per second of the database's; peak memory ${Math.round(peak / 2 ** 20)} MiB`,
  );
}

/** A period without a record: what is checked whole, whatever the period. */
async function verifyNothing() {
  const cpuBefore = process.cpuUsage();
  const from = new Date(Date.now() + 86_400_000);
  const { reports } = await verifyLog(config, { from, to: null, tenant: 'bench' });
  const { user, system } = process.cpuUsage(cpuBefore);
  if (reports[0].found > 0) throw new Error(JSON.stringify(reports[0]));
  print(
    `verify of a period without records: ${((user + system) / Math.ceil(records / batchSize)).toFixed(1)} µs of CPU a batch`,
  );
}

async function measureSpace() {
  const owner = await connected(config.databaseUrls.owner);
  const perRecord = async () => {
    await owner.query('VACUUM FULL call_log_batches');
    const { rows } = await owner.query(`SELECT pg_total_relation_size('call_log_batches') AS bytes`);
    return (rows[0].bytes / records).toFixed(1);
  };
  const whole = await perRecord();
  await owner.query('ALTER TABLE call_log_batches NO FORCE ROW LEVEL SECURITY');
  await owner.query(`UPDATE call_log_batches SET entries = ''`);
  print(`bytes of batches for each record: ${whole}, without entries ${await perRecord()}`);
  await owner.end();
}

/** Processor time of the database so far. Linux: fields 14 to 17 of /proc/PID/stat, in hundredths; also of children that ended. */
function databaseSeconds() {
  const postmaster = readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[0];
  const children = readFileSync(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8').trim().split(' ');
  const hundredths = [postmaster, ...children].map((pid) => {
    const stat = `/proc/${pid}/stat`;
    if (!existsSync(stat)) return 0; // it has just ended, and counts with its parent
    const fields = readFileSync(stat, 'utf8').split(') ')[1].split(' ');
    return [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0);
  });
  return hundredths.reduce((sum, one) => sum + one, 0) / 100;
}

async function connected(connectionString) {
  const client = new Client({ connectionString });
  await client.connect();
  return client;
}

function print(text) {
  process.stdout.write(`${text}\n`);
}
