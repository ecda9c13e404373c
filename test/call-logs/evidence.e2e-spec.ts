import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { once } from 'node:events';
import { text as readText } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { v7 as newId } from 'uuid';
import { parseCheckpoint } from '../../src/call-logs/chain/checkpoint-text.js';
import { Checkpointer } from '../../src/call-logs/evidence/checkpointer.js';
import { TestTools } from '../fixtures/test.tools.js';
import { legacy, send } from '../support/mcp.js';
import { COMPILE_CACHE, startServer, TEST_CHECKPOINT_KEY, TEST_MASTER_KEY } from '../support/server.js';
import { jsonLines, LoggedTenant } from '../support/tamper.js';
import { createTestApp, type TestApp } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

const run = promisify(execFile);
const ROOT = resolve(__dirname, '../..');
const MANUAL = { CHECKPOINT_EVERY_SECONDS: '86400' };

type Proof = {
  record: Record<string, string | null> & { fields: [string, string | null][] };
  path: { side: string; hash: string }[];
  batches: Record<string, string | number>[];
  checkpoint: { text: string; signature: string };
};
type Ran = { readonly code: number; readonly stdout: string };

async function runNode(args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  const options = {
    cwd: tmpdir(),
    env: { PATH: process.env['PATH'] ?? '', NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
  };
  try {
    const { stdout } = await run(process.execPath, [...args], options);
    return { code: 0, stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout: stdout + stderr };
  }
}

function file(name: string, content: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'toolcrib-proof-')), name);
  writeFileSync(path, content);
  return path;
}

describe('the evidence over REST', () => {
  let t: TestApp;
  let publicKey: string;

  beforeAll(async () => {
    t = await createTestApp({ tools: [TestTools], env: MANUAL });
    const { adminToken: token } = await t.newTenant();
    const keys = await t.rest('GET', '/admin/call-log-checkpoints/keys', { token });
    publicKey = file('public-key.pem', String(keys.items[0]['public_key']));
  });
  afterAll(() => t?.close());

  const rest = (log: LoggedTenant, method: string, path: string, body?: unknown) =>
    t.rest(method, path, { token: log.tenant.adminToken, ...(body !== undefined && { body }) });

  describe('GET /admin/call-logs/{id}/proof', () => {
    const prove = async (log: LoggedTenant, id: string) => {
      const answer = await rest(log, 'GET', `/admin/call-logs/${id}/proof`);
      return {
        status: answer.status,
        message: answer.body.message,
        proof: answer.body.data as unknown as Proof,
      };
    };
    const check = (proof: object, key = publicKey) =>
      runNode([join(ROOT, 'docs/verify-proof.mjs'), file('proof.json', JSON.stringify(proof)), key]);

    it('convinces a script of 100 lines that knows nothing of ours', async () => {
      expect(
        readFileSync(join(ROOT, 'docs/verify-proof.mjs'), 'utf8').split('\n').length,
      ).toBeLessThanOrEqual(101);
      const log = await LoggedTenant.make(t, 23);
      await log.call(4);
      await log.checkpoint();
      const rows = await log.rows();
      for (const { id } of [rows[0], rows[11], rows.at(-1)!]) {
        const { proof } = await prove(log, id);
        expect(await check(proof)).toMatchObject({
          code: 0,
          stdout: expect.stringContaining(`Record ${id}`),
        });
      }
    });

    it('convinces it of an erased record, too', async () => {
      const log = await LoggedTenant.make(t, 6);
      await log.checkpoint();
      const [{ id }] = await log.rows();
      await rest(log, 'POST', '/admin/call-logs/erase', { record_ids: [id], reason: 'asked for' });
      const { proof } = await prove(log, id);
      expect(proof.record).toMatchObject({ salt: null, request: null, response: null, error_message: null });
      expect((await check(proof)).code).toBe(0);
    });

    it('does not, when anything in it was changed', async () => {
      const log = await LoggedTenant.make(t, 12);
      await log.call(3);
      await log.checkpoint();
      const { proof } = await prove(log, (await log.rows())[5].id);
      const changes: ((copy: Proof) => void)[] = [
        (copy) => (copy.record['request'] += ' '),
        (copy) => (copy.record['response'] = null),
        (copy) => (copy.record['error_message'] = ''),
        (copy) => (copy.record['created_at'] = '2026-01-01T00:00:00.000Z'),
        (copy) => (copy.record['group_id'] = newId()),
        (copy) => (copy.record['id'] = newId()),
        ...proof.record.fields.map((_field, index) => (copy: Proof) => {
          copy.record.fields[index][1] += 'x';
        }),
        (copy) => copy.path.push({ side: 'left', hash: '00'.repeat(32) }),
        (copy) => (copy.batches[0]['total'] = 999),
        (copy) => (copy.batches[0]['seq'] = 999),
        (copy) => copy.batches.push({ ...copy.batches[0] }),
        (copy) => (copy.checkpoint.text = copy.checkpoint.text.replace('number 1', 'number 2')),
        (copy) => (copy.checkpoint.signature = Buffer.alloc(64).toString('base64')),
      ];
      const codes = await Promise.all(
        changes.map(async (change) => {
          const copy = structuredClone(proof);
          change(copy);
          return (await check(copy)).code;
        }),
      );
      expect(codes).toEqual(changes.map(() => 1));
    });

    it('says that a checkpoint must come first, and finds no record of another tenant', async () => {
      const [log, other] = [await LoggedTenant.make(t, 2), await LoggedTenant.make(t, 0)];
      const [{ id }] = await log.rows();
      expect(await prove(log, id)).toMatchObject({
        status: 409,
        message: expect.stringContaining('No checkpoint'),
      });
      await log.checkpoint();
      expect((await prove(log, id)).status).toBe(200);
      expect((await prove(other, id)).status).toBe(404);
    });
  });

  describe('POST /admin/call-logs/erase', () => {
    it('takes the payload of a person’s calls, shows it, and leaves the others alone', async () => {
      const log = await LoggedTenant.make(t, 0);
      const person = newId();
      const call = (message: string) =>
        send(log.group, legacy('tools/call', { name: 'echo', arguments: { message } }));
      await call(`deep inside {"customer":["${person}"]}`);
      await call('of nobody');
      const asked = { user_id: person.toUpperCase(), reason: 'ticket 4711' };
      const answer = await rest(log, 'POST', '/admin/call-logs/erase', asked);
      expect(answer).toMatchObject({ status: 200, body: { data: { erased: 1 } } });
      const again = await rest(log, 'POST', '/admin/call-logs/erase', asked);
      expect(again.body.data).toEqual({ erased: 0 });
      const list = await rest(log, 'GET', '/admin/call-logs');
      expect(list.items.map(({ erased }) => erased)).toEqual([false, true]);
      const shown = await rest(log, 'GET', `/admin/call-logs/${list.items[1].id}`);
      expect(shown.body.data).toMatchObject({
        erased: true,
        request_data: null,
        response_data: null,
        tool_name: 'echo',
      });
      const kept = await log.sql('SELECT * FROM mcp_call_logs WHERE tenant_id = $1', log.id);
      expect(JSON.stringify(kept)).not.toContain(person);
      const audited = await log.sql(
        'SELECT action, after FROM admin_audit_logs WHERE tenant_id = $1 AND action = $2',
        log.id,
        'call_log.erase',
      );
      expect(audited).toContainEqual({
        action: 'call_log.erase',
        after: { user_id: person.toUpperCase(), reason: 'ticket 4711', erased: 1, include_results: false },
      });
      expect((await log.verify()).findings).toEqual([]);
    });

    it('looks into results when it is told to', async () => {
      const log = await LoggedTenant.make(t, 0);
      await send(log.group, legacy('tools/call', { name: 'echo', arguments: { message: 'a' } }));
      const person = newId();
      await log.sql(
        `UPDATE mcp_call_logs SET response_data = $2 WHERE tenant_id = $1`,
        log.id,
        JSON.stringify({ of: person }),
      );
      const erase = (more: object) =>
        rest(log, 'POST', '/admin/call-logs/erase', { user_id: person, reason: 'x', ...more });
      expect((await erase({})).body.data).toEqual({ erased: 0 });
      expect((await erase({ include_results: true })).body.data).toEqual({ erased: 1 });
    });

    it('refuses both or neither of a user and records, and whoever may not', async () => {
      const log = await LoggedTenant.make(t, 0);
      for (const body of [
        { reason: 'x' },
        { reason: 'x', user_id: newId(), record_ids: [newId()] },
        { user_id: newId() },
        { user_id: newId(), reason: ' ' },
      ]) {
        expect((await rest(log, 'POST', '/admin/call-logs/erase', body)).status).toBe(400);
      }
      const auditor = await t.newUser(log.id, ['auditor', 'operator']);
      const { access_token: token } = await t.signIn(auditor.email);
      const body = { user_id: newId(), reason: 'x' };
      expect((await t.rest('POST', '/admin/call-logs/erase', { token, body })).status).toBe(403);
    });

    it('erases nothing of another tenant', async () => {
      const [log, other] = [await LoggedTenant.make(t, 1), await LoggedTenant.make(t, 0)];
      const [{ id }] = await log.rows();
      const answer = await rest(other, 'POST', '/admin/call-logs/erase', { record_ids: [id], reason: 'x' });
      expect(answer.body.data).toEqual({ erased: 0 });
      expect(await log.verify()).toMatchObject({ findings: [], erased: 0 });
    });

    it('can be done by no role of the service in any other way', async () => {
      const log = await LoggedTenant.make(t, 1);
      for (const role of ['toolcrib_app', 'toolcrib_system', 'toolcrib_log']) {
        for (const column of ['request_data', 'salt', 'request_commitment', 'tool_name']) {
          const [{ may }] = await log.sql<{ may: boolean }>(
            `SELECT has_column_privilege($1, 'mcp_call_logs', $2, 'UPDATE') AS may`,
            role,
            column,
          );
          expect([role, column, may]).toEqual([role, column, false]);
        }
        const [{ may }] = await log.sql<{ may: boolean }>(
          `SELECT has_function_privilege($1, 'erase_call_records(uuid[])', 'EXECUTE') AS may`,
          role,
        );
        expect([role, may]).toEqual([role, role === 'toolcrib_app']);
      }
    });
  });

  it('lists checkpoints newest first, page by page', async () => {
    const log = await LoggedTenant.make(t, 1);
    for (let n = 0; n < 3; n++)
      expect((await rest(log, 'POST', '/admin/call-log-checkpoints')).status).toBe(201);
    const first = await rest(log, 'GET', '/admin/call-log-checkpoints?limit=2');
    expect(first.items.map(({ number }) => number)).toEqual([3, 2]);
    const second = await rest(
      log,
      'GET',
      `/admin/call-log-checkpoints?limit=2&cursor=${first.body.page.next_cursor}`,
    );
    expect(second.items.map(({ number }) => number)).toEqual([1]);
    expect(parseCheckpoint(String(second.items[0]['text']))).toMatchObject({ records: 1, tenantId: log.id });
  });
});

describe('toolcrib verify, the command', () => {
  let t: TestApp;

  beforeAll(async () => {
    t = await createTestApp({ tools: [TestTools], env: MANUAL });
  });
  afterAll(() => t?.close());

  it('tells by its exit code', async () => {
    const log = await LoggedTenant.make(t, 6);
    const kept = jsonLines([await log.checkpoint()]);
    const env = {
      DATABASE_URL: t.database.url,
      TOOLCRIB_MASTER_KEY: TEST_MASTER_KEY,
      CHECKPOINT_KEY: TEST_CHECKPOINT_KEY,
    };
    const verify = (...args: string[]) =>
      runNode([join(ROOT, 'dist/bin/toolcrib.js'), 'verify', ...args], env);
    const shown = await runNode([join(ROOT, 'dist/bin/toolcrib.js'), 'keys', 'checkpoint'], env);
    const pem = file('checkpoint.pub', shown.stdout);
    expect((await verify('--tenant', log.id, '--public-key', pem)).code).toBe(0);
    const clean = await verify('--tenant', log.tenant.tenantName, '--checkpoints', kept);
    expect(clean).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('The log is what it was when it was written.'),
    });
    await log.sql(`UPDATE mcp_call_logs SET success = NOT success WHERE id = $1`, (await log.rows())[2].id);
    const tampered = await verify('--json');
    expect(tampered.code).toBe(3);
    const { reports } = JSON.parse(tampered.stdout) as { reports: { findings: { kind: string }[] }[] };
    expect(reports.flatMap(({ findings }) => findings.map(({ kind }) => kind))).toEqual(['record_changed']);
    expect((await verify('--tenant', 'nobody')).code).toBe(1);
    expect((await verify('--checkpoints', '/nowhere')).code).toBe(1);
    for (const wrong of ['yesterday', '2026-02-30', '2026-01-31T08:00:00'])
      expect((await verify('--from', wrong)).code).toBe(2);
    const { CHECKPOINT_KEY: _key, ...keyless } = env;
    const trusting = await runNode([join(ROOT, 'dist/bin/toolcrib.js'), 'verify'], keyless);
    expect(trusting).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('taken from the database itself'),
    });
  });
});

describe('toolcrib keys rotate-checkpoint', () => {
  const cli = join(ROOT, 'dist/bin/toolcrib.js');

  it('lets the old key of the settings vouch for the new one', async () => {
    const t = await createTestApp({ tools: [TestTools], env: MANUAL });
    try {
      const log = await LoggedTenant.make(t, 3);
      await log.checkpoint();
      const env = {
        DATABASE_URL: t.database.url,
        TOOLCRIB_MASTER_KEY: TEST_MASTER_KEY,
        CHECKPOINT_KEY: Buffer.alloc(32, 7).toString('base64'),
      };
      const verify = (...args: string[]) => runNode([cli, 'verify', '--tenant', log.id, ...args], env);
      expect(await verify()).toMatchObject({
        code: 3,
        stdout: expect.stringContaining(
          '(a former key of this installation becomes so by `keys rotate-checkpoint`)',
        ),
      });
      expect(await runNode([cli, 'keys', 'rotate-checkpoint'], env)).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('CHECKPOINT_KEY_PREVIOUS to the one used so far'),
      });
      const { CHECKPOINT_KEY: _key, ...without } = env; // beside a service that signs
      const unknown = await runNode([cli, 'keys', 'rotate-checkpoint'], without);
      expect(unknown).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('not set in the settings of this command'),
      });
      expect(unknown.stdout).not.toContain('nothing is signed');
      const both = { ...env, CHECKPOINT_KEY_PREVIOUS: TEST_CHECKPOINT_KEY };
      const rotated = await runNode([cli, 'keys', 'rotate-checkpoint'], both);
      expect(rotated).toMatchObject({ code: 0, stdout: expect.stringContaining('BEGIN PUBLIC KEY') });
      expect((await verify()).code).toBe(0);
      // Given by hand: the old key leads to the new one, the new one alone to itself.
      const before = await runNode([cli, 'keys', 'checkpoint'], {
        ...env,
        CHECKPOINT_KEY: TEST_CHECKPOINT_KEY,
      });
      expect((await verify('--public-key', file('old.pub', before.stdout))).code).toBe(0);
      expect((await verify('--public-key', file('new.pub', rotated.stdout))).code).toBe(3);
    } finally {
      await t.close();
    }
  });

  it('makes another one where the installation has made its own, while it runs', async () => {
    const server = await startServer();
    try {
      const env = { DATA_DIR: server.dataDir };
      const shown = () => runNode([cli, 'keys', 'checkpoint'], env);
      const before = await shown();
      const rotated = await runNode([cli, 'keys', 'rotate-checkpoint'], env);
      expect([before.code, rotated.code]).toEqual([0, 0]);
      const after = await shown();
      expect(after.stdout).not.toBe(before.stdout);
      expect(rotated.stdout).toContain(after.stdout);
      expect(statSync(join(server.dataDir, 'checkpoint.key')).mode & 0o777).toBe(0o600);
      expect(readdirSync(server.dataDir).filter((name) => name.startsWith('checkpoint'))).toEqual([
        'checkpoint.key',
      ]);
      expect((await runNode([cli, 'verify'], env)).code).toBe(0);
    } finally {
      await server.stop();
    }
  });
});

describe('delivery of checkpoints', () => {
  let t: TestApp;
  let server: Server;
  let isDown = false;
  /** What a target waits for before it answers. */
  let answering = Promise.resolve();
  const received: { readonly path: string; readonly authorization: string; readonly body: string }[] = [];
  const kept = file('checkpoints.jsonl', '');

  beforeAll(async () => {
    const take = async (request: IncomingMessage, response: ServerResponse) => {
      const body = await readText(request);
      const { url: path = '', headers, method } = request;
      const { authorization = '' } = headers;
      if (!isDown) received.push({ path: `${method} ${path}`, authorization, body });
      await answering;
      response.writeHead(isDown ? 503 : 200).end();
    };
    server = createServer((request, response) => {
      void take(request, response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    t = await createTestApp({
      tools: [TestTools],
      env: {
        ...MANUAL,
        CHECKPOINT_FILE: kept,
        CHECKPOINT_WEBHOOK_URL: `http://127.0.0.1:${port}/hook`,
        CHECKPOINT_BUCKET_URL: `http://127.0.0.1:${port}/bucket/log/`,
        CHECKPOINT_BUCKET_KEY_ID: 'AKIDEXAMPLE',
        CHECKPOINT_BUCKET_SECRET: 'secret',
      },
    });
  });
  afterAll(async () => {
    await t?.close();
    server?.close();
  });

  const round = () => t.app.get(Checkpointer).round();
  const deliveredTo = async (log: LoggedTenant): Promise<Record<string, number>> => {
    const { items } = await t.rest('GET', '/admin/call-log-checkpoints/deliveries', {
      token: log.tenant.adminToken,
    });
    return Object.fromEntries(
      items.map(({ target, delivered_number }) => [target, Number(delivered_number)]),
    );
  };

  it('brings each to a file, a webhook and a bucket, also when these were away for a while', async () => {
    const log = await LoggedTenant.make(t, 5);
    await round();
    isDown = true;
    await log.call(2);
    await round();
    await log.call(2);
    await round();
    const away = await t.rest('GET', '/admin/call-log-checkpoints/deliveries', {
      token: log.tenant.adminToken,
    });
    expect(away.items).toMatchObject([
      { target: 'file', delivered_number: 3, failures: 0, last_error: null },
      { target: 's3', delivered_number: 1, failures: 2, last_error: expect.stringContaining('503') },
      { target: 'webhook', delivered_number: 1, failures: 2, last_error: expect.stringContaining('503') },
    ]);
    isDown = false;
    await round();
    const back = await t.rest('GET', '/admin/call-log-checkpoints/deliveries', {
      token: log.tenant.adminToken,
    });
    expect(back.items.map(({ delivered_number, failures }) => [delivered_number, failures])).toEqual([
      [3, 0],
      [3, 0],
      [3, 0],
    ]);
    const numbersAt = (path: RegExp) =>
      received
        .filter((one) => path.test(one.path))
        .map(({ body }) => parseCheckpoint((JSON.parse(body) as { text: string }).text)?.number);
    expect(numbersAt(/^POST \/hook$/)).toEqual([1, 2, 3]);
    expect(numbersAt(new RegExp(`^PUT /bucket/log/${log.id}/000000000\\d.json$`))).toEqual([1, 2, 3]);
    expect(received.find(({ path }) => path.startsWith('PUT'))?.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\//,
    );
    expect(await log.verify({ checkpoints: kept })).toMatchObject({ findings: [], delivered: 3 });
  });

  it('signs, and brings it to the others, while one place does not answer, and holds no transaction', async () => {
    const log = await LoggedTenant.make(t, 5);
    let answer = (): void => undefined;
    answering = new Promise((go) => (answer = go));
    const begun = received.length;
    const first = round();
    await eventually(() => received.length > begun);
    for (let number = 2; number <= 3; number++) {
      await log.call(2);
      void round();
      await eventually(async () => (await deliveredTo(log))['file'] === number);
    }
    const held = await log.sql(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`,
    );
    expect(held).toEqual([]);
    expect(await deliveredTo(log)).toEqual({ file: 3, s3: 0, webhook: 0 });
    answer();
    await first;
    await round();
    expect(await deliveredTo(log)).toEqual({ file: 3, s3: 3, webhook: 3 });
  });

  it('goes on past a checkpoint that somebody put into the table, and delivers none of those', async () => {
    const log = await LoggedTenant.make(t, 5);
    await round();
    for (const number of [2, 2 ** 31 - 1]) {
      await log.sql(
        `INSERT INTO call_log_checkpoints SELECT tenant_id, $2, created_at, text, key_id, signature FROM call_log_checkpoints
         WHERE tenant_id = $1 AND number = 1`,
        log.id,
        number,
      );
    }
    await log.call(2);
    await round();
    expect(await deliveredTo(log)).toEqual({ file: 3, s3: 3, webhook: 3 });
    const { findings } = await log.verify({ checkpoints: kept });
    expect(findings.map(({ kind }) => kind)).toEqual([
      'checkpoint_replayed',
      'checkpoint_missing',
      'checkpoint_replayed',
    ]);
    await log.sql(
      'DELETE FROM call_log_checkpoints WHERE tenant_id = $1 AND number IN (2, 2147483647)',
      log.id,
    );
    expect(await log.found({ checkpoints: kept })).toEqual(['checkpoint_missing']);
  });

  it('makes none when nothing has changed', async () => {
    const log = await LoggedTenant.make(t, 3);
    await round();
    await round();
    expect((await log.verify()).checkpoints).toBe(1);
  });
});

describe('an installation without a signing key', () => {
  it('chains its log, signs nothing and says so', async () => {
    const t = await createTestApp({ tools: [TestTools], env: { ...MANUAL, CHECKPOINT_KEY: '' } });
    try {
      const log = await LoggedTenant.make(t, 3);
      const answer = await t.rest('POST', '/admin/call-log-checkpoints', { token: log.tenant.adminToken });
      expect(answer).toMatchObject({
        status: 409,
        body: { message: expect.stringContaining('CHECKPOINT_KEY') },
      });
      expect(await log.verify()).toMatchObject({ findings: [], records: 3, checkpoints: 0 });
    } finally {
      await t.close();
    }
  });
});

describe('two replicas', () => {
  it('write chains of their own, and their checkpoints follow from each other', async () => {
    const one = await createTestApp({ tools: [TestTools], env: MANUAL });
    const two = await createTestApp({ tools: [TestTools], env: MANUAL, database: one.database });
    try {
      const log = await LoggedTenant.make(one, 20);
      const { group } = log;
      const elsewhere = { ...group, url: group.url.replace(one.url, two.url) };
      await eventually(async () => (await send(elsewhere, legacy('tools/list'))).status === 200);
      for (let n = 0; n < 3; n++) {
        const there = Array.from({ length: 20 }, (_, m) =>
          send(elsewhere, legacy('tools/call', { name: 'echo', arguments: { message: `${m}` } })),
        );
        await Promise.all([log.call(20), ...there]);
        await Promise.all([one, two].map((app) => app.app.get(Checkpointer).round()));
      }
      const report = await log.verify();
      expect(report).toMatchObject({ findings: [], records: 140 });
      expect(report.chains).toBeGreaterThan(1);
      expect(report.checkpoints).toBeGreaterThanOrEqual(3);
    } finally {
      await two.close();
      await one.close();
    }
  });
});

describe('a database that goes away under load', () => {
  it('leaves chains that verify, with every answered call in them', async () => {
    const t = await createTestApp({ tools: [TestTools], env: MANUAL });
    try {
      const log = await LoggedTenant.make(t, 0);
      const answered: string[] = [];
      const load = new AbortController();
      const client = async (number: number) => {
        for (let n = 0; !load.signal.aborted; n++) {
          const message = `${number}-${n}`;
          const answer = await send(
            log.group,
            legacy('tools/call', { name: 'echo', arguments: { message } }),
          );
          if (answer.body.result) answered.push(message);
        }
      };
      const clients = Array.from({ length: 16 }, (_, number) => client(number));
      for (let round = 0; round < 8; round++) {
        const before = answered.length;
        await eventually(() => answered.length > before + 60);
        await log.sql(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND application_name = 'toolcrib-call-log'`,
        );
      }
      load.abort();
      await Promise.all(clients);
      const rows = await log.sql<{ message: string }>(
        `SELECT request_data->>'message' AS message FROM mcp_call_logs WHERE tenant_id = $1`,
        log.id,
      );
      const recorded = new Set(rows.map(({ message }) => message));
      expect(answered.filter((message) => !recorded.has(message))).toEqual([]);
      await log.checkpoint();
      expect(await log.verify()).toMatchObject({ findings: [], records: rows.length });
    } finally {
      await t.close();
    }
  });
});
