import { TestTools } from '../fixtures/test.tools.js';
import { eventually, legacy, modern, newGroup, send, type TestGroup } from '../support/mcp.js';
import { ask, handshake, openSse, openWebSocket, type StandingClient } from '../support/standing.js';
import { createTestApp, type Fields, type TestApp, type TestTenant } from '../support/test-app.js';

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
