import { readFileSync } from 'node:fs';
import createClient, { type Client } from 'openapi-fetch';
import type { paths } from '../../generated/api.js';
import { createTestApp, TEST_PASSWORD, type TestApp } from '../support/test-app.js';

type OpenApi = { paths: Record<string, Record<string, Operation>>; components: { schemas: object } };
type Content = Record<string, { schema?: object; example?: unknown }>;
type Operation = {
  operationId?: string;
  summary?: string;
  tags?: string[];
  'x-permission'?: string;
  'x-shows-secret'?: boolean;
  parameters?: { name: string; description?: string }[];
  requestBody?: { content: Content };
  responses: Record<string, { description: string; content?: Content }>;
};

describe('the OpenAPI document and the client made from it', () => {
  let t: TestApp;
  let client: Client<paths>;
  let document: OpenApi;
  let operations: { name: string; method: string; operation: Operation }[];
  beforeAll(async () => {
    t = await createTestApp();
    client = createClient<paths>({ baseUrl: t.url });
    const { caller } = await t.newTenant();
    const { data } = await client.POST('/api/v1/auth/login', {
      body: { email: caller.email, password: TEST_PASSWORD },
    });
    const token = (data!.data as { access_token: string }).access_token;
    client.use({
      onRequest({ request }) {
        request.headers.set('authorization', `Bearer ${token}`);
        return request;
      },
    });
    document = (await (await fetch(`${t.url}/api/docs-json`)).json()) as OpenApi;
    operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        name: `${method} ${path}`,
        method,
        operation,
      })),
    );
  });
  afterAll(() => t.close());

  it('makes, reads, changes and deletes a group through the generated client', async () => {
    const made = await client.POST('/api/v1/admin/groups', {
      body: { name: 'Typed' },
    });
    expect(made.response.status).toBe(201);
    const group = made.data!.data;
    expect(group.api_key).toMatch(/^mcp_key_/);
    const path = { id: group.id };
    const read = await client.GET('/api/v1/admin/groups/{id}', { params: { path } });
    const header = { 'If-Match': read.response.headers.get('etag')! };
    const changed = await client.PUT('/api/v1/admin/groups/{id}', {
      params: { path, header },
      body: { description: 'Changed' },
    });
    expect([changed.data?.data.description, changed.data?.data.version]).toEqual(['Changed', 2]);
    const lost = await client.PUT('/api/v1/admin/groups/{id}', { params: { path, header }, body: {} });
    expect([lost.response.status, lost.error?.error.code]).toEqual([412, 'precondition_failed']);
    const list = await client.GET('/api/v1/admin/groups', { params: { query: { limit: 1 } } });
    expect([list.data?.data[0]?.name, list.data?.page.next_cursor]).toEqual(['Typed', null]);
    const deleted = await client.DELETE('/api/v1/admin/groups/{id}', { params: { path } });
    expect(deleted.data?.effective_immediately).toBe(true);
  });

  it('is generated from the document that the service answers', () => {
    const types = readFileSync('generated/api.d.ts', 'utf8');
    const ids = operations.map(({ operation }) => operation.operationId!);
    expect(ids.filter((id) => !types.includes(`operations["${id}"]`))).toEqual([]);
    const known = types.match(/operations\["[^"]+"\]/g) ?? [];
    expect(new Set(known).size).toBe(ids.length);
  });

  it('every operation is named, summed up, tagged, and says who may use it', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const incomplete = operations.filter(
      ({ operation }) =>
        !operation.operationId || !operation.summary || !operation.tags?.length || !operation['x-permission'],
    );
    expect(incomplete.map(({ name }) => name)).toEqual([]);
  });

  it('every body and answer has a schema and an example, every parameter a description', () => {
    const problems = operations.flatMap(({ name, operation }) => {
      const parts = [['body', operation.requestBody] as const, ...Object.entries(operation.responses)];
      const contents = parts.flatMap(([part, { content } = {}]) =>
        Object.values(content ?? {}).map((found) => ({ part, ...found })),
      );
      const bare = contents.filter(({ schema, example }) => !schema || example === undefined);
      const silent = (operation.parameters ?? []).filter(({ description }) => !description);
      const succeeds = Object.keys(operation.responses).some((status) => /^[23]/.test(status));
      return [
        ...bare.map(({ part }) => `${name}: ${part} without schema or example`),
        ...silent.map((parameter) => `${name}: ${parameter.name} without description`),
        ...(succeeds ? [] : [`${name}: no success`]),
      ];
    });
    expect(problems).toEqual([]);
  });

  it('every operation tells the failures that it can have', () => {
    const statusesOf = (wanted: string) =>
      Object.keys(operations.find(({ name }) => name === wanted)?.operation.responses ?? {});
    const put = ['200', '400', '401', '403', '404', '409', '412', '413', '415', '500', '503'];
    expect(statusesOf('put /api/v1/admin/groups/{id}')).toEqual(put);
    expect(statusesOf('post /api/v1/auth/login')).toEqual(
      expect.arrayContaining(['400', '401', '413', '415', '429']),
    );
    expect(statusesOf('get /api/v1/admin/groups/{id}')).toEqual(
      expect.arrayContaining(['200', '304', '404']),
    );
    const api = operations.filter(({ name }) => name.includes(' /api/'));
    const forgetful = api.filter(({ method, operation }) => {
      const wanted = ['500', '503', ...(operation['x-permission'] === 'public' ? [] : ['401'])];
      // A route that shows a secret takes no Idempotency-Key.
      const takesKey = operation['x-permission'] !== 'public' && !operation['x-shows-secret'];
      if (method === 'post' && takesKey) wanted.push('409', '422');
      return wanted.some((status) => !operation.responses[status]);
    });
    expect(forgetful.map(({ name }) => name)).toEqual([]);
  });
});
