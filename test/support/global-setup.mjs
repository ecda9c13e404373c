import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';

const dist = new URL('../../dist/', import.meta.url);

/**
 * One PostgreSQL for the whole run: `TEST_DATABASE_URL`, or an embedded server without durability. Jest calls this for
 * every project of the run; the first call does it.
 */
export default async function globalSetup() {
  if (globalThis.testDatabaseServer) return;
  if (!existsSync(new URL('src/boot/postgres/embedded-postgres.js', dist)))
    throw new Error('dist/ is missing; run: npm run build:test');
  globalThis.testDatabaseServer = process.env.TEST_DATABASE_URL ? {} : await startEmbedded();
  process.env.TEST_ADMIN_DATABASE_URL ??= process.env.TEST_DATABASE_URL; // then a superuser's
  process.env.TEST_TEMPLATE_DATABASE = await prepareTemplate(process.env.TEST_DATABASE_URL);
}

async function startEmbedded() {
  const { DataDir } = await import(new URL('src/boot/data-dir.js', dist));
  const { EmbeddedPostgres } = await import(new URL('src/boot/postgres/embedded-postgres.js', dist));
  const directory = mkdtempSync(join(tmpdir(), 'toolcrib-test-'));
  chmodSync(directory, 0o755); // as root, PostgreSQL runs as another user
  const dataDir = DataDir.open(directory);
  dataDir.own();
  const settings = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=400'];
  const server = await EmbeddedPostgres.start(dataDir, { settings });
  const { owner } = server.urls;
  const password = dataDir.secret('postgres.password', 32).toString('base64url');
  const superuserUrl = Object.assign(new URL(owner), { username: 'postgres', password });
  // As with an external database: one password for all roles, so that DATABASE_URL alone is enough.
  for (const role of ['toolcrib_app', 'toolcrib_system', 'toolcrib_log']) {
    await query(superuserUrl.href, `ALTER ROLE ${role} PASSWORD '${new URL(owner).password}'`);
  }
  await query(superuserUrl.href, 'ALTER ROLE toolcrib CREATEDB');
  process.env.TEST_DATABASE_URL = owner;
  process.env.TEST_ADMIN_DATABASE_URL = superuserUrl.href;
  return { server, dataDir, directory };
}

/** A migrated database to copy. Named after the migrations, so that a server kept between runs never has a stale one. */
async function prepareTemplate(url) {
  const files = readdirSync(new URL('migrations/', dist)).filter((file) => file.endsWith('.js'));
  const hash = createHash('sha256');
  for (const file of files.toSorted()) hash.update(readFileSync(new URL(`migrations/${file}`, dist)));
  const name = `toolcrib_template_${hash.digest('hex').slice(0, 12)}`;
  const admin = new Client({ connectionString: url });
  await admin.connect();
  try {
    await admin.query(`SELECT pg_advisory_lock(hashtext('toolcrib_template'))`);
    const found = await admin.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (found.rowCount === 0) {
      await admin.query(`DROP DATABASE IF EXISTS ${name}_unfinished`);
      await admin.query(`CREATE DATABASE ${name}_unfinished`);
      await migrateDatabase(Object.assign(new URL(url), { pathname: `${name}_unfinished` }).href);
      await admin.query(`ALTER DATABASE ${name}_unfinished RENAME TO ${name}`);
    }
  } finally {
    await admin.end();
  }
  return name;
}

async function migrateDatabase(url) {
  await import('reflect-metadata');
  const { loadConfig } = await import(new URL('src/platform/config.js', dist));
  const { migrateAsOwner } = await import(new URL('src/boot/database/migrate.js', dist));
  const masterKey = Buffer.alloc(32).toString('base64');
  await migrateAsOwner(loadConfig({ DATABASE_URL: url, TOOLCRIB_MASTER_KEY: masterKey }));
}

async function query(url, sql) {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}
