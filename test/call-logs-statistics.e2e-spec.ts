import { v7 as newId } from 'uuid';
import { StatisticsJob } from '../src/call-logs/statistics/statistics-job.js';
import { eventually } from './support/mcp.js';
import { createTestApp, type TestApp, type TestTenant } from './support/test-app.js';

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
      `INSERT INTO mcp_call_logs (id, created_at, tenant_id, group_id, tool_name, caller_app_id, era, transport, success,
         error_kind, duration_ms)
       SELECT gen_random_uuid(), ${at} - random() * interval '60 hours', $1, CASE WHEN n % 3 = 0 THEN $2 ELSE gen_random_uuid() END,
         'tool_' || n % 4, CASE WHEN n % 2 = 0 THEN 'dify' END, 'rest', 'rest', n % 10 > 0, CASE WHEN n % 10 = 0 THEN 'timeout' END,
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
    }, 20_000);
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
      `INSERT INTO mcp_call_logs (id, created_at, tenant_id, group_id, tool_name, era, transport, success, duration_ms)
       VALUES (gen_random_uuid(), now() - interval '2 days', $1, $2, 'late', 'rest', 'rest', true, 1)`,
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

  it('counts nothing when it fails in the middle, and everything the next time', async () => {
    await t.dataSource.query(
      `ALTER TABLE call_log_stats ADD CONSTRAINT full_disk CHECK (tool_name <> 'breaks') NOT VALID`,
    );
    await t.dataSource.query(
      `INSERT INTO mcp_call_logs (id, created_at, tenant_id, group_id, tool_name, era, transport, success, duration_ms)
       SELECT gen_random_uuid(), now() - interval '2 days', $1, $2, tool, 'rest', 'rest', true, 1
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

  it.each(['by=x', 'by=app&tool=a', `from=${to}&to=${from}`])('refuses ?%s', async (query) => {
    const answer = await t.rest('GET', `/admin/call-logs/statistics?${query}`, { token: tenant.adminToken });
    expect(answer.status).toBe(400);
  });
});
