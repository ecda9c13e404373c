// What a newcomer has: the built product on a data directory of its own, with PostgreSQL, schema and sample as the first start
// makes them; nothing set that `npm start` does not set.
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { PRODUCT_FLAGS, ROOT, startServer } from '../harness/servers.mjs';
import { MODELS, multiplyCustomers } from './million.mjs';

const MODEL_MESSAGES = '4';

/** @returns `{ url, key, pid, superuserUrl, admin, tenantId, customers, close }`; `close` leaves nothing behind. */
export async function freshInstallation(name) {
  const dataDir = mkdtempSync(join(tmpdir(), 'toolcrib-first-hour-'));
  chmodSync(dataDir, 0o755); // as root, PostgreSQL runs as another user
  const server = await startServer(name, 'dist/bin/main.js', { DATA_DIR: dataDir }, PRODUCT_FLAGS).catch(
    (error) => {
      rmSync(dataDir, { recursive: true, force: true });
      throw error;
    },
  );
  const shown = (pattern) => pattern.exec(server.output())?.[1];
  const superuserUrl = urlOfSuperuser(dataDir);
  return {
    name,
    dataDir,
    pid: server.pid,
    base: `http://127.0.0.1:${server.port}`,
    url: `http://127.0.0.1:${server.port}/mcp/sample/mcp`,
    key: shown(/^Key +(\S+)/m),
    admin: { email: shown(/^Sign-in +(\S+)/m), password: shown(/^Password +(\S+)/m) },
    superuserUrl,
    ...(await lookAt(superuserUrl)),
    close: async () => {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** The same with that many customers more; its statistics are made, as after every load. */
export async function grow(installation, customers) {
  const { dataDir, superuserUrl, tenantId, customers: first } = installation;
  const command = [
    'dist/bin/toolcrib.js',
    'sample',
    '--customers',
    String(MODELS),
    '--messages',
    MODEL_MESSAGES,
  ];
  await promisify(execFile)(process.execPath, command, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, DATA_DIR: dataDir },
  });
  await multiplyCustomers(superuserUrl, { tenantId, first, copies: Math.floor(customers / MODELS) });
  return { ...installation, ...(await lookAt(superuserUrl)) };
}

function urlOfSuperuser(dataDir) {
  const password = Buffer.from(readFileSync(join(dataDir, 'postgres.password'), 'utf8'), 'base64');
  const [, , , port] = readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n');
  return `postgres://postgres:${password.toString('base64url')}@127.0.0.1:${port}/toolcrib`;
}

async function lookAt(url) {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query(
    `SELECT tenant_id AS "tenantId", count(*)::int AS customers FROM users WHERE roles = '{customer}' GROUP BY 1`,
  );
  await client.end();
  return rows[0];
}
