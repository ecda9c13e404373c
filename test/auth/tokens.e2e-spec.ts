import { AdminAuditLog } from '../../src/access/audit/audit-log.entity.js';
import { User } from '../../src/access/user.entity.js';
import { createTestApp, TEST_PASSWORD, type TestApp, type TestTenant } from '../support/test-app.js';

const DAY_MS = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();

describe('personal access tokens', () => {
  let t: TestApp;
  let tenant: TestTenant;
  beforeAll(async () => {
    t = await createTestApp();
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    tenant = await t.newTenant();
  });

  const make = (changes: object = {}, token = tenant.adminToken) =>
    t.rest('POST', '/auth/tokens', {
      token,
      body: { name: 'script', scopes: ['groups.read'], expires_at: inDays(30), ...changes },
    });
  const made = async (changes: object = {}, by = tenant.adminToken) =>
    (await make(changes, by)).body.data as unknown as { id: string; token: string };
  const get = async (path: string, token: string) => (await t.rest('GET', path, { token })).status;

  it('open what their scopes say, and no more', async () => {
    const answer = await make({ scopes: ['groups.read', 'calls.read'] });
    expect(answer.status).toBe(201);
    const { token } = answer.body.data as unknown as { token: string };
    expect(answer.body.data).toMatchObject({
      token: expect.stringMatching(/^tcp_[\w-]{49}$/),
      prefix: token.slice(0, 8),
      last_used_at: null,
    });
    expect([await get('/admin/groups', token), await get('/admin/call-logs', token)]).toEqual([200, 200]);
    expect([await get('/admin/users', token), await get('/admin/oidc-providers', token)]).toEqual([403, 403]);
    const write = await t.rest('POST', '/admin/groups', { token, body: { name: 'x' } });
    expect(write.status).toBe(403);
    expect([await get('/auth/me', token), await get('/live/events', token)]).toEqual([403, 403]);
    const own = await made({ scopes: ['own.read'] });
    expect([await get('/auth/me', own.token), await get('/live/events', own.token)]).toEqual([200, 200]);
    const [listed] = (await t.rest('GET', '/auth/tokens', { token: tenant.adminToken })).items;
    expect(listed).toMatchObject({ name: 'script', last_used_at: expect.any(String) });
    expect(listed).not.toHaveProperty('token');
  });

  it('get no scope that their person does not have, now or later', async () => {
    const user = await t.newUser(tenant.tenantId, ['operator']);
    const { access_token } = await t.signIn(user.email);
    const excess = await make({ scopes: ['groups.read', 'users.write', 'tenants.manage'] }, access_token);
    expect(excess.body.error.details).toEqual([
      { field: 'scopes', message: 'you do not have: users.write, tenants.manage' },
    ]);
    const { token } = await made({ scopes: ['tools.write', 'groups.read'] }, access_token);
    expect(await get('/admin/groups', token)).toBe(200);
    await t.dataSource.getRepository(User).update(user.id, { roles: ['customer'] });
    expect(await get('/admin/groups', token)).toBe(403);
  });

  it('do not open what wants the person: passwords, tokens, factors, people, providers', async () => {
    const everything = ['users.read', 'users.write', 'groups.read'];
    const { token, id } = await made({ scopes: everything });
    const provider = { name: 'x', issuer: 'https://x.example', client_id: 'x' };
    const colleague = await t.newUser(tenant.tenantId, ['admin']);
    const routes: [string, string, unknown?][] = [
      ['POST', '/auth/tokens', { name: 'y', scopes: ['groups.read'], expires_at: inDays(1) }],
      ['GET', '/auth/tokens'],
      ['DELETE', `/auth/tokens/${id}`],
      ['POST', '/auth/password', { old_password: TEST_PASSWORD, new_password: 'wolke regen tasse neun' }],
      ['GET', '/auth/sessions'],
      ['DELETE', '/auth/sessions'],
      ['POST', '/auth/second-factor', { password: TEST_PASSWORD }],
      ['POST', '/auth/second-factor/disable', { password: TEST_PASSWORD, code: '123456' }],
      ['POST', '/admin/users', { email: 'a@b.test', display_name: 'A', roles: ['owner'] }],
      ['PUT', `/admin/users/${colleague.id}`, { roles: ['owner'] }],
      ['POST', `/admin/users/${colleague.id}/reset-password`],
      ['DELETE', `/admin/users/${colleague.id}/second-factor`],
      ['POST', '/admin/oidc-providers', provider],
      ['PUT', '/admin/sign-in-settings', { registration: 'open' }],
      ['DELETE', `/admin/users/${colleague.id}/sessions`],
      ['DELETE', `/admin/users/${colleague.id}/tokens/${id}`],
    ];
    for (const [method, path, body] of routes) {
      const answer = await t.rest(method, path, { token, body });
      expect([method, path, answer.status]).toEqual([method, path, 403]);
      expect(answer.body.message).toMatch(/personal access token/);
    }
    expect(await get('/admin/users', token)).toBe(200);
  });

  it('stop at once when they are revoked, when they expire and with their person', async () => {
    const first = await made();
    expect(await get('/admin/groups', first.token)).toBe(200);
    await t.rest('DELETE', `/auth/tokens/${first.id}`, { token: tenant.adminToken });
    const refused = await t.rest('GET', '/admin/groups', { token: first.token });
    expect([refused.status, refused.body.message]).toEqual([
      401,
      expect.stringMatching(/unknown, expired or revoked/),
    ]);
    const second = await made();
    await t.dataSource.query('UPDATE personal_tokens SET expires_at = now() WHERE id = $1', [second.id]);
    expect(await get('/admin/groups', second.token)).toBe(401);
    const third = await made();
    await t.dataSource.query('UPDATE tenants SET enabled = false WHERE id = $1', [tenant.tenantId]);
    expect(await get('/admin/groups', third.token)).toBe(401);
  });

  it('are refused when they are made up', async () => {
    const { token } = await made();
    const other = token[20] === 'A' ? 'B' : 'A';
    for (const forged of ['tcp_', 'tcp_x', token.slice(0, 20) + other + token.slice(21), `${token}x`]) {
      expect([forged.length, await get('/admin/groups', forged)]).toEqual([forged.length, 401]);
    }
  });

  it("are nobody else's business", async () => {
    const { id } = await made();
    const colleague = await t.newUser(tenant.tenantId, ['owner']);
    const strangers = [(await t.signIn(colleague.email)).access_token, (await t.newTenant()).adminToken];
    for (const token of strangers) {
      expect((await t.rest('GET', '/auth/tokens', { token })).items).toEqual([]);
      expect((await t.rest('DELETE', `/auth/tokens/${id}`, { token })).status).toBe(404);
    }
  });

  it('are seen and ended by administrators who may change their person', async () => {
    const user = await t.newUser(tenant.tenantId, ['operator']);
    const { token, id } = await made({}, (await t.signIn(user.email)).access_token);
    const tokens = `/admin/users/${user.id}/tokens`;
    const listed = await t.rest('GET', tokens, { token: tenant.adminToken });
    expect(listed.items).toMatchObject([{ id, name: 'script', scopes: ['groups.read'] }]);
    expect(JSON.stringify(listed.body)).not.toContain(token);
    const stranger = await t.newTenant();
    expect((await t.rest('DELETE', `${tokens}/${id}`, { token: stranger.adminToken })).status).toBe(404);
    expect(await get('/admin/groups', token)).toBe(200);
    expect((await t.rest('DELETE', `${tokens}/${id}`, { token: tenant.adminToken })).status).toBe(200);
    expect(await get('/admin/groups', token)).toBe(401);
    const admin = (await t.signIn((await t.newUser(tenant.tenantId, ['admin'])).email)).access_token;
    const owners = await made();
    const above = `/admin/users/${tenant.caller.userId}/tokens/${owners.id}`;
    expect((await t.rest('DELETE', above, { token: admin })).status).toBe(403);
  });

  it.each<[string, (person: User, signIn: string) => Promise<unknown>]>([
    [
      'their person changes the password',
      (_person, token) =>
        t.rest('POST', '/auth/password', {
          token,
          body: { old_password: TEST_PASSWORD, new_password: 'wolke regen tasse neun' },
        }),
    ],
    [
      'the password is reset',
      async ({ id }) => {
        const reset = await t.rest('POST', `/admin/users/${id}/reset-password`, { token: tenant.adminToken });
        const body = { token: reset.body.data['token'], new_password: 'wolke regen tasse neun' };
        await t.rest('POST', '/auth/password/reset', { body });
      },
    ],
    ['their person ends all sign-ins', (_person, token) => t.rest('DELETE', '/auth/sessions', { token })],
    [
      'an administrator ends all sign-ins',
      ({ id }) => t.rest('DELETE', `/admin/users/${id}/sessions`, { token: tenant.adminToken }),
    ],
    [
      'an administrator disables the person',
      ({ id }) => t.rest('PUT', `/admin/users/${id}`, { token: tenant.adminToken, body: { enabled: false } }),
    ],
  ])('end when %s', async (_what, act) => {
    const person = await t.newUser(tenant.tenantId, ['operator']);
    const { access_token } = await t.signIn(person.email);
    const { token } = await made({}, access_token);
    expect(await get('/admin/groups', token)).toBe(200);
    await act(person, access_token);
    expect(await get('/admin/groups', token)).toBe(401);
  });

  it('end within a year', async () => {
    const fields = async (changes: object) => (await make(changes)).body.error.details?.[0]?.field;
    expect(await fields({ expires_at: inDays(-1) })).toBe('expires_at');
    expect(await fields({ expires_at: inDays(400) })).toBe('expires_at');
    expect(await fields({ expires_at: undefined })).toBe('expires_at');
    expect(await fields({ expires_at: '2027-01-01' })).toBe('expires_at');
    expect(await fields({ scopes: ['everything'] })).toBe('scopes');
    expect(await fields({ scopes: [] })).toBe('scopes');
    expect(await fields({ name: ' ' })).toBe('name');
  });

  it('are on record, as whoever acts, and kept as hashes', async () => {
    const { id, token } = await made({ scopes: ['users.read', 'users.write'] });
    const user = await t.newUser(tenant.tenantId, ['customer']);
    const refused = await t.rest('DELETE', `/admin/users/${user.id}/sessions`, { token });
    expect(refused.status).toBe(403);
    await t.rest('DELETE', `/auth/tokens/${id}`, { token: tenant.adminToken });
    const rows = await t.dataSource
      .getRepository(AdminAuditLog)
      .find({ where: { tenantId: tenant.tenantId }, order: { id: 'ASC' } });
    expect(rows.map(({ action, actorKind }) => `${actorKind} ${action}`)).toEqual([
      'user session.begin',
      'user token.create',
      expect.stringMatching(/^token DELETE .*sessions$/),
      'user token.revoke',
    ]);
    const stored: { row: string }[] = await t.dataSource.query(
      'SELECT p::text AS row FROM personal_tokens p',
    );
    expect(JSON.stringify([stored, rows])).not.toContain(token);
  });
});
