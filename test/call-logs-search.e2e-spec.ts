import { v7 as newId } from 'uuid';
import { CallLog } from '../src/call-logs/call-log.entity.js';
import { wordsOf } from '../src/call-logs/search/marks.js';
import { forgetInGuide } from '../src/call-logs/search/forget.js';
import { GuideJob } from '../src/call-logs/search/guide-job.js';
import { eventually } from './support/mcp.js';
import { createTestApp, type TestApp, type TestTenant } from './support/test-app.js';

const START = Date.now() - 3_600_000;
const KINDS = ['timeout', 'tool_error', 'internal'] as const;

describe('search in the call log', () => {
  let t: TestApp;
  let tenant: TestTenant;
  const groups = [newId(), newId(), newId()];
  const keys = [newId(), newId()];
  const user = newId();
  const calls: Partial<CallLog>[] = [];

  const make = (index: number, tenantId: string): Partial<CallLog> => {
    const isFailed = index % 7 === 0;
    return {
      id: newId(),
      createdAt: new Date(START + Math.floor(index / 3) * 1000),
      tenantId,
      groupId: groups[index % 3],
      toolName: ['get_task', 'search_users', 'rare_tool'][index % 40 === 5 ? 2 : index % 2],
      callerAppId: index % 4 === 0 ? 'dify' : null,
      keyId: keys[index % 2],
      userId: index % 50 === 3 ? user : null,
      era: '2025-06-18',
      transport: 'streamable_http',
      requestData: { query: `customer ${index}`, note: index === 321 ? 'a zebrafish\nswims' : 'plain' },
      responseData: {
        content: [{ type: 'text', text: index % 100 === 11 ? '客户咨询玻尿酸填充' : '光子嫩肤' }],
      },
      success: !isFailed,
      errorKind: isFailed ? KINDS[index % 3] : null,
      errorMessage: isFailed ? 'It went wrong' : null,
      durationMs: index % 60 === 1 ? 5000 + index : 2 + (index % 5),
    };
  };
  const insert = async (made: Partial<CallLog>[]) => {
    calls.push(...made.filter(({ tenantId }) => tenantId === tenant.tenantId));
    for (let at = 0; at < made.length; at += 200)
      await t.dataSource.getRepository(CallLog).insert(made.slice(at, at + 200) as object[]);
  };
  /** Another database of the same server may hold up the order of commits for a moment. */
  const followed = () =>
    eventually(async () => {
      await t.app.get(GuideJob).step();
      const [{ behind }] = await t.dataSource.query<[{ behind: number }]>(
        `SELECT count(*)::int AS behind FROM mcp_call_logs l, call_log_positions p
         WHERE p.follower = 'guide' AND (l.recorded_in, l.id) > (p.recorded_in, p.id)`,
      );
      return behind === 0;
    }, 20_000);

  beforeAll(async () => {
    t = await createTestApp();
    tenant = await t.newTenant();
    const other = await t.newTenant();
    await insert(Array.from({ length: 900 }, (_, index) => make(index, tenant.tenantId)));
    await insert(Array.from({ length: 50 }, (_, index) => make(index, other.tenantId)));
    await followed();
  });
  afterAll(() => t.close());

  const list = (query: string) => t.rest('GET', `/admin/call-logs?${query}`, { token: tenant.adminToken });
  const all = async (query: string, limit = 37) => {
    const ids: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const answer = await list(`limit=${limit}&${query}${cursor && `&cursor=${cursor}`}`);
      expect(answer.status).toBe(200);
      ids.push(...answer.items.map(({ id }) => id));
      cursor = answer.body.page.next_cursor;
    }
    return ids;
  };
  const expected = (matches: (call: Partial<CallLog>) => boolean) =>
    calls
      .filter(matches)
      .toSorted((a, b) => Number(b.createdAt) - Number(a.createdAt) || ((a.id ?? '') < (b.id ?? '') ? 1 : -1))
      .map(({ id }) => id);
  const text = ({ requestData, responseData }: Partial<CallLog>) =>
    JSON.stringify([requestData, responseData]);

  const FILTERS: [string, (call: Partial<CallLog>) => boolean][] = [
    [`key_id=${keys[1]}`, ({ keyId }) => keyId === keys[1]],
    [`user_id=${user}`, ({ userId }) => userId === user],
    ['error_kind=internal', ({ errorKind }) => errorKind === 'internal'],
    ['success=false', ({ success }) => success === false],
    ['duration_min=5000', ({ durationMs = 0 }) => durationMs >= 5000],
    ['duration_min=5300&duration_max=5600', ({ durationMs = 0 }) => durationMs >= 5300 && durationMs <= 5600],
    ['duration_max=2', ({ durationMs = 0 }) => durationMs <= 2],
    [
      `group_id=${groups[0]}&tool=rare_tool`,
      ({ groupId, toolName }) => groupId === groups[0] && toolName === 'rare_tool',
    ],
    [
      'tool=get_task&caller_app_id=dify&success=false',
      ({ toolName, callerAppId, success }) =>
        toolName === 'get_task' && callerAppId === 'dify' && success === false,
    ],
    ['tool=get_task&tool=x', () => false],
    ['q=zebrafish', (call) => text(call).includes('zebrafish')],
    ['q=ZebraFish', (call) => text(call).includes('zebrafish')],
    ['q=swims', (call) => text(call).includes('swims')],
    ['q=zebra', () => false],
    [`q=${encodeURIComponent('玻尿酸')}`, (call) => text(call).includes('玻尿酸')],
    [`q=${encodeURIComponent('酸填')}`, (call) => text(call).includes('玻尿酸')],
    [`q=${encodeURIComponent('嫩')}`, (call) => text(call).includes('嫩')],
    [`q=${encodeURIComponent('玻尿酸 customer 111')}`, (call) => text(call).includes('"customer 111"')],
    [
      'q=plain&error_kind=timeout',
      ({ errorKind, ...call }) => errorKind === 'timeout' && text(call).includes('plain'),
    ],
    [
      `q=went&from=${new Date(START + 100_000).toISOString()}&to=${new Date(START + 200_000).toISOString()}`,
      ({ success, createdAt }) =>
        success === false && Number(createdAt) >= START + 100_000 && Number(createdAt) < START + 200_000,
    ],
  ];

  it.each(FILTERS.filter(([query]) => query !== 'tool=get_task&tool=x'))(
    'finds what ?%s asks for, each once, newest first, page by page',
    async (query, matches) => {
      expect(await all(query)).toEqual(expected(matches));
    },
  );

  it('finds at once what the guide does not have yet, and the same when it has', async () => {
    const [late] = [make(321, tenant.tenantId)];
    await insert([{ ...late, createdAt: new Date(START - 3_000_000) }]); // a call that took long
    const query = 'q=zebrafish';
    expect(await all(query)).toHaveLength(2);
    await followed();
    expect(await all(query)).toEqual(expected((call) => text(call).includes('zebrafish')));
  });

  it('keeps to the tenant, also in the guide', async () => {
    const other = await t.newTenant();
    const answer = await t.rest('GET', `/admin/call-logs?q=plain`, { token: other.adminToken });
    expect(answer.items).toEqual([]);
  });

  it('forgets what was erased, and finds the rest of that time', async () => {
    const marked = async () => {
      const [{ n }] = await t.dataSource.query<[{ n: number }]>(
        `SELECT coalesce(sum(cardinality(marks)), 0)::int AS n FROM call_log_chunks WHERE tenant_id = $1 AND from_at <= $2 AND to_at >= $2`,
        [tenant.tenantId, erased.createdAt],
      );
      return n;
    };
    const erased = calls.find((call) => text(call).includes('"customer 500"')) ?? {};
    const createdAt = erased.createdAt ?? new Date(0);
    await t.dataSource.query(
      'UPDATE mcp_call_logs SET request_data = NULL, response_data = NULL WHERE id = $1',
      [erased.id],
    );
    const before = new Date(createdAt.getTime() + 1);
    expect(await marked()).toBeGreaterThan(0);
    await forgetInGuide(t.dataSource, { tenantId: tenant.tenantId, from: createdAt, before });
    expect(await all('q=500')).toEqual([]);
    expect(await all('q=501')).toHaveLength(1);
    await t.app.get(GuideJob).step();
    await eventually(async () => (await marked()) > 0);
    expect(await all('q=500')).toEqual([]);
    expect(await all('q=501')).toHaveLength(1);
  });

  it.each(['q=%20%2C', 'duration_min=-1', 'duration_max=x', 'key_id=x', 'user_id=1'])(
    'refuses ?%s and names the field',
    async (query) => {
      const answer = await list(query);
      const fields = answer.body.error.details?.map(({ field }) => field) ?? [];
      expect([answer.status, fields[0]]).toEqual([400, query.split('=')[0]]);
    },
  );

  it('takes words apart as people look for them', () => {
    expect([...wordsOf(String.raw`{"a":"Line one\nLINE-two"}`)]).toEqual(['a', 'line', 'one', 'two']);
    expect([...wordsOf('王芳 13800104729é')]).toEqual(['王', '芳', '王芳', '13800104729é']);
    expect([...wordsOf('𝒳x')]).toEqual(['𝒳x']);
    expect([...wordsOf('x'.repeat(65))]).toEqual([]);
  });
});
