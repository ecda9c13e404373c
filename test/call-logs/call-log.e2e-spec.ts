import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { v7 as newId } from 'uuid';
import { generatePersonalToken } from '../../src/auth/sign-in/personal-token-format.js';
import { newSigningSecret } from '../../src/messaging/channels/webhook-signature.js';
import { type CallRecord, CallLogWriter } from '../../src/call-logs/writing/call-log.writer.js';
import { TestTools } from '../fixtures/test.tools.js';
import { legacy, modern, newGroup, send, type TestGroup } from '../support/mcp.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { createTestDatabase } from '../support/test-database.js';
import { eventually } from '../support/waiting.js';

const TOOLS = [
  'echo',
  'data',
  'wait',
  'hang',
  'fail',
  'crash',
  'crash_async',
  'huge',
  'liar',
  'unserialisable',
  'nothing',
];

type Row = {
  readonly key_id: string;
  readonly tool_id: string;
  readonly duration_ms: number;
  readonly created_at: Date;
  readonly error_message: string;
  readonly request_data: { readonly message: string; readonly preview: string };
  readonly name: string;
};

describe('the call log', () => {
  let t: TestApp;
  let tenant: TestTenant;
  let group: TestGroup;

  beforeAll(async () => {
    t = await createTestApp({ tools: [TestTools] });
    tenant = await t.newTenant();
    group = await newGroup(t, tenant, { tools: TOOLS });
  });
  afterAll(() => t?.close());
  beforeEach(() => t.dataSource.query('TRUNCATE mcp_call_logs'));

  const rows = (): Promise<Row[]> => t.dataSource.query('SELECT * FROM mcp_call_logs ORDER BY id');
  const call = (name: string, args?: unknown, headers?: Record<string, string>) =>
    send(group, { ...legacy('tools/call', { name, arguments: args ?? {} }), headers: headers ?? {} });

  it('has the whole story of a call when its answer arrives', async () => {
    const before = Date.now();
    await call(
      'echo',
      { message: 'hi' },
      { 'x-caller-app-id': 'app-42', 'mcp-protocol-version': '2025-11-25' },
    );
    const [row] = await rows();
    expect(row).toMatchObject({
      tool_name: 'echo',
      tenant_id: tenant.tenantId,
      group_id: group.id,
      caller_app_id: 'app-42',
      era: '2025-11-25',
      transport: 'streamable_http',
      is_test: false,
      request_data: { message: 'hi' },
      response_data: { content: [{ type: 'text', text: 'hi' }] },
      success: true,
      error_kind: null,
      error_message: null,
      user_id: null,
    });
    expect(row?.key_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(row?.tool_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(row?.duration_ms).toBeGreaterThanOrEqual(0);
    expect(row?.created_at.getTime()).toBeGreaterThanOrEqual(before - 1);
  });

  it('names nobody by what another request said, also where key and address are the same', async () => {
    const clientInfo = { name: 'Dify', version: '1.15.0' };
    await send(
      group,
      legacy('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo }, 0),
    );
    await call('data');
    expect(await rows()).toMatchObject([{ caller_app_id: null, era: '2025-03-26' }]);
  });

  it('names the application that the key was made for, whatever the caller says', async () => {
    const own = await newGroup(t, tenant, { tools: ['data'] });
    const token = tenant.adminToken;
    const { items } = await t.rest('GET', `/admin/groups/${own.id}/keys`, { token });
    await t.rest('PUT', `/admin/keys/${items[0].id}`, { token, body: { app_id: 'dify-app-1' } });
    await send(own, {
      ...legacy('tools/call', { name: 'data', arguments: {} }),
      headers: { 'x-caller-app-id': 'another' },
    });
    expect(await rows()).toMatchObject([{ caller_app_id: 'dify-app-1' }]);
  });

  it('names the client of 2026-07-28 when no application is named', async () => {
    await send(group, modern('tools/call', { name: 'data' }));
    expect(await rows()).toMatchObject([{ caller_app_id: 'test-client', era: '2026-07-28' }]);
  });

  it.each([
    ['a refused call', 'nope', {}, 'refused', /No tool 'nope'/],
    ['wrong arguments', 'echo', {}, 'invalid_arguments', /'message' is required/],
    ['a tool that says no', 'fail', {}, 'tool_error', /closed on Sunday/],
    ['a timeout', 'hang', {}, 'timeout', /did not finish within 1 s/],
    ['a bug', 'crash', {}, 'internal', /failed inside/],
    ['a bug that comes later', 'crash_async', {}, 'internal', /failed inside/],
    ['a broken promise', 'liar', {}, 'result_invalid', /should not return/],
    ['a result JSON cannot say', 'unserialisable', {}, 'result_invalid', /should not return/],
  ])('has %s', async (_name, tool, args, errorKind, message) => {
    const answer = await call(tool, args);
    expect(answer.status).toBe(200);
    const [row, ...more] = await rows();
    expect(more).toEqual([]);
    expect(row).toMatchObject({ tool_name: tool, success: false, error_kind: errorKind, request_data: args });
    expect(row?.error_message).toMatch(message);
    expect(JSON.stringify(row) + answer.text).not.toContain('hunter2');
  });

  it('has a call whose client hung up, and the tool was told to stop', async () => {
    const tools = t.app.get(TestTools);
    const request = httpRequest(group.url, {
      method: 'POST',
      headers: { authorization: `Bearer ${group.key}`, 'content-type': 'application/json' },
    });
    request.on('error', () => undefined);
    request.end(
      JSON.stringify(legacy('tools/call', { name: 'wait', arguments: { name: 'hung-up', ms: 20_000 } }).body),
    );
    await eventually(() => tools.begun.includes('hung-up'));
    request.destroy();
    await eventually(() => tools.aborted.includes('hung-up'));
    await eventually(async () => (await rows()).length === 1);
    expect(await rows()).toMatchObject([{ tool_name: 'wait', success: false, error_kind: 'cancelled' }]);
  });

  it('keeps no secret of a request or a result', async () => {
    const key = group.key;
    await call('echo', { message: `my key is ${key}, Bearer abcdefghijkl` });
    await call('echo', {
      message: JSON.stringify({ password: 'hunter2', nested: { api_key: 'abc', ok: 'stays' } }),
    });
    const others = [generatePersonalToken(), newSigningSecret()];
    await call('echo', { message: `A token:\n${others[0]}\nand ${others[1]}`, list: others });
    await call('echo', { message: 'x', password: 'hunter2' });
    await call('echo', { message: 'x', [key]: 1 });
    await call('echo', { message: 'Here: {"password": "hunter2"} or postgres://u:hunter2@h/db' });
    const stored = JSON.stringify(await rows());
    for (const secret of [key, ...others]) expect(stored).not.toContain(secret);
    expect(stored).not.toContain('abcdefghijkl');
    expect(stored).not.toContain('hunter2');
    expect(stored).toContain('stays');
    expect(stored).toContain('[redacted]');
  });

  it('cuts what is too long and says how much there was', async () => {
    await call('echo', { message: 'é'.repeat(100_000) });
    const [row] = await rows();
    expect(row?.request_data).toMatchObject({ truncated: true, bytes: 200_014 });
    expect(row?.request_data.preview.length).toBeLessThan(70_000);
    expect(row?.request_data.preview).not.toContain('\uFFFD');
  });

  it('stores what Postgres cannot hold as text: NUL and half a surrogate pair', async () => {
    const answer = await call('echo', { message: 'a\u0000b\ud800c' });
    expect(answer.body.result?.content?.[0]?.text).toBe('a\u0000b\uFFFDc'); // Python would not read the half
    expect(await rows()).toMatchObject([{ success: true, request_data: { message: 'a\uFFFDb\uFFFDc' } }]);
  });

  it('has every one of many calls made at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 500 }, (_, n) => call('echo', { message: `m${n}` })),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    const messages = new Set((await rows()).map((row) => row.request_data.message));
    expect(messages.size).toBe(500);
  });

  it('has a call that was refused for its headers or its revision', async () => {
    const request = modern('tools/call', { name: 'echo', arguments: { message: 'x' } });
    await send(group, { ...request, headers: { ...request.headers, 'mcp-name': 'other' } });
    await call('echo', { message: 'x' }, { 'mcp-protocol-version': '1999-01-01' });
    expect(await rows()).toMatchObject([
      {
        tool_name: 'echo',
        error_kind: 'refused',
        era: '2026-07-28',
        error_message: expect.stringContaining('Mcp-Name'),
      },
      {
        tool_name: 'echo',
        error_kind: 'refused',
        era: '1999-01-01',
        error_message: expect.stringContaining('not supported'),
      },
    ]);
  });

  it('has a malformed call, too', async () => {
    await send(group, legacy('tools/call', { name: 'echo', arguments: [] }));
    expect(await rows()).toMatchObject([{ tool_name: 'echo', error_kind: 'refused', success: false }]);
  });
});

describe('the call log when the database is away', () => {
  let t: TestApp;
  let proxy: TcpProxy;
  let tenant: TestTenant;
  let group: TestGroup;
  let tools: TestTools;

  beforeAll(async () => {
    const database = await createTestDatabase();
    proxy = await startTcpProxy(database.url);
    t = await createTestApp({
      tools: [TestTools],
      database: { ...database, url: proxy.url },
      env: { CALL_LOG_WAIT_MS: '1500' },
    });
    tenant = await t.newTenant();
    group = await newGroup(t, tenant, { tools: TOOLS });
    tools = t.app.get(TestTools);
  });
  afterAll(async () => {
    proxy?.restore();
    await t?.close();
    await proxy?.close();
  });

  afterEach(() => proxy.restore());

  const wait = (name: string, ms: number) =>
    send(group, legacy('tools/call', { name: 'wait', arguments: { name, ms } }));
  const recorded = async () => {
    const found = await t.dataSource.query<Row[]>(`SELECT request_data->>'name' AS name FROM mcp_call_logs`);
    return found.map((row) => row.name);
  };

  it('refuses calls before their tool runs, and serves again by itself', async () => {
    await expect(wait('before', 1)).resolves.toMatchObject({ body: { result: {} } });
    proxy.cut();
    const status = t.app.get(CallLogWriter);
    await eventually(() => !status.vouchedFor); // the broken connections were noticed
    const refused = await wait('away', 1);
    expect(refused.body.error?.message).toMatch(/call log cannot be written, so the call was not run/);
    const malformed = await send(group, legacy('tools/call', { name: 7 }));
    expect(malformed).toMatchObject({ status: 503, body: { error: { code: -32603 } } });
    expect(tools.begun).not.toContain('away');
    proxy.restore();
    await eventually(async () => (await wait('after', 1)).body.result !== undefined);
    expect(await recorded()).toEqual(expect.arrayContaining(['before', 'after']));
    expect(await recorded()).not.toContain('away');
  });

  it('withholds the answer of a call that ran but could not be recorded, and records it later', async () => {
    const running = wait('caught', 600_000);
    await eventually(() => tools.begun.includes('caught'));
    proxy.cut();
    tools.release('caught');
    const answer = await running;
    expect(answer.body.error?.message).toMatch(/record of this call could not be written yet/);
    proxy.restore();
    await eventually(async () => (await recorded().catch((): string[] => [])).includes('caught'));
  });

  it('answers a call whose record had to wait a moment', async () => {
    await eventually(async () => (await wait('warm', 1)).body.result !== undefined);
    const running = wait('patient', 600_000);
    await eventually(() => tools.begun.includes('patient'));
    proxy.cut();
    tools.release('patient');
    const attempts = proxy.attempts;
    await eventually(() => proxy.attempts > attempts + 2);
    proxy.restore();
    expect((await running).body.result).toMatchObject({ content: [{ text: 'waited' }] });
    expect((await recorded()).filter((name) => name === 'patient')).toHaveLength(1);
  });

  it('loses no other record of a batch to one that cannot be stored', async () => {
    await eventually(async () => (await wait('before-odd', 1)).body.result !== undefined);
    const writer = t.app.get(CallLogWriter);
    const record = (id: string, era = 'rest') =>
      writer.record({
        id,
        createdAt: new Date(),
        tenantId: tenant.tenantId,
        groupId: newId(),
        toolName: 'odd',
        toolId: null,
        callerAppId: null,
        keyId: null,
        userId: null,
        era,
        transport: 'rest',
        isTest: false,
        request: { name: id },
        response: null,
        success: true,
        errorKind: null,
        errorMessage: null,
        durationMs: 1,
      });
    const ids = Array.from({ length: 4 }, () => newId());
    const good = Promise.all(ids.map((id) => record(id)));
    await expect(record('no uuid')).rejects.toThrow(/could not be written/);
    await expect(record(newId(), 'longer than the column')).rejects.toThrow(/could not be written/);
    await good;
    expect(await recorded()).toEqual(expect.arrayContaining(ids));
  });

  it('refuses calls when only rows cannot be written, as on a full disk', async () => {
    await eventually(async () => (await wait('before-full', 1)).body.result !== undefined);
    await t.dataSource.query(`CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$`);
    await t.dataSource.query(
      'CREATE TRIGGER full_disk BEFORE INSERT ON mcp_call_logs FOR EACH ROW EXECUTE FUNCTION disk_full()',
    );
    expect((await wait('first-on-full', 1)).body.error?.message).toMatch(/withheld/);
    for (let n = 0; n < 5; n++) {
      expect((await wait('never-begun', 1)).body.error?.message).toMatch(/was not run/);
    }
    expect(tools.begun).not.toContain('never-begun');
    await t.dataSource.query('DROP TRIGGER full_disk ON mcp_call_logs');
    await eventually(async () => (await wait('after-full', 1)).body.result !== undefined);
    expect(await recorded()).toContain('first-on-full');
  });

  it('does not run a call whose client hung up before it began', async () => {
    await eventually(async () => (await wait('ready', 1)).body.result !== undefined);
    proxy.freeze();
    await delay(1100); // a write older than a second vouches for nothing, so the next call waits for a proof
    const hangUp = new AbortController();
    const call = fetch(group.url, {
      method: 'POST',
      headers: { authorization: `Bearer ${group.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(
        legacy('tools/call', { name: 'wait', arguments: { name: 'too-late', ms: 1 } }).body,
      ),
      signal: hangUp.signal,
    });
    call.catch(() => undefined);
    await once(t.app.getHttpServer(), 'request');
    hangUp.abort();
    await expect(call).rejects.toThrow('aborted');
    proxy.restore();
    await eventually(async () => (await recorded().catch((): string[] => [])).includes('too-late'));
    expect(tools.begun).not.toContain('too-late');
  });

  it('refuses calls when the log alone cannot be written', async () => {
    await eventually(async () => (await wait('fine', 1)).body.result !== undefined);
    await t.dataSource.query('ALTER TABLE mcp_call_logs RENAME TO gone');
    await eventually(async () => (await wait('unloggable', 1)).body.error !== undefined);
    const begun = tools.begun.filter((name) => name === 'unloggable').length;
    await wait('unloggable', 1);
    expect(tools.begun.filter((name) => name === 'unloggable')).toHaveLength(begun);
    await t.dataSource.query('ALTER TABLE gone RENAME TO mcp_call_logs');
    await eventually(async () => (await wait('again', 1)).body.result !== undefined);
  });
});

describe('the call log when the database is slow', () => {
  let t: TestApp;
  let group: TestGroup;

  beforeAll(async () => {
    t = await createTestApp({ tools: [TestTools], env: { CALL_LOG_QUEUE_MAX_BYTES: '1048576' } });
    group = await newGroup(t, await t.newTenant(), { tools: TOOLS });
  });
  afterAll(() => t?.close());

  it('holds a bounded length of arguments and results, and refuses the rest before they run', async () => {
    const message = 'm'.repeat(60_000);
    const call = () => send(group, legacy('tools/call', { name: 'echo', arguments: { message } }));
    expect((await call()).body.result).toBeDefined();
    const blocker = t.dataSource.createQueryRunner();
    await blocker.startTransaction();
    await blocker.query('LOCK TABLE mcp_call_logs IN SHARE ROW EXCLUSIVE MODE');
    const refused: string[] = [];
    const calls = Array.from({ length: 40 }, async () => {
      const { body } = await call();
      if (body.error) refused.push(body.error.message);
      return body.result !== undefined;
    });
    await eventually(() => refused.length > 0);
    await blocker.commitTransaction();
    await blocker.release();
    const answered = (await Promise.all(calls)).filter(Boolean).length;
    for (const text of refused) expect(text).toContain('cannot keep up, so the call was not run');
    expect(answered + refused.length).toBe(40);
    expect(answered).toBeGreaterThanOrEqual(8); // 1 MiB of them, give or take what ran at the same time
    const [{ count }] = await t.dataSource.query<[{ count: number }]>(
      'SELECT count(*)::int AS count FROM mcp_call_logs',
    );
    expect(count).toBe(answered + 1);
    expect((await call()).body.result).toBeDefined();
  });

  it('keeps room for the records of other tenants', async () => {
    const writer = t.app.get(CallLogWriter);
    const [full, free] = [(await t.newTenant()).tenantId, (await t.newTenant()).tenantId];
    await writer.admit(full);
    const recorded: Promise<void>[] = [];
    const fill = () => {
      for (;;) {
        void writer.admit(full);
        recorded.push(writer.record(recordOf(full)));
      }
    };
    expect(fill).toThrow('cannot keep up');
    expect(() => writer.admit(free)).not.toThrow();
    recorded.push(writer.record(recordOf(free)));
    await Promise.all(recorded);
    expect(() => writer.admit(full)).not.toThrow();
  });

  const recordOf = (tenantId: string): CallRecord => ({
    id: newId(),
    createdAt: new Date(),
    tenantId,
    groupId: tenantId,
    toolName: 'look',
    toolId: null,
    callerAppId: null,
    keyId: null,
    userId: null,
    era: 'rest',
    transport: 'rest',
    isTest: false,
    request: { note: 'm'.repeat(50_000) },
    response: null,
    success: true,
    errorKind: null,
    errorMessage: null,
    durationMs: 1,
  });
});
