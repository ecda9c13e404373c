import { readFileSync } from 'node:fs';
import { VERSION } from '../../src/platform/version.js';
import { legacy, newGroup, send } from '../support/mcp.js';
import { createTestApp, type TestApp } from '../support/test-app.js';

const WHO: Readonly<Record<string, string>> = { public: 'anyone', signed_in: 'signed in' };

describe('the REST side', () => {
  let t: TestApp;
  let token: string;
  beforeAll(async () => {
    t = await createTestApp();
    token = (await t.newTenant()).adminToken;
  });
  afterAll(() => t.close());

  const post = async (body: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${t.url}/api/v1/auth/refresh`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    return {
      status: response.status,
      body: (await response.json()) as { message: string; error: { code: string } },
    };
  };

  it('answers an unknown route in the envelope', async () => {
    const answer = await t.rest('GET', '/admin/nothing', { token });
    expect([answer.status, answer.body]).toMatchObject([
      404,
      { success: false, error: { code: 'not_found' } },
    ]);
  });

  it('answers a path that is no URI in the envelope', async () => {
    expect((await t.rest('GET', '/admin/groups/%ff', { token })).status).toBe(400);
  });

  it('says when a body is not JSON, without repeating it', async () => {
    const answer = await post('{"refresh_token": "secret-thing');
    expect(answer).toEqual({
      status: 400,
      body: { success: false, message: 'The body is not valid JSON', error: { code: 'invalid_input' } },
    });
  });

  it('refuses a body that is too large', async () => {
    const answer = await post(JSON.stringify({ refresh_token: 'x'.repeat(1_100_000) }));
    expect([answer.status, answer.body.error.code]).toEqual([413, 'body_too_large']);
  });

  it('refuses an encoding it does not know, and arrays, texts and nothing as a body', async () => {
    expect((await post('{}', { 'content-encoding': 'zip' })).status).toBe(415);
    for (const body of ['[]', '"x"', 'null', ''])
      expect([body, (await post(body)).status]).toEqual([body, 400]);
    const text = await post('{}', { 'content-type': 'text/plain' });
    expect([text.status, text.body.message]).toEqual([415, expect.stringContaining('application/json')]);
  });

  it('refuses a body that is nested to break the reader', async () => {
    const deep = `{"refresh_token":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    expect((await post(deep)).status).toBe(400);
  });

  it('masks what it did not expect', async () => {
    await t.dataSource.query('ALTER TABLE mcp_call_logs RENAME COLUMN duration_ms TO gone');
    try {
      const answer = await t.rest('GET', '/admin/call-logs', { token });
      expect([answer.status, answer.body]).toEqual([
        500,
        {
          success: false,
          message: expect.stringMatching(
            /^Something went wrong on our side; the log has it under [0-9a-f]{8}$/,
          ),
          error: { code: 'internal' },
        },
      ]);
    } finally {
      await t.dataSource.query('ALTER TABLE mcp_call_logs RENAME COLUMN gone TO duration_ms');
    }
  });

  it('sends security headers and does not say what it is built with', async () => {
    const { headers } = await t.rest('GET', '/auth/me', { token });
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it('describes every route with its answer in OpenAPI', async () => {
    const document = (await (await fetch(`${t.url}/api/docs-json`)).json()) as {
      paths: Record<
        string,
        Record<string, { summary?: string; responses: Record<string, { content?: object }> }>
      >;
    };
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, operation })),
    );
    expect(operations.length).toBeGreaterThanOrEqual(23);
    const incomplete = operations.filter(({ operation: { summary, responses } }) => {
      const success = Object.entries(responses).find(([status]) => status.startsWith('2'));
      const leadsElsewhere = responses['302'] !== undefined;
      return !summary || !(success?.[1].content ?? leadsElsewhere);
    });
    expect(incomplete.map(({ name }) => name)).toEqual([]);
    const page = await fetch(`${t.url}/api/docs`);
    expect([page.status, await page.text()]).toMatchObject([200, expect.stringContaining('swagger-ui')]);
  });

  it('has every route in docs/rest-api.md, with who may use it', async () => {
    const document = (await (await fetch(`${t.url}/api/docs-json`)).json()) as {
      paths: Record<string, Record<string, { 'x-permission': string }>>;
    };
    const page = readFileSync('docs/rest-api.md', 'utf8');
    const told = [...page.matchAll(/^\| `([A-Z]+ \S+)` +\| (\S.*?) +\| /gm)].map(
      ([, route, who]) => `${route} ${who}`,
    );
    const expected = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { 'x-permission': permission }]) => {
        const who = WHO[permission] ?? `\`${permission}\``;
        return `${method.toUpperCase()} ${path.replace('/api/v1', '')} ${who}`;
      }),
    );
    expect(told.toSorted()).toEqual(expected.toSorted());
  });

  it('GET /admin/server/status tells how it is', async () => {
    const answer = await t.rest('GET', '/admin/server/status', { token });
    expect(answer.body.data).toMatchObject({
      ok: true,
      version: VERSION,
      node: process.version,
      database: { ok: true, latency_ms: expect.any(Number) },
      call_log: { ok: true, queued: 0 },
      counts: { groups: 0, enabled_groups: 0, tools: 0, enabled_tools: 0 },
      mcp: { sessions: 0, sessions_max: 1000, connections: 0, listeners: 0, listeners_max: 10_000 },
      memory: { rss_bytes: expect.any(Number) },
    });
  });

  it('GET /admin/server/status counts what is open for the tenant that asks, and for no other', async () => {
    const other = await t.newTenant();
    const group = await newGroup(t, other, { tools: [], sessions: true });
    const initialize = {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'test', version: '1' },
    };
    const accept = { accept: 'application/json, text/event-stream' };
    await send(group, { ...legacy('initialize', initialize), headers: accept });
    const shown = async (of: string) =>
      (await t.rest('GET', '/admin/server/status', { token: of })).body.data['mcp'];
    expect(await shown(other.adminToken)).toMatchObject({ sessions: 1 });
    expect(await shown(token)).toMatchObject({ sessions: 0, connections: 0 });
  });

  it('says so when the database is away', async () => {
    const lost = await createTestApp();
    try {
      const { adminToken } = await lost.newTenant();
      await lost.database.drop();
      const answer = await lost.rest('GET', '/admin/groups', { token: adminToken });
      expect(answer.status).toBeGreaterThanOrEqual(500);
      expect(JSON.stringify(answer.body)).not.toMatch(/toolcrib_test|select/i);
    } finally {
      await lost.close();
    }
  });
});
