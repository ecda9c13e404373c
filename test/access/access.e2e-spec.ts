import { randomUUID } from 'node:crypto';
import type { UserCaller } from '../../src/access/caller.js';
import { ALL_PERMISSIONS, isAllowed, type Permission, ROLES } from '../../src/access/permissions.js';
import { Tenant } from '../../src/access/tenant.entity.js';
import { type OpenApi, type Operation, operationsOf } from '../../src/operations/isolation/operations.js';
import { openApiDocument } from '../../src/platform/rest/rest.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';

/**
 * Who gets past the guard, for every route of the OpenAPI document and every role. The requests name rows that are nobody's
 * and have an empty body, so a guard that is passed leads to 400 or 404 and changes nothing.
 */
describe('access to the REST API', () => {
  let t: TestApp;
  let tenant: TestTenant;
  let operating: TestTenant;
  let operations: readonly Operation[];

  const ask = async ({ method, path }: Operation, token?: string, id: string = randomUUID()) => {
    const hasBody = method !== 'GET' && method !== 'DELETE';
    const response = await fetch(`${t.url}${path.replaceAll(/\{\w+\}/g, id)}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(hasBody && { 'content-type': 'application/json' }),
      },
      ...(hasBody && { body: '{}' }),
    });
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream');
    if (isStream) await response.body?.cancel();
    return { status: response.status, text: isStream ? '' : await response.text() };
  };
  const isPermission = ({ permission }: Operation) =>
    (ALL_PERMISSIONS as readonly string[]).includes(permission);

  beforeAll(async () => {
    t = await createTestApp();
    tenant = await t.newTenant();
    operating = await t.newTenant();
    await t.dataSource.getRepository(Tenant).update({ id: operating.tenantId }, { isOperating: true });
    operations = operationsOf(openApiDocument(t.app) as unknown as OpenApi);
  });
  afterAll(() => t.close());

  it('is declared for every route, as public, signed in, or a permission that there is', () => {
    const undeclared = operations.filter(
      (operation) => !['public', 'signed_in'].includes(operation.permission) && !isPermission(operation),
    );
    expect(undeclared.map(({ name }) => name)).toEqual([]);
    expect(operations.length).toBeGreaterThan(20);
  });

  it('needs a good token, but for public routes', async () => {
    for (const operation of operations.filter(({ permission }) => permission !== 'public')) {
      for (const token of [undefined, 'x.y.z', tenant.adminToken.slice(0, -4)]) {
        expect([operation.name, (await ask(operation, token)).status]).toEqual([operation.name, 401]);
      }
    }
  });

  it.each([
    ['a tenant', () => tenant, false],
    ['the tenant that runs the installation', () => operating, true],
  ] as const)(
    'is given by the permission table to each role of %s',
    async (_whose, of, isOperatingTenant) => {
      const { tenantId, caller } = of();
      for (const role of ROLES) {
        const user = await t.newUser(tenantId, [role]);
        const { access_token: token } = await t.signIn(user.email);
        const asRole: UserCaller = { ...caller, roles: [role], isOperatingTenant };
        for (const operation of operations.filter(isPermission)) {
          const allowed = isAllowed(asRole, operation.permission as Permission);
          const { status, text } = await ask(operation, token);
          const place = [role, operation.name, operation.permission];
          const isRefused = status === 403 && text.includes('This needs the permission');
          expect([...place, isRefused]).toEqual([...place, !allowed]);
          expect([...place, status]).not.toEqual([...place, 401]);
        }
      }
    },
  );

  it('is open to every role for what belongs to the person', async () => {
    for (const role of ROLES) {
      const user = await t.newUser(tenant.tenantId, [role]);
      const { access_token: token } = await t.signIn(user.email);
      for (const operation of operations.filter(
        ({ permission, method }) => permission === 'signed_in' && method === 'GET',
      )) {
        const { status } = await ask(operation, token);
        expect([role, operation.name, [401, 403].includes(status)]).toEqual([role, operation.name, false]);
      }
    }
  });

  it('refuses what is no id where a route takes one', async () => {
    const withIds = operations.filter(
      ({ pathParams, permission }) =>
        permission !== 'public' &&
        pathParams.length > 0 &&
        pathParams.every(({ schema }) => schema.format === 'uuid'),
    );
    expect(withIds.length).toBeGreaterThan(5);
    for (const operation of withIds) {
      const { status } = await ask(operation, operating.adminToken, 'x');
      expect([operation.name, status]).toEqual([operation.name, 400]);
    }
  });

  it('shows auditors no key', async () => {
    const created = await t.rest('POST', '/admin/groups', {
      token: tenant.adminToken,
      body: { name: 'Audited', server_code: 'audited' },
    });
    const { id, api_key: key } = created.body.data;
    const auditor = await t.newUser(tenant.tenantId, ['auditor']);
    const { access_token: token } = await t.signIn(auditor.email);
    for (const operation of operations.filter(({ method }) => method === 'GET')) {
      const { text } = await ask(operation, token, id);
      expect([operation.name, text.includes(key)]).toEqual([operation.name, false]);
    }
    const withKey = await t.rest('GET', `/admin/groups/${id}/connect?include_key=true`, { token });
    expect(withKey.status).toBe(403);
  });
});
