import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { SEALED_COLUMNS } from '../../src/boot/master-keys/sealed-columns.js';
import { idlenessOf, startCommand } from '../support/command.js';
import { legacy } from '../support/mcp.js';
import { makeDataDir, removeDataDir, type RunningServer, startServer } from '../support/server.js';
import { createTestApp, type TestApp } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

const KEYS = 120;
const MADE_UP = '01890a5d-ac96-774b-bcce-b302099a8057';
/** Bytes that are no secrets to be shown again: keyed hashes. */
const HASHES = ['sign_in_attempts.key', 'idempotency_keys.operation', 'idempotency_keys.fingerprint'];
/** Hashes, salts and signatures of call records. */
const OF_THE_LOG = /^(mcp_call_logs|call_log_)/;
const PASSWORD = 'a long enough password';
type Json = { [name: string]: any }; // oxlint-disable-line typescript/no-explicit-any

/** On an embedded installation: the built service, and the command beside it. */
describe('toolcrib keys rotate-master', () => {
  let dataDir: string;
  let server: RunningServer;
  let database: Client;
  let token: string;
  let groupId: string;
  const keys: string[] = [];

  const rest = async (method: string, path: string, body?: object): Promise<Json> => {
    const response = await fetch(`${server.url}/api/v1${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, ...((await response.json()) as Json) };
  };
  const list = async (key: string) => {
    const response = await fetch(`${server.url}/mcp/sample/mcp`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(legacy('tools/list').body),
    });
    await response.text();
    return response.status;
  };
  const command = (...args: string[]) => {
    const env = { DATA_DIR: dataDir, LOG_LEVEL: 'error' };
    const { child, ended } = startCommand(['keys', 'rotate-master', ...args], { env });
    return { child, done: ended.then((end) => ({ ...end, output: end.stdout + end.stderr })) };
  };
  const masterKey = () => readFileSync(join(dataDir, 'master.key'), 'utf8');

  /** Whether secrets lie under two master keys. */
  const isHalfDone = async () => {
    const { rows } = await database.query<{ keys: number }>(
      'SELECT count(DISTINCT substring(ciphertext FROM 1 FOR 5))::int AS keys FROM mcp_group_keys',
    );
    return rows[0].keys === 2;
  };

  /** However fast a rotation is, it comes no further than to a key of the second batch. */
  const holdInTheMiddle = async () => {
    const { rows } = await database.query<{ id: string }>(
      `SELECT id FROM mcp_group_keys ORDER BY id OFFSET ${KEYS / 2} LIMIT 1`,
    );
    await database.query(
      `SELECT pg_advisory_lock(1);
       CREATE FUNCTION public.wait_in_the_middle() RETURNS trigger LANGUAGE plpgsql
         AS 'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END';
       CREATE TRIGGER wait_in_the_middle BEFORE UPDATE OF ciphertext ON mcp_group_keys
         FOR EACH ROW WHEN (OLD.id = '${rows[0].id}') EXECUTE FUNCTION public.wait_in_the_middle()`,
    );
  };
  const letGo = () =>
    database.query(
      `SELECT pg_advisory_unlock(1); DROP TRIGGER wait_in_the_middle ON mcp_group_keys; DROP FUNCTION wait_in_the_middle`,
    );

  beforeAll(async () => {
    dataDir = makeDataDir();
    server = await startServer({ env: { DATA_DIR: dataDir, ADMIN_PASSWORD: PASSWORD } });
    const password = Buffer.from(readFileSync(join(dataDir, 'postgres.password'), 'utf8'), 'base64');
    database = new Client({
      host: '127.0.0.1',
      port: Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[3]),
      user: 'postgres',
      password: password.toString('base64url'),
      database: 'toolcrib',
    });
    await database.connect();
    token = (await rest('POST', '/auth/login', { email: 'admin@toolcrib.local', password: PASSWORD })).data
      .access_token;
    groupId = (await rest('GET', '/admin/groups')).data[0].id;
    for (let n = 0; n < KEYS; n++) {
      keys.push((await rest('POST', `/admin/groups/${groupId}/keys`, { name: `key ${n}` })).data.api_key);
    }
  });
  afterAll(async () => {
    await database?.end().catch(() => undefined);
    await server?.stop();
    removeDataDir(dataDir);
  });

  it('puts every secret under a new key while calls go on, also after it was killed in the middle', async () => {
    const before = masterKey();
    const failed: number[] = [];
    const stop = new AbortController();
    const calls = [0, 1, 2, 3].map(async (offset) => {
      for (let n = offset; !stop.signal.aborted; n += 4) {
        const status = await list(keys[n % KEYS]);
        if (status !== 200) failed.push(status);
      }
    });
    await holdInTheMiddle();
    const killed = command();
    await eventually(isHalfDone);
    killed.child.kill('SIGKILL');
    await killed.done;
    await letGo();
    expect(await isHalfDone()).toBe(true);
    const { code, output } = await command().done;
    expect([code, output]).toEqual([
      0,
      expect.stringMatching(/\d+ secrets of 1 tenants were put under the new master key/),
    ]);
    stop.abort();
    await Promise.all(calls);
    expect(failed).toEqual([]);
    expect(masterKey()).not.toBe(before);
    expect(readFileSync(join(dataDir, 'master.key.previous'), 'utf8')).toBe(before);
    for (const file of ['master.key', 'master.key.previous']) {
      expect(statSync(join(dataDir, file)).mode & 0o777).toBe(0o600);
    }
  });

  it('leaves nothing to do for a second run, and forgets the previous key only when it is not needed', async () => {
    expect((await command().done).output).toMatch(/^0 secrets/);
    const dropped = await command('--drop-previous').done;
    expect(dropped).toMatchObject({ code: 0, output: 'The previous master key is forgotten\n' });
    expect(idlenessOf(dropped)).toEqual([]);
    expect(existsSync(join(dataDir, 'master.key.previous'))).toBe(false);
    for (const key of keys) expect(await list(key)).toBe(200);
  });

  it('leaves what it cannot open, names it, and puts the rest under the new key', async () => {
    const { rows } = await database.query<{ user_id: string }>(
      `INSERT INTO second_factors (user_id, tenant_id, secret)
       SELECT id, tenant_id, decode('02ffffffff00', 'hex') FROM users WHERE password_hash IS NOT NULL RETURNING user_id`,
    );
    const { code, output } = await command().done;
    expect([code, output]).toEqual([1, expect.stringContaining(`second_factors.secret ${rows[0]?.user_id}`)]);
    expect(output).toMatch(
      /^\d{2,} secrets of 1 tenants were put under the new master key; 1 could not be opened/,
    );
    for (const key of keys) expect(await list(key)).toBe(200);
    expect((await command('--drop-previous').done).code).toBe(1);
    await database.query('DELETE FROM second_factors');
    // As a `doctor --isolation` that was killed leaves it: made-up bytes of a made-up tenant are no secret.
    await database.query(
      `INSERT INTO tenants (id, name, enabled, removing_at) VALUES ($1, 'made up', true, now())`,
      [MADE_UP],
    );
    await database.query(
      `INSERT INTO users (id, tenant_id, username, email, display_name, roles) VALUES ($1, $1, 'made-up', 'made-up@example.test', 'x', '{}')`,
      [MADE_UP],
    );
    await database.query(
      `INSERT INTO second_factors (user_id, tenant_id, secret) VALUES ($1, $1, decode('02ffffffff00', 'hex'))`,
      [MADE_UP],
    );
    expect((await command().done).code).toBe(0);
    expect((await command('--drop-previous').done).code).toBe(0);
  });

  it('keeps what is shown, and a restart reads it with the new key alone', async () => {
    await database.end();
    await server.stop();
    server = await startServer({ env: { DATA_DIR: dataDir } });
    token = (await rest('POST', '/auth/login', { email: 'admin@toolcrib.local', password: PASSWORD })).data
      .access_token;
    const shown = await rest('GET', `/admin/groups/${groupId}/api-key`);
    expect(keys).toContain(shown.data.api_key);
    expect(await list(keys[7])).toBe(200);
  });

  it('needs a new key with an external database', async () => {
    const env = {
      DATABASE_URL: process.env.TEST_DATABASE_URL ?? '',
      TOOLCRIB_MASTER_KEY: Buffer.alloc(32).toString('base64'),
    };
    const { code, stderr } = await startCommand(['keys', 'rotate-master'], { env }).ended;
    expect([code, stderr]).toEqual([1, expect.stringContaining('TOOLCRIB_MASTER_KEY_PREVIOUS')]);
  });
});

describe('the sealed columns', () => {
  let t: TestApp;
  beforeAll(async () => (t = await createTestApp()));
  afterAll(() => t.close());

  it('are all columns that hold bytes and are no hash', async () => {
    const columns = await t.dataSource.query<{ table: string; column: string }[]>(
      `SELECT table_name AS table, column_name AS column FROM information_schema.columns
       WHERE table_schema = 'public' AND data_type = 'bytea' AND column_name !~ 'hash' ORDER BY 1, 2`,
    );
    const known = SEALED_COLUMNS.map(({ sealed: { table, column } }) => ({ table, column }));
    const sealed = columns.filter(
      ({ table, column }) => !HASHES.includes(`${table}.${column}`) && !OF_THE_LOG.test(table),
    );
    expect(known.toSorted((a, b) => (a.table < b.table ? -1 : 1))).toEqual(sealed);
  });
});
