import { deflateSync, gzipSync, brotliCompressSync } from 'node:zlib';
import { HEAVY_SCHEMAS, LoopTools } from '../fixtures/loop.tools.js';
import { keyBodies, messageOf, RULES, schemaArguments, standingTexts } from '../support/loop/mcp-cases.js';
import { bodyCases, headerCases, HEADERS_BYTES, refusedCases } from '../support/loop/rest-cases.js';
import { newGroup, type TestGroup } from '../support/mcp.js';
import { operationsOf, type Operation, type Schemas } from '../support/openapi-fuzz.js';
import {
  type Case,
  type MeteredServer,
  type RawRequest,
  startMeteredServer,
} from '../support/stall-meter.js';
import { openSse, openWebSocket, type StandingClient } from '../support/standing.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

/** What one request of anybody may hold the event loop for, and of someone who administers the service. */
const LIMIT_MS = 50;
const ADMIN_LIMIT_MS = 100;
const MIB = 1_048_576;

/** Promise of docs/security.md: no single request stops a replica, at sizes up to every limit. */
describe('the event loop', () => {
  let t: TestApp;
  let metered: MeteredServer;
  let operations: readonly Operation[];
  let schemas: Schemas;
  let tenant: TestTenant;
  const groups = new Map<string, TestGroup>();

  beforeAll(async () => {
    t = await createTestApp({ tools: [LoopTools] });
    tenant = await t.newTenant();
    metered = await startMeteredServer({
      env: {
        DATABASE_URL: t.database.url,
        SAMPLE_DATA: 'false',
        AUTH_RATE_LIMIT: '1000000',
        REPLICA_LEASE_MS: '600000',
        LOG_LEVEL: 'fatal',
      },
      command: [process.env['STALL_ENTRY'] ?? 'dist/bin/chaos-server.js'],
    });
    const document = JSON.parse((await metered.send({ path: '/api/docs-json' })).text) as never;
    operations = operationsOf(document);
    ({ schemas } = (document as { components: { schemas: Schemas } }).components);
    const first = await groupWith({});
    groups.set('', first);
    for (const [name, redaction] of Object.entries(RULES)) groups.set(name, await groupWith({ redaction }));
  });
  afterAll(async () => {
    await metered.server.stop();
    await t.close();
  });

  const token = () => ({ authorization: `Bearer ${tenant.adminToken}` });
  const asAdmin = (request: RawRequest): RawRequest => ({
    ...request,
    headers: { ...request.headers, ...token() },
  });
  const admin = (
    method: string,
    path: string,
    body?: string | object,
    type = 'application/json',
  ): RawRequest =>
    asAdmin({
      method,
      path: `/api/v1/admin${path}`,
      ...(body !== undefined && {
        headers: { 'content-type': type },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    });

  async function groupWith(policy: object): Promise<TestGroup> {
    const tools = new LoopTools().definitions().map(({ name }) => name);
    const group = await newGroup(t, tenant, { tools: ['get_task', 'read_result', ...tools] });
    await change(group, policy);
    return { ...group, url: `${metered.server.url}/mcp/${group.code}/mcp` };
  }

  async function change(group: TestGroup, policy: object): Promise<void> {
    const options = { token: tenant.adminToken, body: { policy } };
    expect((await t.rest('PUT', `/admin/groups/${group.id}`, options)).status).toBe(200);
  }

  const groupOf = (name: string) => groups.get(name)!;
  const post = (group: TestGroup, body: string, headers: object = {}): RawRequest => ({
    method: 'POST',
    path: `/mcp/${group.code}/mcp`,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${group.key}`,
      ...headers,
    },
    body,
  });
  const callOf = (group: TestGroup, name: string, args: string) => post(group, messageOf(name, args));

  it('is free after 50 ms, whatever an unknown client sends to a public route', async () => {
    const open = operations.filter(
      ({ permission, path }) => permission === 'public' || !path.startsWith('/api/'),
    );
    const signedIn = operations.filter(({ name }) => name === 'GET /api/v1/auth/me');
    const cases = [...open, ...signedIn].flatMap((operation) => [
      ...headerCases(operation),
      ...(operation.body
        ? [
            ...refusedCases(operation, MIB),
            ...[8000, MIB].flatMap((bytes) => bodyCases(operation, bytes, schemas)),
          ]
        : []),
    ]);
    const pages = ['/api/docs', '/api/docs-json', '/api/docs-yaml', '/metrics', '/nothing'].map((path) => ({
      name: path,
      request: { path },
    }));
    const starts = ['/', '/mcp/', '/api/v1/auth/login/', '/ws/', '/api/docs/', '/mcp/x/sse/messages/'];
    const slashes = starts.flatMap((start) =>
      ['GET', 'POST'].map((method) => ({
        name: `${method} ${start} and slashes`,
        request: { method, path: `${start}${'/'.repeat(HEADERS_BYTES)}x` },
      })),
    );
    expect(signedIn).toHaveLength(1);
    expect(open.length).toBeGreaterThan(10);
    expect(await metered.slowOf([...pages, ...slashes, ...cases], LIMIT_MS)).toEqual([]);
  }, 600_000);

  it('is free after 50 ms, however small a body was made for its way', async () => {
    const bomb = Buffer.alloc(64 * MIB, '[');
    const packed = { gzip: gzipSync(bomb), deflate: deflateSync(bomb), br: brotliCompressSync(bomb) };
    const cases = Object.entries(packed).flatMap(([encoding, body]) => {
      const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
      const login = { method: 'POST', path: '/api/v1/auth/login', headers, body };
      const call = { ...post(groupOf(''), '', headers), body };
      return [
        { name: `${encoding} to a public route`, request: login },
        { name: `${encoding} to a route`, request: asAdmin({ ...login, path: '/api/v1/admin/groups' }) },
        { name: `${encoding} to MCP`, request: call },
      ];
    });
    expect(await metered.slowOf(cases, LIMIT_MS)).toEqual([]);
  }, 600_000);

  it('is free after 100 ms, whatever an administrator sends to any route', async () => {
    const slow: string[] = [];
    const asAdmins = (cases: readonly Case[]) =>
      cases.map(({ name, request }) => ({ name, request: asAdmin(request as RawRequest) }));
    const [any] = operations.filter(({ name }) => name === 'POST /api/v1/admin/groups');
    slow.push(...(await metered.slowOf(asAdmins(refusedCases(any, MIB)), ADMIN_LIMIT_MS)));
    for (const operation of operations.filter(({ permission, body }) => permission !== 'public' && body)) {
      const cases = asAdmins(bodyCases(operation, MIB, schemas));
      slow.push(...(await metered.slowOf(cases, ADMIN_LIMIT_MS)));
    }
    expect(slow).toEqual([]);
  }, 600_000);

  it("is free after 50 ms, whatever is sent with a group's key", async () => {
    const cases = keyBodies(t.config.env).map(([name, body]) => ({
      name: `MCP, ${body.length} bytes: ${name}`,
      request: post(groupOf(''), body),
    }));
    expect(await metered.slowOf(cases, LIMIT_MS)).toEqual([]);
  }, 600_000);

  it('is free after 50 ms, however much a schema makes of the arguments', async () => {
    const values = schemaArguments(t.config.env);
    const cases = Object.keys(HEAVY_SCHEMAS).flatMap((tool) =>
      values.map(([what, value]) => ({
        name: `${tool} with ${what}`,
        request: callOf(groupOf(''), tool, `{"a":${value}}`),
      })),
    );
    expect(await metered.slowOf(cases, LIMIT_MS)).toEqual([]);
  }, 600_000);

  it('is free after 50 ms, however large a result is and whatever is looked for in it', async () => {
    const results: [string, number][] = [
      ['loop_rows', 8000], // a MiB
      ['loop_rows', 12_000], // almost as many values as there may be
      ['loop_promised', 8000],
      ['loop_promised', 12_000],
      ['loop_text', MIB - 600],
      ['loop_text', 4 * MIB - 100],
      ['loop_escapes', 4 * MIB - 64],
      ['loop_lists', 49_000],
      ['loop_lists', 200_000], // refused
      ['loop_json', 4 * MIB - 100],
    ];
    const searched = results.filter(([tool, count]) => tool !== 'loop_promised' && count !== 12_000);
    const cases = ['', ...Object.keys(RULES)].flatMap((rules) =>
      (rules === '' ? results : searched).map(([tool, count]) => ({
        name: `${tool} of ${count}, ${rules === '' ? 'no rules' : rules}`,
        request: callOf(groupOf(rules), tool, `{"count":${count}}`),
      })),
    );
    expect(await metered.slowOf(cases, LIMIT_MS)).toEqual([]);
  }, 600_000);

  it('is free after 50 ms, with the longest results that a group may be given', async () => {
    const most = 2 * MIB;
    const fitting: [string, number][] = [
      ['loop_text', most - 600],
      ['loop_escapes', Math.floor((most - 600) / 15) * 8],
      ['loop_long', Math.floor((most - 5000) / 64 / 46) * 64 * 8], // as data: twice, and escaped twice
      ['loop_json', most - 600],
      ['loop_rows', 12_000],
    ];
    const cases: Case[] = [];
    for (const rules of ['', 'rules of all kinds', 'a match at each character']) {
      const group = groupOf(rules);
      const redaction = RULES[rules];
      await change(group, { result_max_bytes: most, ...(redaction && { redaction }) });
      for (const [tool, count] of fitting)
        cases.push({
          name: `${tool} of ${count} where 2 MiB are allowed, ${rules}`,
          request: callOf(group, tool, `{"count":${count}}`),
        });
    }
    expect(await metered.slowOf(cases, LIMIT_MS)).toEqual([]);
  }, 600_000);

  it('is free after 50 ms, whatever comes over a connection that stands', async () => {
    const cases: Case[] = [];
    const clients: StandingClient[] = [];
    for (const [door, open] of [
      ['a WebSocket', openWebSocket],
      ['HTTP+SSE', openSse],
    ] as const)
      for (const [what, text] of standingTexts(t.config.env)) {
        const client = await open(groupOf(''));
        clients.push(client);
        cases.push({ name: `${door}: ${what}`, request: () => answered(client, text) });
      }
    expect(await metered.slowOf(cases, LIMIT_MS)).toEqual([]);
    for (const client of clients) client.close();
  }, 600_000);

  it('is free after 100 ms, with all that may be set up at its limit', async () => {
    const { id, code } = groupOf('');
    const networks = Array.from({ length: 100 }, (_, n) => `2001:db8:${n.toString(16)}::/48`);
    const tools = new LoopTools().definitions().map(({ name }) => name);
    const body = { name: 'at its limits', allowed_networks: [...networks.slice(1), '127.0.0.0/8'], tools };
    const made = await t.rest('POST', `/admin/groups/${id}/keys`, { token: tenant.adminToken, body });
    expect(made.status).toBe(201);
    const { id: keyId, api_key: key } = made.body.data;
    const rules = (last: string) => ({
      redaction: Array.from({ length: 32 }, (_, n) => ({
        detector: 'pattern',
        pattern: `[a-z${n}]{1,9}${'(a|b)'.repeat(90)}${last}`,
        replacement: 'x'.repeat(50),
      })),
    });
    const list = messageOf('', '').replace(/"method".*/, '"method":"tools/list"}');
    const file = (await metered.send(admin('GET', '/config/export'))).text;
    const group = file.slice(file.indexOf(`  ${code}:`)).split(/\n(?= {2}\S)/)[0];
    const lines = group.split('\n').length;
    const copies = Array.from({ length: Math.floor(14_900 / lines) }, (_, n) =>
      group.replace(code, `copy-${n}`).replace(/name: .*/, `name: Copy ${n}`),
    );
    const large = `version: 1\ngroups:\n${copies.join('\n')}\n`;
    const keyed = { ...groupOf(''), key };
    const anybody: Case[] = [
      { name: 'a key with 100 networks', request: post(keyed, list) },
      { name: 'the largest tools/list', request: post(groupOf(''), list) },
    ];
    const administered: Case[] = [
      { name: '100 networks', request: admin('PUT', `/keys/${keyId}`, { allowed_networks: networks }) },
      { name: '32 rules', request: admin('PUT', `/groups/${id}`, { policy: rules('c') }) },
      { name: '32 other rules', request: admin('PUT', `/groups/${id}`, { policy: rules('d') }) },
      { name: 'the audit trail', request: admin('GET', '/audit-logs?limit=200') },
      { name: 'the calls', request: admin('GET', '/call-logs?limit=200') },
      { name: 'the audit trail as CSV', request: admin('GET', '/audit-logs/export?format=csv') },
      { name: 'the audit trail as JSON', request: admin('GET', '/audit-logs/export?format=jsonl') },
      { name: 'the calls as CSV', request: admin('GET', '/call-logs/export?format=csv') },
      { name: 'the calls as JSON', request: admin('GET', '/call-logs/export?format=jsonl') },
      { name: 'the configuration', request: admin('GET', '/config/export') },
      {
        name: `a configuration of ${large.length} bytes`,
        request: admin('POST', '/config/diff', large, 'application/yaml'),
      },
    ];
    expect(await metered.slowOf(anybody, LIMIT_MS)).toEqual([]);
    expect(await metered.slowOf(administered, ADMIN_LIMIT_MS)).toEqual([]);
  }, 600_000);

  /** Sends one text and waits for what comes of it: messages, or an answer of the transport. */
  async function answered(client: StandingClient, text: string): Promise<number> {
    const before = client.texts.length;
    if ((await client.send(text)) !== undefined) return 200;
    await eventually(() => client.texts.length > before || client.isClosed());
    return 200;
  }
});
