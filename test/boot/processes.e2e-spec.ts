import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { DiscoveryService, NestFactory } from '@nestjs/core';
import { Client } from 'pg';
import { v7 as newId } from 'uuid';
import { CommandModule } from '../../src/app.module.js';
import { loadConfig } from '../../src/platform/config.js';
import { eventually } from '../support/mcp.js';
import { startServer, TEST_CHECKPOINT_KEY, TEST_MASTER_KEY } from '../support/server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** A hang, not slowness. */
const HANG_MS = 240_000;
/** What belongs to every process: it hears of changes. */
const EVERYWHERE = ['ChangeBus'];
const COMMANDS = [
  ['config', 'export'],
  ['config', 'schema'],
  ['keys', 'rotate-master'],
  ['keys', 'checkpoint'],
  ['admin', 'reset-password'],
  ['verify'],
  ['migrate'],
  ['sample', '--customers', '1', '--messages', '1'],
  ['doctor'],
];

describe('a process', () => {
  let database: TestDatabase;
  let admin: Client;
  let tenantId: string;

  beforeEach(async () => {
    database = await createTestDatabase();
    admin = new Client({ connectionString: database.adminUrl });
    await admin.connect();
    tenantId = newId();
    await admin.query(
      `INSERT INTO tenants (id, name, enabled, is_operating) VALUES ($1, 'default', true, true)`,
      [tenantId],
    );
    await admin.query(
      `INSERT INTO users (id, tenant_id, username, email, display_name, roles)
       VALUES ($1, $2, 'admin', 'admin@toolcrib.local', 'Admin', '{owner,admin}')`,
      [newId(), tenantId],
    );
  }, HANG_MS);
  afterEach(async () => {
    await admin.end();
    await database.drop();
  });

  const settings = (more: Readonly<Record<string, string>> = {}) => ({
    DATABASE_URL: database.url,
    TOOLCRIB_MASTER_KEY: TEST_MASTER_KEY,
    CHECKPOINT_KEY: TEST_CHECKPOINT_KEY,
    ...more,
  });
  const makeJob = async (state: 'queued' | 'dead') => {
    const id = newId();
    await admin.query(
      `INSERT INTO jobs (id, tenant_id, kind, payload, state, finished_at) VALUES ($1, $2, 'jobs.cleanup', $3, $4::varchar,
         CASE WHEN $4 = 'dead' THEN now() END)`,
      [id, tenantId, JSON.stringify({ slot: new Date().toISOString() }), state],
    );
    return id;
  };
  const stateOf = async (id: string) =>
    (await admin.query<{ state: string }>('SELECT state FROM jobs WHERE id = $1', [id])).rows[0].state;
  /** What works in the background leaves behind. */
  const traces = async () => {
    const { rows } = await admin.query<object>(
      `SELECT (SELECT coalesce(jsonb_agg(j ORDER BY id), '[]') FROM jobs j) AS jobs,
         (SELECT count(*)::int FROM job_attempts) AS attempts, (SELECT count(*)::int FROM job_schedules) AS schedules,
         (SELECT count(*)::int FROM domain_events WHERE picked_up_at IS NOT NULL) AS events,
         (SELECT jsonb_agg(p ORDER BY follower) FROM call_log_positions p) AS followers,
         (SELECT count(*)::int FROM call_log_checkpoints) AS checkpoints,
         (SELECT jsonb_agg(d) FROM list_call_log_partitions() d) AS partitions,
         (SELECT count(*)::int FROM idempotency_keys) AS idempotency_keys,
         (SELECT count(*)::int FROM replica_resources) AS resources, (SELECT count(*)::int FROM replicas) AS replicas`,
    );
    return rows[0];
  };
  const command = async (args: readonly string[], env: Readonly<Record<string, string>>) => {
    const child = spawn(process.execPath, [resolve('dist/src/cli.js'), ...args], {
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    const hung = setTimeout(() => child.kill('SIGKILL'), HANG_MS);
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    clearTimeout(hung);
    return { code, signal, output };
  };

  it('of a command begins nothing by itself', async () => {
    const config = loadConfig(settings());
    const app = await NestFactory.createApplicationContext(CommandModule.forRoot(config), { logger: false });
    const hooked = app
      .get(DiscoveryService, { strict: false })
      .getProviders()
      .map(({ instance }) => instance as { onApplicationBootstrap?: unknown } | undefined)
      .filter((instance) => typeof instance?.onApplicationBootstrap === 'function')
      .map((instance) => instance!.constructor.name);
    await app.close();
    // Whatever else begins with the application belongs into the `server` or `worker` list of its room.
    expect(hooked).toEqual(EVERYWHERE);
  });

  it(
    'of a command claims no job, follows nothing, and ends with its work',
    async () => {
      await makeJob('queued');
      await admin.query(
        `INSERT INTO domain_events (id, tenant_id, kind, payload) VALUES ($1, $2, 'user.registered', '{"user_id": null}')`,
        [newId(), tenantId],
      );
      await admin.query(
        `INSERT INTO idempotency_keys (id, tenant_id, user_id, operation, key, fingerprint, state, replica_id, expires_at)
         SELECT $1, tenant_id, id, 'x', 'k', 'y', 'running', $1, now() - interval '1 day' FROM users`,
        [newId()],
      );
      const before = await traces();
      for (const args of COMMANDS) {
        const next = Buffer.alloc(32, 8).toString('base64');
        const keys = { TOOLCRIB_MASTER_KEY: next, TOOLCRIB_MASTER_KEY_PREVIOUS: TEST_MASTER_KEY };
        const ended = await command(args, settings(args[1] === 'rotate-master' ? keys : {}));
        // The doctor finds fault with this database; the others do their work. All end by themselves.
        const isWell = ended.signal === null && (ended.code === 0 || args[0] === 'doctor');
        expect(isWell ? '' : JSON.stringify({ args, ...ended })).toBe('');
        expect({ args, ...(await traces()) }).toEqual({ args, ...before });
      }
    },
    HANG_MS * 4,
  );

  it(
    'that serves leaves work to one that works, which answers only for its health',
    async () => {
      const server = await startServer({ env: settings({ ROLE: 'server' }) });
      const password = (await command(['admin', 'reset-password'], settings())).output.match(
        /Password {2}(\S+)/,
      )?.[1];
      const rest = async (
        method: string,
        path: string,
        { token, body }: { token?: string; body?: object } = {},
      ) => {
        const response = await fetch(`${server.url}/api/v1${path}`, {
          method,
          headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
          ...(body && { body: JSON.stringify(body) }),
        });
        return (await response.json()) as { success: boolean; data: { access_token: string } };
      };
      const body = { email: 'admin@toolcrib.local', password };
      const { access_token: token } = (await rest('POST', '/auth/login', { body })).data;
      const id = await makeJob('dead');
      expect(await rest('POST', `/admin/jobs/${id}/retry`, { token })).toMatchObject({ success: true });
      const gone = newId();
      await admin.query(`INSERT INTO tenants (id, name, enabled) VALUES ($1, 'gone', false)`, [gone]);
      expect(await rest('DELETE', `/admin/tenants/${gone}?confirm=gone`, { token })).toMatchObject({
        success: true,
        data: { status: 'queued' },
      });
      expect(await stateOf(id)).toBe('queued');
      expect(await traces()).toMatchObject({ attempts: 0, schedules: 0, checkpoints: 0 });

      const worker = await startServer({ env: settings({ ROLE: 'worker' }) });
      await eventually(async () => (await stateOf(id)) === 'done', HANG_MS);
      const isGone = async () =>
        (await admin.query('SELECT FROM tenants WHERE id = $1', [gone])).rowCount === 0;
      await eventually(isGone, HANG_MS);
      expect(await fetch(`${worker.url}/health/ready`).then((answer) => answer.json())).toMatchObject({
        ready: true,
      });
      for (const path of ['/', '/api/docs', '/api/v1/auth/login', '/mcp/sample/mcp', '/ws', '/health'])
        expect((await fetch(`${worker.url}${path}`, { method: 'POST' })).status).toBe(404);
      const { rows } = await admin.query('SELECT DISTINCT replica FROM job_attempts');
      expect(rows).toHaveLength(1);
      expect(await Promise.all([server.stop(), worker.stop()])).toEqual([0, 0]);
    },
    HANG_MS * 2,
  );
});
