import { Connections } from '../../src/mcp/doors/connections.js';
import { Listeners } from '../../src/mcp/lanes/listeners.js';
import { TestTools } from '../fixtures/test.tools.js';
import { legacy, modern, newGroup, send, type TestGroup } from '../support/mcp.js';
import { ask, handshake, openSse, openWebSocket, type StandingClient } from '../support/standing.js';
import { createTestApp, type Fields, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

const LIST_CHANGED = 'notifications/tools/list_changed';
const CONNECTIONS = [
  ['WebSocket', openWebSocket],
  ['HTTP+SSE', openSse],
] as const;

/** What stands open follows what holds now. */
describe('standing connections', () => {
  let t: TestApp;
  let tenant: TestTenant;
  let group: TestGroup;

  beforeAll(async () => {
    t = await createTestApp({ tools: [TestTools], env: { MCP_KEEPALIVE_MS: '1000' } });
    tenant = await t.newTenant();
  });
  afterAll(() => t?.close());
  beforeEach(async () => {
    group = await newGroup(t, tenant, { tools: ['echo', 'data', 'wait'], sessions: true });
  });

  const admin = async (method: string, path: string, body?: object) => {
    const answer = await t.rest(method, `/admin${path}`, { token: tenant.adminToken, ...(body && { body }) });
    if (answer.status >= 300) throw new Error(JSON.stringify(answer.body));
    return answer.body.data;
  };
  const newKey = (settings: object): Promise<Fields> =>
    admin('POST', `/groups/${group.id}/keys`, { name: `key ${Math.random()}`, ...settings });
  const withKey = (key: Fields): TestGroup => ({ ...group, key: key.api_key });
  const toolsOf = async (client: StandingClient) =>
    (await ask(client, 'tools/list')).result?.tools?.map(({ name }) => name);
  const noticesOn = (client: StandingClient) =>
    client.messages().filter(({ method }) => method === LIST_CHANGED).length;

  describe.each(CONNECTIONS)('%s', (_name, open) => {
    it('sees and may call what its key was given since, and is told', async () => {
      const key = await newKey({ tools: ['echo', 'data'] });
      const client = await open(withKey(key));
      await handshake(client);
      expect(await toolsOf(client)).toEqual(['data', 'echo']);
      await admin('PUT', `/keys/${key.id}`, { tools: ['echo'] });
      expect(await toolsOf(client)).toEqual(['echo']);
      const refused = await ask(client, 'tools/call', { name: 'data' });
      expect(refused.error?.message).toBe("No tool 'data' in this group; tools/list tells what there is");
      await eventually(() => noticesOn(client) === 1);
      client.close();
    });

    it('is bound by the limits that its key was given since', async () => {
      const key = await newKey({});
      const client = await open(withKey(key));
      const call = () => ask(client, 'tools/call', { name: 'echo', arguments: { message: 'hi' } });
      expect((await call()).result).not.toHaveProperty('isError');
      await admin('PUT', `/keys/${key.id}`, { limits: { per_day: 1 } });
      const answers = [await call(), await call()];
      expect(answers.at(-1)?.result).toMatchObject({
        isError: true,
        content: [{ text: expect.stringContaining('Too many calls') }],
      });
      client.close();
    });

    it('ends when its key may not be used from its network any more', async () => {
      const key = await newKey({});
      const client = await open(withKey(key));
      expect(await toolsOf(client)).toHaveLength(3);
      await admin('PUT', `/keys/${key.id}`, { allowed_networks: ['10.0.0.0/8'] });
      await eventually(client.isClosed);
    });

    it('ends with its key, whatever it said before', async () => {
      const client = await open(group);
      await client.send('{"jsonrpc":"2.0","id":7,"method":"tools/call","params":null}');
      await client.send('{"jsonrpc":"2.0","id":1.5,"method":"ping"}');
      await client.send('{"jsonrpc":"2.0","id":8,"method":"ping","extra":1}');
      await eventually(() => client.texts.length === 3);
      await admin('POST', `/groups/${group.id}/regenerate-key`);
      await eventually(client.isClosed);
    });

    it('hears nothing of a tool that its key does not see', async () => {
      const [narrow, wide] = [await newKey({ tools: ['echo'] }), await newKey({})];
      const [deaf, hearing] = [await open(withKey(narrow)), await open(withKey(wide))];
      await Promise.all([deaf, hearing].map(handshake));
      await admin('POST', `/groups/${group.id}/tools`, { tool_name: 'list' });
      await eventually(() => noticesOn(hearing) === 1);
      await admin('PUT', `/keys/${wide.id}`, { tools: ['list'] });
      await eventually(() => noticesOn(hearing) === 2);
      expect(noticesOn(deaf)).toBe(0);
      [deaf, hearing].forEach((client) => client.close());
    });

    it('cancels what was begun on it, and nothing of another one', async () => {
      const tools = t.app.get(TestTools);
      const [mine, other] = [await open(group), await open(group)];
      const name = `cancelled ${_name}`;
      const call = legacy('tools/call', { name: 'wait', arguments: { name, ms: 20_000 } }, 1).body;
      await mine.send(JSON.stringify(call));
      await eventually(() => tools.begun.includes(name));
      const cancel = '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}';
      await other.send(cancel);
      await ask(other, 'ping');
      expect(tools.aborted).not.toContain(name);
      await mine.send(cancel);
      await eventually(() => tools.aborted.includes(name));
      [mine, other].forEach((client) => client.close());
    });

    it('serves both eras, message by message', async () => {
      const client = await open(group);
      const listen = modern('subscriptions/listen', { notifications: { toolsListChanged: true } });
      await client.send(JSON.stringify(listen.body));
      await eventually(() => client.texts.length === 1);
      expect(client.messages()[0].method).toBe('notifications/subscriptions/acknowledged');
      expect(await toolsOf(client)).toHaveLength(3);
      await admin('POST', `/groups/${group.id}/tools`, { tool_name: 'list' });
      await eventually(() => noticesOn(client) === 1);
      const stop = '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}';
      await client.send(stop);
      client.close();
    });
  });

  it('tells streams of a session and of a subscription what became of their key', async () => {
    const key = await newKey({ tools: ['echo', 'data'] });
    const narrow = withKey(key);
    const stop = new AbortController();
    const heard: string[] = [];
    const listenTo = async (init: RequestInit) => {
      const response = await fetch(narrow.url, { ...init, signal: stop.signal });
      const index = heard.push('') - 1;
      void (async () => {
        for await (const chunk of response.body ?? []) heard[index] += Buffer.from(chunk).toString('utf8');
      })().catch(() => undefined);
    };
    const opened = await send(
      narrow,
      legacy('initialize', {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'c', version: '1' },
      }),
    );
    const authorization = `Bearer ${narrow.key}`;
    const session = opened.headers.get('mcp-session-id') ?? '';
    await listenTo({ headers: { authorization, accept: 'text/event-stream', 'mcp-session-id': session } });
    const { headers, body } = modern('subscriptions/listen', { notifications: { toolsListChanged: true } });
    await listenTo({
      method: 'POST',
      headers: { ...headers, authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    await eventually(() => heard[1].includes('acknowledged'));
    await admin('PUT', `/keys/${key.id}`, { tools: ['echo'] });
    await eventually(() => heard.every((text) => text.includes(LIST_CHANGED)));
    await admin('DELETE', `/keys/${key.id}`);
    stop.abort();
  });

  it('has a call to a group that was disabled, or is not for the key, on record, whatever door it comes to', async () => {
    const tools = t.app.get(TestTools);
    const echo = legacy('tools/call', { name: 'echo', arguments: { message: 'late' } }, 9);
    const initialize = legacy('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'c', version: '1' },
    });
    const { headers } = await send(group, initialize);
    const session = { 'mcp-session-id': headers.get('mcp-session-id') ?? '' };
    const clients = [await openSse(group), await openWebSocket(group)];
    for (const [n, client] of clients.entries()) {
      const name = `until disabled ${n}`;
      // What is under way keeps the connection open.
      await client.send(
        JSON.stringify(legacy('tools/call', { name: 'wait', arguments: { name, ms: 600_000 } }).body),
      );
      await eventually(() => tools.begun.includes(name));
    }
    const other = await newGroup(t, tenant, { tools: ['echo'] });
    expect((await send({ ...group, key: other.key }, echo)).status).toBe(403);
    await admin('PUT', `/groups/${group.id}`, { enabled: false });
    expect((await send(group, echo)).status).toBe(403);
    expect((await send(group, { ...echo, headers: session })).status).toBe(403);
    expect(await clients[0].send(JSON.stringify(echo.body))).toContain('is disabled');
    await clients[1].send(JSON.stringify(echo.body));
    await eventually(() => clients[1].messages().some(({ id, error }) => id === 9 && error !== undefined));
    const rows = await t.dataSource.query<{ transport: string; error_message: string }[]>(
      `SELECT transport, error_message FROM mcp_call_logs WHERE group_id = $1 AND error_kind = 'refused' ORDER BY transport, created_at`,
      [group.id],
    );
    const disabled = expect.stringContaining('is disabled') as string;
    expect(rows).toEqual([
      { transport: 'sse', error_message: disabled },
      { transport: 'streamable_http', error_message: expect.stringContaining('does not open') as string },
      { transport: 'streamable_http', error_message: disabled },
      { transport: 'streamable_http', error_message: disabled },
      { transport: 'websocket', error_message: disabled },
    ]);
    clients.forEach((client) => client.close());
  });

  it('tells of twenty changes in a row a few times, and of the last one', async () => {
    const client = await openWebSocket(group);
    await handshake(client);
    const { id } = await admin('POST', `/groups/${group.id}/tools`, { tool_name: 'list' });
    const begun = performance.now();
    for (let n = 1; n <= 20; n++) await admin('PUT', `/tools/${id}`, { description: `Change ${n}` });
    // Once at the beginning and then once a second at most: the last notice comes after the last change.
    await eventually(() => noticesOn(client) >= 2);
    const seconds = (performance.now() - begun) / 1000;
    expect(noticesOn(client)).toBeLessThanOrEqual(2 + Math.ceil(seconds));
    client.close();
  });
});

const MAX = 3;

/** What a replica holds open is shared: whoever has most of it makes room, and nobody else. */
describe('when a replica can hold no more open', () => {
  let t: TestApp;
  let tenant: TestTenant;
  let greedy: TestGroup;
  let other: TestGroup;
  let otherTenant: TestTenant;

  beforeAll(async () => {
    const env = { MCP_SESSIONS_MAX: String(MAX), MCP_LISTENERS_MAX: String(MAX) };
    t = await createTestApp({ tools: [TestTools], env });
    tenant = await t.newTenant();
  });
  afterAll(() => t?.close());
  beforeEach(async () => {
    greedy = await newGroup(t, tenant, { tools: ['echo', 'wait'], sessions: true });
    otherTenant = await t.newTenant();
    other = await newGroup(t, otherTenant, { tools: ['echo'], sessions: true });
  });

  const repeat = <T>(count: number, work: () => Promise<T>): Promise<T[]> =>
    Array.from({ length: count }).reduce<Promise<T[]>>(
      async (done) => [...(await done), await work()],
      Promise.resolve([]),
    );
  const secondKeyOf = async (group: TestGroup): Promise<TestGroup> => {
    const path = `/admin/groups/${group.id}/keys`;
    const made = await t.rest('POST', path, { token: tenant.adminToken, body: { name: 'second' } });
    return { ...group, key: made.body.data.api_key };
  };

  describe('sessions', () => {
    const initialize = (group: TestGroup) =>
      send(
        group,
        legacy('initialize', {
          protocolVersion: '2025-11-25',
          capabilities: {},
          clientInfo: { name: 'c', version: '1' },
        }),
      );
    const opened: { group: TestGroup; headers: { 'mcp-session-id': string } }[] = [];
    const open = async (group: TestGroup) => {
      const { headers } = await initialize(group);
      const session = { group, headers: { 'mcp-session-id': headers.get('mcp-session-id')! } };
      opened.push(session);
      return session;
    };
    type Session = Awaited<ReturnType<typeof open>>;
    const call = ({ group, headers }: Session, request = legacy('ping')) =>
      send(group, { ...request, headers });
    const statusesOf = async (sessions: readonly Session[]) =>
      (await Promise.all(sessions.map((session) => call(session)))).map(({ status }) => status);
    afterEach(async () => {
      for (const { group, headers } of opened.splice(0)) await send(group, { method: 'DELETE', headers });
    });

    it('a key that opens more than all ends its own, and no other tenant loses one', async () => {
      const theirs = await open(other);
      const mine = await repeat(MAX + 2, () => open(greedy));
      expect(await statusesOf([theirs])).toEqual([200]);
      expect(await statusesOf(mine)).toEqual([404, 404, 404, 200, 200]);
    });

    it('another tenant, and another key of the same one, get theirs from the key that has most', async () => {
      const mine = await repeat(MAX, () => open(greedy));
      const theirs = await open(other);
      const second = await open(await secondKeyOf(greedy));
      expect(await statusesOf([theirs, second])).toEqual([200, 200]);
      expect(await statusesOf(mine)).toEqual([404, 404, 200]);
    });

    it('all answering for one key: it gets no more, another tenant does, and no call is lost', async () => {
      const mine = await repeat(MAX, () => open(greedy));
      const tools = t.app.get(TestTools);
      const stop = new AbortController();
      const calls = mine.map((session, n) => {
        const request = legacy('tools/call', { name: 'wait', arguments: { name: `busy ${n}`, ms: 600_000 } });
        return call(session, { ...request, signal: stop.signal });
      });
      await eventually(() => mine.every((_, n) => tools.begun.includes(`busy ${n}`)));
      const refused = await initialize(greedy);
      expect(refused).toMatchObject({
        status: 503,
        body: { error: { message: expect.stringContaining('nobody has more of them than you') } },
      });
      expect(refused.headers.get('retry-after')).toBe('30');
      const theirs = await open(other);
      expect(await statusesOf([theirs])).toEqual([200]);
      expect(tools.aborted).not.toContain('busy 0');
      stop.abort();
      await Promise.allSettled(calls);
    });
  });

  const close = async (clients: readonly StandingClient[]) => {
    for (const client of clients) client.close();
    const counts = () =>
      [tenant, otherTenant].map(({ tenantId }) => t.app.get(Connections).countOf(tenantId));
    await eventually(() => counts().every((count) => count === 0));
  };

  describe.each(CONNECTIONS)('%s connections', (_name, openOne) => {
    it('the key that has most gives one up to another tenant, and gets no more itself', async () => {
      const mine = await repeat(MAX, () => openOne(greedy));
      const theirs = await openOne(other);
      await eventually(() => mine[0].isClosed());
      const refused = await fetch(`${t.url}/mcp/${greedy.code}/sse`, {
        headers: { authorization: `Bearer ${greedy.key}` },
      });
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '30']);
      expect((await ask(theirs, 'ping')).result).toEqual({});
      expect(mine.map((client) => client.isClosed())).toEqual([true, false, false]);
      await close([...mine, theirs]);
    });

    it('one that has to go answers what it has begun, and takes nothing more', async () => {
      const tools = t.app.get(TestTools);
      const mine = await repeat(MAX, () => openOne(greedy));
      const name = (n: number) => `leaving ${_name} ${n}`;
      for (const [n, client] of mine.entries()) {
        const call = legacy(
          'tools/call',
          { name: 'wait', arguments: { name: name(n), ms: 600_000 } },
          1,
        ).body;
        await client.send(JSON.stringify(call));
      }
      await eventually(() => mine.every((_, n) => tools.begun.includes(name(n))));
      const theirs = await openOne(other);
      const { error } = await ask(mine[0], 'ping');
      expect(error?.message).toContain('the request was not executed; open another one');
      const refused = await ask(mine[0], 'tools/call', { name: 'echo', arguments: { message: 'late' } });
      expect(refused.error?.message).toBe(error?.message);
      const rows = await t.dataSource.query<{ kind: string }[]>(
        `SELECT error_kind AS kind FROM mcp_call_logs WHERE group_id = $1 AND tool_name = 'echo'`,
        [greedy.id],
      );
      expect(rows).toEqual([{ kind: 'refused' }]);
      expect(tools.aborted).not.toContain(name(0));
      expect((await ask(mine[1], 'ping')).result).toEqual({});
      await close([...mine, theirs]);
    });
  });

  it('subscriptions: the oldest of the key that has most ends, over HTTP and on connections', async () => {
    const { headers, body } = modern('subscriptions/listen', { notifications: { toolsListChanged: true } });
    const stop = new AbortController();
    const listen = async (group: TestGroup) => {
      const response = await fetch(group.url, {
        method: 'POST',
        headers: { ...headers, authorization: `Bearer ${group.key}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: stop.signal,
      });
      const stream = { status: response.status, text: '', ended: false };
      void (async () => {
        for await (const chunk of response.body ?? []) stream.text += Buffer.from(chunk).toString('utf8');
        stream.ended = true;
      })().catch(() => undefined);
      return stream;
    };
    const mine = await repeat(MAX, () => listen(greedy));
    const theirs = await openWebSocket(other);
    await theirs.send(JSON.stringify(body));
    await eventually(() => theirs.messages()[0]?.method === 'notifications/subscriptions/acknowledged');
    await eventually(() => mine[0].ended);
    expect(mine[0].text).toContain('"resultType":"complete"');
    const refused = await send(greedy, { headers: headers ?? {}, body });
    expect(refused).toMatchObject({ status: 503, body: { id: 1, error: { code: -32_000 } } });
    expect(mine.map(({ ended }) => ended)).toEqual([true, false, false]);
    expect(t.app.get(Listeners).countOf(tenant.tenantId)).toBe(MAX - 1);
    stop.abort();
    theirs.close();
  });
});
