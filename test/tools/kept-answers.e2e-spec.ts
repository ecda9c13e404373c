import { effects, EffectTools } from '../fixtures/effect.tools.js';
import { legacy, newGroup, send, type TestGroup } from '../support/mcp.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';

const MAX = 10;

describe('what a tenant keeps of requests and calls with an idempotency key', () => {
  let t: TestApp;
  let tenant: TestTenant;
  beforeAll(async () => {
    t = await createTestApp({ tools: [EffectTools], env: { KEPT_ANSWERS_PER_TENANT: String(MAX) } });
  });
  afterAll(() => t?.close());
  beforeEach(async () => {
    tenant = await t.newTenant();
  });

  const act = async (group: TestGroup, key: string) => {
    const params = { name: 'act', arguments: { name: key }, _meta: { 'io.toolcrib/idempotencyKey': key } };
    return (await send(group, legacy('tools/call', params))).body.result!;
  };
  const post = (of: TestTenant, key: string) =>
    t.rest('POST', '/admin/users', {
      token: of.adminToken,
      body: { username: key, email: `${key}@${of.tenantId}.test`, display_name: key, roles: ['customer'] },
      headers: { 'idempotency-key': key },
    });

  it('has a bound for calls: a new key is refused then, a known one gets its outcome', async () => {
    const group = await newGroup(t, tenant, { tools: ['act'] });
    for (let n = 0; n < MAX; n++) expect(await act(group, `key-${n}`)).not.toMatchObject({ isError: true });
    expect(await act(group, 'one too many')).toMatchObject({
      isError: true,
      _meta: { 'io.toolcrib/retryAfterSeconds': 300 },
    });
    expect(effects.has('one too many')).toBe(false);
    expect(await act(group, 'key-0')).toMatchObject({ _meta: { 'io.toolcrib/replayed': true } });
    const other = await newGroup(t, await t.newTenant(), { tools: ['act'] });
    expect(await act(other, 'of another tenant')).not.toMatchObject({ isError: true });
  });

  it('has a bound for requests: nothing is made by one too many, and others have room', async () => {
    for (let n = 0; n < MAX; n++) expect((await post(tenant, `key-${n}`)).status).toBe(201);
    const refused = await post(tenant, 'one-too-many');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '300']);
    expect((await post(tenant, 'key-0')).headers.get('idempotency-replayed')).toBe('true');
    const { items } = await t.rest('GET', '/admin/users?limit=100', { token: tenant.adminToken });
    expect(items).toHaveLength(MAX + 1); // with the owner
    expect((await post(await t.newTenant(), 'key')).status).toBe(201);
  });
});

describe('refusals on record', () => {
  let t: TestApp;
  beforeAll(async () => (t = await createTestApp()));

  it('are counted beyond a share of the tenant, and recorded together', async () => {
    const tenant = await t.newTenant();
    const auditor = await t.newUser(tenant.tenantId, ['auditor']);
    const { access_token: token } = await t.signIn(auditor.email);
    const body = { name: 'Mine' };
    for (let n = 0; n < 150; n++)
      expect((await t.rest('POST', '/admin/groups', { token, body })).status).toBe(403);
    const { dataSource } = t;
    await t.app.close(); // what was counted is recorded at the end of a minute, or of the service
    const rows = await dataSource.query<{ after: { refusals?: number } | null }[]>(
      `SELECT after FROM admin_audit_logs WHERE tenant_id = $1 AND result = 'refused'`,
      [tenant.tenantId],
    );
    const counted = rows.map(({ after }) => after?.refusals ?? 1);
    expect(counted.reduce((sum, count) => sum + count, 0)).toBe(150);
    expect(rows.length).toBeLessThan(150);
    await dataSource.destroy();
    await t.database.drop();
  });
});
