import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiscoveryService, NestFactory } from '@nestjs/core';
import { Client } from 'pg';
import { v7 as newId } from 'uuid';
import { CommandModule } from '../../src/app.module.js';
import { COMMANDS } from '../../src/boot/command-line/commands.js';
import { checkIsolation } from '../../src/boot/commands/isolation-check.js';
import { loadConfig } from '../../src/platform/config.js';
import { idlenessOf, startCommand, startNode } from '../support/command.js';
import { startServer, TEST_CHECKPOINT_KEY, TEST_MASTER_KEY } from '../support/server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually, HANG_MS } from '../support/waiting.js';

/** What belongs to every process: it hears of changes. */
const EVERYWHERE = ['ChangeBus'];
const NEXT_KEY = Buffer.alloc(32, 8).toString('base64');

type Run = {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** @default [0] */
  readonly codes?: readonly number[];
};

/** Runs of every command, with each of its switches. */
const runsOf = (file: string): Readonly<Record<string, readonly Run[]>> => ({
  migrate: [{ args: ['--revert'] }, { args: [] }],
  sample: [{ args: ['--customers', '1', '--messages', '1'] }],
  'admin reset-password': [{ args: [] }],
  'keys rotate-master': [
    { args: [], env: { TOOLCRIB_MASTER_KEY: NEXT_KEY, TOOLCRIB_MASTER_KEY_PREVIOUS: TEST_MASTER_KEY } },
    { args: ['--drop-previous'], codes: [1] }, // of an embedded database: test/boot/rotate-master
  ],
  'keys checkpoint': [{ args: [] }],
  'keys rotate-checkpoint': [
    { args: [], env: { CHECKPOINT_KEY: NEXT_KEY, CHECKPOINT_KEY_PREVIOUS: TEST_CHECKPOINT_KEY } },
  ],
  'clock show': [{ args: [] }],
  'clock accept': [{ args: [] }],
  psql: [{ args: ['-c', 'SELECT 1'] }],
  doctor: [{ args: ['--json'], codes: [0, 1] }], // 1 where it finds fault; `--isolation` has a test below
  verify: [{ args: ['--json'] }],
  'config export': [{ args: [] }],
  'config diff': [{ args: [file], codes: [2] }],
  'config apply': [{ args: [file, '--dry-run'], codes: [2] }, { args: [file, '--yes'] }],
  'config schema': [{ args: [] }],
  help: [{ args: [] }],
});
/** Switches that a test of their own runs. */
const ELSEWHERE = ['--isolation'];

describe('a process', () => {
  let database: TestDatabase;
  let admin: Client;
  let tenantId: string;
  let folder: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'toolcrib-process-'));
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
    rmSync(folder, { recursive: true });
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
  const command = (args: readonly string[], env: Readonly<Record<string, string>>) =>
    startCommand(args, { env }).ended;

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
      const file = join(folder, 'groups.yaml');
      writeFileSync(file, 'version: 1\ngroups:\n  of-a-file:\n    name: Of a file\n');
      const before = await traces();
      for (const [name, runs] of Object.entries(runsOf(file))) {
        for (const { args, env, codes = [0] } of runs) {
          const ended = await command([...name.split(' '), ...args], settings(env));
          const code = codes.find((one) => one === ended.code) ?? codes[0];
          expect({ name, args, code: ended.code, idle: idlenessOf(ended), output: '' }).toEqual({
            name,
            args,
            code,
            idle: [],
            output: ended.code === code ? '' : ended.stdout + ended.stderr,
          });
        }
        expect({ name, ...(await traces()) }).toEqual({ name, ...before });
      }
    },
    HANG_MS * 4,
  );

  it('of a command is each one that there is, with all its switches', () => {
    const runs = runsOf('file');
    expect(Object.keys(runs).toSorted()).toEqual(
      COMMANDS.map(({ name }) => name)
        .filter((name) => name !== 'start')
        .toSorted(),
    );
    const switches = COMMANDS.flatMap(({ name, takes = '' }) =>
      [...takes.matchAll(/\[(--[a-z-]+)\]/g)].map(([, option]) => ({ name, option })),
    );
    expect(switches.length).toBeGreaterThan(5);
    const isRun = ({ name, option }: { name: string; option: string }) =>
      ELSEWHERE.includes(option) || runs[name].some(({ args }) => args.includes(option));
    expect(switches.filter((one) => !isRun(one))).toEqual([]);
  });

  it('that a timer holds after its last word is found out', async () => {
    const idle = (program: string) => startNode(['-e', program]).ended.then(({ idling }) => idling);
    expect(await idle(`setTimeout(() => {}, 5).unref(); console.log('done')`)).toMatchObject({
      waited: [],
      isEmpty: true,
    });
    const held = await idle(
      `const beat = setInterval(() => {}, 5); console.log('done'); setTimeout(() => clearInterval(beat), 50)`,
    );
    expect(held?.repeated).toHaveLength(1);
    expect(held?.waited.some(({ delayMs }) => delayMs === 50)).toBe(true);
    expect(held!.closingMs).toBeGreaterThanOrEqual(49);
    expect(await idle(`console.log('done'); process.exit()`)).toMatchObject({ isEmpty: false });
    const late = { repeated: [], waited: [], isEmpty: true, closingMs: 4001 };
    expect(idlenessOf({ idling: { ...late, slowness: 2 } })).toEqual(['it took 4001 ms to end']);
    expect(idlenessOf({ idling: { ...late, slowness: 3 } })).toEqual([]);
  });

  it(
    'that attacks the installation claims no job either',
    async () => {
      await makeJob('queued');
      const before = await traces();
      const { requests, findings } = await checkIsolation(loadConfig(settings()), { only: /^$/ });
      expect(requests).toBeGreaterThan(0);
      expect(findings).toEqual([]);
      expect(await traces()).toEqual(before);
    },
    HANG_MS,
  );

  it(
    'of `clock accept` has the clock believed from then on, and is on record',
    async () => {
      await admin.query(`UPDATE clock_mark SET reached_at = now() - interval '40 days'`);
      const isTrusted = async () =>
        (
          await admin.query<{ is: boolean }>(
            `SELECT trusted_now() > clock_timestamp() - interval '1 hour' AS is`,
          )
        ).rows[0].is;
      expect((await command(['clock', 'show'], settings())).stdout).toContain('It has leapt ahead');
      expect(await isTrusted()).toBe(false); // to look accepts nothing
      expect((await command(['clock', 'accept'], settings())).stdout).toContain('It is trusted.');
      expect(await isTrusted()).toBe(true);
      const { rows } = await admin.query(
        `SELECT FROM admin_audit_logs WHERE action = 'clock.accept' AND tenant_id = $1`,
        [tenantId],
      );
      expect(rows).toHaveLength(1);
    },
    HANG_MS,
  );

  it(
    'that serves leaves work to one that works, which answers only for its health',
    async () => {
      const server = await startServer({ env: settings({ ROLE: 'server' }) });
      const password = (await command(['admin', 'reset-password'], settings())).stdout.match(
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
      await eventually(async () => (await stateOf(id)) === 'done');
      const isGone = async () =>
        (await admin.query('SELECT FROM tenants WHERE id = $1', [gone])).rowCount === 0;
      await eventually(isGone);
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
