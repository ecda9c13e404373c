// A PostgreSQL of the run's own (the product's embedded one, its default settings, fsync on) and what the servers find in it.
import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { v7 as newId } from 'uuid';
import { CommandModule } from '../../dist/src/app.module.js';
import { inTenant } from '../../dist/src/platform/request-scope.js';
import { SYSTEM_DATABASE } from '../../dist/src/platform/database/system-database.js';
import { loadConfig } from '../../dist/src/platform/config.js';
import { generateSample, SAMPLE_SEED } from '../../dist/src/crm/sample/sample-data.js';
import { SampleIds } from '../../dist/src/crm/sample/sample-random.js';
import { GroupsService } from '../../dist/src/groups/groups.service.js';
import { openInstallation } from '../../dist/src/boot/installation.js';
import { ROOT } from './servers.mjs';

const CUSTOMERS = 200;
/** All limits are on, so high that no call meets them. */
const POLICY = {
  limits: { per_second: 1_000_000, per_minute: 1_000_000, per_day: 1_000_000_000, concurrency: 10_000 },
};

/** @returns `env`, which servers start with; `superuserUrl`; and `close`, which deletes all of it. */
export async function openDatabase() {
  Logger.overrideLogger(['error']);
  const dataDir = mkdtempSync(join(tmpdir(), 'toolcrib-bench-'));
  chmodSync(dataDir, 0o755); // as root, PostgreSQL runs as another user
  const { config, close } = await openInstallation(loadConfig({ DATA_DIR: dataDir }));
  const { owner, app, system, log } = config.databaseUrls;
  const env = {
    DATABASE_URL: owner,
    DATABASE_APP_URL: app,
    DATABASE_SYSTEM_URL: system,
    DATABASE_LOG_URL: log,
    TOOLCRIB_MASTER_KEY: Buffer.alloc(32).toString('base64'),
    SAMPLE_DATA: 'false',
  };
  const command = [join(ROOT, 'dist/bin/toolcrib.js'), 'migrate'];
  execFileSync(process.execPath, command, { env: { PATH: process.env.PATH, ...env } });
  const password = Buffer.from(readFileSync(join(dataDir, 'postgres.password'), 'utf8'), 'base64');
  const superuserUrl = Object.assign(new URL(owner), {
    username: 'postgres',
    password: password.toString('base64url'),
  }).href;
  return {
    env,
    superuserUrl,
    close: async () => {
      await close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/**
 * A tenant with sample customers and groups, made by the product's own services before any server starts.
 *
 * @param groups `[{ code, tools }]`: names of the tools that each group gets.
 * @returns The tenant, one customer, and `{ code, key, id }` of each group in the same order.
 */
export async function makeWorld(env, groups, { customers = CUSTOMERS } = {}) {
  const config = loadConfig(env);
  const app = await NestFactory.createApplicationContext(CommandModule.forRoot(config), {
    logger: ['error'],
  });
  const tenantId = newId();
  await app
    .get(getDataSourceToken(SYSTEM_DATABASE))
    .query('INSERT INTO tenants (id, name, enabled) VALUES ($1, $2, true)', [tenantId, 'bench']);
  if (customers > 0)
    await generateSample(app.get(DataSource), { tenantId, customers, messagesPerCustomer: 2 });
  const made = [];
  for (const group of groups) made.push(await inTenant(tenantId, () => makeGroup(app, tenantId, group)));
  await app.close();
  const customerId = new SampleIds(tenantId, SAMPLE_SEED).of('customer', 0);
  return { tenantId, customerId, groups: made };
}

async function makeGroup(app, tenantId, { code, tools }) {
  const caller = { kind: 'job', tenantId, job: 'bench' };
  const { group, key } = await app.get(GroupsService).create(caller, { name: code, server_code: code });
  const data = app.get(DataSource);
  await data.query('UPDATE mcp_tool_groups SET sessions = true, policy = $2 WHERE id = $1', [
    group.id,
    POLICY,
  ]);
  await data.query(
    `INSERT INTO mcp_tools (id, tenant_id, group_id, tool_name) SELECT uuidv7(), $1, $2, unnest($3::text[])`,
    [tenantId, group.id, tools],
  );
  return { code, id: group.id, key: key.key };
}

/** What the call log of this run takes on disk, indexes and chain included. */
export async function logSize(url) {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query(`SELECT (SELECT count(*) FROM mcp_call_logs)::int AS records,
    (SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('mcp_call_logs'))::bigint
      + pg_total_relation_size('call_log_batches') AS bytes`);
  await client.end();
  const [{ records, bytes }] = rows;
  return { records, bytesPerCall: Math.round(Number(bytes) / records) };
}
