import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { type OpenApi, operationsOf, type Schema } from '../../src/operations/isolation/operations.js';
import { checkProxy } from '../../src/operations/doctor/proxy-checks.js';
import { loadConfig } from '../../src/platform/config.js';
import { newId } from '../../src/platform/new-id.js';
import { openApiDocument } from '../../src/platform/rest/rest.js';
import { findFreePort } from '../support/server.js';
import { worldOf } from '../support/admin-changes.js';
import { isOfPerson, NO_WORLD, OF_OTHER_KINDS, putChange, WHOLE_BODIES } from '../support/whole-bodies.js';
import { TestTools } from '../fixtures/test.tools.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';

describe('REST manners', () => {
  let t: TestApp;
  let tenant: TestTenant;
  let token: string;
  let limited: TestApp | undefined;
  let below: TestApp | undefined;
  beforeAll(async () => {
    t = await createTestApp({ tools: [TestTools], env: { JOBS_CONCURRENCY: '0' } });
    tenant = await t.newTenant();
    token = tenant.adminToken;
  });
  afterAll(async () => {
    await below?.close();
    await limited?.close(); // not before: passport's strategies are the process's, and the last application's
    await t.close();
  });

  const newGroup = async (name: string) =>
    (await t.rest('POST', '/admin/groups', { token, body: { name } })).body.data;
  const read = (path: string, headers: Record<string, string> = {}) =>
    t.rest('GET', path, { token, headers });

  describe('ETag and If-Match', () => {
    it('take a tag as a proxy that compresses gives it back', async () => {
      const path = `/admin/groups/${(await newGroup('Compressed')).id}`;
      const marks: ((tag: string) => string)[] = [
        (tag) => `W/${tag}`,
        (tag) => tag.replace(/"$/, '-gzip"'),
        (tag) => tag.replace(/"$/, '--gzip"'),
        (tag) => `W/${tag.replace(/"$/, '-br"')}`,
      ];
      for (const mark of marks) {
        const tag = (await read(path)).headers.get('etag')!;
        const write = () =>
          t.rest('PUT', path, { token, body: { description: tag }, headers: { 'if-match': mark(tag) } });
        const headers = { authorization: `Bearer ${token}`, 'if-none-match': mark(tag) };
        const again = await fetch(`${t.url}/api/v1${path}`, { headers });
        expect([mark(tag), again.status]).toEqual([mark(tag), 304]);
        expect([mark(tag), (await write()).status]).toEqual([mark(tag), 200]);
        expect([mark(tag), (await write()).status]).toEqual([mark(tag), 412]);
      }
    });

    it('takes a list of tags: any may be the present one', async () => {
      const path = `/admin/groups/${(await newGroup('Lists')).id}`;
      const write = async (header: string) =>
        (await t.rest('PUT', path, { token, body: {}, headers: { 'if-match': header } })).status;
      const tag = (await read(path)).headers.get('etag')!;
      expect(await write(`"99.abc", ${tag}`)).toBe(200);
      expect(await write(`"other,with,commas",W/${tag} , "99"`)).toBe(200);
      expect(await write('"98", "99.abc"')).toBe(412);
      for (const wrong of ['"1" "2"', `${tag}, 7`, '"1', ',', 'x'])
        expect([wrong, await write(wrong)]).toEqual([wrong, 400]);
    });

    it('of two clients that read the same version, the second to write is told', async () => {
      const group = await newGroup('Two clients');
      const tool = await t.rest('POST', `/admin/groups/${group.id}/tools`, {
        token,
        body: { tool_name: 'get_user_profile' },
      });
      for (const path of [`/admin/groups/${group.id}`, `/admin/tools/${tool.body.data.id}`]) {
        const etag = (await read(path)).headers.get('etag')!;
        const write = (description: string) =>
          t.rest('PUT', path, { token, body: { description }, headers: { 'if-match': etag } });
        const answers = await Promise.all([write('one'), write('other')]);
        expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([200, 412]);
        const winner = answers.find(({ status }) => status === 200)!;
        const loser = answers.find(({ status }) => status === 412)!;
        expect(loser.body.error.code).toBe('precondition_failed');
        const now = await read(path);
        expect(now.body.data).toMatchObject({ description: winner.body.data['description'] });
        expect(now.headers.get('etag')).toBe(winner.headers.get('etag'));
        const late = await t.rest('DELETE', path, { token, headers: { 'if-match': etag } });
        expect(late.status).toBe(412);
        expect((await t.rest('PUT', path, { token, body: {}, headers: { 'if-match': 'W/1' } })).status).toBe(
          400,
        );
      }
    });

    it("lets a group's version be while its tools change, and no 304 hides that they did", async () => {
      const group = await newGroup('Its tools');
      const path = `/admin/groups/${group.id}`;
      const before = await read(path);
      await t.rest('POST', `${path}/tools`, { token, body: { tool_name: 'get_user_profile' } });
      const after = await read(path, { 'if-none-match': before.headers.get('etag')! });
      expect([after.status, after.body.data]).toMatchObject([200, { version: 1, tool_count: 1 }]);
      const headers = { 'if-match': before.headers.get('etag')! };
      expect((await t.rest('PUT', path, { token, body: { enabled: true }, headers })).status).toBe(200);
    });

    it('answers 304 without a body to who has it already', async () => {
      const { id } = await newGroup('Not modified');
      const url = `${t.url}/api/v1/admin/groups/${id}`;
      const first = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
      const etag = first.headers.get('etag')!;
      for (const tags of [etag, `W/${etag}`, `"1", ${etag}`, '*']) {
        const again = await fetch(url, {
          headers: { authorization: `Bearer ${token}`, 'if-none-match': tags },
        });
        expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag]);
      }
    });

    it('keeps what has no version out of caches', async () => {
      expect((await read('/admin/groups')).headers.get('cache-control')).toBe('no-store');
    });
  });

  it('names each field that is missing once', async () => {
    const document = (await openApiDocument(t.app)) as unknown as OpenApi;
    const withRequired = operationsOf(document).filter(({ body }) => (body?.required ?? []).length > 0);
    expect(withRequired.length).toBeGreaterThan(20);
    for (const { name, method, path, body } of withRequired) {
      const filled = path.replace('/api/v1', '').replaceAll(/\{\w+\}/g, newId());
      const answer = await t.rest(method, filled, { token, body: {} });
      const details = (answer.body.error?.details ?? []) as { field: string; message: string }[];
      const missing = details.filter(({ field }) => body?.required?.includes(field));
      const named = missing.map(({ field }) => field);
      expect([name, named]).toEqual([name, [...new Set(named)]]);
      for (const { field, message } of missing)
        expect([name, message]).toEqual([name, `${field} is required`]);
    }
  });

  it('takes no time that no calendar or clock has, on any route', async () => {
    const document = (await openApiDocument(t.app)) as unknown as OpenApi;
    const taking = operationsOf(document).flatMap(({ name, method, path, queryParams, body }) => {
      const inQuery = queryParams.filter(({ schema }) => schema.format === 'date-time');
      const inBody = timesIn(body ?? {});
      if (inQuery.length + inBody.length === 0) return [];
      return [{ name, method, path, inQuery: inQuery.map((parameter) => parameter.name), inBody }];
    });
    expect(taking.length).toBeGreaterThan(10);
    for (const impossible of ['2026-02-30T08:00:00Z', '2026-13-01T08:00:00Z', '2026-01-31T25:00:00Z'])
      for (const { name, method, path, inQuery, inBody } of taking) {
        const filled = path.replace('/api/v1', '').replaceAll(/\{\w+\}/g, newId());
        const search = new URLSearchParams(Object.fromEntries(inQuery.map((field) => [field, impossible])));
        const body = inBody.length > 0 ? Object.fromEntries(inBody.map((at) => [at, impossible])) : undefined;
        const answer = await t.rest(method, `${filled}?${search.toString()}`, { token, body });
        const details = (answer.body.error?.details ?? []) as { field: string; message: string }[];
        for (const field of [...inQuery, ...inBody])
          expect([name, details]).toEqual([
            name,
            expect.arrayContaining([
              { field, message: `${field} must be a time as in 2026-01-31T08:00:00Z` },
            ]),
          ]);
      }
  });

  describe('what a PUT leaves out stays as it is', () => {
    const listPuts = async () =>
      operationsOf((await openApiDocument(t.app)) as unknown as OpenApi).filter(
        ({ method }) => method === 'PUT',
      );

    let operator: TestTenant;
    beforeAll(async () => {
      operator = await t.newTenant();
      await t.dataSource.query('UPDATE tenants SET is_operating = true WHERE id = $1', [operator.tenantId]);
    });

    it('holds for every PUT: each has a whole body below', async () => {
      const puts = (await listPuts()).map(({ path, body }) => [
        path.replace('/api/v1', ''),
        Object.keys(body?.properties ?? {}).toSorted(),
      ]);
      const whole = Object.entries(WHOLE_BODIES).map(([path, make]) => [
        path,
        [...Object.keys(make(NO_WORLD)), ...(OF_OTHER_KINDS[path] ?? [])].toSorted(),
      ]);
      expect(Object.fromEntries(whole)).toEqual(Object.fromEntries(puts));
    });

    it.each(Object.keys(WHOLE_BODIES))(
      'holds for PUT %s: said again, each field leaves the rest',
      async (path) => {
        const world = await worldOf(t, operator);
        const change = putChange(path);
        await change.prepare?.(t, world);
        const signedIn = isOfPerson(path)
          ? (await t.signIn((await t.newUser(operator.tenantId, ['owner', 'admin', 'consultant'])).email))
              .access_token
          : operator.adminToken;
        const put = (body: object) => t.rest('PUT', change.path(world), { token: signedIn, body });
        const shown = ({ body }: Awaited<ReturnType<typeof put>>) => {
          const { version: _v, row_version: _r, updated_at: _u, checked_at: _c, ...data } = body.data;
          return data;
        };
        const whole = WHOLE_BODIES[path](world);
        const first = await put(whole);
        expect([first.status, first.body.error]).toEqual([200, undefined]);
        const required =
          (await listPuts()).find((one) => one.path === `/api/v1${path}`)?.body?.required ?? [];
        for (const body of [{}, ...Object.entries(whole).map(([name, value]) => ({ [name]: value }))]) {
          const answer = await put(body);
          const lacks = required.some((name) => !(name in body));
          expect([body, answer.status]).toEqual([body, lacks ? 400 : 200]);
          if (!lacks) expect([body, shown(answer)]).toEqual([body, shown(first)]);
        }
      },
    );
  });

  describe('cursors', () => {
    it('work only for the list, the filters and the tenant that they are from', async () => {
      await newGroup('Cursor one');
      await newGroup('Cursor two');
      const page = await read('/admin/groups?limit=1&q=Cursor');
      const cursor = page.body.page.next_cursor!;
      const next = await read(`/admin/groups?limit=200&q=Cursor&cursor=${cursor}`);
      expect(next.items).toMatchObject([{ name: 'Cursor two' }]);
      const stranger = (await t.newTenant()).adminToken;
      const [inner, seal] = cursor.split('.') as [string, string];
      const refused = [
        await read(`/admin/groups?limit=1&cursor=${cursor}`),
        await read(`/admin/groups?limit=1&q=Other&cursor=${cursor}`),
        await read(`/admin/tools?q=Cursor&cursor=${cursor}`),
        await read(`/admin/groups?q=Cursor&cursor=${inner}`),
        await read(`/admin/groups?q=Cursor&cursor=${inner}x.${seal}`),
        await t.rest('GET', `/admin/groups?q=Cursor&cursor=${cursor}`, { token: stranger }),
      ];
      expect(refused.map(({ status, body }) => [status, body.error.details?.[0]?.field])).toEqual(
        refused.map(() => [400, 'cursor']),
      );
    });
  });

  describe('methods', () => {
    it('answers a wrong method on a known path with 405 and Allow', async () => {
      const answer = await t.rest('PATCH', '/admin/groups', { token, body: {} });
      expect([answer.status, answer.body.error.code, answer.headers.get('allow')]).toEqual([
        405,
        'method_not_allowed',
        'GET, HEAD, POST',
      ]);
      expect((await t.rest('POST', '/nothing/here', { token, body: {} })).status).toBe(404);
      const options = await fetch(`${t.url}/api/v1/admin/groups`, { method: 'OPTIONS' });
      expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, POST']);
    });
  });

  it('refuses a body that is not UTF-8 instead of storing U+FFFD', async () => {
    const answer = await fetch(`${t.url}/api/v1/admin/groups`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: Buffer.from('{"name":"caf\u00e9"}', 'latin1'),
    });
    expect([answer.status, await answer.json()]).toMatchObject([400, { message: 'The body must be UTF-8' }]);
  });

  it.each([
    ['/admin/groups', 'application/json; charset=iso-8859-1', '', 415],
    ['/admin/groups', 'application/json; charset=utf-16le', '', 415],
    ['/admin/config/diff', 'application/yaml; charset=windows-1252', '', 415],
    ['/admin/config/diff', 'application/yaml', '\u00e9', 400],
    ['/admin/groups', 'application/json; charset=utf8', '', 201],
    ['/admin/groups', 'application/json; charset="UTF-8"', '\ufeff', 201],
    ['/admin/groups', 'application/json', '\ufeff', 201],
    ['/admin/config/diff', 'application/yaml', '\ufeff', 200],
  ])(
    'POST %s takes UTF-8 only, with or without a byte order mark: %s %j',
    async (path, type, mark, status) => {
      const text = path.endsWith('diff') ? 'version: 1\ngroups: {}' : `{"name":"Charset ${newId()}"}`;
      const body = mark === '\u00e9' ? Buffer.from(`${text} # ${mark}`, 'latin1') : mark + text;
      const headers = { authorization: `Bearer ${token}`, 'content-type': type };
      const answer = await fetch(`${t.url}/api/v1${path}`, { method: 'POST', headers, body });
      expect([answer.status, await answer.text()]).toEqual([
        status,
        expect.stringContaining(status < 400 ? '"success":true' : 'UTF-8'),
      ]);
    },
  );

  describe('rate limits on signing in', () => {
    it('count per client address, also behind a proxy, and leave the rest alone', async () => {
      limited = await createTestApp({
        database: t.database,
        env: { AUTH_RATE_LIMIT: '3', TRUST_PROXY: '127.0.0.1' },
      });
      const replica = limited;
      const refresh = (address: string) =>
        replica.rest('POST', '/auth/refresh', {
          body: { refresh_token: 'x' },
          headers: { 'x-forwarded-for': address },
        });
      for (let count = 0; count < 3; count += 1) expect((await refresh('192.0.2.1')).status).toBe(401);
      const refused = await refresh('192.0.2.1');
      expect([refused.status, refused.body.error.code]).toEqual([429, 'too_many_requests']);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await refresh('192.0.2.2')).status).toBe(401);
      expect((await refresh('198.51.100.7, 192.0.2.1')).status).toBe(429);
      for (const spelled of ['192.0.2.1:5001', '192.0.2.1:5002', '"[::ffff:192.0.2.1]:5003"'])
        expect([spelled, (await refresh(spelled)).status]).toEqual([spelled, 429]);
      for (const port of [1, 2, 3]) await refresh(`[2001:db8::${port}]:${port}`);
      expect((await refresh('2001:DB8::9')).status).toBe(429);
      const odd = await replica.rest('POST', '/auth/login', {
        body: { email: 'nobody@acme.example', password: 'wrong, in any case' },
        headers: { 'x-forwarded-for': 'x'.repeat(500) },
      });
      expect(odd.status).toBe(401);
      for (let count = 0; count < 5; count += 1) {
        expect((await replica.rest('GET', '/auth/me', { token })).status).toBe(200);
      }
    });

    it('does not believe X-Forwarded-For unless told to', async () => {
      await t.rest('POST', '/admin/groups', {
        token,
        body: { name: 'From where' },
        headers: { 'x-forwarded-for': '192.0.2.9' },
      });
      const [row] = await t.dataSource.query(
        `SELECT ip FROM admin_audit_logs WHERE tenant_id = $1 AND target_name = 'From where'`,
        [tenant.tenantId],
      );
      expect(row.ip).toMatch(/127\.0\.0\.1$/);
    });
  });

  it('takes a whole address for what is asked for, and goes by its host', async () => {
    const { port } = new URL(t.url);
    const ask = async (path: string) => {
      const asking = request({ port, host: '127.0.0.1', path, headers: { host: 'evil.example' } }).end();
      const [answer] = (await once(asking, 'response')) as [IncomingMessage];
      answer.resume();
      return answer.statusCode;
    };
    expect(await ask(`http://127.0.0.1:${port}/health/live`)).toBe(200);
    expect(await ask(`HTTP://localhost.:${port}/mcp/nobody/mcp`)).toBe(401);
    expect(await ask('http://evil.example/mcp/nobody/mcp')).toBe(403);
  });

  describe('below a path of PUBLIC_URL', () => {
    let publicUrl: string;
    let root: string;
    beforeAll(async () => {
      const port = String(await findFreePort());
      root = `http://127.0.0.1:${port}`;
      publicUrl = `${root}/tools`;
      below = await createTestApp({ database: t.database, env: { PORT: port, PUBLIC_URL: publicUrl } });
    });
    const get = async (url: string, headers: Record<string, string> = {}) => {
      const response = await fetch(url, { headers: { ...headers, connection: 'close' } });
      return { status: response.status, text: await response.text() };
    };

    it('a proxy may leave the path on or take it off', async () => {
      for (const origin of [publicUrl, root]) {
        expect((await get(`${origin}/health/live`)).status).toBe(200);
        const mine = await get(`${origin}/api/v1/auth/me`, { authorization: `Bearer ${token}` });
        expect([origin, mine.status]).toEqual([origin, 200]);
        expect((await get(`${origin}/mcp/none`)).status).toBe(401);
      }
      expect((await get(`${root}/toolsapi/v1/auth/me`)).status).toBe(404);
    });

    it('the API says where it is, and its page reads it from there', async () => {
      const { servers } = JSON.parse((await get(`${publicUrl}/api/docs-json`)).text) as {
        servers: { url: string }[];
      };
      expect(servers.map(({ url }) => url)).toEqual([publicUrl, '/tools']);
      expect((await get(`${publicUrl}/api/docs-yaml`)).text).toContain(`url: ${publicUrl}`);
      expect((await get(`${publicUrl}/api/docs/swagger-ui-init.js`)).text).toContain('/tools/api/docs-json');
    });

    it('a client gets all of MCP at the addresses that it is told', async () => {
      const { server_url: url, api_key: key } = (
        await t.rest('POST', '/admin/groups', { token, body: { name: 'Below' } })
      ).body.data;
      const here = url.replace(t.url, publicUrl);
      const told = await below!.rest('GET', '/admin/groups', { token });
      expect(told.items.map((group) => group.server_url)).toContain(here);
      const ending = new AbortController();
      const events = await fetch(`${here.replace(/\/mcp$/, '')}/sse`, {
        headers: { 'x-api-key': key },
        signal: ending.signal,
      });
      const { value } = await events.body!.getReader().read();
      expect(Buffer.from(value).toString()).toMatch(/data: \/tools\/mcp\/[\w-]+\/sse\/messages\?session=/);
      ending.abort();
    });

    it('doctor tells whether it is answered', async () => {
      const names = async (env: Record<string, string>) =>
        (await checkProxy(loadConfig({ ...env }))).map(({ name, status }) => `${name} ${status}`);
      expect(await names({ PUBLIC_URL: publicUrl })).toEqual(['PUBLIC_URL answered ok']);
      expect(await names({ PUBLIC_URL: `${root}/else`, TRUST_PROXY: '1' })).toEqual([
        'PUBLIC_URL answered warning',
        'TRUST_PROXY ok',
      ]);
      expect(await names({ PUBLIC_URL: 'https://127.0.0.1:9/x' })).toEqual([
        'PUBLIC_URL answered warning',
        'TRUST_PROXY warning',
      ]);
      expect(await names({})).toEqual([]);
    });
  });

  describe('CORS', () => {
    const call = (method: string, origin: string, headers: Record<string, string> = {}) =>
      fetch(`${t.url}/api/v1/admin/groups`, {
        method,
        headers: { origin, authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
        ...(method === 'POST' && { body: '{"name":"From a page"}' }),
      });

    it('lets an allowed page read what it needs, without cookies', async () => {
      const answer = await call('GET', 'http://localhost:3000');
      expect(answer.status).toBe(200);
      expect(answer.headers.get('access-control-allow-origin')).toBe('http://localhost:3000');
      expect(answer.headers.get('access-control-expose-headers')).toContain(
        'ETag, X-Request-Id, Retry-After',
      );
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
      expect(answer.headers.get('vary')).toContain('Origin');
      const preflight = await call('OPTIONS', 'http://localhost:3000', {
        'access-control-request-method': 'PUT',
      });
      expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([
        204,
        expect.stringContaining('PUT'),
      ]);
      expect(preflight.headers.get('access-control-allow-headers')).toContain('If-Match');
    });

    it('refuses what a page of another origin would change, and lets it read nothing', async () => {
      for (const origin of ['https://evil.test', 'null', 'http://localhost.evil.test']) {
        expect((await call('POST', origin)).status).toBe(403);
        expect((await call('OPTIONS', origin, { 'access-control-request-method': 'POST' })).status).toBe(403);
        expect((await call('GET', origin)).headers.get('access-control-allow-origin')).toBeNull();
      }
    });
  });

  describe('request ids', () => {
    it('are in every answer, of MCP too; the caller may bring its own', async () => {
      const group = await newGroup('Request ids');
      const mcp = (headers: Record<string, string>) =>
        fetch(group.server_url, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            accept: 'application/json, text/event-stream',
            ...headers,
          },
          body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
        });
      const withKey = { 'x-api-key': group.api_key, 'x-request-id': 'trace-7' };
      expect((await mcp(withKey)).headers.get('x-request-id')).toBe('trace-7');
      expect((await mcp({})).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      expect((await read('/nothing', { 'x-request-id': 'a b' })).headers.get('x-request-id')).toMatch(
        /^[0-9a-f-]{36}$/,
      );
    });
  });
});

/** Fields of a body that are times; deeper than that there are none. */
function timesIn(body: Schema): string[] {
  const fields = Object.entries(body.properties ?? {});
  expect(fields.filter(([, field]) => /"date/.test(JSON.stringify({ ...field, format: undefined })))).toEqual(
    [],
  );
  return fields.filter(([, { format }]) => format === 'date-time').map(([name]) => name);
}
