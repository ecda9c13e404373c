import { v7 as newId } from 'uuid';
import { CallLog } from '../../src/call-logs/chain/call-log.entity.js';
import { encodeCursor } from '../../src/platform/rest/paging.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';

const START = Date.parse('2026-05-01T00:00:00Z');

describe('admin REST of the call log', () => {
  let t: TestApp;
  let tenant: TestTenant;
  const groups = [newId(), newId()];
  beforeAll(async () => {
    t = await createTestApp();
    tenant = await t.newTenant();
    const calls = Array.from({ length: 25 }, (_, index) => ({
      id: newId(),
      // Five calls of each millisecond: the id has to tell them apart.
      createdAt: new Date(START + Math.floor(index / 5)),
      tenantId: tenant.tenantId,
      groupId: groups[index % 2],
      toolName: index % 3 === 0 ? 'get_task' : 'search_users',
      callerAppId: index < 10 ? 'dify' : null,
      era: '2025-06-18',
      transport: 'streamable_http',
      requestData: { query: `q${index}` },
      responseData: { content: [] },
      success: index % 5 !== 0,
      errorKind: index % 5 === 0 ? ('timeout' as const) : null,
      errorMessage: index % 5 === 0 ? 'too slow' : null,
      durationMs: 1.5,
    }));
    await t.dataSource.getRepository(CallLog).insert(calls);
  });
  afterAll(() => t.close());

  const list = (query: string) => t.rest('GET', `/admin/call-logs?${query}`, { token: tenant.adminToken });
  const count = async (query: string) => (await list(`limit=200&${query}`)).items.length;

  it('lists the newest first, without arguments and results', async () => {
    const answer = await list('');
    expect(answer.items).toHaveLength(25);
    expect(answer.items[0]).toMatchObject({
      tool_name: 'get_task',
      group_id: groups[0],
      created_at: '2026-05-01T00:00:00.004Z',
      success: true,
      duration_ms: 1.5,
    });
    expect(JSON.stringify(answer.items)).not.toMatch(/request_data|response_data/);
  });

  it('pages through calls of the same moment, each once', async () => {
    const ids: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const answer = await list(`limit=7${cursor && `&cursor=${cursor}`}`);
      ids.push(...answer.items.map(({ id }) => id));
      cursor = answer.body.page.next_cursor;
    }
    expect(new Set(ids).size).toBe(25);
    expect(ids).toEqual((await list('limit=200')).items.map(({ id }) => id));
  });

  it.each([
    ['tool=get_task', 9],
    ['tool=nothing', 0],
    ['success=false', 5],
    ['success=true', 20],
    ['caller_app_id=dify', 10],
    ['from=2026-05-01T00:00:00.003Z', 10],
    ['to=2026-05-01T00:00:00.003Z', 15],
    ['from=2026-05-01T08:00:00.001%2B08:00&to=2026-05-01T00:00:00.002Z', 5],
    ['tool=get_task&success=false&caller_app_id=dify', 1],
  ])('filters by ?%s', async (query, expected) => {
    expect(await count(query)).toBe(expected);
  });

  it('filters by group', async () => {
    expect(await count(`group_id=${groups[0]}`)).toBe(13);
  });

  it.each([
    'success=1',
    'from=yesterday',
    'to=2026',
    'group_id=x',
    'cursor=e30',
    'tool=a&tool=b',
    'offset=1',
  ])('refuses ?%s and names the field', async (query) => {
    const answer = await list(query);
    const fields = new Set(answer.body.error.details?.map(({ field }) => field));
    expect([answer.status, [...fields]]).toEqual([400, [query.split('=')[0]]]);
  });

  it('refuses a cursor with a time that does not exist', async () => {
    for (const time of ['+275760-09-13T00:00:00.000Z', '2026-99-01T00:00:00.000Z', 7, null]) {
      expect((await list(`cursor=${encodeCursor([time, newId()])}`)).status).toBe(400);
    }
    expect((await list(`cursor=${encodeCursor(['2026-05-01T00:00:00.000Z', 'x'])}`)).status).toBe(400);
  });

  it('shows one call whole', async () => {
    const [{ id }] = (await list('limit=1')).items;
    const answer = await t.rest('GET', `/admin/call-logs/${id}`, { token: tenant.adminToken });
    expect(answer.body.data).toMatchObject({
      id,
      request_data: { query: 'q24' },
      response_data: { content: [] },
    });
  });

  it('keeps the calls of a deleted group', async () => {
    const { adminToken: token } = await t.newTenant();
    const group = (await t.rest('POST', '/admin/groups', { token, body: { name: 'g' } })).body.data;
    const tool = await t.rest('POST', `/admin/groups/${group.id}/tools`, {
      token,
      body: { tool_name: 'get_task' },
    });
    await t.rest('POST', `/admin/tools/${tool.body.data.id}/test`, { token, body: {} });
    await t.rest('DELETE', `/admin/groups/${group.id}`, { token });
    const answer = await t.rest('GET', `/admin/call-logs?group_id=${group.id}`, { token });
    expect(answer.items).toMatchObject([{ tool_name: 'get_task', is_test: true, success: false }]);
  });
});
