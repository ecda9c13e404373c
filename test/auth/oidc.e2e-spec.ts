import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AdminAuditLog } from '../../src/access/audit/audit-log.entity.js';
import { User } from '../../src/access/user.entity.js';
import { SecretBox } from '../../src/platform/secrets/secret-box.js';
import { OidcIdentity } from '../../src/auth/oidc/oidc-identity.entity.js';
import { startIdp, TestBrowser, type TestIdp } from '../support/oidc-idp.js';
import { findFreePort } from '../support/server.js';
import { type Answer, createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';

type Claims = {
  sub: string;
  email?: string;
  email_verified?: boolean;
  name?: string;
  groups?: string[];
  level?: string;
};

describe('signing in with an outside provider', () => {
  let t: TestApp;
  let more: TestApp | undefined;
  let idp: TestIdp;
  let tenant: TestTenant;
  beforeAll(async () => {
    idp = await startIdp();
    t = await createTestApp({ env: { OIDC_ALLOW_LOOPBACK_HTTP: 'true' } });
  });
  afterAll(async () => {
    await more?.close(); // not before: passport's strategies are the process's, and the last application's
    await t?.close();
    await idp?.stop();
  });
  beforeEach(async () => {
    tenant = await t.newTenant();
  });

  const rest = (method: string, path: string, body?: unknown, token = tenant.adminToken) =>
    t.rest(method, path, { token, body });
  const settings = (changes: object = {}) => ({
    name: 'Test provider',
    issuer: idp.issuer,
    client_id: 'toolcrib',
    client_secret: 'a secret of the provider',
    ...changes,
  });
  const newProvider = async (changes: object = {}) => {
    const answer = await rest('POST', '/admin/oidc-providers', settings(changes));
    expect([answer.status, answer.body.message]).toEqual([201, 'Provider set up']);
    return answer.body.data.id;
  };
  const hintOf = (claims: Claims) => Buffer.from(JSON.stringify(claims)).toString('base64url');
  const newSub = () => `sub-${Math.random().toString(36).slice(2)}`;

  /** To the provider and back to our callback, which is not called yet. */
  const toCallback = async (browser: TestBrowser, id: string, claims: Claims, at = t.url) => {
    const leave = await browser.fetch(new URL(`${at}/api/v1/auth/oidc/${id}/start?return_to=/console`));
    expect(leave.status).toBe(302);
    const there = new URL(leave.headers.get('location')!);
    there.searchParams.set('login_hint', hintOf(claims));
    const { url } = await browser.follow(there.href, ({ pathname }) => pathname.endsWith('/callback'));
    return url;
  };
  /** The answer of the callback; `code` when it let the browser in. */
  const callBack = async (browser: TestBrowser, url: URL) => {
    const response = await browser.fetch(url);
    const location = response.headers.get('location');
    const text = await response.text();
    const code =
      location === null ? null : new URLSearchParams(new URL(location).hash.slice(1)).get('sign_in_code');
    return { status: response.status, location, code, text };
  };
  const exchange = async (browser: TestBrowser, code: string, at = t.url) => {
    const response = await browser.fetch(new URL(`${at}/api/v1/auth/oidc/exchange`), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code }),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  };
  const signIn = async (id: string, claims: Claims, browser = new TestBrowser()) => {
    const back = await callBack(browser, await toCallback(browser, id, claims));
    return back.code === null
      ? { ...back, data: null }
      : { ...back, ...(await exchange(browser, back.code)) };
  };
  const personOf = (subject: string) =>
    t.dataSource
      .getRepository(OidcIdentity)
      .findOneOrFail({ where: { subject, tenantId: tenant.tenantId }, relations: { user: true } })
      .then(({ user }) => user!);

  it('makes a person who is new, with the roles and tier of the mapping, and knows them again', async () => {
    const id = await newProvider({
      create_users: true,
      roles_claim: 'groups',
      role_map: { staff: 'consultant' },
      tier_claim: 'level',
      tier_map: { gold: 'vip' },
    });
    const claims = {
      sub: newSub(),
      email: 'emma@acme.example',
      name: 'Emma',
      groups: ['staff', 'x'],
      level: 'gold',
    };
    const first = await signIn(id, claims);
    expect(first).toMatchObject({
      status: 200,
      location: expect.stringMatching(/\/console#sign_in_code=[\w-]{43}$/),
      body: {
        data: {
          token_type: 'Bearer',
          user: { email: 'emma@acme.example', roles: ['consultant', 'customer'] },
        },
      },
    });
    const user = await personOf(claims.sub);
    expect(user).toMatchObject({
      tier: 'vip',
      displayName: 'Emma',
      passwordHash: null,
      tenantId: tenant.tenantId,
    });
    const again = await signIn(id, { ...claims, email: 'new@acme.example', groups: [], level: 'none' });
    expect(again).toMatchObject({
      status: 200,
      body: { data: { user: { id: user.id, roles: ['customer'] } } },
    });
    const acts = await t.dataSource.getRepository(AdminAuditLog).findBy({ targetId: user.id });
    expect(acts.map(({ action, actorName }) => `${action} ${actorName}`).toSorted()).toEqual([
      'session.begin emma@acme.example',
      'session.begin emma@acme.example',
      'user.create OIDC: Test provider',
      'user.update OIDC: Test provider',
    ]);
    const { items } = await rest('GET', `/admin/users/${user.id}/sessions`);
    expect(items).toMatchObject([{ method: 'oidc' }, { method: 'oidc' }]);
  });

  it('works for a public client', async () => {
    const id = await newProvider({ client_id: 'public', client_secret: null, create_users: true });
    expect((await signIn(id, { sub: newSub(), email: 'p@acme.example' })).status).toBe(200);
  });

  it('knows nobody by their e-mail address', async () => {
    const id = await newProvider({ create_users: true });
    const victim = await t.newUser(tenant.tenantId, ['admin']);
    const sub = newSub();
    const answer = await signIn(id, { sub, email: victim.email, email_verified: true });
    expect([answer.status, answer.code]).toEqual([409, null]);
    expect(await t.dataSource.getRepository(OidcIdentity).countBy({ subject: sub })).toBe(0);
  });

  it('makes nobody where it is not meant to', async () => {
    const closed = await newProvider();
    expect((await signIn(closed, { sub: newSub(), email: 'a@acme.example' })).status).toBe(403);
    const open = await newProvider({ name: 'Open', create_users: true, email_domains: ['Acme.example'] });
    expect((await signIn(open, { sub: newSub(), email: 'a@evil.example' })).status).toBe(403);
    expect((await signIn(open, { sub: newSub(), email: 'a@acme.example.evil.example' })).status).toBe(403);
    expect(
      (await signIn(open, { sub: newSub(), email: 'a@acme.example', email_verified: false })).status,
    ).toBe(403);
    expect((await signIn(open, { sub: newSub() })).status).toBe(403);
    expect((await signIn(open, { sub: newSub(), email: 'a@acme.example' })).status).toBe(200);
  });

  it('lets in whom an administrator linked, until unlinked or disabled', async () => {
    const id = await newProvider();
    const user = await t.newUser(tenant.tenantId, ['consultant']);
    const sub = newSub();
    const linked = await rest('POST', `/admin/users/${user.id}/identities`, {
      provider_id: id,
      subject: sub,
    });
    expect(linked.status).toBe(201);
    expect(await signIn(id, { sub })).toMatchObject({
      body: { data: { user: { id: user.id, roles: ['consultant'] } } },
    });
    await t.dataSource.getRepository(User).update(user.id, { enabled: false });
    expect((await signIn(id, { sub })).status).toBe(401);
    await t.dataSource.getRepository(User).update(user.id, { enabled: true });
    const other = await t.newUser(tenant.tenantId, []);
    const twice = await rest('POST', `/admin/users/${other.id}/identities`, {
      provider_id: id,
      subject: sub,
    });
    expect(twice.status).toBe(409);
    expect((await rest('GET', `/admin/users/${user.id}/identities`)).items).toMatchObject([{ subject: sub }]);
    const signedIn = await signIn(id, { sub });
    const me = (token: string) => t.rest('GET', '/auth/me', { token });
    const { access_token: through, refresh_token } = ('body' in signedIn ? signedIn.body.data : {}) as Record<
      string,
      string
    >;
    const own = (await t.signIn(user.email)).access_token;
    expect([(await me(through)).status, (await me(own)).status]).toEqual([200, 200]);
    await rest('DELETE', `/admin/users/${user.id}/identities/${linked.body.data.id}`);
    expect((await signIn(id, { sub })).status).toBe(403);
    // What was begun through the provider ends with the link; a sign-in by password goes on.
    expect([(await me(through)).status, (await me(own)).status]).toEqual([401, 200]);
    expect((await t.rest('POST', '/auth/refresh', { body: { refresh_token } })).status).toBe(401);
  });

  it.each<[string, (id: string) => Promise<{ status: number }>]>([
    ['deleted', (id) => rest('DELETE', `/admin/oidc-providers/${id}`)],
    ['switched off', (id) => rest('PUT', `/admin/oidc-providers/${id}`, { enabled: false })],
    [
      'moved',
      (id) =>
        rest('PUT', `/admin/oidc-providers/${id}`, { issuer: 'https://b.example', client_secret: null }),
    ],
  ])('ends the sign-ins through a provider that is %s, and no others', async (_what, change) => {
    const id = await newProvider();
    const people = await Promise.all([1, 2].map(() => t.newUser(tenant.tenantId, ['consultant'])));
    const tokens: string[] = [];
    for (const { id: userId } of people) {
      const subject = newSub();
      await rest('POST', `/admin/users/${userId}/identities`, { provider_id: id, subject });
      const signedIn = await signIn(id, { sub: subject });
      if ('body' in signedIn) tokens.push((signedIn.body.data as Record<string, string>)['access_token']);
    }
    const own = (await t.signIn(people[0].email)).access_token;
    const seen = () =>
      Promise.all([...tokens, own].map(async (token) => (await t.rest('GET', '/auth/me', { token })).status));
    expect(await seen()).toEqual([200, 200, 200]);
    expect((await rest('PUT', `/admin/oidc-providers/${id}`, { name: 'Renamed' })).status).toBe(200);
    expect(await seen()).toEqual([200, 200, 200]);
    expect((await change(id)).status).toBe(200);
    expect(await seen()).toEqual([401, 401, 200]);
  });

  it("lets nobody link an account to someone above them, or with another tenant's provider", async () => {
    const id = await newProvider();
    const admin = await t.newUser(tenant.tenantId, ['admin']);
    const { access_token } = await t.signIn(admin.email);
    const link = (user: string, provider_id: string) =>
      rest('POST', `/admin/users/${user}/identities`, { provider_id, subject: newSub() }, access_token);
    expect((await link(tenant.caller.userId, id)).status).toBe(403);
    const other = await t.newTenant();
    const foreign = await t.rest('POST', '/admin/oidc-providers', {
      token: other.adminToken,
      body: settings(),
    });
    expect((await link(admin.id, foreign.body.data.id)).status).toBe(404);
  });

  it('never takes the role of an owner away', async () => {
    const id = await newProvider({ roles_claim: 'groups', role_map: { staff: 'consultant' } });
    const sub = newSub();
    const { userId } = tenant.caller;
    await rest('POST', `/admin/users/${userId}/identities`, { provider_id: id, subject: sub });
    expect(await signIn(id, { sub, groups: ['staff'] })).toMatchObject({
      body: { data: { user: { id: userId, roles: ['owner'] } } },
    });
  });

  describe('refuses', () => {
    const claims = { sub: 'attacked', email: 'attacked@acme.example' };
    let id: string;
    beforeEach(async () => {
      id = await newProvider({ create_users: true });
    });
    const host = () => new URL(t.url).host;
    const flowCookie = (browser: TestBrowser) =>
      [...browser.cookiesOf(host())].find(([name]) => name.startsWith('toolcrib_oidc_'))!;

    it('an answer with another state', async () => {
      const browser = new TestBrowser();
      const url = await toCallback(browser, id, claims);
      url.searchParams.set('state', 'another');
      expect((await callBack(browser, url)).status).toBe(401);
    });

    it('an ID token with another nonce', async () => {
      const browser = new TestBrowser();
      const url = await toCallback(browser, id, claims);
      const box = t.app.get(SecretBox);
      const [name, value] = flowCookie(browser);
      const sealed = Buffer.from(value, 'base64url');
      const flow = JSON.parse(box.open(sealed, 'oidc-flow')) as object;
      const forged = box
        .seal(JSON.stringify({ ...flow, nonce: 'another' }), 'oidc-flow')
        .toString('base64url');
      browser.setCookie(host(), name, forged);
      expect((await callBack(browser, url)).status).toBe(401);
    });

    it('an answer in a browser that did not begin', async () => {
      const url = await toCallback(new TestBrowser(), id, claims);
      expect((await callBack(new TestBrowser(), url)).status).toBe(401);
      const other = new TestBrowser();
      await toCallback(other, id, claims);
      expect((await callBack(other, url)).status).toBe(401);
    });

    it('a cookie that the browser changed', async () => {
      const browser = new TestBrowser();
      const url = await toCallback(browser, id, claims);
      const [name, sealed] = flowCookie(browser);
      const value = Buffer.from(sealed, 'base64url');
      value[40] ^= 1;
      browser.setCookie(host(), name, value.toString('base64url'));
      expect((await callBack(browser, url)).status).toBe(401);
    });

    it("an answer at another provider's address", async () => {
      const second = await newProvider({ name: 'Second', create_users: true });
      const browser = new TestBrowser();
      const url = await toCallback(browser, id, claims);
      expect((await callBack(browser, new URL(url.href.replace(id, second)))).status).toBe(401);
    });

    it('the same answer twice', async () => {
      const browser = new TestBrowser();
      const url = await toCallback(browser, id, { ...claims, sub: newSub() });
      expect((await callBack(browser, url)).status).toBe(302);
      expect((await callBack(browser, url)).status).toBe(401);
    });

    it('a code a second time, and in another browser', async () => {
      const browser = new TestBrowser();
      const { code } = await callBack(browser, await toCallback(browser, id, { ...claims, sub: newSub() }));
      expect((await exchange(new TestBrowser(), code!)).status).toBe(401);
      expect((await exchange(browser, code!)).status).toBe(200);
      expect((await exchange(browser, code!)).status).toBe(401);
      expect((await t.rest('GET', '/auth/me', { token: code! })).status).toBe(401);
    });

    it('providers that are switched off or unknown, or whose tenant is', async () => {
      const start = () => t.rest('GET', `/auth/oidc/${id}/start`);
      await rest('PUT', `/admin/oidc-providers/${id}`, { enabled: false });
      expect((await start()).status).toBe(404);
      expect((await t.rest('GET', `/auth/oidc/${tenant.tenantId}/start`)).status).toBe(404);
    });

    it('to lead the browser to another site', async () => {
      for (const to of ['//evil.example', 'https://evil.example', String.raw`/\evil.example`, 'x']) {
        const answer = await t.rest('GET', `/auth/oidc/${id}/start?return_to=${encodeURIComponent(to)}`);
        expect([to, answer.status]).toEqual([to, 400]);
      }
    });
  });

  it('keeps the cookie from scripts and the tokens from addresses', async () => {
    const id = await newProvider({ create_users: true });
    const response = await new TestBrowser().fetch(new URL(`${t.url}/api/v1/auth/oidc/${id}/start`));
    expect(response.headers.get('set-cookie')).toMatch(
      /; Path=\/api\/v1\/auth\/oidc; .*HttpOnly; SameSite=Lax/,
    );
    expect(new URL(response.headers.get('location')!).searchParams.get('code_challenge_method')).toBe('S256');
    const { location } = await signIn(id, { sub: newSub(), email: 'k@acme.example' });
    expect(location).not.toMatch(/eyJ|access_token|refresh_token/);
  });

  describe('takes a provider as it is:', () => {
    const decided = { create_users: true, roles_claim: 'groups', role_map: { staff: 'consultant' } };

    it('without userinfo where its ID token says all', async () => {
      const id = await newProvider({ ...decided, issuer: `${idp.issuer}/no-userinfo` });
      const claims = { sub: newSub(), email: `${newSub()}@acme.example`, groups: ['staff'] };
      expect(await signIn(id, claims)).toMatchObject({
        status: 200,
        body: { data: { user: { email: claims.email, roles: ['consultant', 'customer'] } } },
      });
    });

    it('and takes nobody a role away because userinfo is refused', async () => {
      const id = await newProvider({ ...decided, issuer: `${idp.issuer}/no-userinfo-though-needed` });
      const claims = { sub: newSub(), email: `${newSub()}@acme.example`, groups: ['staff'] };
      expect((await signIn(id, claims)).status).toBe(401);
    });

    it('with signed userinfo', async () => {
      const id = await newProvider({ ...decided, issuer: `${idp.issuer}/signed-userinfo` });
      const claims = { sub: newSub(), email: `${newSub()}@acme.example`, groups: ['staff'] };
      expect(await signIn(id, claims)).toMatchObject({
        status: 200,
        body: { data: { user: { email: claims.email, roles: ['consultant', 'customer'] } } },
      });
    });

    it('its issuer with a slash too many, and knows again whom an administrator linked under that', async () => {
      for (const written of ['/signed-userinfo/', '/signed-userinfo/.well-known/openid-configuration']) {
        const id = await newProvider({ name: written, issuer: idp.issuer + written });
        const sub = newSub();
        const user = await rest('POST', '/admin/users', {
          email: `${sub}@acme.example`,
          display_name: 'L',
          roles: ['customer'],
        });
        const link = (subject: string) =>
          rest('POST', `/admin/users/${user.body.data.id}/identities`, { provider_id: id, subject });
        expect((await link(sub)).status).toBe(201);
        expect(await signIn(id, { sub, email: 'else@acme.example' })).toMatchObject({
          status: 200,
          body: { data: { user: { id: user.body.data.id } } },
        });
        const bare = await newProvider({ name: `${written} bare`, issuer: `${idp.issuer}/signed-userinfo` });
        const taken = { provider_id: bare, subject: sub };
        expect((await rest('POST', `/admin/users/${user.body.data.id}/identities`, taken)).status).toBe(409);
      }
    });

    it.each([
      ['a subject that is too long', { sub: 's'.repeat(300) }, 403],
      ['a subject with a character that no column takes', { sub: 'a\u0000b' }, 403],
      ['a subject with half of a character', { sub: 'a\ud800b' }, 403],
      ['a name that is too long', { name: 'n'.repeat(5000) }, 302],
      ['a name with characters that no column takes', { name: 'E\u0000mma \ud800' }, 302],
      ['an address with a character that no column takes', { email: 'a\u0000b@acme.example' }, 403],
      ['an address that is too long', { email: `${'a'.repeat(300)}@acme.example` }, 403],
      ['claims of other types', { name: { first: 'E' }, groups: { staff: true } }, 302],
      ['many groups', { groups: Array.from({ length: 200 }, (_, index) => `group ${index}`) }, 302],
    ])('%s', async (_what, odd, status) => {
      const id = await newProvider(decided);
      const sub = newSub();
      const browser = new TestBrowser();
      const claims = { sub, email: `${sub}@acme.example`, ...odd } as Claims;
      expect((await callBack(browser, await toCallback(browser, id, claims))).status).toBe(status);
    });

    it('a document without an address to sign in at', async () => {
      const broken = createServer(({ headers }, response) =>
        response
          .setHeader('content-type', 'application/json')
          .end(JSON.stringify({ issuer: `http://${headers.host}`, jwks_uri: 'nowhere' })),
      ).listen(0, '127.0.0.1');
      await once(broken, 'listening');
      const id = await newProvider({ issuer: `http://127.0.0.1:${(broken.address() as AddressInfo).port}` });
      expect((await t.rest('GET', `/auth/oidc/${id}/start`)).status).toBe(503);
      broken.close();
    });
  });

  it('works below a path of PUBLIC_URL', async () => {
    const port = String(await findFreePort());
    const publicUrl = `http://127.0.0.1:${port}/tools`;
    const below = (more = await createTestApp({
      database: t.database,
      env: { OIDC_ALLOW_LOOPBACK_HTTP: 'true', PORT: port, PUBLIC_URL: `${publicUrl}/` },
    }));
    const id = await newProvider({ create_users: true });
    const { body } = await below.rest('GET', `/admin/oidc-providers/${id}`, { token: tenant.adminToken });
    expect(body.data).toMatchObject({ redirect_uri: `${publicUrl}/api/v1/auth/oidc/${id}/callback` });
    const browser = new TestBrowser();
    const claims = { sub: newSub(), email: `${newSub()}@acme.example` };
    const url = await toCallback(browser, id, claims, publicUrl);
    expect(url.href).toContain(`${publicUrl}/api/v1/auth/oidc/${id}/callback`);
    const { code, location } = await callBack(browser, url);
    expect(location).toContain(`${publicUrl}/console#sign_in_code=`);
    expect((await exchange(browser, code!, publicUrl)).status).toBe(200);
    expect(browser.cookiesOf(`127.0.0.1:${port}`).size).toBe(0);
  });

  it('keeps several sign-ins of one browser apart', async () => {
    const id = await newProvider({ create_users: true });
    const browser = new TestBrowser();
    const claims = { sub: newSub(), email: `${newSub()}@acme.example` };
    const first = await toCallback(browser, id, claims);
    const second = await toCallback(browser, id, claims);
    const codes = [await callBack(browser, first), await callBack(browser, second)].map(({ code }) => code!);
    for (const code of codes) {
      const { status, body } = await exchange(browser, code);
      expect([status, body.data['user']]).toMatchObject([200, { email: claims.email }]);
    }
    expect(browser.cookiesOf(new URL(t.url).host).size).toBe(0);
    for (let count = 0; count < 30; count += 1)
      await browser.fetch(new URL(`${t.url}/api/v1/auth/oidc/${id}/start`));
    expect(browser.cookiesOf(new URL(t.url).host).size).toBe(8);
  });

  describe('/admin/oidc-providers', () => {
    it('are made, shown, changed and removed, without ever showing the secret', async () => {
      const made = await rest('POST', '/admin/oidc-providers', settings());
      expect(made.body.data).toMatchObject({
        has_client_secret: true,
        default_roles: ['customer'],
        create_users: false,
        redirect_uri: `${t.url}/api/v1/auth/oidc/${made.body.data.id}/callback`,
        version: 1,
      });
      const { id } = made.body.data;
      const put = await t.rest('PUT', `/admin/oidc-providers/${id}`, {
        token: tenant.adminToken,
        body: { name: 'Other', roles_claim: 'groups', role_map: { a: 'admin' } },
        headers: { 'if-match': '"1"' },
      });
      expect(put.body.data).toMatchObject({ name: 'Other', role_map: { a: 'admin' }, version: 2 });
      const stale = await t.rest('PUT', `/admin/oidc-providers/${id}`, {
        token: tenant.adminToken,
        body: { name: 'Late' },
        headers: { 'if-match': '"1"' },
      });
      expect(stale.status).toBe(412);
      const list = await rest('GET', '/admin/oidc-providers');
      expect(list.items).toMatchObject([{ id }]);
      const audit = await t.dataSource.getRepository(AdminAuditLog).findBy({ targetId: id });
      expect(JSON.stringify([made.body, put.body, list.body, audit])).not.toContain(
        'a secret of the provider',
      );
      const stored: { row: string }[] = await t.dataSource.query(
        'SELECT p::text AS row FROM oidc_providers p',
      );
      expect(stored[0].row).not.toContain(Buffer.from('a secret of the provider').toString('hex'));
      expect((await rest('DELETE', `/admin/oidc-providers/${id}`)).status).toBe(200);
      expect((await rest('GET', `/admin/oidc-providers/${id}`)).status).toBe(404);
    });

    it.each([
      [{ issuer: 'http://login.example.com' }, 'issuer'],
      [{ issuer: 'http://169.254.169.254/' }, 'issuer'],
      [{ scopes: ['email'] }, 'scopes'],
      [{ role_map: { a: 'king' } }, 'role_map'],
      [{ role_map: { a: 5 } }, 'role_map'],
      [{ tier_map: { a: 'diamond' } }, 'tier_map'],
      [{ email_domains: ['not a domain'] }, 'email_domains'],
      [{ secret: 'x' }, 'secret'],
    ])('names the wrong field of %j', async (changes, field) => {
      const answer = await rest('POST', '/admin/oidc-providers', settings(changes));
      expect([answer.status, answer.body.error.details?.[0]?.field]).toEqual([400, field]);
    });

    it('give no role above that of whoever sets them up, or changes them', async () => {
      const admin = await t.newUser(tenant.tenantId, ['admin']);
      const { access_token } = await t.signIn(admin.email);
      for (const changes of [{ role_map: { a: 'owner' } }, { default_roles: ['owner'] }]) {
        expect((await rest('POST', '/admin/oidc-providers', settings(changes), access_token)).status).toBe(
          403,
        );
      }
      const id = await newProvider({ role_map: { a: 'owner' }, roles_claim: 'groups' });
      const put = (body: object) => rest('PUT', `/admin/oidc-providers/${id}`, body, access_token);
      expect((await put({ issuer: 'https://mine.example', client_secret: 'x' })).status).toBe(403);
      expect((await put({ role_map: {} })).status).toBe(403);
      expect((await rest('DELETE', `/admin/oidc-providers/${id}`, undefined, access_token)).status).toBe(403);
    });

    it('do not send their secret to another issuer', async () => {
      const id = await newProvider();
      const answer = await rest('PUT', `/admin/oidc-providers/${id}`, { issuer: 'https://mine.example' });
      expect([answer.status, answer.body.error.details?.[0]?.field]).toEqual([400, 'client_secret']);
    });

    it('are not found by another tenant', async () => {
      const id = await newProvider();
      const other = await t.newTenant();
      for (const [method, body] of [['GET'], ['PUT', { name: 'x' }], ['DELETE']] as const) {
        const answer = await t.rest(method, `/admin/oidc-providers/${id}`, { token: other.adminToken, body });
        expect([answer.status, answer.body.message]).toEqual([404, `No OIDC provider ${id}`]);
      }
    });

    it('say when the provider cannot be reached', async () => {
      const id = await newProvider({ issuer: 'http://127.0.0.1:9' });
      expect((await t.rest('GET', `/auth/oidc/${id}/start`)).status).toBe(503);
    });
  });
});
