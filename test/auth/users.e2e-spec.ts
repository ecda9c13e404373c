import { AdminAuditLog } from '../../src/access/audit/audit-log.entity.js';
import { RefreshToken } from '../../src/auth/sign-in/refresh-token.entity.js';
import { User } from '../../src/access/user.entity.js';
import { DomainEvent } from '../../src/platform/replicas/domain-event.entity.js';
import { legacy } from '../support/mcp.js';
import { v7 as newId } from 'uuid';
import { createTestApp, TEST_PASSWORD, type TestApp, type TestTenant } from '../support/test-app.js';

const NEW_PASSWORD = 'wolke regen tasse neun';

describe('people', () => {
  let t: TestApp;
  let tenant: TestTenant;
  const replicas: TestApp[] = [];
  beforeAll(async () => {
    t = await createTestApp({ env: { REGISTRATIONS_PER_HOUR: '1000' } });
  });
  afterAll(async () => {
    for (const replica of replicas) await replica.close();
    await t.close();
  });
  beforeEach(async () => {
    tenant = await t.newTenant();
  });

  const rest = (method: string, path: string, body?: unknown, token = tenant.adminToken) =>
    t.rest(method, path, { token, body });
  const person = async (roles: readonly string[]) => {
    const user = await t.newUser(tenant.tenantId, roles);
    return { user, ...(await t.signIn(user.email)) };
  };
  const newBody = (changes: object = {}) => ({
    email: `${Math.random().toString(36).slice(2)}@example.test`,
    display_name: 'Emma',
    roles: ['customer'],
    ...changes,
  });
  const actsOn = async (targetId: string) => {
    const rows = await t.dataSource
      .getRepository(AdminAuditLog)
      .find({ where: { targetId }, order: { id: 'ASC' } });
    return rows.map(({ action, result }) => `${action} ${result}`);
  };

  describe('/admin/users', () => {
    it('makes, shows, changes and deletes a person, each on record', async () => {
      const made = await rest('POST', '/admin/users', newBody({ username: 'emma', phone: '+8613800138000' }));
      expect(made.status).toBe(201);
      expect(made.body.data).toMatchObject({
        username: 'emma',
        roles: ['customer'],
        tier: 'standard',
        enabled: true,
        has_password: false,
        has_second_factor: false,
        version: 1,
      });
      const { id } = made.body.data;
      const put = await rest('PUT', `/admin/users/${id}`, { tier: 'vip', phone: null });
      expect(put.body).toMatchObject({
        effective_immediately: true,
        data: { tier: 'vip', phone: null, username: 'emma', version: 2 },
      });
      expect((await rest('GET', `/admin/users/${id}`)).body.data).toMatchObject({ tier: 'vip' });
      expect((await rest('DELETE', `/admin/users/${id}`)).status).toBe(200);
      expect((await rest('GET', `/admin/users/${id}`)).status).toBe(404);
      expect(await actsOn(id)).toEqual(['user.create ok', 'user.update ok', 'user.delete ok']);
    });

    it('lists by part of a name, role, tier and state, page by page', async () => {
      const made = [];
      for (const display_name of ['Ann One', 'Ann Two', 'Ann Three']) {
        made.push((await rest('POST', '/admin/users', newBody({ display_name, tier: 'vip' }))).body.data.id);
      }
      await rest('PUT', `/admin/users/${made[1]}`, { enabled: false });
      const ids = async (query: string) =>
        (await rest('GET', `/admin/users?${query}`)).items.map(({ id }) => id);
      expect(await ids('q=ann')).toEqual(made);
      expect(await ids('q=ann&enabled=false')).toEqual([made[1]]);
      expect(await ids('role=customer&tier=vip&enabled=true')).toEqual([made[0], made[2]]);
      const first = await rest('GET', '/admin/users?q=ann&limit=2');
      expect(await ids(`q=ann&limit=2&cursor=${first.body.page.next_cursor}`)).toEqual([made[2]]);
      expect(await ids('q=%25')).toEqual([]);
    });

    it.each([
      [{ roles: ['king'] }, 'roles'],
      [{ tier: 'diamond' }, 'tier'],
      [{ email: 'x' }, 'email'],
      [{ phone: '123' }, 'phone'],
      [{ username: 'a@b' }, 'username'],
      [{ password: 'short' }, 'password'],
      [{ enabled: true }, 'enabled'],
      [{ tenant_id: 'x' }, 'tenant_id'],
    ])('names the wrong field of %j', async (changes, field) => {
      const answer = await rest('POST', '/admin/users', newBody(changes));
      expect([answer.status, answer.body.error.details?.[0]?.field]).toEqual([400, field]);
    });

    it('says which of address and username is taken', async () => {
      const { body } = await rest('POST', '/admin/users', newBody({ username: 'twin' }));
      const { email } = body.data as unknown as { email: string };
      for (const [changes, field] of [
        [{ email }, 'email'],
        [{ username: 'twin' }, 'username'],
      ] as const) {
        const answer = await rest('POST', '/admin/users', newBody(changes));
        expect([answer.status, answer.body.error.details?.[0]?.field]).toEqual([409, field]);
      }
    });

    it('refuses a change of what somebody else changed meanwhile', async () => {
      const { user } = await person(['customer']);
      const put = (ifMatch: string) =>
        t.rest('PUT', `/admin/users/${user.id}`, {
          token: tenant.adminToken,
          body: { display_name: ifMatch },
          headers: { 'if-match': ifMatch },
        });
      expect((await put('"1"')).status).toBe(200);
      expect((await put('"1"')).status).toBe(412);
      expect((await put('"2"')).status).toBe(200);
    });

    it('is read by auditors and closed to operators and the business', async () => {
      const [auditor, operator, consultant] = [
        await person(['auditor']),
        await person(['operator']),
        await person(['consultant']),
      ];
      const status = async (token: string, method = 'GET') =>
        (await rest(method, '/admin/users', method === 'POST' ? newBody() : undefined, token)).status;
      expect([await status(auditor.access_token), await status(auditor.access_token, 'POST')]).toEqual([
        200, 403,
      ]);
      expect([await status(operator.access_token), await status(consultant.access_token)]).toEqual([
        403, 403,
      ]);
    });

    it("does not know another tenant's people", async () => {
      const other = await t.newTenant();
      const { userId } = other.caller;
      const paths: [string, string, object?][] = [
        ['GET', ''],
        ['PUT', '', { display_name: 'x' }],
        ['DELETE', ''],
        ['POST', '/reset-password'],
        ['DELETE', '/second-factor'],
        ['GET', '/sessions'],
        ['DELETE', '/sessions'],
      ];
      for (const [method, path, body] of paths) {
        const answer = await rest(method, `/admin/users/${userId}${path}`, body);
        expect([method, path, answer.status, answer.body.message]).toEqual([
          method,
          path,
          404,
          `No user ${userId}`,
        ]);
      }
      expect((await t.rest('GET', '/auth/me', { token: other.adminToken })).status).toBe(200);
    });
  });

  describe('rank', () => {
    it('lets an admin make admins, and no owner', async () => {
      const admin = await person(['admin']);
      const { user } = await person(['customer']);
      expect(
        (await rest('POST', '/admin/users', newBody({ roles: ['admin'] }), admin.access_token)).status,
      ).toBe(201);
      const refused = [
        await rest('POST', '/admin/users', newBody({ roles: ['customer', 'owner'] }), admin.access_token),
        await rest('PUT', `/admin/users/${user.id}`, { roles: ['owner'] }, admin.access_token),
        await rest('PUT', `/admin/users/${admin.user.id}`, { roles: ['owner'] }, admin.access_token),
      ];
      expect(refused.map(({ status }) => status)).toEqual([403, 403, 403]);
      expect(await actsOn(user.id)).toContain('user.update refused');
      expect(await actsOn(admin.user.id)).toContain('user.update refused');
    });

    it('lets an admin do nothing to an owner', async () => {
      const admin = await person(['admin']);
      const owner = tenant.caller.userId;
      const answers = [
        await rest('PUT', `/admin/users/${owner}`, { enabled: false }, admin.access_token),
        await rest('PUT', `/admin/users/${owner}`, { email: 'mine@example.test' }, admin.access_token),
        await rest('DELETE', `/admin/users/${owner}`, undefined, admin.access_token),
        await rest('POST', `/admin/users/${owner}/reset-password`, undefined, admin.access_token),
        await rest('DELETE', `/admin/users/${owner}/second-factor`, undefined, admin.access_token),
        await rest('DELETE', `/admin/users/${owner}/sessions`, undefined, admin.access_token),
      ];
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 403));
      expect((await rest('GET', '/auth/me')).status).toBe(200);
    });

    it('keeps people from locking themselves out', async () => {
      const { userId } = tenant.caller;
      const second = await person(['owner']);
      expect(second.access_token).toBeDefined();
      const answers = [
        await rest('PUT', `/admin/users/${userId}`, { enabled: false }),
        await rest('PUT', `/admin/users/${userId}`, { roles: ['admin'] }),
        await rest('DELETE', `/admin/users/${userId}`),
      ];
      expect(answers.map(({ status }) => status)).toEqual([409, 409, 409]);
    });

    it('keeps an owner, also of two who remove each other at the same moment', async () => {
      for (const [method, body] of [
        ['PUT', { enabled: false }],
        ['PUT', { roles: ['admin'] }],
        ['DELETE', undefined],
      ] as const) {
        const place = await t.newTenant();
        const second = await t.newUser(place.tenantId, ['owner']);
        const { access_token } = await t.signIn(second.email);
        const answers = await Promise.all([
          t.rest(method, `/admin/users/${second.id}`, { token: place.adminToken, body }),
          t.rest(method, `/admin/users/${place.caller.userId}`, { token: access_token, body }),
        ]);
        expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
        const owners = await t.dataSource
          .getRepository(User)
          .findBy({ tenantId: place.tenantId, enabled: true });
        expect(owners.filter(({ roles }) => roles.includes('owner'))).toHaveLength(1);
      }
    });
  });

  describe('disabling', () => {
    it('ends sign-ins and tokens at once, and enabling does not bring them back', async () => {
      const { user, access_token, refresh_token } = await person(['admin']);
      const expires_at = new Date(Date.now() + 86_400_000).toISOString();
      const { body } = await rest(
        'POST',
        '/auth/tokens',
        { name: 'script', scopes: ['groups.read'], expires_at },
        access_token,
      );
      const { token: script } = body.data as unknown as { token: string };
      const open = async () => [
        (await t.rest('GET', '/auth/me', { token: access_token })).status,
        (await t.rest('GET', '/admin/groups', { token: script })).status,
      ];
      expect(await open()).toEqual([200, 200]);
      await rest('PUT', `/admin/users/${user.id}`, { enabled: false });
      expect(await open()).toEqual([401, 401]);
      await rest('PUT', `/admin/users/${user.id}`, { enabled: true });
      expect(await open()).toEqual([401, 401]);
      expect((await t.rest('POST', '/auth/refresh', { body: { refresh_token } })).status).toBe(401);
      expect((await t.signIn(user.email)).access_token).toBeDefined();
    });
  });

  describe('on MCP, where rights are remembered', () => {
    const callWith = async (path: string, token: string) => {
      const { headers, body } = legacy('tools/list');
      const response = await fetch(`${t.url}${path}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify(body),
      });
      await response.arrayBuffer();
      return response.status;
    };

    it.each([
      ['disabling', (id: string) => rest('PUT', `/admin/users/${id}`, { enabled: false })],
      ['deleting', (id: string) => rest('DELETE', `/admin/users/${id}`)],
      ['ending the sign-ins', (id: string) => rest('DELETE', `/admin/users/${id}/sessions`)],
    ])('%s counts for the very next call', async (_name, end) => {
      const { body } = await rest('POST', '/admin/groups', {
        name: `Group ${Math.random()}`,
        allowed_roles: ['consultant', 'operator'],
      });
      const path = `/mcp/${body.data.server_code}/mcp`;
      const { user, access_token } = await person(['consultant']);
      expect([await callWith(path, access_token), await callWith(path, access_token)]).toEqual([200, 200]);
      expect((await end(user.id)).body).toMatchObject({ effective_immediately: true });
      expect(await callWith(path, access_token)).toBe(401);
    });

    it('counts when people sign out, change their password or are asked for a second factor', async () => {
      const { body } = await rest('POST', '/admin/groups', {
        name: `Group ${Math.random()}`,
        allowed_roles: ['consultant', 'operator'],
      });
      const path = `/mcp/${body.data.server_code}/mcp`;
      const first = await person(['operator']);
      const { user } = first;
      const second = await t.signIn(user.email);
      const third = await t.signIn(user.email);
      for (const { access_token } of [first, second, third])
        expect(await callWith(path, access_token)).toBe(200);
      await t.rest('POST', '/auth/logout', { body: { refresh_token: first.refresh_token } });
      expect(await callWith(path, first.access_token)).toBe(401);
      const passwords = { old_password: TEST_PASSWORD, new_password: NEW_PASSWORD };
      await rest('POST', '/auth/password', passwords, second.access_token);
      expect([await callWith(path, third.access_token), await callWith(path, second.access_token)]).toEqual([
        401, 200,
      ]);
      await rest('PUT', '/admin/sign-in-settings', { require_second_factor: true });
      expect(await callWith(path, second.access_token)).toBe(401);
    });
  });

  describe('sessions of others', () => {
    it('are listed and ended by administrators', async () => {
      const { user, access_token } = await person(['consultant']);
      const { access_token: second } = await t.signIn(user.email);
      const { items } = await rest('GET', `/admin/users/${user.id}/sessions`);
      expect(items).toMatchObject([
        { method: 'password', current: false, ip: expect.stringMatching(/127\.0\.0\.1|::1/) },
        { method: 'password', current: false },
      ]);
      await rest('DELETE', `/admin/users/${user.id}/sessions/${items[0].id}`);
      expect((await t.rest('GET', '/auth/me', { token: second })).status).toBe(401);
      expect((await t.rest('GET', '/auth/me', { token: access_token })).status).toBe(200);
      await rest('DELETE', `/admin/users/${user.id}/sessions`);
      expect((await t.rest('GET', '/auth/me', { token: access_token })).status).toBe(401);
      const elsewhere = (await rest('GET', `/auth/sessions`)).items[0].id;
      expect((await rest('DELETE', `/admin/users/${user.id}/sessions/${elsewhere}`)).status).toBe(404);
    });
  });

  describe('one-time tokens for passwords', () => {
    const reset = (token: string, new_password = NEW_PASSWORD) =>
      t.rest('POST', '/auth/password/reset', { body: { token, new_password } });
    const tokenFor = async (id: string) =>
      ((await rest('POST', `/admin/users/${id}/reset-password`)).body.data as unknown as { token: string })
        .token;

    it('set a password once, and end every sign-in', async () => {
      const { user, access_token } = await person(['consultant']);
      const token = await tokenFor(user.id);
      expect((await reset(token, 'short')).status).toBe(400);
      expect((await reset(token)).status).toBe(200);
      expect((await reset(token)).status).toBe(401);
      expect((await t.rest('GET', '/auth/me', { token: access_token })).status).toBe(401);
      const login = (password: string) =>
        t.rest('POST', '/auth/login', { body: { email: user.email, password } });
      expect([(await login(TEST_PASSWORD)).status, (await login(NEW_PASSWORD)).status]).toEqual([401, 200]);
      expect(await actsOn(user.id)).toEqual(
        expect.arrayContaining(['user.reset_password ok', 'password.reset ok']),
      );
    });

    it('are taken back by the next one, by time and with the person', async () => {
      const { user } = await person(['consultant']);
      const first = await tokenFor(user.id);
      const second = await tokenFor(user.id);
      expect((await reset(first)).status).toBe(401);
      await rest('PUT', `/admin/users/${user.id}`, { enabled: false });
      expect((await reset(second)).status).toBe(401);
      await rest('PUT', `/admin/users/${user.id}`, { enabled: true });
      const third = await tokenFor(user.id);
      await t.dataSource.query('UPDATE one_time_tokens SET expires_at = now() WHERE user_id = $1', [user.id]);
      expect((await reset(third)).status).toBe(401);
      expect((await reset('nonsense')).status).toBe(401);
    });

    it.each([
      ['the person was disabled in between', 'PUT', '', [{ enabled: false }, { enabled: true }]],
      ['the sign-ins were ended', 'DELETE', '/sessions', [undefined]],
      ['the address is another one', 'PUT', '', [{ email: `${newId()}@example.test` }]],
    ] as const)('open nothing once %s', async (_what, method, path, bodies) => {
      const { user } = await person(['consultant']);
      const token = await tokenFor(user.id);
      for (const body of bodies) {
        expect((await rest(method, `/admin/users/${user.id}${path}`, body)).status).toBeLessThan(300);
      }
      expect((await reset(token)).status).toBe(401);
    });

    it('let only one of two simultaneous uses through', async () => {
      const { user } = await person(['consultant']);
      const token = await tokenFor(user.id);
      const statuses = (await Promise.all([reset(token), reset(token)])).map(({ status }) => status);
      expect(new Set(statuses)).toEqual(new Set([200, 401]));
    });

    it('are kept as hashes', async () => {
      const { user } = await person(['consultant']);
      const token = await tokenFor(user.id);
      const rows: { row: string }[] = await t.dataSource.query(
        'SELECT o::text AS row FROM one_time_tokens o',
      );
      expect(rows.map(({ row }) => row).join('\n')).not.toContain(token);
    });
  });

  describe('POST /auth/register', () => {
    const settings = (body: object) => rest('PUT', '/admin/sign-in-settings', body);
    const register = (changes: object = {}) =>
      t.rest('POST', '/auth/register', {
        body: {
          tenant: tenant.tenantName,
          email: `${Math.random().toString(36).slice(2)}@example.test`,
          password: NEW_PASSWORD,
          display_name: 'Emma',
          ...changes,
        },
      });

    it('is closed until the tenant opens it, in the same words as for an unknown tenant', async () => {
      const answers = [await register(), await register({ tenant: 'no such tenant' })];
      expect(answers.map(({ status }) => status)).toEqual([403, 403]);
      expect(answers[0].body).toEqual(answers[1].body);
    });

    it('makes a customer who can sign in, and an event in the same transaction', async () => {
      expect((await settings({ registration: 'open' })).body).toMatchObject({
        data: { registration: 'open', version: 2 },
        effective_immediately: true,
      });
      const answer = await register({ username: 'emma', phone: '+8613800138000' });
      expect(answer.status).toBe(201);
      const { id, email } = answer.body.data as unknown as { id: string; email: string };
      expect(answer.body.data).toMatchObject({ username: 'emma', roles: ['customer'] });
      expect(await t.dataSource.getRepository(User).findOneBy({ id })).toMatchObject({
        tenantId: tenant.tenantId,
        roles: ['customer'],
        tier: 'standard',
      });
      const login = await t.rest('POST', '/auth/login', { body: { email, password: NEW_PASSWORD } });
      expect(login.status).toBe(200);
      const events = await t.dataSource.getRepository(DomainEvent).findBy({ tenantId: tenant.tenantId });
      expect(events).toMatchObject([{ kind: 'user.registered', payload: { user_id: id } }]);
      expect(await actsOn(id)).toEqual(['user.register ok', 'session.begin ok']);
    });

    it('stores no event for a registration that fails', async () => {
      await settings({ registration: 'open' });
      const email = 'twice@example.test';
      await register({ email });
      expect((await register({ email: 'TWICE@example.test' })).status).toBe(409);
      expect(await t.dataSource.getRepository(DomainEvent).countBy({ tenantId: tenant.tenantId })).toBe(1);
    });

    it.each([
      { roles: ['owner'] },
      { role: 'owner' },
      { tier: 'internal' },
      { enabled: true },
      { tenant_id: 'x' },
    ])('lets nobody give themselves %j', async (more) => {
      await settings({ registration: 'open' });
      const answer = await register(more);
      expect([answer.status, answer.body.error.details?.[0]?.field]).toEqual([400, Object.keys(more)[0]]);
    });

    it('asks for the code where the tenant wants one', async () => {
      await settings({ registration: 'code' });
      expect((await register()).status).toBe(403);
      const newCode = async () =>
        (await rest('POST', '/admin/sign-in-settings/registration-code')).body.data as unknown as {
          code: string;
        };
      const { code } = await newCode();
      expect((await register({ code: 'wrong' })).status).toBe(403);
      expect((await register({ code })).status).toBe(201);
      await newCode();
      expect((await register({ code })).status).toBe(403);
    });

    it('refuses passwords that are easy to guess', async () => {
      await settings({ registration: 'open' });
      for (const password of ['short', 'password1234', 'Emma Emma Emma']) {
        expect((await register({ password })).body.error.details?.[0]?.field).toBe('password');
      }
    });

    it('is limited by address', async () => {
      const strict = await createTestApp({
        database: t.database,
        env: { REGISTRATIONS_PER_HOUR: '1', TENANT_REGISTRATIONS_PER_MINUTE: '1' },
      });
      replicas.push(strict); // closing it now would take its passport strategies, which the process shares, with it
      await t.dataSource.query('DELETE FROM sign_in_attempts');
      const body = { tenant: 'x', email: 'a@b.test', password: NEW_PASSWORD, display_name: 'A' };
      expect((await strict.rest('POST', '/auth/register', { body })).status).toBe(403);
      const limited = await strict.rest('POST', '/auth/register', { body });
      expect(limited.status).toBe(429);
      expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(3000);
      // The tenant's own backend, from the same address, goes by the tenant's limit.
      const token = await registrarToken();
      const own = () => strict.rest('POST', '/admin/registrations', { token, body: newcomer() });
      expect((await own()).status).toBe(201);
      const beyond = await own();
      expect(beyond.status).toBe(429);
      expect(Number(beyond.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    });

    const newcomer = (changes: object = {}) => ({
      email: `${Math.random().toString(36).slice(2)}@example.test`,
      display_name: 'Emma',
      ...changes,
    });
    const registrarToken = async (): Promise<string> => {
      const body = {
        name: 'shop backend',
        scopes: ['customers.register'],
        expires_at: new Date(Date.now() + 86_400_000),
      };
      const made = await t.rest('POST', '/auth/tokens', { token: tenant.adminToken, body });
      return (made.body.data as unknown as { token: string }).token;
    };

    it("lets a tenant's own backend register a hundred at once, and nothing else", async () => {
      const token = await registrarToken();
      const answers = await Promise.all(
        Array.from({ length: 100 }, () =>
          t.rest('POST', '/admin/registrations', { token, body: newcomer({ password: NEW_PASSWORD }) }),
        ),
      );
      expect(answers.filter(({ status }) => status !== 201).map(({ body }) => body)).toEqual([]);
      const [{ events, customers }] = await t.dataSource.query<[{ events: number; customers: number }]>(
        `SELECT (SELECT count(*)::int FROM domain_events WHERE tenant_id = $1 AND kind = 'user.registered') AS events,
           (SELECT count(*)::int FROM users WHERE tenant_id = $1 AND roles = '{customer}') AS customers`,
        [tenant.tenantId],
      );
      expect({ events, customers }).toEqual({ events: 100, customers: 100 });
      const { email } = answers[0].body.data as unknown as { email: string };
      expect((await t.rest('POST', '/auth/login', { body: { email, password: NEW_PASSWORD } })).status).toBe(
        200,
      );
      const again = await t.rest('POST', '/admin/registrations', { token, body: newcomer({ email }) });
      expect(again.status).toBe(409);
      const owner = newcomer({ roles: ['owner'] });
      expect((await t.rest('POST', '/admin/registrations', { token, body: owner })).status).toBe(400);
      expect((await t.rest('GET', '/admin/users', { token })).status).toBe(403);
      const consultant = await person(['consultant']);
      expect((await rest('POST', '/admin/registrations', newcomer(), consultant.access_token)).status).toBe(
        403,
      );
    });

    it('is changed by admins only, with a version', async () => {
      const operator = await person(['operator']);
      expect((await rest('PUT', '/admin/sign-in-settings', {}, operator.access_token)).status).toBe(403);
      const put = (ifMatch: string) =>
        t.rest('PUT', '/admin/sign-in-settings', {
          token: tenant.adminToken,
          body: { registration: 'open' },
          headers: { 'if-match': ifMatch },
        });
      expect([(await put('"1"')).status, (await put('"1"')).status]).toEqual([200, 412]);
    });
  });

  it('never shows a hash or a secret', async () => {
    await person(['admin']);
    const rows = await t.dataSource.getRepository(RefreshToken).find();
    expect(rows.length).toBeGreaterThan(0);
    const { body } = await rest('GET', '/admin/users');
    expect(JSON.stringify(body)).not.toMatch(/argon2|hash/);
  });
});
