import { once } from 'node:events';
import { Client as Client2, StreamableHTTPClientTransport as Http2 } from '@modelcontextprotocol/client';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport as Sse1 } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport as Http1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { WebSocket } from 'ws';
import { DifyClient } from '../support/dify-client.js';
import { type RunningServer, startServer } from '../support/server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const INFO = { name: 'real-client', version: '1.0.0' };

/** The built server as a newcomer meets it: sample data, the sample group and its key from the first start's output. */
describe('real clients on the built server', () => {
  let database: TestDatabase;
  let server: RunningServer;
  let url: string;
  let headers: { Authorization: string };

  beforeAll(async () => {
    database = await createTestDatabase();
    server = await startServer({ env: { DATABASE_URL: database.url, SAMPLE_DATA: 'true' } });
    const key = /mcp_key_[A-Za-z0-9_-]+/.exec(server.stdout())?.[0];
    url = `${server.url}/mcp/sample`;
    headers = { Authorization: `Bearer ${key ?? ''}` };
  });
  afterAll(async () => {
    await server?.stop();
    await database?.drop();
  });

  type AnyClient = {
    listTools(): Promise<{ tools: { name: string }[] }>;
    callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<unknown>;
    close(): Promise<void>;
  };

  /** Lists, finds a customer, and asks for that customer's profile: what every agent does first. */
  async function useAsAnAgent(client: AnyClient): Promise<void> {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['get_user_profile', 'search_users']),
    );
    const found = (await client.callTool({
      name: 'search_users',
      arguments: { query: 'a', limit: 1 },
    })) as Result;
    const userId = found.structuredContent.users[0]?.user_id;
    const profile = (await client.callTool({
      name: 'get_user_profile',
      arguments: { user_id: userId },
    })) as Result;
    expect(profile.structuredContent).toMatchObject({ user_id: userId });
    await client.close();
  }
  type Result = { structuredContent: { users: { user_id: string }[] } };

  it('SDK v1 over Streamable HTTP', async () => {
    const client = new Client1(INFO);
    await client.connect(new Http1(new URL(`${url}/mcp`), { requestInit: { headers } }));
    await useAsAnAgent(client);
  });

  it('SDK v1 over HTTP+SSE', async () => {
    const client = new Client1(INFO);
    const transport = new Sse1(new URL(`${url}/sse`), { requestInit: { headers } });
    await client.connect(transport);
    await useAsAnAgent(client);
  });

  it.each([
    ['legacy', 'legacy' as const],
    ['auto', 'auto' as const],
    ['2026-07-28', { pin: '2026-07-28' }],
  ])('SDK v2, %s', async (_name, mode) => {
    const client = new Client2(INFO, { versionNegotiation: { mode } });
    await client.connect(new Http2(new URL(`${url}/mcp`), { requestInit: { headers } }));
    await useAsAnAgent(client);
  });

  it.each([
    ['the URL we hand out', '/mcp', 0],
    ['the short URL, which Dify probes for SSE first', '', 1],
  ])('Dify 1.15 on %s', async (_name, suffix, probes) => {
    const dify = new DifyClient(url + suffix, headers);
    const tools = await dify.listTools();
    expect(tools.length).toBeGreaterThanOrEqual(14);
    const text = await dify.callTool('search_users', { query: 'a', limit: 1 });
    expect(JSON.parse(text)).toMatchObject({ users: [{ user_id: expect.any(String) }] });
    const [probe] = dify.exchanged;
    if (probes > 0) expect(probe).toMatchObject({ body: '', status: 405 });
    expect(dify.exchanged.map(({ body }) => body).filter((body) => body !== '')).toEqual([
      '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"Dify","version":"1.15.0"}}}',
      '{"jsonrpc":"2.0","method":"notifications/initialized"}',
      '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
      expect.stringContaining('"id":0,"method":"initialize"'),
      '{"jsonrpc":"2.0","method":"notifications/initialized"}',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search_users","arguments":{"query":"a","limit":1}}}',
    ]);
  });

  it('Dify gets schemas it can read: each property has one simple type and says its rules in words', async () => {
    const tools = await new DifyClient(`${url}/mcp`, headers).listTools();
    const properties = tools.flatMap(({ inputSchema }) =>
      Object.values(inputSchema['properties'] as Record<string, Property>),
    );
    for (const { type, description, enum: allowed } of properties) {
      expect(['string', 'number', 'integer', 'boolean', 'array', 'object']).toContain(type);
      for (const value of allowed ?? []) expect(description).toContain(value);
      expect(description).not.toBe('');
    }
  });
  type Property = { type: string; description: string; enum?: string[] };

  it('an agent in Dify can act on a failure by its text alone', async () => {
    const dify = new DifyClient(`${url}/mcp`, headers);
    await expect(
      dify.callTool('get_user_profile', { user_id: '00000000-0000-7000-8000-000000000000' }),
    ).resolves.toMatch(/search_users/);
    await expect(dify.callTool('search_users', { query: 'a', limit: 'many' })).resolves.toMatch(/'limit'/);
    await expect(dify.callTool('no_such_tool', {})).resolves.toMatch(/no_such_tool/);
  });

  it('streams without a call on them do not hold up a stop', async () => {
    const stopping = await startServer({ env: { DATABASE_URL: database.url, SHUTDOWN_GRACE_MS: '60000' } });
    const address = `${stopping.url}/mcp/sample`;
    const sse = new Client1(INFO);
    await sse.connect(new Sse1(new URL(`${address}/sse`), { requestInit: { headers } }));
    const listener = new Client2(INFO, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
    await listener.connect(new Http2(new URL(`${address}/mcp`), { requestInit: { headers } }));
    const subscription = await listener.listen({ toolsListChanged: true });
    const socket = new WebSocket(`${address.replace('http', 'ws')}/ws`, 'mcp', { headers });
    await once(socket, 'open');
    await expect(stopping.stop()).resolves.toBe(0);
    await expect(subscription.closed).resolves.toBe('remote');
    await Promise.all([sse.close(), listener.close()]);
  });

  it('Dify with a wrong key is told so at once', async () => {
    const dify = new DifyClient(`${url}/mcp`, { Authorization: 'Bearer wrong' });
    await expect(dify.listTools()).rejects.toThrow('401');
  });
});
