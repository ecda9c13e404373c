import { randomUUID } from 'node:crypto';
import type { UserCaller } from '../../src/access/caller.js';
import { ALL_PERMISSIONS, isAllowed, ROLES } from '../../src/access/permissions.js';
import { Tenant } from '../../src/access/tenant.entity.js';
import { type OpenApi, type Operation, operationsOf } from '../../src/operations/isolation/operations.js';
import { openApiDocument } from '../../src/platform/rest/rest.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';

/** What each route declares, and what only the tenant that runs the installation may. `credentials.e2e-spec.ts` tries who gets past the guard. */
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
    operations = operationsOf((await openApiDocument(t.app)) as unknown as OpenApi);
  });
  afterAll(() => t.close());

  it('is declared for every route, as public, signed in, or a permission that there is', () => {
    const undeclared = operations.filter(
      (operation) => !['public', 'signed_in'].includes(operation.permission) && !isPermission(operation),
    );
    expect(undeclared.map(({ name }) => name)).toEqual([]);
    expect(operations.length).toBeGreaterThan(20);
  });

  it('of the tenant that runs the installation is given to its owner and to nobody else there', async () => {
    const permission = 'tenants.manage';
    const managing = operations.filter((operation) => operation.permission === permission);
    expect(managing.length).toBeGreaterThan(3);
    for (const role of ROLES) {
      const user = await t.newUser(operating.tenantId, [role]);
      const { access_token: token } = await t.signIn(user.email);
      const asRole: UserCaller = { ...operating.caller, roles: [role], isOperatingTenant: true };
      for (const operation of managing) {
        const { status, text } = await ask(operation, token);
        const isRefused = status === 403 && text.includes('This needs the permission');
        expect([role, operation.name, isRefused]).toEqual([
          role,
          operation.name,
          !isAllowed(asRole, permission),
        ]);
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
