import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import type { UserCaller } from '../../src/access/caller.js';
import { FeaturesService } from '../../src/access/features/features.service.js';
import { createTestApp, type RestRequest, type TestApp, type TestTenant } from '../support/test-app.js';

describe('feature switches', () => {
  let t: TestApp;
  let other: TestApp;
  let operator: TestTenant;
  let tenant: TestTenant;
  let number = 0;

  beforeAll(async () => {
    t = await createTestApp();
    other = await createTestApp({ database: t.database });
    operator = await t.newTenant();
    await t.dataSource.query('UPDATE tenants SET is_operating = true WHERE id = $1', [operator.tenantId]);
    tenant = await t.newTenant();
  });
  afterAll(async () => {
    await other?.close();
    await t?.close();
  });

  const newName = () => `feature-${(number += 1)}`;
  const own = (name: string) => `/admin/features/${name}`;
  const shared = (name: string) => `/admin/installation/features/${name}`;
  const put = (path: string, body: object, { adminToken: token }: TestTenant = tenant) =>
    t.rest('PUT', path, { token, body });
  const isOn = (name: string, { caller }: { caller: UserCaller } = tenant) =>
    [t, other].map((app) => app.app.get(FeaturesService).isEnabled(name, caller));
  const auditOf = (name: string) =>
    t.dataSource.query<{ action: string; before: object; after: object; tenant_id: string }[]>(
      'SELECT * FROM admin_audit_logs WHERE target_name = $1 ORDER BY id',
      [name],
    );

  it('is on for everyone the moment the answer comes, on every replica, and off again', async () => {
    const name = newName();
    expect(isOn(name)).toEqual([false, false]);
    const made = await put(own(name), { enabled: true });
    expect(isOn(name)).toEqual([true, true]);
    expect(made.body).toMatchObject({
      effective_immediately: true,
      data: { name, scope: 'tenant', enabled: true, percentage: 100, roles: [], version: 1 },
    });
    await put(own(name), { enabled: false });
    expect(isOn(name)).toEqual([false, false]);
    await put(own(name), { enabled: true });
    const { adminToken: token } = tenant;
    expect((await t.rest('DELETE', own(name), { token })).status).toBe(200);
    expect(isOn(name)).toEqual([false, false]);
    expect((await auditOf(name)).map(({ action }) => action)).toEqual([
      'feature.create',
      'feature.update',
      'feature.update',
      'feature.delete',
    ]);
    expect((await auditOf(name))[1]).toMatchObject({ before: { enabled: true }, after: { enabled: false } });
  });

  it('is asked without SQL', async () => {
    const name = newName();
    await put(own(name), { enabled: true });
    const statements = async () => {
      const [{ sum }] = await t.dataSource.query<[{ sum: string }]>(
        `SELECT sum(seq_scan + coalesce(idx_scan, 0)) FROM pg_stat_user_tables WHERE relname = 'features'`,
      );
      return Number(sum);
    };
    const before = await statements();
    for (let i = 0; i < 100_000; i += 1) expect(isOn(name)[0]).toBe(true);
    // PostgreSQL counts late: the scans of the change itself may come in meanwhile.
    expect((await statements()) - before).toBeLessThan(100);
  });

  it("lets a tenant's own replace the installation's, and removing it brings that back", async () => {
    const name = newName();
    const neighbour = await t.newTenant();
    await put(shared(name), { enabled: true }, operator);
    expect([isOn(name), isOn(name, neighbour)]).toEqual([
      [true, true],
      [true, true],
    ]);
    await put(own(name), { enabled: true, percentage: 0 });
    expect([isOn(name), isOn(name, neighbour)]).toEqual([
      [false, false],
      [true, true],
    ]);
    await t.rest('DELETE', own(name), { token: tenant.adminToken });
    expect(isOn(name)).toEqual([true, true]);
    expect((await auditOf(name))[0]).toMatchObject({ tenant_id: operator.tenantId });
  });

  it('tells people theirs, and nothing of other tenants', async () => {
    const [forAdmins, hidden] = [newName(), newName()];
    await put(own(forAdmins), { enabled: true, roles: ['admin'] });
    await put(own(hidden), { enabled: true }, await t.newTenant());
    const theirs = async (roles: string[]) => {
      const { email } = await t.newUser(tenant.tenantId, roles);
      const { access_token: token } = await t.signIn(email);
      return (await t.rest('GET', '/features', { token })).items;
    };
    expect(await theirs(['admin'])).toContainEqual({ name: forAdmins, enabled: true });
    const customer = await theirs(['customer']);
    expect(customer).toContainEqual({ name: forAdmins, enabled: false });
    expect(customer.map(({ name }) => name)).not.toContain(hidden);
    const listed = await t.rest('GET', '/admin/features?limit=200', { token: tenant.adminToken });
    expect(listed.items.map(({ name }) => name)).toContain(forAdmins);
    expect(listed.items.map(({ name }) => name)).not.toContain(hidden);
    expect((await t.rest('GET', own(hidden), { token: tenant.adminToken })).status).toBe(404);
  });

  it('is changed by whoever read it last', async () => {
    const name = newName();
    const { adminToken: token } = tenant;
    const change = (ifMatch: string, request: RestRequest = { body: { enabled: true } }) =>
      t.rest('PUT', own(name), { token, headers: { 'if-match': ifMatch }, ...request });
    expect((await change('"1"')).status).toBe(412); // not there
    await put(own(name), { enabled: true });
    expect((await change('"1"', { body: { enabled: false }, headers: { 'if-match': '"1"' } })).status).toBe(
      200,
    );
    expect((await change('"1"')).status).toBe(412);
    const deleted = await t.rest('DELETE', own(name), { token, headers: { 'if-match': '"1"' } });
    expect(deleted.status).toBe(412);
    expect(isOn(name)).toEqual([false, false]);
  });

  it("leaves the installation's to the operating tenant's owners", async () => {
    const name = newName();
    await put(shared(name), { enabled: true }, operator);
    const attempt = await put(shared(name), { enabled: false });
    expect(attempt.status).toBe(403);
    expect((await t.rest('DELETE', shared(name), { token: tenant.adminToken })).status).toBe(403);
    expect((await t.rest('GET', shared(name), { token: tenant.adminToken })).status).toBe(200);
    const list = await t.rest('GET', '/admin/installation/features', { token: tenant.adminToken });
    expect(list.items).toContainEqual(expect.objectContaining({ name, scope: 'installation' }));
    expect(isOn(name)).toEqual([true, true]);
  });

  it('is kept apart by the database, too', async () => {
    const name = newName();
    await put(shared(name), { enabled: true }, operator);
    await put(own(name), { enabled: true });
    const app = t.app.get<DataSource>(getDataSourceToken());
    // The service's role: nothing outside a unit of work, and in one the tenant's own.
    expect(await app.query('SELECT FROM features')).toEqual([]);
    const [, changed] = await app.query<[unknown, number]>('UPDATE features SET enabled = false');
    expect(changed).toBe(0);
    const system = t.app.get<DataSource>(getDataSourceToken('system'));
    await system.query('UPDATE features SET enabled = false WHERE tenant_id IS NOT NULL');
    const [row] = await t.dataSource.query<{ enabled: boolean }[]>(
      'SELECT enabled FROM features WHERE name = $1 AND tenant_id = $2',
      [name, tenant.tenantId],
    );
    expect(row.enabled).toBe(true);
  });

  it('keeps a rollout at its percentage when it is turned off and on again', async () => {
    const name = newName();
    const made = await put(own(name), { percentage: 10, roles: ['owner'] });
    expect(made.body.data).toMatchObject({ enabled: false, percentage: 10 });
    for (const enabled of [true, false, true]) {
      const { body } = await put(own(name), { enabled });
      expect(body.data).toMatchObject({ enabled, percentage: 10, roles: ['owner'] });
    }
  });

  it.each([
    ['percentage', { enabled: true, percentage: 101 }],
    ['percentage', { enabled: true, percentage: 0.5 }],
    ['roles', { enabled: true, roles: ['king'] }],
    ['enabled', { enabled: null }],
  ])('refuses a wrong %s', async (field, body) => {
    const answer = await put(own(newName()), body);
    expect([answer.status, answer.body.error.details?.[0].field]).toEqual([400, field]);
  });
});
