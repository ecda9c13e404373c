import { v7 as newId } from 'uuid';
import { Housekeeping } from '../../src/call-logs/storage/housekeeping.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

describe('GET /admin/call-logs/export', () => {
  let t: TestApp;
  let tenant: TestTenant;
  const group = newId();
  beforeAll(async () => {
    t = await createTestApp();
    tenant = await t.newTenant();
    await t.dataSource.query(
      `INSERT INTO mcp_call_logs (id, created_at, tenant_id, group_id, tool_name, era, transport, success, duration_ms,
         caller_app_id, request_data, response_data)
       SELECT gen_random_uuid(), now() - n * interval '1 second', $1, $2, 'tool_' || n % 3, 'rest', 'rest', true, n,
         '=cmd|''/c calc''!A0', json_build_object('n', n, 'text', E'two\\nlines, "quoted" 玻尿酸'), null
       FROM generate_series(1, 2500) n`,
      [tenant.tenantId, group],
    );
    // A query that is planned while a partition takes its records over from the default one misses them.
    await eventually(() => t.app.get(Housekeeping).keepHouse());
  });
  afterAll(() => t.close());

  const get = (query: string, signal?: AbortSignal) =>
    fetch(`${t.url}/api/v1/admin/call-logs/export?${query}`, {
      headers: { authorization: `Bearer ${tenant.adminToken}` },
      signal,
    });

  it('gives every call once as JSON Lines, newest first, with arguments and results', async () => {
    const response = await get('');
    expect(response.headers.get('content-disposition')).toMatch(/attachment; filename="calls-.*\.jsonl"/);
    const lines = (await response.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toHaveLength(2500);
    expect(new Set(lines.map(({ id }) => id)).size).toBe(2500);
    expect(lines.map(({ duration_ms: ms }) => ms)).toEqual(Array.from({ length: 2500 }, (_, n) => n + 1));
    expect(lines[0]).toMatchObject({
      tool_name: 'tool_1',
      group_id: group,
      request_data: { n: 1, text: 'two\nlines, "quoted" 玻尿酸' },
      response_data: null,
    });
    const listed = await t.rest('GET', '/admin/call-logs?limit=1', { token: tenant.adminToken });
    expect(lines[0]['created_at']).toBe(listed.items[0]['created_at']);
  });

  it('gives what the filters let through, the guided ones, too', async () => {
    const count = async (query: string) => (await (await get(query)).text()).trimEnd().split('\n').length;
    expect(await count('tool=tool_0')).toBe(833);
    expect(await count(`q=${encodeURIComponent('玻尿酸')}&tool=tool_0`)).toBe(833);
    expect(await count('duration_min=2400.5')).toBe(100);
  });

  it('gives CSV in which no spreadsheet runs a cell', async () => {
    const text = await (await get('format=csv&duration_max=1')).text();
    const marked = Buffer.from(await (await get('format=csv&duration_max=1&bom=true')).arrayBuffer());
    expect(marked.subarray(0, 5)).toEqual(Buffer.from('\uFEFFid'));
    expect((await get('format=csv&bom=yes')).status).toBe(400);
    const [header, line] = text.split('\r\n');
    expect(header).toContain('id,created_at,tool_name');
    expect(line).toContain(`"'=cmd|'/c calc'!A0"`);
    expect(line).toContain(String.raw`\""quoted\""`);
  });

  it('is on record', async () => {
    await (await get('tool=on_record')).text();
    const audit = await t.rest('GET', '/admin/audit-logs?action=calls.export', { token: tenant.adminToken });
    expect(audit.items[0]).toMatchObject({ result: 'ok', after: { format: 'jsonl', tool: 'on_record' } });
  });

  it('ends its query when the client hangs up', async () => {
    const running = async () => {
      const [{ n }] = await t.dataSource.query<[{ n: number }]>(
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND usename = 'toolcrib_app'
         AND state = 'active' AND query LIKE '%AS at FROM mcp_call_logs%'`,
      );
      return n;
    };
    const lock = t.dataSource.createQueryRunner();
    await lock.startTransaction();
    await lock.query('LOCK TABLE mcp_call_logs IN ACCESS EXCLUSIVE MODE'); // the query cannot end by itself
    try {
      const client = new AbortController();
      const answer = get('', client.signal).catch(() => undefined);
      await eventually(async () => (await running()) === 1);
      client.abort();
      await answer;
      await eventually(async () => (await running()) === 0);
    } finally {
      await lock.rollbackTransaction();
      await lock.release();
    }
  });

  it('needs the permission, and refuses a word that is none', async () => {
    const customer = await t.newUser(tenant.tenantId, ['customer']);
    const { access_token: token } = await t.signIn(customer.email ?? '');
    expect((await t.rest('GET', '/admin/call-logs/export', { token })).status).toBe(403);
    expect((await get('q=%20')).status).toBe(400);
  });
});
