import { SecurityAlertsService } from '../../src/groups/keys/security-alerts.service.js';
import { TestTools } from '../fixtures/test.tools.js';
import { legacy, newGroup, send, type TestGroup } from '../support/mcp.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

const UNKNOWN = '01a1fc2e-cfb8-7648-9fcd-c4461f6942da';

describe('the keys of a group', () => {
  let t: TestApp;
  let replica: TestApp;
  let tenant: TestTenant;
  let group: TestGroup;

  const admin = (method: string, path: string, body?: object, headers?: Record<string, string>) =>
    t.rest(method, path, { token: tenant.adminToken, ...(body && { body }), ...(headers && { headers }) });
  const make = async (body: object) => {
    const answer = await admin('POST', `/admin/groups/${group.id}/keys`, body);
    expect([answer.status, answer.body.message]).toEqual([201, 'Key made']);
    return answer.body.data;
  };
  const statusWith = async (key: string, app = t) => {
    const url = `${app.url}/mcp/${group.code}/mcp`;
    return (await send({ ...group, key, url }, legacy('tools/list'))).status;
  };
  const audited = async (action: string) =>
    t.dataSource.query<{ target_id: string; before: unknown; after: unknown }[]>(
      'SELECT target_id, before, after FROM admin_audit_logs WHERE tenant_id = $1 AND action = $2 ORDER BY id',
      [tenant.tenantId, action],
    );

  /** Live events that tell administrators of a key. */
  const toldOf = async (keyId: string) => {
    const rows = await t.dataSource.query<{ payload: object }[]>(
      `SELECT payload FROM live_events WHERE tenant_id = $1 AND kind = 'admin_alert' AND payload->'target'->>'id' = $2`,
      [tenant.tenantId, keyId],
    );
    return rows.map(({ payload }) => payload);
  };

  beforeAll(async () => {
    t = await createTestApp({ tools: [TestTools], env: { TRUST_PROXY: 'loopback' } });
    replica = await createTestApp({ tools: [TestTools], database: t.database });
  });
  afterAll(async () => {
    await replica?.close();
    await t?.close();
  });
  beforeEach(async () => {
    tenant = await t.newTenant();
    group = await newGroup(t, tenant, { tools: ['echo', 'data'] });
  });

  it('are several, each with a name, an owner and its rights, shown without the key', async () => {
    const key = await make({
      name: 'Dify',
      owner: 'team-crm',
      tools: ['echo'],
      allowed_networks: ['::1', '127.0.0.0/8'],
    });
    expect(key).toMatchObject({
      status: 'active',
      usable: true,
      decoy: false,
      version: 1,
      api_key: expect.stringMatching(/^mcp_key_/),
    });
    const listed = await admin('GET', `/admin/groups/${group.id}/keys`);
    expect(listed.items.map(({ name }) => name)).toEqual(['default', 'Dify']);
    expect(listed.items[1]).toMatchObject({
      owner: 'team-crm',
      tools: ['echo'],
      allowed_networks: ['::1', '127.0.0.0/8'],
    });
    expect(JSON.stringify(listed.body)).not.toContain(key.api_key);
    expect([await statusWith(group.key), await statusWith(key.api_key)]).toEqual([200, 200]);
    expect(await audited('key.create')).toMatchObject([{ target_id: key.id, after: { name: 'Dify' } }]);
  });

  it('see the tools they were given, and call no other', async () => {
    const key = await make({ name: 'one tool', tools: ['echo'] });
    const narrow = { ...group, key: key.api_key };
    const listed = (await send(narrow, legacy('tools/list'))).body.result?.tools;
    expect(listed?.map(({ name }) => name)).toEqual(['echo']);
    const refused = await send(narrow, legacy('tools/call', { name: 'data', arguments: {} }));
    expect(refused.body.error?.message).toBe("No tool 'data' in this group; tools/list tells what there is");
    await admin('PUT', `/admin/keys/${key.id}`, { tools: null });
    expect((await send(narrow, legacy('tools/list'))).body.result?.tools).toHaveLength(2);
    expect((await make({ name: 'none', tools: [] })).tools).toEqual([]);
  });

  it('end by themselves when they expire, and their connections with them', async () => {
    const key = await make({ name: 'short', expires_at: new Date(Date.now() + 1200).toISOString() });
    expect([await statusWith(key.api_key), await statusWith(key.api_key, replica)]).toEqual([200, 200]);
    await eventually(async () => (await statusWith(key.api_key)) === 401);
    expect(await statusWith(key.api_key, replica)).toBe(401);
    expect((await admin('GET', `/admin/keys/${key.id}`)).body.data).toMatchObject({
      usable: false,
      status: 'active',
    });
  });

  it('open only from their networks; others are told so and an alert is raised', async () => {
    const key = await make({ name: 'office', allowed_networks: ['10.0.0.0/8'] });
    const from = async (address: string) =>
      send(
        { ...group, key: key.api_key },
        { ...legacy('tools/list'), headers: { 'x-forwarded-for': address } },
      );
    expect((await from('10.1.2.3')).status).toBe(200);
    for (const spelled of ['10.1.2.3:4567', '"10.1.2.3"', '[::ffff:10.1.2.3]:80'])
      expect([spelled, (await from(spelled)).status]).toEqual([spelled, 200]);
    const refused = await from('203.0.113.7');
    expect(refused).toMatchObject({
      status: 403,
      body: {
        error: { message: 'This key may not be used from your network', data: { error: 'network_refused' } },
      },
    });
    await from('203.0.113.7');
    await t.app.get(SecurityAlertsService).write();
    const alerts = (await admin('GET', '/admin/alerts?open=true')).items;
    expect(alerts).toMatchObject([{ kind: 'network_refused', key_id: key.id, ip: '203.0.113.7', uses: 2 }]);
  });

  it("tell whose network it was, however many another tenant's alert comes from", async () => {
    const foreign = await t.newTenant();
    const theirs = await newGroup(t, foreign, { tools: [] });
    const [{ id: keyId }] = (
      await t.rest('GET', `/admin/groups/${theirs.id}/keys`, { token: foreign.adminToken })
    ).items as unknown as [{ id: string }];
    const alerts = t.app.get(SecurityAlertsService);
    const caller = { kind: 'group_key', tenantId: foreign.tenantId, groupId: theirs.id, keyId } as const;
    for (let n = 0; n < 1200; n++)
      alerts.raise('network_refused', caller, { ip: `198.18.${n >> 8}.${n & 255}`, userAgent: null });
    const decoy = await make({ name: 'bait', decoy: true });
    const headers = { 'x-forwarded-for': '203.0.113.9' };
    await send({ ...group, key: decoy.api_key }, { ...legacy('tools/list'), headers });
    await alerts.write();
    const ours = (await admin('GET', '/admin/alerts')).items.filter(({ key_id }) => key_id === decoy.id);
    expect(ours).toMatchObject([{ ip: '203.0.113.9' }]);
  });

  it('take a decoy among them that opens nothing and raises an alert', async () => {
    const decoy = await make({ name: 'old backup', decoy: true });
    expect(decoy).toMatchObject({ decoy: true, usable: false, api_key: expect.stringMatching(/^mcp_key_/) });
    const revoked = await make({ name: 'revoked' });
    await admin('DELETE', `/admin/keys/${revoked.id}`);
    const [one, other] = await Promise.all(
      [decoy, revoked].map((key) => send({ ...group, key: key.api_key }, legacy('tools/list'))),
    );
    expect([one.status, one.text]).toEqual([other.status, other.text]);
    await t.app.get(SecurityAlertsService).write();
    const [alert] = (await admin('GET', '/admin/alerts')).items;
    expect(alert).toMatchObject({ kind: 'decoy_used', key_id: decoy.id, uses: 1, acknowledged_at: null });
    expect(await audited('key.decoy_used')).toMatchObject([{ target_id: decoy.id }]);
    const told = { alert_id: alert.id, kind: 'decoy_used', target: { kind: 'key', id: decoy.id } };
    expect(await toldOf(decoy.id)).toMatchObject([told]);
    await Promise.all(
      ['198.51.100.7', '198.51.100.8'].map((address) =>
        send(
          { ...group, key: decoy.api_key },
          { ...legacy('ping'), headers: { 'x-forwarded-for': address } },
        ),
      ),
    );
    await t.app.get(SecurityAlertsService).write();
    expect((await admin('GET', '/admin/alerts')).items).toHaveLength(3);
    expect(await toldOf(decoy.id)).toHaveLength(1);
    const done = await admin('POST', `/admin/alerts/${alert.id}/acknowledge`);
    expect(done.body.data['acknowledged_at']).toEqual(expect.any(String));
    const open = (await admin('GET', '/admin/alerts?open=true')).items;
    expect(open.map(({ id }) => id)).not.toContain(alert.id);
    const stranger = await t.newTenant();
    const foreign = await t.rest('POST', `/admin/alerts/${alert.id}/acknowledge`, {
      token: stranger.adminToken,
    });
    expect(foreign.status).toBe(404);
  });

  it('rotate: the old one goes on for the overlap, shows who uses it, and then ends everywhere', async () => {
    const old = await make({ name: 'rotated', owner: 'me', tools: ['echo'] });
    await send(
      { ...group, key: old.api_key },
      {
        ...legacy('tools/call', { name: 'echo', arguments: { message: 'x' } }),
        headers: { 'x-caller-app-id': 'slow-app' },
      },
    );
    const answer = await admin('POST', `/admin/keys/${old.id}/rotate`, { overlap_seconds: 2 });
    expect(answer.body.data).toMatchObject({
      name: 'rotated',
      owner: 'me',
      tools: ['echo'],
      status: 'active',
    });
    const fresh = answer.body.data;
    expect([await statusWith(old.api_key), await statusWith(fresh.api_key)]).toEqual([200, 200]);
    expect((await admin('GET', `/admin/keys/${old.id}`)).body.data).toMatchObject({
      status: 'retiring',
      usable: true,
    });
    expect((await admin('GET', `/admin/keys/${old.id}/usage`)).body.data).toEqual([
      { caller_app_id: 'slow-app', calls: 1, last_call_at: expect.any(String) },
    ]);
    expect((await admin('POST', `/admin/keys/${old.id}/rotate`, {})).status).toBe(409);
    await eventually(async () => (await statusWith(old.api_key)) === 401);
    expect(await statusWith(old.api_key, replica)).toBe(401);
    expect(await statusWith(fresh.api_key, replica)).toBe(200);
    const without = await admin('POST', `/admin/keys/${fresh.id}/rotate`, {});
    expect(without.body).toMatchObject({
      effective_immediately: true,
      data: { api_key: expect.stringMatching(/^mcp_key_/) },
    });
    expect([await statusWith(fresh.api_key), await statusWith(fresh.api_key, replica)]).toEqual([401, 401]);
  });

  it('are revoked at once on every replica and stay so', async () => {
    const key = await make({ name: 'gone' });
    const answer = await admin('DELETE', `/admin/keys/${key.id}`);
    expect(answer.body).toMatchObject({
      effective_immediately: true,
      data: { status: 'revoked', usable: false },
    });
    expect([await statusWith(key.api_key), await statusWith(key.api_key, replica)]).toEqual([401, 401]);
    expect((await admin('PUT', `/admin/keys/${key.id}`, { name: 'back' })).status).toBe(409);
    expect((await admin('DELETE', `/admin/keys/${key.id}`)).status).toBe(200);
    expect((await admin('GET', `/admin/groups/${group.id}/keys`)).items).toHaveLength(1);
    expect((await admin('GET', `/admin/groups/${group.id}/keys?all=true`)).items).toHaveLength(2);
    expect(await statusWith(group.key)).toBe(200);
  });

  it('are shown by permission only, and every showing is on record', async () => {
    const key = await make({ name: 'shown' });
    const auditor = await t.newUser(tenant.tenantId, ['auditor']);
    const { access_token: token } = await t.signIn(auditor.email);
    expect((await t.rest('GET', `/admin/keys/${key.id}`, { token })).status).toBe(200);
    expect((await t.rest('POST', `/admin/keys/${key.id}/reveal`, { token })).status).toBe(403);
    expect((await admin('POST', `/admin/keys/${key.id}/reveal`)).body.data.api_key).toBe(key.api_key);
    await admin('GET', `/admin/groups/${group.id}/api-key`);
    await admin('GET', `/admin/groups/${group.id}/connect?include_key=true`);
    expect((await audited('key.reveal')).map((row) => row.target_id)).toHaveLength(3);
    expect(JSON.stringify(await t.dataSource.query('SELECT * FROM admin_audit_logs'))).not.toContain(
      'mcp_key_',
    );
  });

  it('keep to one name per active key, and to the version that was read', async () => {
    const key = await make({ name: 'one' });
    expect((await admin('POST', `/admin/groups/${group.id}/keys`, { name: 'one' })).status).toBe(409);
    const first = await admin('PUT', `/admin/keys/${key.id}`, { owner: 'a' }, { 'if-match': '"1"' });
    expect([first.status, first.body.data['version']]).toEqual([200, 2]);
    const lost = await admin('PUT', `/admin/keys/${key.id}`, { owner: 'b' }, { 'if-match': '"1"' });
    expect([lost.status, lost.body.error.code]).toEqual([412, 'precondition_failed']);
    expect((await admin('GET', `/admin/keys/${key.id}`)).body.data['owner']).toBe('a');
    expect(await audited('key.update')).toMatchObject([{ before: { owner: null }, after: { owner: 'a' } }]);
  });

  it.each([
    [{ name: '' }, 'name'],
    [{ name: 'x', allowed_networks: ['10.0.0.0/99'] }, 'allowed_networks'],
    [{ name: 'x', expires_at: 'tomorrow' }, 'expires_at'],
    [{ name: 'x', tools: ['no_such_tool'] }, 'tools'],
    [{ name: 'x', secret: 'y' }, 'secret'],
  ])('refuse %j and name the field', async (body, field) => {
    const answer = await admin('POST', `/admin/groups/${group.id}/keys`, body);
    expect([answer.status, answer.body.error.details?.[0].field]).toEqual([400, field]);
    expect((await admin('GET', `/admin/groups/${group.id}/keys`)).items).toHaveLength(1);
  });

  it("are not another tenant's to see or change", async () => {
    const { adminToken: token } = await t.newTenant();
    const key = await make({ name: 'mine' });
    for (const [method, path] of [
      ['GET', `/admin/keys/${key.id}`],
      ['PUT', `/admin/keys/${key.id}`],
      ['DELETE', `/admin/keys/${key.id}`],
      ['POST', `/admin/keys/${key.id}/reveal`],
      ['POST', `/admin/keys/${key.id}/rotate`],
      ['GET', `/admin/keys/${key.id}/usage`],
      ['GET', `/admin/groups/${group.id}/keys`],
    ] as const) {
      const body = method === 'PUT' || path.endsWith('rotate') ? {} : undefined;
      expect([path, (await t.rest(method, path, { token, body })).status]).toEqual([path, 404]);
      const unknown = path.replace(/[0-9a-f-]{36}/, UNKNOWN);
      expect([unknown, (await t.rest(method, unknown, { token, body })).status]).toEqual([unknown, 404]);
    }
    expect(await statusWith(key.api_key)).toBe(200);
  });

  it('of a standing stream end it when they expire', async () => {
    const key = await make({ name: 'streaming', expires_at: new Date(Date.now() + 1500).toISOString() });
    const response = await fetch(`${t.url}/mcp/${group.code}/sse`, {
      headers: { authorization: `Bearer ${key.api_key}` },
    });
    expect(response.status).toBe(200);
    await response.text().catch(() => undefined); // comes to its end, or the test to its limit
  });
});
