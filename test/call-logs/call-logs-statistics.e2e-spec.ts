import { v7 as newId } from 'uuid';
import { StatisticsJob } from '../../src/call-logs/statistics/statistics-job.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

const DAY_MS = 86_400_000;
const TODAY = Math.floor(Date.now() / DAY_MS) * DAY_MS;
const from = new Date(TODAY - 3 * DAY_MS + 5 * 3_600_000).toISOString();
const to = new Date(TODAY - 3_600_000).toISOString();

type Line = {
  readonly key: string | null;
  readonly calls: number;
  readonly errors: number;
  readonly error_rate: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
};

describe('statistics of the call log', () => {
  let t: TestApp;
  let second: TestApp;
  let tenant: TestTenant;
  const group = newId();

  const insert = (count: number, at = `now() - interval '1 day'`) =>
    t.dataSource.query(
      `INSERT INTO mcp_call_logs (id, created_at, tenant_id, group_id, tool_name, tool_id, caller_app_id, era, transport, success,
         error_kind, duration_ms)
       SELECT gen_random_uuid(), ${at} - random() * interval '60 hours', $1, CASE WHEN n % 3 = 0 THEN $2 ELSE gen_random_uuid() END,
         'tool_' || n % 4, gen_random_uuid(), CASE WHEN n % 2 = 0 THEN 'dify' END, 'rest', 'rest', n % 10 > 0, CASE WHEN n % 10 = 0 THEN 'timeout' END,
         exp(random() * 12 - 3)
       FROM generate_series(1, $3::int) n`,
      [tenant.tenantId, group, count],
    );
  const followed = () =>
    eventually(async () => {
      await Promise.all([t, second].map(({ app }) => app.get(StatisticsJob).step()));
      const [{ behind }] = await t.dataSource.query<[{ behind: number }]>(
        `SELECT count(*)::int AS behind FROM mcp_call_logs l, call_log_positions p
         WHERE p.follower = 'statistics' AND (l.recorded_in, l.id) > (p.recorded_in, p.id)`,
      );
      return behind === 0;
    });
  const read = async (query: string): Promise<readonly Line[]> => {
    const path = `/admin/call-logs/statistics?from=${from}&to=${to}&${query}`;
    const answer = await t.rest('GET', path, { token: tenant.adminToken });
    expect(answer.status).toBe(200);
    return answer.body.data['lines'] as Line[];
  };
  /** From the rows themselves. */
  const counted = (key: string, where = 'true') =>
    t.dataSource.query<Line[]>(
      `SELECT ${key} AS key, count(*)::int AS calls, count(*) FILTER (WHERE NOT success)::int AS errors,
         percentile_disc(0.5) WITHIN GROUP (ORDER BY duration_ms) AS p50_ms,
         percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms) AS p95_ms,
         percentile_disc(0.99) WITHIN GROUP (ORDER BY duration_ms) AS p99_ms
       FROM mcp_call_logs WHERE tenant_id = $1 AND created_at >= $2 AND created_at < $3 AND ${where} GROUP BY 1`,
      [tenant.tenantId, from, to],
    );
  const compare = (lines: readonly Line[], rows: readonly Line[]) => {
    expect(lines).toHaveLength(rows.length);
    for (const row of rows) {
      const line = lines.find(({ key }) => key === row.key);
      expect(line).toMatchObject({ key: row.key, calls: row.calls, errors: row.errors });
      expect(line?.error_rate).toBeCloseTo(row.errors / row.calls, 5);
      for (const name of ['p50_ms', 'p95_ms', 'p99_ms'] as const) {
        expect(Math.abs((line?.[name] ?? 0) - row[name]) / row[name]).toBeLessThan(0.053);
      }
    }
  };

  beforeAll(async () => {
    t = await createTestApp();
    second = await createTestApp({ database: t.database });
    tenant = await t.newTenant();
    await insert(5000);
    await followed();
  });
  afterAll(async () => {
    await second.close();
    await t.close();
  });

  it.each([
    ['by=none', 'null', 'true'],
    ['by=tool', 'tool_name', 'true'],
    ['by=app', `coalesce(caller_app_id, '')`, 'true'],
    [
      'by=hour',
      `to_char(date_trunc('hour', created_at, 'UTC') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`,
      'true',
    ],
    [
      'by=day',
      `to_char(date_trunc('day', created_at, 'UTC') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`,
      'true',
    ],
    ['by=tool&group_id=GROUP', 'tool_name', `group_id = 'GROUP'`],
    ['by=none&caller_app_id=dify', 'null', `caller_app_id = 'dify'`],
    [
      'by=day&tool=tool_1',
      `to_char(date_trunc('day', created_at, 'UTC') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`,
      `tool_name = 'tool_1'`,
    ],
  ])('says with ?%s what the rows say', async (query, key, where) => {
    const own = (text: string) => text.replaceAll('GROUP', group);
    compare(await read(own(query)), await counted(key, own(where)));
  });

  it('counts a record that is committed late, once, whichever replica does it', async () => {
    const late = t.dataSource.createQueryRunner();
    await late.startTransaction();
    await late.query(
      `INSERT INTO mcp_call_logs (id, created_at, tenant_id, group_id, tool_name, tool_id, era, transport, success, duration_ms)
       VALUES (gen_random_uuid(), now() - interval '2 days', $1, $2, 'late', $2, 'rest', 'rest', true, 1)`,
      [tenant.tenantId, group],
    );
    await insert(200); // committed before it
    await Promise.all([t, second].map(({ app }) => app.get(StatisticsJob).step()));
    await late.commitTransaction();
    await late.release();
    await followed();
    await followed();
    compare(await read('by=none'), await counted('null'));
    expect(await read('by=none&tool=late')).toMatchObject([{ calls: 1, errors: 0 }]);
  });

  it('looks at no more than the records of one step, however many are waiting', async () => {
    await insert(20_000); // PostgreSQL has not counted them yet, and takes them for fewer than are asked for
    await t.dataSource.transaction(async (manager) => {
      // What this connection has read since it last told the statistics, which need not be at the end of each transaction.
      const entriesRead = async () => {
        const [{ entries }] = await manager.query<[{ entries: number }]>(
          `SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid))::int AS entries FROM pg_index
           WHERE indrelid::regclass::text ~ '^mcp_call_logs_'`,
        );
        return entries;
      };
      const before = await entriesRead();
      const next = await manager.query<object[]>(
        `SELECT records FROM next_call_logs(0, '00000000-0000-0000-0000-000000000000', 3000)`,
      );
      expect(next).toEqual([{ records: 3000 }]);
      const entries = (await entriesRead()) - before;
      expect(entries).toBeGreaterThanOrEqual(3000);
      expect(entries).toBeLessThan(3500);
    });
  });

  it('counts nothing when it fails in the middle, and everything the next time', async () => {
    await t.dataSource.query(
      `ALTER TABLE call_log_stats ADD CONSTRAINT full_disk CHECK (tool_name <> 'breaks') NOT VALID`,
    );
    await t.dataSource.query(
      `INSERT INTO mcp_call_logs (id, created_at, tenant_id, group_id, tool_name, tool_id, era, transport, success, duration_ms)
       SELECT gen_random_uuid(), now() - interval '2 days', $1, $2, tool, $2, 'rest', 'rest', true, 1
       FROM (VALUES ('breaks'), ('fine')) tools(tool)`,
      [tenant.tenantId, group],
    );
    await eventually(() =>
      t.app
        .get(StatisticsJob)
        .step()
        .then(
          () => false,
          (error: unknown) => String(error).includes('full_disk'),
        ),
    );
    expect(await read('by=none&tool=fine')).toEqual([]);
    await t.dataSource.query('ALTER TABLE call_log_stats DROP CONSTRAINT full_disk');
    await followed();
    compare(await read('by=none'), await counted('null'));
  });

  it('shows nothing of another tenant', async () => {
    const other = await t.newTenant();
    const answer = await t.rest('GET', `/admin/call-logs/statistics?from=${from}&to=${to}&by=tool`, {
      token: other.adminToken,
    });
    expect(answer.body.data['lines']).toEqual([]);
  });

  describe('with names that clients choose', () => {
    const at = new Date(TODAY - DAY_MS + 10 * 3_600_000).toISOString();
    /** Calls of the tools and apps numbered so, all in one hour. */
    const call = async (tenantId: string, [first, last]: [number, number], toolId: string | null) => {
      await t.dataSource.query(
        `INSERT INTO mcp_call_logs (id, created_at, tenant_id, group_id, tool_name, tool_id, caller_app_id, era, transport,
           success, duration_ms)
         SELECT gen_random_uuid(), $2, $1, $1, 'name_' || n, $5::uuid, 'app_' || n, 'rest', 'rest', $5::uuid IS NOT NULL, 1
         FROM generate_series($3::int, $4::int) n`,
        [tenantId, at, first, last, toolId],
      );
      await followed();
    };
    const linesOf = async ({ adminToken: token }: TestTenant, by: string) => {
      const answer = await t.rest('GET', `/admin/call-logs/statistics?from=${from}&to=${to}&by=${by}`, {
        token,
      });
      return answer.body.data as unknown as { lines: Line[]; complete: boolean };
    };

    it('counts what was refused before there was a tool as one', async () => {
      const own = await t.newTenant();
      await call(own.tenantId, [1, 40], null);
      await call(own.tenantId, [1, 1], group);
      expect((await linesOf(own, 'tool')).lines).toMatchObject([
        { key: '(none)', calls: 40, errors: 40 },
        { key: 'name_1', calls: 1 },
      ]);
    });

    it('tells so many apps of an hour apart, and keeps to those that it knows', async () => {
      const own = await t.newTenant();
      await call(own.tenantId, [1, 150], group);
      await call(own.tenantId, [101, 300], group);
      await call(own.tenantId, [1, 300], group);
      const { lines } = await linesOf(own, 'app');
      expect(lines).toHaveLength(201);
      expect(lines[0]).toMatchObject({ key: '(other)', calls: 200 });
      expect(lines.reduce((sum, { calls }) => sum + calls, 0)).toBe(650);
      expect(lines.find(({ key }) => key === 'app_1')?.calls).toBe(2);
      expect(lines.find(({ key }) => key === 'app_150')?.calls).toBe(3);
      const [{ kept }] = await t.dataSource.query(
        `SELECT count(DISTINCT (span, starts_at, caller_app_id))::int AS kept FROM call_log_stats
         WHERE tenant_id = $1 AND sums = 'app'`,
        [own.tenantId],
      );
      expect(kept).toBe(2 * 201);
    });

    it('says when there are more lines than it shows', async () => {
      const own = await t.newTenant();
      await call(own.tenantId, [1, 1000], group);
      expect((await linesOf(own, 'tool')).complete).toBe(true);
      await call(own.tenantId, [1001, 1001], group);
      const { lines, complete } = await linesOf(own, 'tool');
      expect([lines.length, complete]).toEqual([1000, false]);
    });
  });

  it('counts whole days where hours are not kept any more, and says so', async () => {
    const own = await t.newTenant();
    const day = TODAY - 420 * DAY_MS;
    await t.dataSource.query(
      `INSERT INTO call_log_stats SELECT $1, 'all', 'day', $2::timestamptz + n * interval '1 day', $1, '', '', 5, 10, 1
       FROM generate_series(0, 2) n`,
      [own.tenantId, new Date(day)],
    );
    const iso = (ms: number) => new Date(ms).toISOString();
    const ask = (query: string) =>
      t.rest('GET', `/admin/call-logs/statistics?${query}`, { token: own.adminToken });
    const hour = 3_600_000;
    const asked = `from=${iso(day + 5 * hour)}&to=${iso(day + 2 * DAY_MS + 7 * hour)}`;
    expect((await ask(asked)).body.data).toMatchObject({
      from: iso(day),
      to: iso(day + 3 * DAY_MS),
      lines: [{ calls: 30, errors: 3 }],
    });
    expect((await ask(`from=${iso(day + 5 * hour)}&to=${to}`)).body.data).toMatchObject({
      from: iso(day),
      to,
      lines: [{ calls: 30 }],
    });
    const byHour = await ask(`${asked}&by=hour`);
    expect([byHour.status, byHour.body.error.details?.[0]?.field]).toEqual([400, 'from']);
  });

  it.each(['by=x', 'by=app&tool=a', `from=${to}&to=${from}`])('refuses ?%s', async (query) => {
    const answer = await t.rest('GET', `/admin/call-logs/statistics?${query}`, { token: tenant.adminToken });
    expect(answer.status).toBe(400);
  });
});
