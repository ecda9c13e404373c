import { randomUUID } from 'node:crypto';
import {
  type OpenApi,
  type Operation,
  operationsOf,
  type Schema,
} from '../../src/operations/isolation/operations.js';
import { openApiDocument } from '../../src/platform/rest/rest.js';
import { newGroup } from '../support/mcp.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';

/** Names of answers' fields that hold a secret. */
const SECRETS = /^(api_key|.*_?secret|token|.*_token|.*password|code|recovery_codes|signing_secret|keys)$/;
/** Fields with such a name that hold none, and why. */
const NO_SECRETS: Readonly<Record<string, string>> = {
  'POST /api/v1/admin/agents/{id}/test code': 'of the failure',
  'GET /api/v1/treatment-plans/{id}/revisions code': 'of a service in the catalogue',
};

describe('routes that show a secret', () => {
  let t: TestApp;
  let tenant: TestTenant;
  let operations: readonly Operation[];
  let showing: readonly Operation[];

  beforeAll(async () => {
    t = await createTestApp();
    tenant = await t.newTenant();
    operations = operationsOf((await openApiDocument(t.app)) as unknown as OpenApi);
    showing = operations.filter(({ showsSecret }) => showsSecret);
  });
  afterAll(() => t.close());

  it('are declared: none has a field of a secret in its answer without saying so', () => {
    const undeclared = operations
      .filter(({ permission, showsSecret }) => permission !== 'public' && !showsSecret)
      .map(({ name, answer }) => ({
        name,
        fields: secretsOf(answer).filter((field) => !NO_SECRETS[`${name} ${field}`]),
      }))
      .filter(({ fields }) => fields.length > 0);
    expect(undeclared).toEqual([]);
    expect(showing.length).toBeGreaterThan(12);
  });

  it('take no Idempotency-Key, whatever else is right or wrong with the request', async () => {
    for (const { method, path, name } of showing.filter((operation) => operation.method === 'POST')) {
      const answer = await t.rest(method, path.replace('/api/v1', '').replaceAll(/\{\w+\}/g, randomUUID()), {
        token: tenant.adminToken,
        body: {},
        headers: { 'idempotency-key': randomUUID() },
      });
      const expected = name.includes('/tenants') ? 403 : 400; // only the tenant that runs the installation makes tenants
      expect([name, answer.status]).toEqual([name, expected]);
      if (expected === 400) expect(answer.body.message).toContain('takes no Idempotency-Key');
    }
  });

  it('put each showing of a key on record, also of the same request sent again', async () => {
    const group = await newGroup(t, tenant, { tools: [] });
    const token = tenant.adminToken;
    const [key] = (await t.rest('GET', `/admin/groups/${group.id}/keys`, { token })).items;
    const ways: [string, string][] = [
      ['POST', `/admin/keys/${key.id}/reveal`],
      ['GET', `/admin/groups/${group.id}/api-key`],
      ['GET', `/admin/groups/${group.id}/connect?include_key=true`],
    ];
    for (const [method, path] of ways) {
      const before = await countAudit();
      for (const times of [1, 2, 3]) {
        const answer = await t.rest(method, path, { token });
        expect(JSON.stringify(answer.body)).toContain(group.key);
        expect([path, await countAudit()]).toEqual([path, before + times]);
      }
    }
    const before = await countAudit();
    await t.rest('GET', `/admin/groups/${group.id}/connect`, { token });
    expect(await countAudit()).toBe(before);
  });

  it('put what they make and show once on record, too', async () => {
    const group = await newGroup(t, tenant, { tools: [] });
    const person = await t.newUser(tenant.tenantId, ['customer']);
    const token = tenant.adminToken;
    const expires_at = new Date(Date.now() + 3_600_000).toISOString();
    const made: [string, object][] = [
      ['/admin/groups', { name: 'Shown' }],
      [`/admin/groups/${group.id}/keys`, { name: 'shown' }],
      [`/admin/groups/${group.id}/regenerate-key`, {}],
      [`/admin/users/${person.id}/reset-password`, {}],
      ['/admin/sign-in-settings/registration-code', {}],
      ['/auth/tokens', { name: 'x', scopes: ['groups.read'], expires_at }],
      ['/auth/second-factor', { password: 'correct horse battery' }],
    ];
    for (const [path, body] of made) {
      const before = await countAudit();
      const { status } = await t.rest('POST', path, { token, body });
      expect([path, status < 300, (await countAudit()) > before]).toEqual([path, true, true]);
    }
  });

  const countAudit = async () => {
    const [{ n }] = await t.dataSource.query<[{ n: number }]>(
      'SELECT count(*)::int AS n FROM admin_audit_logs WHERE tenant_id = $1',
      [tenant.tenantId],
    );
    return n;
  };
});

function secretsOf(schema: Schema | undefined): string[] {
  if (!schema) return [];
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => [
    ...(SECRETS.test(name) && property.type !== 'boolean' ? [name] : []),
    ...secretsOf(property),
  ]);
  const parts = [schema.items, ...(schema.allOf ?? []), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
  return [...own, ...parts.flatMap(secretsOf)];
}
