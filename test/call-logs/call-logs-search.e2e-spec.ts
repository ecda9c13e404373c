import { v7 as newId } from 'uuid';
import { CallLog } from '../../src/call-logs/chain/call-log.entity.js';
import { type Before, CallSearch, type Found } from '../../src/call-logs/search/call-search.js';
import { forgetInGuide, forgetRecordsInGuide } from '../../src/call-logs/search/forget.js';
import { GuideJob } from '../../src/call-logs/search/guide-job.js';
import { markerOf } from '../../src/call-logs/search/marks.js';
import { patternOf, wordsOf } from '../../src/call-logs/search/words.js';
import { inTenant } from '../../src/platform/request-scope.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

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
    });

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
    expect([...wordsOf('x'.repeat(65))]).toEqual(['x'.repeat(64)]);
  });

  describe('what a word is', () => {
    /** Whether the database and the guide find the term in each text. */
    const compare = async (texts: string[], term: string) => {
      const [{ found }] = await t.dataSource.query<[{ found: boolean[] }]>(
        `SELECT array_agg(text ~ $2 ORDER BY n) AS found FROM unnest($1::text[]) WITH ORDINALITY AS texts(text, n)`,
        [texts, patternOf({ text: term, isWhole: true })],
      );
      const wrong = texts.filter((told, at) => found[at] !== wordsOf(told).has(term));
      expect([term, wrong.slice(0, 5)]).toEqual([term, []]);
      return found.filter(Boolean).length;
    };

    it('is the same for the guide and the database, next to any character there is', async () => {
      const behind: string[] = [];
      for (let code = 1; code < 0x20000; code += 1) {
        if (code < 0xd800 || code > 0xdfff) behind.push(`caf${String.fromCodePoint(code)} b`);
      }
      const before = behind.map((told) => Array.from(told.slice(0, -2)).toReversed().join(''));
      const texts = behind.concat(before);
      expect(await compare(texts, 'caf')).toBeGreaterThan(1000);
      expect(await compare(texts, 'café')).toBe(2); // É, é
      expect(await compare(texts, 'fac')).toBeGreaterThan(1000);
    });

    it('is the same behind any escape and in any case', async () => {
      const letters = [...Array.from(String.raw`aNnuÉéKiIİΣςσ\"/1_玻尿😀𝒳- `), '\u212a', '\u0307'];
      let seed = 7;
      const pick = (count: number) => (seed = (seed * 48_271) % 2_147_483_647) % count;
      const texts = Array.from({ length: 4000 }, () =>
        Array.from({ length: 8 }, () => letters[pick(letters.length)]).join(''),
      );
      const terms = ['n', 'a', 'na', 'u', 'un', 'k', 'i', 'σ', 'é', 'nk', '1', '𝒳', 'aé'];
      for (const term of terms) expect([term, (await compare(texts, term)) > 0]).toEqual([term, true]);
    });

    it('stays the same once the guide has the record', async () => {
      const own = await t.newTenant();
      const told = ['un café noir', 'CAFÉ', 'caf\u00e9s', 'a\nΟΔΟΣ', 'naïve玻尿酸filler'];
      await insert(
        told.map((note, index) => ({ ...make(index + 1, own.tenantId), id: newId(), requestData: { note } })),
      );
      const count = async (q: string) =>
        (await t.rest('GET', `/admin/call-logs?q=${encodeURIComponent(q)}`, { token: own.adminToken })).items
          .length;
      const words = ['caf', 'café', 'CAFÉ', 'cafés', 'οδος', 'naïve', 'na', '尿酸', 'filler', 'nοδος'];
      const fresh = await Promise.all(words.map(count));
      await followed();
      expect(await Promise.all(words.map(count))).toEqual(fresh);
      expect(fresh).toEqual([0, 2, 2, 1, 1, 1, 0, 1, 1, 0]);
    });
  });

  describe('a search that would take too long', () => {
    it('ends early, says where, and goes on from there: nothing is left out', async () => {
      const search = t.app.get(CallSearch);
      const { tenantId } = tenant;
      await insert([{ ...make(45, tenantId), createdAt: new Date(START - 40 * 86_400_000) }]);
      const from = new Date(START - 60 * 86_400_000);
      for (const sought of [{ tool: 'rare_tool' }, { q: 'plain' }, { duration_max: 2 }]) {
        const ids: string[] = [];
        let before: Before | undefined;
        let pages = 0;
        do {
          const page: Found = await inTenant(tenantId, () =>
            search.find(tenantId, { filter: { ...sought, from }, before, limit: 1000 }, -1),
          );
          ids.push(...page.calls.map(({ id }) => id));
          before = page.stoppedAt;
          pages += 1;
        } while (before);
        expect(pages).toBeGreaterThan('q' in sought ? 0 : 1); // words that the guide has all of are read at once
        expect(ids).toEqual(await all(new URLSearchParams(sought as never).toString(), 200));
      }
    });
  });

  it('shows no record whose time is none, and fails at none', async () => {
    const own = await t.newTenant();
    const [record] = [make(1, own.tenantId)];
    const addAt = (at: string) =>
      t.dataSource.query(
        `INSERT INTO mcp_call_logs (id, created_at, tenant_id, group_id, tool_name, era, transport, success, duration_ms)
         VALUES ($1, $2, $3, $3, 'x', 'rest', 'rest', true, 1)`,
        [newId(), at, own.tenantId],
      );
    await expect(addAt('infinity')).rejects.toThrow('CHK_call_logs_created_at');
    await insert([record]);
    // As it may be in a table that was tampered with.
    await t.dataSource.query('ALTER TABLE mcp_call_logs DROP CONSTRAINT "CHK_call_logs_created_at"');
    await addAt('infinity');
    await addAt('-infinity');
    const get = (path: string) => t.rest('GET', `/admin/call-logs${path}`, { token: own.adminToken });
    for (const query of ['', '?success=true', '?q=plain', '?duration_min=0']) {
      const answer = await get(query);
      expect([query, answer.status, answer.items.length <= 1]).toEqual([query, 200, true]);
    }
    expect((await get('')).items).toMatchObject([{ id: record.id }]);
    const hidden = await t.dataSource.query<{ id: string }[]>(
      'DELETE FROM mcp_call_logs WHERE NOT isfinite(created_at) RETURNING id',
    );
    expect(hidden).toHaveLength(2);
    await t.dataSource.query(
      'ALTER TABLE mcp_call_logs ADD CONSTRAINT "CHK_call_logs_created_at" CHECK (isfinite(created_at))',
    );
  });

  describe('the guide', () => {
    const chunksOf = async (tenantId: string) =>
      t.dataSource.query<{ marks: number[]; stale: boolean }[]>(
        'SELECT marks, stale FROM call_log_chunks WHERE tenant_id = $1',
        [tenantId],
      );

    it('does not grow when the same time is forgotten again and again', async () => {
      const own = await t.newTenant();
      const made = Array.from({ length: 700 }, (_, index) => make(index, own.tenantId));
      for (let at = 0; at < made.length; at += 70) {
        await insert(made.filter((_, index) => index % 10 === at / 70)); // each lies over the whole time
        await followed();
      }
      expect((await chunksOf(own.tenantId)).length).toBeGreaterThanOrEqual(10);
      for (let round = 0; round < 3; round += 1) {
        const span = { from: new Date(START), before: new Date(START + 3_600_000) };
        await forgetInGuide(t.dataSource, { tenantId: own.tenantId, ...span });
        await eventually(async () => {
          await t.app.get(GuideJob).step();
          return (await chunksOf(own.tenantId)).every(({ stale }) => !stale);
        });
        expect((await chunksOf(own.tenantId)).length).toBeLessThanOrEqual(4); // of 256 records and more
      }
      const answer = await t.rest('GET', '/admin/call-logs?q=customer&limit=200', { token: own.adminToken });
      expect(answer.items).toHaveLength(200);
    });

    it('has no word of what is erased while it is being marked', async () => {
      const own = await t.newTenant();
      const mark = markerOf(own.tenantId)('quicksilver');
      const [erased, kept] = [1, 2].map((index) => ({ ...make(index, own.tenantId), id: newId() }));
      await insert([{ ...erased, requestData: { note: 'quicksilver' } }, kept]);
      const erasing = t.dataSource.createQueryRunner();
      await erasing.startTransaction();
      await erasing.query('UPDATE mcp_call_logs SET request_data = NULL WHERE id = $1', [erased.id]);
      await forgetRecordsInGuide(erasing, { tenantId: own.tenantId, times: [erased.createdAt!] });
      const marking = followed();
      await eventually(async () => {
        const [{ waits }] = await t.dataSource.query<[{ waits: boolean }]>(
          `SELECT count(*) > 0 AS waits FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        );
        return waits || (await chunksOf(own.tenantId)).length > 0;
      });
      await erasing.commitTransaction();
      await erasing.release();
      await marking;
      const chunks = await chunksOf(own.tenantId);
      expect(chunks.length).toBeGreaterThan(0);
      expect(chunks.some(({ marks }) => marks.includes(mark))).toBe(false);
      expect(chunks.some(({ marks }) => marks.includes(markerOf(own.tenantId)('customer')))).toBe(true);
    });

    it('lets no condition of a reader see what is behind its view', async () => {
      const [view] = await t.dataSource.query(
        `SELECT reloptions AS options FROM pg_class WHERE relname = 'call_log_guide'`,
      );
      expect(view).toEqual({ options: ['security_barrier=true'] });
    });
  });
});
