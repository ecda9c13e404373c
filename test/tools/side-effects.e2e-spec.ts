import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Client as Client2, StreamableHTTPClientTransport as Http2 } from '@modelcontextprotocol/client';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport as Sse1 } from '@modelcontextprotocol/sdk/client/sse.js';
import { WebSocket } from 'ws';
import { v7 as newId } from 'uuid';
import { ToolEffects } from '../../src/tools/once/tool-effects.js';
import { effects, EffectTools } from '../fixtures/effect.tools.js';
import {
  legacy,
  type McpMessage,
  type McpRequest,
  type McpResult,
  modern,
  newGroup,
  send,
  type TestGroup,
} from '../support/mcp.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

const META = 'io.toolcrib/idempotencyKey';
const TOOLS = ['act', 'act_too', 'look', 'put'];

describe('side effects', () => {
  let t: TestApp;
  /** A second replica, without the fast lane: what one lane did the other one must know. */
  let other: TestApp;
  let tenant: TestTenant;
  let group: TestGroup;
  let elsewhere: TestGroup;
  beforeAll(async () => {
    t = await createTestApp({ tools: [EffectTools] });
    other = await createTestApp({
      tools: [EffectTools],
      database: t.database,
      env: { MCP_FAST_LANE: 'false' },
    });
    tenant = await t.newTenant();
    group = await newGroup(t, tenant, { tools: TOOLS });
    elsewhere = { ...group, url: group.url.replace(t.url, other.url) };
  });
  afterAll(async () => {
    await other.close();
    await t.close();
  });

  type Call = {
    readonly tool?: string;
    readonly key?: unknown;
    readonly in?: TestGroup;
    readonly era?: 'modern';
  };
  const call = async (
    args: object,
    { tool = 'act', key, in: where = group, era }: Call = {},
  ): Promise<McpResult> => {
    const meta = key === undefined ? {} : { [META]: key };
    const params = { name: tool, arguments: args };
    const request = era
      ? modern('tools/call', params, meta)
      : legacy('tools/call', { ...params, _meta: meta });
    const { body } = await send(where, request);
    if (!body.result) throw new Error(JSON.stringify(body));
    return body.result;
  };
  const textOf = ({ content = [] }: McpResult) => content.map(({ text }) => text).join('\n');
  const isReplay = ({ _meta: meta }: McpResult) =>
    (meta as Record<string, unknown> | undefined)?.['io.toolcrib/replayed'] === true;
  const errorKinds = async (name: string, within = group): Promise<(string | null)[]> => {
    const rows = await t.dataSource.query(
      `SELECT error_kind FROM mcp_call_logs WHERE group_id = $1 AND request_data->>'name' = $2 ORDER BY created_at, id`,
      [within.id, name],
    );
    return rows.map(({ error_kind }: { error_kind: string | null }) => error_kind);
  };
  const setPolicy = async (id: string, policy: object) => {
    const changed = await t.rest('PUT', `/admin/groups/${id}`, {
      token: tenant.adminToken,
      body: { policy },
    });
    expect(changed.status).toBe(200);
  };
  const newName = () => `effect-${randomUUID()}`;

  it('of 100 calls with one key at once on two replicas, one has an effect', async () => {
    const name = newName();
    const key = randomUUID();
    const asked = Array.from({ length: 100 }, (_, n) =>
      call({ name, ms: 100 }, { key, in: n % 2 ? group : elsewhere, ...(n % 4 > 1 && { era: 'modern' }) }),
    );
    const results = await Promise.all(asked);
    expect(effects.get(name)).toBe(1);
    const first = results.filter((result) => !isReplay(result) && !result.isError);
    expect(first).toHaveLength(1);
    for (const result of results) {
      if (result.isError) expect(textOf(result)).toMatch(/is still running .* Send it again in \d s/);
      else expect(result.structuredContent).toEqual({ name, nth: 1 });
    }
    expect(results.some(({ isError }) => isError)).toBe(true);
    const again = await call({ name, ms: 100 }, { key, in: elsewhere });
    expect([isReplay(again), again.structuredContent]).toEqual([true, { name, nth: 1 }]);
    const kinds = await errorKinds(name);
    expect(kinds).toHaveLength(101);
    expect(new Set(kinds)).toEqual(new Set([null, 'duplicate_running']));
  });

  it('a stored outcome is sealed, and goes after its time', async () => {
    const name = newName();
    const key = randomUUID();
    await call({ name }, { key });
    const where = `WHERE tenant_id = '${tenant.tenantId}'`;
    const rows = await t.dataSource.query(`SELECT outcome FROM tool_effects ${where}`);
    for (const { outcome } of rows) expect((outcome as Buffer).includes(name)).toBe(false);
    await t.dataSource.query(`UPDATE tool_effects SET expires_at = now() ${where}`);
    expect((await call({ name }, { key })).structuredContent).toEqual({ name, nth: 2 });
    await t.dataSource.query(`UPDATE tool_effects SET expires_at = now() - interval '1 s' ${where}`);
    await t.app.get(ToolEffects, { strict: false }).deleteExpired();
    expect(await t.dataSource.query(`SELECT FROM tool_effects ${where}`)).toEqual([]);
  });

  it('a key is for one call: other arguments are refused; other tools, callers and groups have their own', async () => {
    const [name, key] = [newName(), randomUUID()];
    await call({ name }, { key });
    const reused = await call({ name, ms: 1 }, { key });
    expect([reused.isError, textOf(reused)]).toEqual([true, expect.stringContaining('with other arguments')]);
    expect(effects.get(name)).toBe(1);
    expect(await errorKinds(name)).toEqual([null, 'key_reused']);
    const second = await newGroup(t, tenant, { tools: TOOLS });
    const added = await t.rest('POST', `/admin/groups/${group.id}/keys`, {
      token: tenant.adminToken,
      body: { name: 'second' },
    });
    const otherKey = { ...group, key: added.body.data.api_key };
    for (const way of [{ tool: 'act_too' }, { in: second }, { in: otherKey }]) {
      expect(isReplay(await call({ name }, { key, ...way }))).toBe(false);
    }
    expect(effects.get(name)).toBe(4);
    expect(isReplay(await call({ more: undefined, ms: 0, name }, { key: 'a' }))).toBe(false);
  });

  it('a repeated outcome is hidden by the rules of the present', async () => {
    const ruled = await newGroup(t, tenant, { tools: TOOLS });
    const [name, key] = [newName(), randomUUID()];
    await call({ name }, { key, in: ruled });
    await setPolicy(ruled.id, { redaction: [{ detector: 'pattern', pattern: 'effect-[0-9a-f-]+' }] });
    const again = await call({ name }, { key, in: ruled });
    expect([isReplay(again), again.structuredContent]).toEqual([
      true,
      { name: '[redacted:pattern]', nth: 1 },
    ]);
    expect(JSON.stringify(again)).not.toContain(name);
  });

  it('tools that only read or may be repeated run each time, whatever the key', async () => {
    const name = newName();
    for (const tool of ['look', 'put']) {
      for (const key of ['same', 'same', 7])
        expect((await call({ name }, { tool, key })).isError).toBeUndefined();
    }
    expect(effects.get(name)).toBe(6);
    await call({ name });
    await call({ name });
    expect(effects.get(name)).toBe(8);
  });

  it.each([[7], [''], ['x'.repeat(256)], [{}], [null]])('a key like %j is refused', async (key) => {
    const name = newName();
    const result = await call({ name }, { key });
    expect([result.isError, textOf(result)]).toEqual([true, expect.stringContaining('1 to 255 characters')]);
    expect(effects.get(name)).toBeUndefined();
  });

  describe('a call that did not run frees its key', () => {
    it.each([
      ['wrong arguments', { name: 7 }],
      ['arguments the tool refuses', { ending: 'invalid' }],
    ])('%s', async (_what, wrong) => {
      const [name, key] = [newName(), randomUUID()];
      expect((await call({ name, ...wrong }, { key })).isError).toBe(true);
      expect((await call({ name }, { key })).isError).toBeUndefined();
    });

    it('limits and an open circuit', async () => {
      const limited = await newGroup(t, tenant, { tools: TOOLS });
      const [name, key] = [newName(), randomUUID()];
      const post = (body: object) =>
        t
          .rest('GET', `/admin/tools?group_id=${limited.id}`, { token: tenant.adminToken })
          .then(({ items }) => {
            const id = items.find(({ tool_name }) => tool_name === 'act')?.id ?? '';
            return t.rest('PUT', `/admin/tools/${id}`, { token: tenant.adminToken, body });
          });
      await setPolicy(limited.id, { limits: { per_day: 1 } });
      await call({ name }, { in: limited, key: 'first' });
      expect(textOf(await call({ name }, { in: limited, key }))).toContain('Too many calls');
      await setPolicy(limited.id, {});
      await post({ policy: { breaker: { failures: 1, reset_seconds: 60 } } });
      await call({ name, ending: 'crash' }, { in: limited, key: 'crash' });
      expect(textOf(await call({ name }, { in: limited, key }))).toContain('failed too often');
      await post({ policy: { breaker: { failures: 0 } } });
      expect(isReplay(await call({ name }, { in: limited, key }))).toBe(false);
      expect(await errorKinds(name, limited)).toEqual([
        null,
        'rate_limited',
        'internal',
        'circuit_open',
        null,
      ]);
    });

    it('a claim that cannot be made', async () => {
      const [name, key] = [newName(), randomUUID()];
      await t.dataSource.query('ALTER TABLE tool_effects RENAME TO away');
      const refused = await call({ name }, { key });
      await t.dataSource.query('ALTER TABLE away RENAME TO tool_effects');
      expect(textOf(refused)).toContain('could not be looked up, so it was not run');
      expect(effects.get(name)).toBeUndefined();
      expect((await call({ name }, { key })).structuredContent).toEqual({ name, nth: 1 });
    });
  });

  describe('a call that failed', () => {
    it('for a reason the tool gave, is answered the same again', async () => {
      const [name, key] = [newName(), randomUUID()];
      const args = { name, ending: 'conflict' };
      const first = await call(args, { key });
      const again = await call(args, { key, in: elsewhere });
      expect([isReplay(first), isReplay(again)]).toEqual([false, true]);
      expect(textOf(again)).toBe('Not the 1. time');
      expect(again.isError).toBe(true);
      expect(await errorKinds(name)).toEqual(['tool_error', 'tool_error']);
    });

    it('inside, or by time, may have had its effect: that is said, and it is not run again', async () => {
      const short = await newGroup(t, tenant, { tools: [] });
      const body = { tool_name: 'act', timeout_seconds: 1 };
      await t.rest('POST', `/admin/groups/${short.id}/tools`, { token: tenant.adminToken, body });
      for (const [args, how] of [
        [{ ending: 'crash' }, 'failed inside'],
        [{ ending: 'data' }, 'cannot be stored'],
        [{ ms: 5000 }, 'did not finish within 1 s'],
      ] as const) {
        const [name, key] = [newName(), randomUUID()];
        const first = await call({ name, ...args }, { key, in: short });
        expect(textOf(first)).toContain('may have taken effect: check before you call it again');
        const again = await call({ name, ...args }, { key, in: short });
        expect(textOf(again)).toContain(how);
        expect(textOf(again)).toContain('may have taken effect: check before you repeat it');
        expect(effects.get(name)).toBe(1);
        expect((await errorKinds(name, short)).at(-1)).toBe('ambiguous');
      }
    });

    it('because its client hung up, too', async () => {
      const [name, key] = [newName(), randomUUID()];
      const args = { name, ms: 5000 };
      const request = legacy('tools/call', { name: 'act', arguments: args, _meta: { [META]: key } });
      const hangUp = new AbortController();
      const sent = fetch(group.url, {
        method: 'POST',
        headers: { authorization: `Bearer ${group.key}`, 'content-type': 'application/json' },
        body: JSON.stringify(request.body),
        signal: hangUp.signal,
      }).catch(() => undefined);
      await eventually(() => effects.get(name) === 1);
      hangUp.abort();
      await sent;
      await eventually(async () => textOf(await call(args, { key })).includes('may have taken effect'));
      expect(effects.get(name)).toBe(1);
    });
  });

  describe('a claim without an end', () => {
    const forge = (columns: string, values: unknown[]) =>
      t.dataSource.query(`UPDATE tool_effects SET ${columns} WHERE tenant_id = '${tenant.tenantId}'`, values);

    it('of a replica that is gone is ambiguous, of one that lives is running', async () => {
      const [name, key] = [newName(), randomUUID()];
      await call({ name }, { key });
      await forge(`state = 'running', outcome = NULL, replica_id = $1`, [newId()]);
      const gone = await call({ name }, { key });
      expect(textOf(gone)).toContain('how it ended is not known. It may have taken effect');
      const [{ id }] = await t.dataSource.query('SELECT id FROM replicas ORDER BY started_at DESC LIMIT 1');
      await forge(`replica_id = $1`, [id]);
      expect(textOf(await call({ name }, { key }))).toContain('is still running');
      // To the replica itself, which knows what it runs, its end was lost.
      expect(textOf(await call({ name }, { key, in: elsewhere }))).toContain('may have taken effect');
      expect(effects.get(name)).toBe(1);
    });

    it('because its outcome could not be stored is ambiguous; its own call is answered', async () => {
      const [name, key] = [newName(), randomUUID()];
      await t.dataSource.query(`CREATE FUNCTION refuse_end() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION 'disk full'; END $$`);
      await t.dataSource.query(
        `CREATE TRIGGER refuse_end BEFORE UPDATE ON tool_effects FOR EACH ROW EXECUTE FUNCTION refuse_end()`,
      );
      const first = await call({ name }, { key });
      await t.dataSource.query('DROP FUNCTION refuse_end CASCADE');
      expect(first.structuredContent).toEqual({ name, nth: 1 });
      expect(textOf(await call({ name }, { key }))).toContain('may have taken effect');
      expect(effects.get(name)).toBe(1);
    });
  });

  describe('without a key, where the group asks for it', () => {
    let deduped: TestGroup;
    beforeAll(async () => {
      deduped = await newGroup(t, tenant, { tools: TOOLS });
      await setPolicy(deduped.id, { dedupe_seconds: 60 });
    });

    it('equal arguments are one call, in whatever order they are written', async () => {
      const name = newName();
      await call({ name, more: { a: 1, b: [2, { c: 3, d: 4 }] } }, { in: deduped });
      const again = await call(
        { more: { b: [2, { d: 4, c: 3 }], a: 1 }, name },
        { in: deduped, era: 'modern' },
      );
      expect([isReplay(again), again.structuredContent]).toEqual([true, { name, nth: 1 }]);
      expect(isReplay(await call({ name, more: { a: 2 } }, { in: deduped }))).toBe(false);
      expect(isReplay(await call({ name }, { in: deduped, tool: 'look' }))).toBe(false);
    });

    it('a key of its own makes another call of it', async () => {
      const name = newName();
      for (const key of [undefined, 'a', 'b']) await call({ name }, { in: deduped, key });
      expect(effects.get(name)).toBe(3);
    });

    it('what the tool refused may be tried again', async () => {
      const name = newName();
      for (const nth of [1, 2])
        expect(textOf(await call({ name, ending: 'conflict' }, { in: deduped }))).toBe(
          `Not the ${nth}. time`,
        );
    });

    it('is over after its time', async () => {
      await setPolicy(deduped.id, { dedupe_seconds: 1 });
      const name = newName();
      await call({ name }, { in: deduped });
      expect(isReplay(await call({ name }, { in: deduped }))).toBe(true);
      await eventually(async () => !isReplay(await call({ name }, { in: deduped })));
      expect(effects.get(name)).toBe(2);
    });
  });

  describe('the key comes', () => {
    const withHeader = (request: McpRequest, key: string): McpRequest => ({
      ...request,
      headers: { ...request.headers, 'Idempotency-Key': key },
    });
    const act = (name: string) => ({ name: 'act', arguments: { name } });
    const expectOne = (name: string, results: readonly (McpResult | undefined)[]) => {
      expect(results.map((result) => result && isReplay(result))).toEqual(
        results.map((_, index) => index > 0),
      );
      for (const result of results) expect(result?.structuredContent).toEqual({ name, nth: 1 });
      expect(effects.get(name)).toBe(1);
    };

    it('in the header, in both eras and lanes, bare or in quotes', async () => {
      const [name, key] = [newName(), randomUUID()];
      const results: (McpResult | undefined)[] = [];
      for (const where of [group, elsewhere]) {
        for (const request of [legacy('tools/call', act(name)), modern('tools/call', act(name))]) {
          for (const sent of [key, `"${key}"`])
            results.push((await send(where, withHeader(request, sent))).body.result);
        }
      }
      expectOne(name, results);
    });

    it('in _meta, which goes before the header, also where progress is asked for', async () => {
      const [name, key] = [newName(), randomUUID()];
      const meta = { [META]: key, progressToken: 1 };
      const results: (McpResult | undefined)[] = [];
      for (const where of [group, elsewhere]) {
        for (const request of [
          legacy('tools/call', { ...act(name), _meta: meta }),
          modern('tools/call', act(name), meta),
        ])
          results.push((await send(where, withHeader(request, randomUUID()))).body.result);
      }
      expectOne(name, results);
    });

    it('in a batch and in a session', async () => {
      const name = newName();
      const inBatch = legacy('tools/call', { ...act(name), _meta: { [META]: name } }, 1).body;
      const { text } = await send(group, { body: [inBatch] });
      const [batch] = JSON.parse(text) as McpMessage[];
      const sessions = await newGroup(t, tenant, { tools: TOOLS, sessions: true });
      const client = new Client1({ name: 'session', version: '1' });
      const { StreamableHTTPClientTransport: Http1 } =
        await import('@modelcontextprotocol/sdk/client/streamableHttp.js');
      const headers: Record<string, string> = { Authorization: `Bearer ${sessions.key}` };
      await client.connect(new Http1(new URL(sessions.url), { requestInit: { headers } }));
      const inSession = newName();
      const results: unknown[] = [];
      for (let n = 0; n < 2; n++)
        results.push(await client.callTool({ ...act(inSession), _meta: { [META]: inSession } }));
      headers['Idempotency-Key'] = inSession;
      results.push(await client.callTool(act(inSession)));
      await client.close();
      expectOne(name, [batch.result]);
      expectOne(inSession, results as McpResult[]);
    });

    it('over HTTP+SSE in _meta or in the header of the POST', async () => {
      const name = newName();
      const headers: Record<string, string> = { Authorization: `Bearer ${group.key}` };
      const transport = new Sse1(new URL(`${t.url}/mcp/${group.code}/sse`), { requestInit: { headers } });
      const client = new Client1({ name: 'sse', version: '1' });
      await client.connect(transport);
      const results = [await client.callTool({ ...act(name), _meta: { [META]: name } })];
      headers['Idempotency-Key'] = name;
      results.push(await client.callTool(act(name)));
      await client.close();
      expectOne(name, results);
    });

    it('over a WebSocket in _meta; a header of the handshake is no key of its calls', async () => {
      const name = newName();
      const headers = { Authorization: `Bearer ${group.key}`, 'Idempotency-Key': name };
      const socket = new WebSocket(`${t.url.replace('http', 'ws')}/mcp/${group.code}/ws`, 'mcp', { headers });
      await once(socket, 'open');
      const ask = async (params: object) => {
        socket.send(JSON.stringify(modern('tools/call', params as Record<string, unknown>).body));
        const [data] = (await once(socket, 'message')) as [Buffer];
        return (JSON.parse(data.toString()) as McpMessage).result;
      };
      const meta = (modern('tools/call', {}, { [META]: name }).body as { params: { _meta: object } }).params
        ._meta;
      const askWithKey = async () => {
        socket.send(
          JSON.stringify({
            jsonrpc: '2.0',
            id: 1,
            method: 'tools/call',
            params: { ...act(name), _meta: meta },
          }),
        );
        const [data] = (await once(socket, 'message')) as [Buffer];
        return (JSON.parse(data.toString()) as McpMessage).result;
      };
      expectOne(name, [await askWithKey(), await askWithKey()]);
      const plain = newName();
      for (const nth of [1, 2])
        expect((await ask(act(plain)))?.structuredContent).toEqual({ name: plain, nth });
      socket.close();
    });

    it("with an admin's test", async () => {
      const name = newName();
      const { items } = await t.rest('GET', `/admin/tools?group_id=${group.id}`, {
        token: tenant.adminToken,
      });
      const id = items.find(({ tool_name }) => tool_name === 'act')?.id;
      const test = (app: TestApp) =>
        app.rest('POST', `/admin/tools/${id}/test`, {
          token: tenant.adminToken,
          body: { arguments: { name } },
          headers: { 'idempotency-key': name },
        });
      expect((await test(t)).body.data).toMatchObject({ ok: true });
      expect((await test(other)).headers.get('idempotency-replayed')).toBe('true');
      // Without the REST answer, as if its process had died before it: the effect is known all the same.
      await t.dataSource.query('DELETE FROM idempotency_keys WHERE key = $1', [name]);
      const third = await test(other);
      expect(third.headers.get('idempotency-replayed')).toBeNull();
      expect(third.body.data).toMatchObject({ ok: true });
      expect(effects.get(name)).toBe(1);
    });

    it('from a real client of 2026', async () => {
      const name = newName();
      const results: unknown[] = [];
      for (const where of [group, elsewhere]) {
        const client = new Client2({ name: 'real', version: '1' });
        const requestInit = { headers: { Authorization: `Bearer ${where.key}` } };
        await client.connect(new Http2(new URL(where.url), { requestInit }));
        results.push(await client.callTool({ ...act(name), _meta: { [META]: name } }));
        await client.close();
      }
      expectOne(name, results as McpResult[]);
    });
  });
});
