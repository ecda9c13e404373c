import { type MeteredServer, type RawRequest, startMeteredServer } from '../support/stall-meter.js';
import { operationsOf, type Operation, type JsonSchema, type Schemas } from '../support/openapi-fuzz.js';
import { createTestApp, type TestApp } from '../support/test-app.js';

/** What one request of anybody may hold the event loop for. */
const LIMIT_MS = 50;
/** What is slow for good is slow each time; a garbage collection is not. */
const TRIES = 4;
const MIB = 1_048_576;
const HEADERS_BYTES = 15_000;

type Case = { readonly name: string; readonly request: RawRequest };

const SHOWN = process.env['STALL_TABLE'] !== undefined;

/** Promise of docs/security.md: no single request stops a replica, at sizes up to every limit. */
describe('the event loop', () => {
  let t: TestApp;
  let metered: MeteredServer;
  let operations: readonly Operation[];
  let schemas: Schemas;

  beforeAll(async () => {
    t = await createTestApp();
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

  /** The cases that held the loop too long, each time they were tried. */
  async function slowOf(cases: readonly Case[], limitMs: number): Promise<string[]> {
    const slow: string[] = [];
    for (const { name, request } of cases) {
      let least = Infinity;
      let status = 0;
      for (let count = 0; count < TRIES && least > limitMs; count++) {
        const stall = await metered.stallOf(async () => {
          status = (await metered.send(request)).status;
        });
        least = Math.min(least, stall);
      }
      const line = `${least.toFixed(0).padStart(7)} ms  ${String(status).padStart(3)}  ${name}`;
      if (SHOWN) process.stderr.write(`${line}\n`);
      if (least > limitMs) slow.push(line.trim());
    }
    return slow;
  }

  const json = (body: string | Buffer): Pick<RawRequest, 'headers' | 'body'> => ({
    headers: { 'content-type': 'application/json' },
    body,
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
    expect(await slowOf([...pages, ...slashes, ...cases], LIMIT_MS)).toEqual([]);
  }, 600_000);
});
