import { v7 as newId } from 'uuid';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';

describe('POST /admin/call-logs/erase', () => {
  let t: TestApp;
  let tenant: TestTenant;
  beforeAll(async () => {
    t = await createTestApp();
    tenant = await t.newTenant();
  });
  afterAll(() => t.close());

  it('finds the id of a user however it was written', async () => {
    const user = newId();
    const mixed = Array.from(user, (letter, at) => (at % 2 ? letter.toUpperCase() : letter)).join('');
    const requests = [user, user.toUpperCase(), mixed, newId()].map((id) => JSON.stringify({ user: id }));
    await t.dataSource.query(
      `INSERT INTO mcp_call_logs (id, created_at, tenant_id, group_id, tool_name, era, transport, success, duration_ms, request_data)
       SELECT gen_random_uuid(), now(), $1, $1, 'x', 'rest', 'rest', true, 1, request::json FROM unnest($2::text[]) AS request`,
      [tenant.tenantId, requests],
    );
    const answer = await t.rest('POST', '/admin/call-logs/erase', {
      token: tenant.adminToken,
      body: { user_id: user.toUpperCase(), reason: 'asked for it' },
    });
    expect(answer.body.data).toMatchObject({ erased: 3 });
    const left = await t.dataSource.query<{ request: string }[]>(
      'SELECT request_data::text AS request FROM mcp_call_logs WHERE tenant_id = $1 AND request_data IS NOT NULL',
      [tenant.tenantId],
    );
    expect(left).toEqual([{ request: requests[3] }]);
  });
});
