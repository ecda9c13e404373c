import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { Client as Client2, StreamableHTTPClientTransport as Http2 } from '@modelcontextprotocol/client';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as Http1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { WebSocket } from 'ws';
import { KeyUsage } from '../../src/groups/keys/key-usage.js';
import { Connections } from '../../src/mcp/doors/connections.js';
import { Sessions } from '../../src/mcp/lanes/sessions.js';
import { TestTools } from '../fixtures/test.tools.js';
import { legacy, modern, newGroup, send, type TestGroup, toAnswer } from '../support/mcp.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

const TOOLS = ['echo', 'wait', 'steps', 'data'];
const INFO = { name: 'client', version: '1.0.0' };
const initialize = legacy('initialize', {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: INFO,
});

describe('the MCP endpoint', () => {
  let t: TestApp;
  let tenant: TestTenant;
  let group: TestGroup;
  let stateful: TestGroup;
  let tools: TestTools;

  beforeAll(async () => {
    t = await createTestApp({
      tools: [TestTools],
      env: {
        MCP_BODY_TIMEOUT_MS: '300',
        MCP_SESSIONS_MAX: '4',
        MCP_SESSION_IDLE_SECONDS: '2',
        MCP_PAGE_SIZE: '3',
      },
    });
    tenant = await t.newTenant();
    group = await newGroup(t, tenant, { tools: TOOLS });
    stateful = await newGroup(t, tenant, { tools: TOOLS, sessions: true });
    tools = t.app.get(TestTools);
  });
  afterAll(() => t?.close());

  const withKey = (g: TestGroup, headers: Record<string, string> = {}) => ({
    authorization: `Bearer ${g.key}`,
    ...headers,
  });
  const at = (g: TestGroup, path: string): TestGroup => ({ ...g, url: `${t.url}${path}` });
  const admin = (method: string, path: string, body?: unknown) =>
    t.rest(method, `/admin${path}`, { token: tenant.adminToken, ...(body === undefined ? {} : { body }) });

  describe('lets in', () => {
    it.each(['/mcp/CODE', '/mcp/CODE/', '/mcp/CODE/mcp', '/mcp/server/CODE/mcp', '/mcp/server/CODE'])(
      'at %s',
      async (path) => {
        const answer = await send(at(group, path.replace('CODE', group.code)), legacy('ping'));
        expect(answer).toMatchObject({ status: 200, body: { result: {} } });
      },
    );

    it.each([
      ['Authorization', (key: string) => ({ authorization: `Bearer ${key}` })],
      ['a lower-case scheme', (key: string) => ({ authorization: `bearer ${key}` })],
      ['X-API-Key', (key: string) => ({ authorization: '', 'x-api-key': key })],
    ])('a key in %s', async (_name, headersOf) => {
      const answer = await send(group, { ...legacy('ping'), headers: headersOf(group.key) });
      expect(answer.status).toBe(200);
    });

    it.each(['', '*/*', 'application/json', 'text/event-stream'])(
      'a client that accepts %p',
      async (accept) => {
        const answer = await send(group, { ...legacy('ping'), headers: { accept } });
        expect(answer).toMatchObject({ status: 200, body: { result: {} } });
      },
    );
  });

  describe('keeps out', () => {
    const refusal = async (g: TestGroup, headers: Record<string, string>) => {
      const answer = await send(g, { ...legacy('tools/list'), headers });
      return { status: answer.status, body: answer.body, challenge: answer.headers.get('www-authenticate') };
    };

    it('someone without a key, and someone with a wrong one: 401 and a challenge', async () => {
      await expect(refusal(group, { authorization: '' })).resolves.toMatchObject({
        status: 401,
        body: {
          jsonrpc: '2.0',
          id: 1,
          error: {
            message: expect.stringContaining('Send the group key'),
            data: { error: 'invalid_request' },
          },
        },
        challenge: expect.stringMatching(/^Bearer realm=/),
      });
      await expect(
        refusal(group, { authorization: `Bearer ${group.key.slice(0, -1)}X` }),
      ).resolves.toMatchObject({
        status: 401,
        challenge: expect.stringContaining('error="invalid_token"'),
      });
    });

    it('them in the same way whether the group exists or not', async () => {
      const nowhere = at(group, '/mcp/no-such-group/mcp');
      const credentials: Record<string, string>[] = [
        { authorization: '' },
        { authorization: 'Bearer nonsense' },
        { 'x-api-key': 'x', authorization: '' },
      ];
      for (const headers of credentials) {
        expect(await refusal(nowhere, headers)).toEqual(await refusal(group, headers));
      }
    });

    it("another tenant's key in the same way whether the group exists or not", async () => {
      const stranger = await newGroup(t, await t.newTenant(), { tools: [] });
      const mine = await refusal(group, withKey(stranger));
      const nowhere = await refusal(at(group, '/mcp/no-such-group/mcp'), withKey(stranger));
      expect(mine.status).toBe(404);
      expect(JSON.stringify(mine).replaceAll(group.code, 'X')).toBe(
        JSON.stringify(nowhere).replaceAll('no-such-group', 'X'),
      );
    });

    it("another group's key of the same tenant: 403, without the promise that a scope would help", async () => {
      await expect(refusal(group, withKey(stateful))).resolves.toMatchObject({
        status: 403,
        body: { id: 1, error: { data: { error: 'wrong_group' } } },
        challenge: null,
      });
    });

    it('calls that a good key makes where it may not, and puts them on record', async () => {
      const g = await newGroup(t, tenant, { tools: TOOLS });
      const call = legacy('tools/call', { name: 'echo', arguments: { message: 'x'.repeat(100_000) } }, 'big');
      const foreign = await send(g, { ...call, headers: withKey(stateful) });
      expect(foreign).toMatchObject({ status: 403, body: { id: 'big' } });
      await admin('PUT', `/groups/${g.id}`, { enabled: false });
      expect(await send(g, call)).toMatchObject({ status: 403, body: { id: 'big' } });
      const recorded = await t.dataSource.query<object[]>(
        `SELECT tool_name, success, error_kind, error_message FROM mcp_call_logs WHERE group_id = $1 ORDER BY id`,
        [g.id],
      );
      const refused = { tool_name: 'echo', success: false, error_kind: 'refused' };
      expect(recorded).toMatchObject([
        { ...refused, error_message: expect.stringContaining('does not open') },
        { ...refused, error_message: expect.stringContaining('is disabled') },
      ]);
    });

    it('with the id of the request, as far as a stranger is listened to', async () => {
      const ask = (body: unknown, headers: Record<string, string> = { authorization: 'Bearer wrong' }) =>
        send(group, { body, headers });
      expect((await ask(legacy('ping', undefined, 'mine').body)).body.id).toBe('mine');
      expect((await ask('{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}')).text).toContain(
        '"id":9007199254740993,',
      );
      expect((await ask('{nope')).body.id).toBeNull();
      expect((await ask(`{"id":1,"x":"${'x'.repeat(100_000)}"}`)).body.id).toBeNull();
      expect((await ask([legacy('ping').body])).body.id).toBeNull();
    });

    it.each([
      ['POST', '/register'],
      ['POST', '/token'],
      ['GET', '/authorize?response_type=code&client_id=x'],
      ['GET', '/.well-known/oauth-authorization-server'],
      ['GET', '/.well-known/oauth-protected-resource/mcp/x/mcp'],
      ['GET', '/.well-known/openid-configuration'],
      ['GET', '/mcp/CODE/mcp/.well-known/openid-configuration'],
      ['GET', '/mcp/CODE/.well-known/oauth-protected-resource'],
    ])('a client that looks for OAuth, and says that there is none: %s %s', async (method, path) => {
      const response = await fetch(`${t.url}${path.replace('CODE', group.code)}`, { method });
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({
        error_description: expect.stringMatching(/no OAuth here.*key was not accepted/),
      });
    });

    it('everybody from a disabled group, at once, and lets them in again at once', async () => {
      const g = await newGroup(t, tenant, { tools: TOOLS });
      await admin('PUT', `/groups/${g.id}`, { enabled: false });
      await expect(refusal(g, withKey(g))).resolves.toMatchObject({
        status: 403,
        body: {
          error: { message: `The tool group '${g.code}' is disabled`, data: { error: 'group_disabled' } },
        },
        challenge: null,
      });
      await admin('PUT', `/groups/${g.id}`, { enabled: true });
      await expect(refusal(g, withKey(g))).resolves.toMatchObject({ status: 200 });
    });

    it('a key that was replaced, on the very next call', async () => {
      const g = await newGroup(t, tenant, { tools: TOOLS });
      const regenerated = await admin('POST', `/groups/${g.id}/regenerate-key`);
      await expect(refusal(g, withKey(g))).resolves.toMatchObject({ status: 401 });
      const key = regenerated.body.data.api_key;
      await expect(refusal(g, { authorization: `Bearer ${key}` })).resolves.toMatchObject({ status: 200 });
    });

    it.each([
      ['Host', { host: 'evil.example' }, 'forbidden_host'],
      ['Origin', { origin: 'https://evil.example' }, 'forbidden_origin'],
      ['Origin null', { origin: 'null' }, 'forbidden_origin'],
    ])('a foreign %s', async (_name, headers, error) => {
      const { status, text } = await raw({ ...withKey(group), ...headers });
      expect({ status, error: JSON.parse(text).error.data.error }).toEqual({ status: 403, error });
    });

    /** fetch would not let a test set Host. */
    function raw(headers: Record<string, string>): Promise<{ status: number; text: string }> {
      return new Promise((resolve, reject) => {
        const request = httpRequest(group.url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
        });
        request.on('error', reject).on('response', (response) => {
          let text = '';
          response.on('data', (chunk) => (text += String(chunk)));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        });
        request.end(JSON.stringify(legacy('ping').body));
      });
    }
  });

  describe('an upgrade', () => {
    const knock = (head: string): Promise<string> =>
      new Promise((resolve) => {
        const socket = connect(Number(new URL(t.url).port), '127.0.0.1');
        let text = '';
        socket.on('data', (chunk) => (text += String(chunk))).on('error', () => resolve('reset'));
        socket.on('close', () => resolve(text));
        socket.write(head);
      });

    it('that is reset in the middle hurts nobody else', async () => {
      for (const path of ['/', `/mcp/${group.code}/ws`]) {
        for (const protocol of ['x', 'websocket']) {
          const socket = connect(Number(new URL(t.url).port), '127.0.0.1');
          socket.on('error', () => undefined);
          socket.write(
            `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`,
          );
          await new Promise((resolve) => socket.once('data', resolve));
          socket.resetAndDestroy();
        }
      }
      await expect(send(group, legacy('ping'))).resolves.toMatchObject({ status: 200 });
    });

    it('to another protocol is ignored: the request is served as it is', async () => {
      const body = JSON.stringify(legacy('ping').body);
      const answer = await knock(
        `POST /mcp/${group.code}/mcp HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings, close\r\n` +
          `Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\nAuthorization: Bearer ${group.key}\r\n` +
          `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      expect(answer).toMatch(/^HTTP\/1.1 200 OK/);
      expect(answer).toContain('"result":{}');
    });

    it('refused for its key says why', async () => {
      const answer = await knock(
        `GET /mcp/${group.code}/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1.1 401 [^]*WWW-Authenticate: Bearer[^]*Send the group key/);
    });
  });

  it('says that there is nothing at a wrong address below a group, to someone with a key', async () => {
    for (const path of [`/mcp/${group.code}/nothing`, '/mcp']) {
      const answer = await send(at(group, path), legacy('ping'));
      expect(answer).toMatchObject({
        status: 404,
        body: { error: { message: 'There is nothing at this address' } },
      });
    }
  });

  it('refuses a compressed body and says so', async () => {
    const answer = await send(group, { ...legacy('ping'), headers: { 'content-encoding': 'gzip' } });
    expect(answer).toMatchObject({
      status: 415,
      body: { error: { message: expect.stringContaining('gzip') } },
    });
  });

  const cancellationOf = (requestId: unknown) => ({
    body: { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } },
  });
  const waiting = (name: string, id: unknown, ms = 20_000) =>
    legacy('tools/call', { name: 'wait', arguments: { name, ms } }, id);

  it('cancels a call without a session by notifications/cancelled with an id that nobody else has', async () => {
    const id = 'ad0d4a2c-4a3c-4e63-94b2-9d1b0ac3f0a8';
    const call = send(group, waiting('stateless', id));
    await eventually(() => tools.begun.includes('stateless'));
    await expect(send(group, cancellationOf(id))).resolves.toMatchObject({ status: 202 });
    await eventually(() => tools.aborted.includes('stateless'));
    expect((await call).body.result).toMatchObject({ isError: true });
  });

  it.each([1, 'one'])('cancels no call without a session whose id proves nothing: %p', async (id) => {
    const name = `counted ${id}`;
    const call = send(group, waiting(name, id, 300));
    await eventually(() => tools.begun.includes(name));
    await send(group, cancellationOf(id));
    expect((await call).body.result?.content?.[0]?.text).toBe('waited');
  });

  it('refuses a body that is not UTF-8', async () => {
    const answer = await fetch(group.url, {
      method: 'POST',
      headers: withKey(group, { 'content-type': 'application/json' }),
      body: Buffer.from([0x22, 0xff, 0xfe, 0x22]),
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining('UTF-8') } });
  });

  it.each([
    ['application/json; charset=utf8', '', 200],
    ['application/json;charset="UTF-8"', '\ufeff', 200],
    ['application/json', '\ufeff', 200],
    ['application/json; charset=iso-8859-1', '', 415],
    ['application/json; charset=utf-16le', '', 415],
  ])('reads UTF-8 only, with or without a byte order mark: %s %j', async (type, mark, status) => {
    const answer = await fetch(group.url, {
      method: 'POST',
      headers: withKey(group, { 'content-type': type, accept: 'application/json, text/event-stream' }),
      body: `${mark}{"jsonrpc":"2.0","id":1,"method":"ping"}`,
    });
    expect([answer.status, status !== 415 || /in UTF-8/.test(await answer.text())]).toEqual([status, true]);
  });

  it('answers a browser of an allowed origin, preflight included', async () => {
    const origin = 'http://localhost:3000';
    const preflight = await fetch(group.url, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-headers': 'mcp-param-region' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toMatch(/Mcp-Method.*mcp-param-region/);
    const answer = await send(group, { ...legacy('ping'), headers: { origin } });
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
  });

  it('ends a body that does not arrive in time', async () => {
    const { port } = new URL(t.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      `POST /mcp/${group.code}/mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${group.key}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"jsonrpc"',
    );
    let text = '';
    socket.on('data', (chunk) => (text += String(chunk)));
    await new Promise((resolve) => socket.once('close', resolve));
    expect(text).toMatch(/^HTTP\/1.1 408 /);
    expect(text).toContain('did not arrive within 300 ms');
  });

  describe('tools/list', () => {
    it('pages in a fixed order', async () => {
      const first = (await send(group, legacy('tools/list'))).body.result;
      const second = (await send(group, legacy('tools/list', { cursor: first?.nextCursor }))).body.result;
      const names = [...(first?.tools ?? []), ...(second?.tools ?? [])].map(({ name }) => name);
      expect(names).toEqual([...TOOLS].toSorted());
      expect(second).not.toHaveProperty('nextCursor');
    });

    it('refuses a cursor of another group, and one that somebody made up', async () => {
      const other = await newGroup(t, tenant, { tools: TOOLS });
      const { nextCursor } = (await send(other, legacy('tools/list'))).body.result ?? {};
      const madeUp = ['["echo"]', '["echo","x"]', '[1,2]', 'x'].map((text) =>
        Buffer.from(text).toString('base64url'),
      );
      for (const cursor of [nextCursor, ...madeUp]) {
        const answer = await send(group, legacy('tools/list', { cursor }));
        expect(answer.body.error).toMatchObject({ code: -32602, message: expect.stringContaining('cursor') });
      }
      await expect(send(other, legacy('tools/list', { cursor: nextCursor }))).resolves.toMatchObject({
        body: { result: { tools: [{ name: 'wait' }] } },
      });
    });

    it('says how long 2026-07-28 clients may keep it, and that it is theirs alone', async () => {
      const { result } = (await send(group, modern('tools/list'))).body;
      expect(result).toMatchObject({
        resultType: 'complete',
        ttlMs: expect.any(Number),
        cacheScope: 'private',
      });
    });

    it('shows an admin’s change on the next request', async () => {
      const g = await newGroup(t, tenant, { tools: ['echo'] });
      const [tool] = (await admin('GET', `/tools?group_id=${g.id}`)).items;
      await admin('PUT', `/tools/${tool?.id}`, { description: 'Says it again' });
      expect((await send(g, legacy('tools/list'))).body.result?.['tools']).toMatchObject([
        { description: 'Says it again' },
      ]);
      await admin('PUT', `/tools/${tool?.id}`, { enabled: false });
      expect((await send(g, legacy('tools/list'))).body.result?.['tools']).toEqual([]);
      const call = await send(g, legacy('tools/call', { name: 'echo', arguments: { message: 'x' } }));
      expect(call.body.error?.code).toBe(-32602);
    });
  });

  describe('progress and log messages', () => {
    const steps = { name: 'steps', arguments: { count: 3 } };

    it('come on a stream to a client of 2025 that asked for progress', async () => {
      const answer = await send(group, legacy('tools/call', { ...steps, _meta: { progressToken: 'p' } }));
      const progress = answer.messages.filter(({ method }) => method === 'notifications/progress');
      expect(progress.map(({ params }) => params?.progress)).toEqual([1, 2, 3]);
      expect(answer.body.result?.['content']).toEqual([{ type: 'text', text: 'done' }]);
    });

    it('come on a stream to a client of 2026-07-28 that asked for them', async () => {
      const request = modern('tools/call', steps, {
        progressToken: 7,
        'io.modelcontextprotocol/logLevel': 'info',
      });
      const answer = await send(group, request);
      expect(answer.messages.map(({ method }) => method)).toEqual([
        ...Array.from({ length: 3 }, () => ['notifications/progress', 'notifications/message']).flat(),
        undefined,
      ]);
      expect(answer.body.result?.['resultType']).toBe('complete');
    });

    it('do not come unasked', async () => {
      for (const request of [legacy('tools/call', steps), modern('tools/call', steps)]) {
        const answer = await send(group, request);
        expect(answer.headers.get('content-type')).toBe('application/json');
      }
    });
  });

  describe('sessions', () => {
    const open = async (): Promise<Record<string, string>> => {
      const answer = await send(stateful, { ...initialize, headers: {} });
      expect(answer.status).toBe(200);
      return {
        'mcp-session-id': answer.headers.get('mcp-session-id') ?? '',
        'mcp-protocol-version': '2025-11-25',
      };
    };

    it('are not offered by a group that does not have them', async () => {
      const answer = await send(group, initialize);
      expect(answer.headers.get('mcp-session-id')).toBeNull();
      expect(answer.body.result?.['capabilities']).toEqual({ tools: {} });
    });

    it('begin with initialize and end with DELETE', async () => {
      const headers = await open();
      await expect(send(stateful, { ...legacy('tools/list'), headers })).resolves.toMatchObject({
        status: 200,
      });
      await expect(send(stateful, { method: 'DELETE', headers })).resolves.toMatchObject({ status: 200 });
      await expect(send(stateful, { ...legacy('tools/list'), headers })).resolves.toMatchObject({
        status: 404,
      });
    });

    it('are not needed: a request without one is served', async () => {
      await expect(send(stateful, legacy('ping'))).resolves.toMatchObject({
        status: 200,
        body: { result: {} },
      });
    });

    it('serve two requests with one id at the same time, each on its own response', async () => {
      const headers = await open();
      const [first, second] = ['first-of-id', 'second-of-id'].map((name) =>
        send(stateful, { ...waiting(name, 'one-id', 300), headers }),
      );
      const listed = await send(stateful, { ...legacy('tools/list', undefined, 'one-id'), headers });
      expect(listed.body).toMatchObject({ id: 'one-id', result: { tools: expect.any(Array) } });
      for (const answer of [await first, await second])
        expect(answer.body).toMatchObject({ id: 'one-id', result: { content: [{ text: 'waited' }] } });
      await send(stateful, { method: 'DELETE', headers });
    });

    it('that are gone say to which request, and that nothing was executed', async () => {
      const headers = { 'mcp-session-id': 'gone' };
      const call = legacy('tools/call', { name: 'echo', arguments: { message: 'x' } }, 'late');
      await expect(send(stateful, { ...call, headers })).resolves.toMatchObject({
        status: 404,
        body: { id: 'late', error: { message: expect.stringContaining('nothing was executed') } },
      });
      for (const method of ['GET', 'DELETE'])
        await expect(send(stateful, { method, headers })).resolves.toMatchObject({ status: 404 });
    });

    it('begin anew whatever session the client thinks it has', async () => {
      const stale = await send(stateful, { ...initialize, headers: { 'mcp-session-id': 'gone' } });
      expect(stale).toMatchObject({ status: 200, body: { result: { protocolVersion: '2025-11-25' } } });
      const headers = { 'mcp-session-id': stale.headers.get('mcp-session-id') ?? '' };
      const again = await send(stateful, { ...initialize, headers });
      expect(again.headers.get('mcp-session-id')).toMatch(/^(?!gone)[\w-]{36}$/);
      await send(stateful, { method: 'DELETE', headers });
      const next = { 'mcp-session-id': again.headers.get('mcp-session-id') ?? '' };
      await send(stateful, { method: 'DELETE', headers: next });
    });

    it.each(['application/json', 'application/json, text/event-stream', ''])(
      'begin with an answer in JSON, to a client that accepts %p',
      async (accept) => {
        const answer = await send(stateful, { ...initialize, headers: { accept } });
        expect(answer.headers.get('content-type')).toBe('application/json');
        const headers = { 'mcp-session-id': answer.headers.get('mcp-session-id') ?? '' };
        await send(stateful, { method: 'DELETE', headers });
      },
    );

    it('are left alone by requests of 2026-07-28, which have none', async () => {
      const request = modern('tools/list');
      const headers = { ...request.headers, 'mcp-session-id': 'gone' };
      await expect(send(stateful, { ...request, headers })).resolves.toMatchObject({ status: 200 });
    });

    it('take batches only of a revision that has them, and no longer than allowed', async () => {
      const headers = await open();
      const batch = (length: number) => Array.from({ length }, (_, id) => legacy('ping', undefined, id).body);
      const refused = await send(stateful, { body: batch(2), headers });
      expect(refused).toMatchObject({ status: 400, body: { error: { code: -32600 } } });
      const old = { ...headers, 'mcp-protocol-version': '2025-03-26' };
      await expect(send(stateful, { body: batch(51), headers: old })).resolves.toMatchObject({ status: 400 });
      await send(stateful, { method: 'DELETE', headers });
    });

    it("are nobody else's: another group's key finds none", async () => {
      const headers = await open();
      const other = await newGroup(t, tenant, { tools: TOOLS, sessions: true });
      await expect(send(other, { ...legacy('ping'), headers })).resolves.toMatchObject({ status: 404 });
      await send(stateful, { method: 'DELETE', headers });
    });

    it('end when they were idle for too long, and make room for new ones when there are too many', async () => {
      const first = await open();
      for (let n = 0; n < 4; n++) await open();
      expect(t.app.get(Sessions).countOf(tenant.tenantId)).toBe(4);
      await expect(send(stateful, { ...legacy('ping'), headers: first })).resolves.toMatchObject({
        status: 404,
      });
      await eventually(() => t.app.get(Sessions).countOf(tenant.tenantId) === 0);
    });

    it('end when the key is replaced', async () => {
      const g = await newGroup(t, tenant, { tools: TOOLS, sessions: true });
      const client = new Client1(INFO);
      await client.connect(new Http1(new URL(g.url), { requestInit: { headers: withKey(g) } }));
      const before = t.app.get(Sessions).countOf(tenant.tenantId);
      await admin('POST', `/groups/${g.id}/regenerate-key`);
      await eventually(() => t.app.get(Sessions).countOf(tenant.tenantId) === before - 1);
      await expect(client.listTools()).rejects.toThrow();
      await client.close();
    });

    it('cancel a call by notifications/cancelled', async () => {
      const client = new Client1(INFO);
      await client.connect(new Http1(new URL(stateful.url), { requestInit: { headers: withKey(stateful) } }));
      const cancel = new AbortController();
      const call = client.callTool(
        { name: 'wait', arguments: { name: 'session-cancel', ms: 20_000 } },
        undefined,
        {
          signal: cancel.signal,
        },
      );
      await eventually(() => tools.begun.includes('session-cancel'));
      cancel.abort();
      await expect(call).rejects.toThrow();
      await eventually(() => tools.aborted.includes('session-cancel'));
      await client.close();
    });
  });

  describe('list_changed', () => {
    const addTool = (g: TestGroup, tool_name: string) =>
      admin('POST', `/groups/${g.id}/tools`, { tool_name });

    /** Opens a session and its GET stream; the stream stands when this returns. */
    const openStream = async (g: TestGroup) => {
      const { headers } = await send(g, initialize);
      const response = await fetch(g.url, {
        headers: withKey(g, {
          accept: 'text/event-stream',
          'mcp-session-id': headers.get('mcp-session-id') ?? '',
          'mcp-protocol-version': '2025-11-25',
        }),
      });
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      return {
        status: response.status,
        read: async () => (await reader.read()).value,
        end: async () => {
          await reader.cancel();
          const session = { 'mcp-session-id': headers.get('mcp-session-id') ?? '' };
          await fetch(g.url, { method: 'DELETE', headers: withKey(g, session) });
        },
      };
    };

    it('reaches sessions of that group and of no other', async () => {
      const [a, b] = [
        await newGroup(t, tenant, { tools: ['echo'], sessions: true }),
        await newGroup(t, tenant, { tools: ['echo'], sessions: true }),
      ];
      const [streamA, streamB] = [await openStream(a), await openStream(b)];
      await addTool(a, 'data');
      expect(await streamA.read()).toContain('notifications/tools/list_changed');
      await addTool(b, 'data');
      const heardByB = await streamB.read();
      expect(heardByB?.match(/list_changed/g)).toHaveLength(1);
      await Promise.all([streamA.end(), streamB.end()]);
    });

    it('reaches both groups when a tool moves from one to the other', async () => {
      const [a, b] = [
        await newGroup(t, tenant, { tools: ['echo'], sessions: true }),
        await newGroup(t, tenant, { tools: [], sessions: true }),
      ];
      const [streamA, streamB] = [await openStream(a), await openStream(b)];
      const { items } = await t.rest('GET', `/admin/tools?group_id=${a.id}`, { token: tenant.adminToken });
      await t.rest('PUT', `/admin/tools/${items[0].id}`, {
        token: tenant.adminToken,
        body: { group_id: b.id },
      });
      for (const stream of [streamA, streamB]) {
        expect(await stream.read()).toContain('notifications/tools/list_changed');
        await stream.end();
      }
    });

    it('reaches the second stream of a session, which takes the place of a dead one', async () => {
      const g = await newGroup(t, tenant, { tools: ['echo'], sessions: true });
      const { headers } = await send(g, initialize);
      const session = { 'mcp-session-id': headers.get('mcp-session-id') ?? '' };
      const get = async () => {
        const response = await fetch(g.url, {
          headers: withKey(g, { ...session, accept: 'text/event-stream' }),
        });
        expect(response.status).toBe(200);
        return response.body!.pipeThrough(new TextDecoderStream()).getReader();
      };
      const [first, second] = [await get(), await get()];
      expect((await first.read()).done).toBe(true);
      await addTool(g, 'data');
      expect((await second.read()).value).toContain('notifications/tools/list_changed');
      await second.cancel();
    });

    it('reaches 2026-07-28 listeners of that group and of no other', async () => {
      const [a, b] = [
        await newGroup(t, tenant, { tools: ['echo'] }),
        await newGroup(t, tenant, { tools: ['echo'] }),
      ];
      const heard: string[] = [];
      const listenAt = async (g: TestGroup, name: string) => {
        const client = new Client2(INFO, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
        client.setNotificationHandler('notifications/tools/list_changed', () => void heard.push(name));
        await client.connect(new Http2(new URL(g.url), { requestInit: { headers: withKey(g) } }));
        await client.listen({ toolsListChanged: true });
        return client;
      };
      const clients = [await listenAt(a, 'a'), await listenAt(b, 'b')];
      await addTool(a, 'data');
      await eventually(() => heard.length > 0);
      await addTool(b, 'data');
      await eventually(() => heard.length > 1);
      expect(heard).toEqual(['a', 'b']);
      await Promise.all(clients.map((client) => client.close()));
    });

    it('a listener is cut off when its key is replaced', async () => {
      const g = await newGroup(t, tenant, { tools: ['echo'] });
      const client = new Client2(INFO, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
      await client.connect(new Http2(new URL(g.url), { requestInit: { headers: withKey(g) } }));
      const subscription = await client.listen({ toolsListChanged: true });
      await admin('POST', `/groups/${g.id}/regenerate-key`);
      await expect(subscription.closed).resolves.toBe('remote');
      await client.close();
    });
  });

  describe('HTTP+SSE', () => {
    it('names an address on its own origin within a second, and answers on the stream', async () => {
      const response = await fetch(`${t.url}/mcp/${group.code}/sse`, { headers: withKey(group) });
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      const first = (await reader.read()).value ?? '';
      const address = /^event: endpoint\ndata: (\/mcp\/\S+)/.exec(first)?.[1] ?? '';
      const posted = await fetch(`${t.url}${address}`, {
        method: 'POST',
        headers: withKey(group, { 'content-type': 'application/json' }),
        body: JSON.stringify(initialize.body),
      });
      expect(posted.status).toBe(202);
      expect((await reader.read()).value).toContain('"protocolVersion":"2025-11-25"');
      const stranger = await fetch(`${t.url}${address}`, {
        method: 'POST',
        headers: withKey(stateful, { 'content-type': 'application/json' }),
        body: '{}',
      });
      expect(stranger.status).toBe(403);
      await reader.cancel();
      await eventually(() => t.app.get(Connections).countOf(tenant.tenantId) === 0);
    });
  });

  describe('WebSocket', () => {
    const openSocket = async (g: TestGroup, headers = withKey(g)): Promise<WebSocket> => {
      const socket = new WebSocket(`${t.url.replace('http', 'ws')}/mcp/${g.code}/ws`, 'mcp', { headers });
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      return socket;
    };
    const ask = (socket: WebSocket, message: unknown): Promise<ReturnType<typeof toAnswer>['body']> =>
      new Promise((resolve) => {
        socket.once('message', (data: Buffer) => resolve(JSON.parse(data.toString('utf8'))));
        socket.send(typeof message === 'string' ? message : JSON.stringify(message));
      });

    it('serves both eras', async () => {
      const old = await openSocket(group);
      expect(await ask(old, initialize.body)).toMatchObject({ result: { protocolVersion: '2025-11-25' } });
      expect(await ask(old, legacy('tools/call', { name: 'data' }).body)).toMatchObject({
        result: { structuredContent: { n: 42 } },
      });
      old.close();
      const now = await openSocket(group);
      expect(await ask(now, modern('server/discover').body)).toMatchObject({
        result: { supportedVersions: ['2026-07-28'] },
      });
      expect(await ask(now, modern('tools/call', { name: 'data' }).body)).toMatchObject({
        result: { resultType: 'complete' },
      });
      now.close();
    });

    it('refuses what is not JSON, and malformed calls, and goes on', async () => {
      const socket = await openSocket(group);
      await ask(socket, initialize.body);
      expect(await ask(socket, '{nonsense')).toMatchObject({ error: { code: -32700 } });
      expect(await ask(socket, legacy('tools/call', { name: 7 }).body)).toMatchObject({
        error: { code: -32602 },
      });
      expect(await ask(socket, legacy('ping').body)).toMatchObject({ result: {} });
      socket.close();
    });

    it('keeps out a wrong key, and ends when the key is replaced', async () => {
      await expect(openSocket(group, { authorization: 'Bearer nonsense' })).rejects.toThrow('401');
      const g = await newGroup(t, tenant, { tools: TOOLS });
      const socket = await openSocket(g);
      const closed = new Promise((resolve) => socket.once('close', resolve));
      await admin('POST', `/groups/${g.id}/regenerate-key`);
      await closed;
    });

    it('takes no batch where the revision has none', async () => {
      const socket = await openSocket(group);
      await ask(socket, initialize.body);
      expect(await ask(socket, [legacy('ping').body])).toMatchObject({ error: { code: -32600 } });
      socket.close();
    });

    it('is refused at any other address', async () => {
      const elsewhere = new WebSocket(`${t.url.replace('http', 'ws')}/api`, { headers: withKey(group) });
      await expect(new Promise((_, reject) => elsewhere.once('error', reject))).rejects.toThrow('404');
    });

    it('stops a running call when the client goes away', async () => {
      const socket = await openSocket(group);
      await ask(socket, initialize.body);
      socket.send(
        JSON.stringify(
          legacy('tools/call', { name: 'wait', arguments: { name: 'ws-gone', ms: 20_000 } }, 9).body,
        ),
      );
      await eventually(() => tools.begun.includes('ws-gone'));
      socket.terminate();
      await eventually(() => tools.aborted.includes('ws-gone'));
    });
  });

  it('notes when a key was last used', async () => {
    const g = await newGroup(t, tenant, { tools: [] });
    await send(g, legacy('ping'));
    await t.app.get(KeyUsage).write();
    const [key] = await t.dataSource.query<{ recent: boolean }[]>(
      `SELECT last_used_at > now() - interval '1 minute' AS recent FROM mcp_group_keys WHERE group_id = $1`,
      [g.id],
    );
    expect(key).toEqual({ recent: true });
  });

  it('leaves every other path to the REST side', async () => {
    const answer = await fetch(`${t.url}/mcpx`);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ success: false });
  });

  it('a change on one replica rules the calls of another', async () => {
    const other = await createTestApp({ tools: [TestTools], database: t.database });
    const g = await newGroup(t, tenant, { tools: ['echo'] });
    const there = { ...g, url: g.url.replace(t.url, other.url) };
    await eventually(async () => (await send(there, legacy('ping'))).status === 200);
    await admin('POST', `/groups/${g.id}/regenerate-key`);
    await eventually(async () => (await send(there, legacy('ping'))).status === 401);
    await other.close();
  });
});
