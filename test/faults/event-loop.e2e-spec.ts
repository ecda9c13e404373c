import {
  type Case,
  type MeteredServer,
  type RawRequest,
  startMeteredServer,
} from '../support/stall-meter.js';
import { operationsOf, type Operation, type JsonSchema, type Schemas } from '../support/openapi-fuzz.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { newGroup, type TestGroup } from '../support/mcp.js';

/** What one request of anybody may hold the event loop for, and of someone who administers the service. */
const LIMIT_MS = 50;
const ADMIN_LIMIT_MS = 100;
const MIB = 1_048_576;
const HEADERS_BYTES = 15_000;

/** Promise of docs/security.md: no single request stops a replica, at sizes up to every limit. */
describe('the event loop', () => {
  let t: TestApp;
  let metered: MeteredServer;
  let operations: readonly Operation[];
  let schemas: Schemas;
  let tenant: TestTenant;
  let group: TestGroup;

  beforeAll(async () => {
    t = await createTestApp();
    tenant = await t.newTenant();
    group = await newGroup(t, tenant, { tools: ['get_task', 'list_tasks', 'create_task'] });
    metered = await startMeteredServer({
      env: {
        DATABASE_URL: t.database.url,
        SAMPLE_DATA: 'false',
        AUTH_RATE_LIMIT: '1000000',
        REPLICA_LEASE_MS: '600000',
        LOG_LEVEL: 'fatal',
      },
      ...(process.env['STALL_ENTRY'] ? { command: [process.env['STALL_ENTRY']] } : {}),
    });
    const document = JSON.parse((await metered.send({ path: '/api/docs-json' })).text) as never;
    operations = operationsOf(document);
    ({ schemas } = (document as { components: { schemas: Schemas } }).components);
  });
  afterAll(async () => {
    await metered.server.stop();
    await t.close();
  });

  const json = (body: string | Buffer): Pick<RawRequest, 'headers' | 'body'> => ({
    headers: { 'content-type': 'application/json' },
    body,
  });
  const token = () => ({ authorization: `Bearer ${tenant.adminToken}` });
  const withToken = (request: RawRequest): RawRequest => ({
    ...request,
    headers: { ...request.headers, ...token() },
  });
  const pathOf = ({ path }: Operation) => path.replace(/\{[^}]+\}/g, '00000000-0000-4000-8000-000000000000');

  /** Bodies that are much work for little text. */
  function bodiesFor(bytes: number, schema: JsonSchema | undefined): [string, string][] {
    const fill = (unit: (index: number) => string) => {
      const parts: string[] = [];
      for (let length = 0, index = 0; ; index++) {
        const part = unit(index);
        length += part.length + 1;
        if (length > bytes - 200) return parts.join(',');
        parts.push(part);
      }
    };
    const names = Object.keys(resolved(schema).properties ?? {});
    const first = names[0] ?? 'name';
    return [
      ['unknown names', `{${fill((index) => `"a${index}":1`)}}`],
      ['one name again and again', `{${fill(() => `"${first}":1`)}}`],
      ['nothing but lists', `[${fill(() => '[]')}]`],
      [`a list for ${first}`, `{"${first}":[${fill(() => '"x"')}]}`],
      [`objects for ${first}`, `{"${first}":[${fill((index) => `{"a${index}":{}}`)}]}`],
      [`names in ${first}`, `{"${first}":{${fill((index) => `"a${index}":0`)}}}`],
      [`a text for ${first}`, JSON.stringify({ [first]: '{{ '.repeat(bytes / 3 - 40) })],
      [
        'each name a list',
        `{${names.map((name) => `"${name}":[${'1,'.repeat(bytes / (2 * names.length + 2) - 10)}1]`).join(',')}}`,
      ],
      ['depth', '{"a":'.repeat(bytes / 6 - 1)],
      ['not JSON', '{'.repeat(bytes)],
    ];
  }

  function resolved(schema: JsonSchema | undefined): JsonSchema {
    return schema?.$ref ? (schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}) : (schema ?? {});
  }

  function withBodies(operation: Operation, bytes: number): Case[] {
    return bodiesFor(bytes, operation.body).map(([name, body]) => ({
      name: `${operation.name}: ${bytes} bytes, ${name}`,
      request: { method: operation.method, path: pathOf(operation), ...json(body) },
    }));
  }

  /** Of one kind each, as long as a server takes headers. */
  function headersFor(operation: Operation): Case[] {
    const path = pathOf(operation);
    const long = (unit: string) => unit.repeat(HEADERS_BYTES / unit.length);
    const queries: [string, string][] = [
      ['parameters', `?${long('a&')}`],
      ['one parameter again and again', `?${long('limit=1&')}`],
      ['brackets', `?a${long('[a]')}=1`],
      ['lists', `?${long('a[]=1&')}`],
      ['escapes', `?limit=${long('%25')}`],
      ['a cursor', `?cursor=${long('.')}`],
      ['slashes', long('/')],
    ];
    const headers: [string, string][] = [
      ['accept-language', long('zh;q=0.1,')],
      ['accept', long('*/*,')],
      ['if-none-match', long('W/"a",')],
      ['if-match', long('"a",')],
      ['authorization', `Bearer ${long(' ')}`],
      ['authorization', long('Bearer ')],
      ['cookie', long('a=1;')],
      ['idempotency-key', long('"')],
      ['x-forwarded-for', long('1,')],
      ['origin', `http://${long('a.')}`],
      ['content-type', `application/json;${long('a=b;')}`],
      ['x-request-id', long('a')],
    ];
    const { method } = operation;
    return [
      { name: operation.name, request: { method, path } },
      ...queries.map(([name, query]) => ({
        name: `${operation.name}: ${name}`,
        request: { method, path: path + query },
      })),
      ...headers.map(([name, value]) => ({
        name: `${operation.name}: ${name} ${value.slice(0, 12)}`,
        request: { method, path, headers: { [name]: value } },
      })),
    ];
  }

  it('is free after 50 ms, whatever an unknown client sends to a public route', async () => {
    const open = operations.filter(
      ({ permission, path }) => permission === 'public' || !path.startsWith('/api/'),
    );
    const cases = open.flatMap((operation) => [
      ...headersFor(operation),
      ...(operation.body ? [...withBodies(operation, 8000), ...withBodies(operation, MIB)] : []),
    ]);
    const pages = ['/api/docs', '/api/docs-json', '/api/docs-yaml', '/metrics', '/nothing'].map((path) => ({
      name: path,
      request: { path },
    }));
    const slashes = [
      '/',
      '/mcp/',
      '/api/v1/auth/login/',
      '/ws/',
      '/api/docs/',
      '/mcp/x/sse/messages/',
    ].flatMap((start) =>
      ['GET', 'POST'].map((method) => ({
        name: `${method} ${start} and slashes`,
        request: { method, path: `${start}${'/'.repeat(HEADERS_BYTES)}x` },
      })),
    );
    expect(open.length).toBeGreaterThan(10);
    expect(await metered.slowOf([...pages, ...slashes, ...cases], LIMIT_MS)).toEqual([]);
  }, 600_000);

  it('is free after 100 ms, whatever an administrator sends to any route', async () => {
    const cases = operations
      .filter(({ permission, body }) => permission !== 'public' && body)
      .flatMap((operation) => withBodies(operation, MIB))
      .map(({ name, request }) => ({ name, request: withToken(request) }));
    expect(await metered.slowOf(cases, ADMIN_LIMIT_MS)).toEqual([]);
  }, 600_000);

  it("is free after 50 ms, whatever is sent with a group's key", async () => {
    const { env } = t.config;
    const most = env.TOOL_ARGUMENTS_MAX_VALUES - 10;
    const many = (count: number, unit: (index: number) => string) =>
      Array.from({ length: count }, (_, i) => unit(i)).join(',');
    const long = (unit: string, bytes: number) => unit.repeat(Math.floor(bytes / unit.length));
    const texts = env.TOOL_ARGUMENTS_MAX_BYTES - 2000;
    const argumentsOf: [string, string][] = [
      ['names', `{${many(most, (index) => `"a${index}":1`)}}`],
      ['names in an object', `{"task_id":{${many(most, (index) => `"a${index}":{}`)}}}`],
      ['a list of texts', `{"task_id":[${many(most, () => '"x"')}]}`],
      ['a list of lists', `{"task_id":[${many(most, () => '[]')}]}`],
      ['names with NUL', `{${many(most, (index) => `"\\u0000${index}":"\\u0000"`)}}`],
      ['names of secrets', `{"task_id":[${many(most / 2, () => '{"password":1}')}]}`],
      ['a prototype', `{"__proto__":{},"task_id":[${many(most - 5, () => '{}')}]}`],
      ['too many values', `{"task_id":[${many(most + 20, () => '1')}]}`],
      ['a long text', `{"task_id":"${long('x', texts)}"}`],
      ['a long text of backslashes', `{"task_id":"${long('\\\\', texts)}"}`],
      ['a long name', `{"${long('x', texts)}":1}`],
      ['JSON in a text', `{"task_id":${JSON.stringify(`[${many(texts / 10, () => '{"a":1}')}]`)}}`],
      ['secrets in a text', `{"task_id":"${long('token eyJaaaaaaaa.', texts)}"}`],
    ];
    const call = (args: string, name = 'get_task', meta = '{}') =>
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}","_meta":${meta},"arguments":${args}}}`;
    const whole = env.MCP_BODY_MAX_BYTES - 200;
    const bodies: [string, string][] = [
      ...argumentsOf.map(([name, args]): [string, string] => [`get_task with ${name}`, call(args)]),
      ...argumentsOf.map(([name, args]): [string, string] => [
        `read_result with ${name}`,
        call(args, 'no_such_tool'),
      ]),
      ...argumentsOf.map(([name, args]): [string, string] => [
        `get_task with ${name} and progress`,
        call(args, 'get_task', '{"progressToken":1}'),
      ]),
      ['a batch', `[${many(50, () => call(`{"task_id":[${many(most / 50, () => '1')}]}`))}]`],
      ['nothing but lists', `[${long('[],', whole)}[]]`],
      ['a long text', `{"jsonrpc":"2.0","id":1,"method":"${long('x', whole)}"}`],
      ['a long id', `{"jsonrpc":"2.0","id":"${long('x', whole)}","method":"ping"}`],
      [
        'names of params',
        `{"jsonrpc":"2.0","id":1,"method":"ping","params":{${many(most, (index) => `"a${index}":1`)}}}`,
      ],
      [
        'names of a message',
        `{"jsonrpc":"2.0","id":1,"method":"ping",${many(most, (index) => `"a${index}":1`)}}`,
      ],
      ['names of _meta', call('{}', 'get_task', `{${many(most, (index) => `"a${index}":1`)}}`)],
      ['a response', `{"jsonrpc":"2.0","id":1,"result":{${many(most, (index) => `"a${index}":[]`)}}}`],
      [
        'capabilities',
        `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","clientInfo":{"name":"a","version":"1"},"capabilities":{"experimental":{${many(most, (index) => `"a${index}":{}`)}}}}}`,
      ],
      [
        'a cursor',
        `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"${long('a', whole)}"}}`,
      ],
      ['not JSON', long('[', whole)],
      ['no end of a text', `"${long('\\"', whole)}`],
    ];
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${group.key}`,
    };
    const cases = bodies.map(([name, body]) => ({
      name: `MCP, ${body.length} bytes: ${name}`,
      request: { method: 'POST', path: `/mcp/${group.code}/mcp`, headers, body },
    }));
    expect(await metered.slowOf(cases, LIMIT_MS)).toEqual([]);
  }, 600_000);
});
