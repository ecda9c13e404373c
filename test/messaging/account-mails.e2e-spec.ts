import { User } from '../../src/access/user.entity.js';
import { type MailServer, startMailServer } from '../support/mail-server.js';
import { newChannel, NOTIFICATION_ENV } from '../support/notifications.js';
import { createTestApp, TEST_PASSWORD, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

const NEW_PASSWORD = 'wolke regen tasse neun';
const PAGE = 'https://example.test/account';

describe('mails about accounts', () => {
  let t: TestApp;
  let tenant: TestTenant;
  let mail: MailServer;
  let made = 0;

  beforeAll(async () => {
    t = await createTestApp({ env: { ...NOTIFICATION_ENV, ACCOUNT_PAGE_URL: PAGE } });
    mail = await startMailServer({ security: 'none' });
  });
  afterAll(async () => {
    await mail?.close();
    await t?.close();
  });
  beforeEach(async () => {
    tenant = await t.newTenant();
    mail.mails.length = 0;
    mail.refusal = undefined;
  });

  const setUpMail = (more: object = {}) =>
    newChannel(t, tenant, {
      kind: 'email',
      ...more,
      email: { host: '127.0.0.1', port: mail.port, security: 'none', from_address: 'us@example.test' },
    });
  const openRegistration = (more: object = {}) =>
    t.rest('PUT', '/admin/sign-in-settings', {
      token: tenant.adminToken,
      body: { registration: 'open', ...more },
    });
  const newAddress = () => `person-${(made += 1)}@example.test`;
  const register = (email: string) =>
    t.rest('POST', '/auth/register', {
      body: { tenant: tenant.tenantName, email, password: TEST_PASSWORD, display_name: 'Emma Stone' },
    });
  const login = async (email: string, password = TEST_PASSWORD) =>
    (await t.rest('POST', '/auth/login', { body: { email, password } })).status;
  const verify = async (token: string) =>
    (await t.rest('POST', '/auth/register/verify', { body: { token } })).status;
  const events = async (kind: string) =>
    (
      await t.dataSource.query('SELECT FROM domain_events WHERE tenant_id = $1 AND kind = $2', [
        tenant.tenantId,
        kind,
      ])
    ).length as number;
  const jobsAreDone = (kind: string) =>
    eventually(async () => {
      const rows = await t.dataSource.query<{ state: string }[]>(
        'SELECT state FROM jobs WHERE tenant_id = $1 AND kind = $2',
        [tenant.tenantId, kind],
      );
      return rows.length > 0 && rows.every(({ state }) => state === 'done');
    });
  /** The token of the newest mail to an address, from its link. */
  const tokenFor = async (email: string, purpose: string, count = 1) => {
    const found = () => mail.mails.filter(({ to }) => to.includes(email));
    await eventually(() => found().length >= count);
    const text = found().at(-1)!.raw.replaceAll('=\r\n', '').replaceAll('=3D', '=');
    return new RegExp(`${PAGE}#${purpose}=([\\w-]{43})`).exec(text)![1];
  };

  describe('for a new password', () => {
    it('go to who forgot theirs, with a token that works once and ends with any new password', async () => {
      await setUpMail();
      const user = await t.newUser(tenant.tenantId, ['customer']);
      const forget = () => t.rest('POST', '/auth/password/forgot', { body: { email: user.email } });
      await forget();
      const token = await tokenFor(user.email, 'password_reset');
      const reset = (one: string, new_password: string) =>
        t.rest('POST', '/auth/password/reset', { body: { token: one, new_password } });
      expect((await reset(token, NEW_PASSWORD)).status).toBe(200);
      expect((await reset(token, NEW_PASSWORD)).status).toBe(401);
      expect(await login(user.email, NEW_PASSWORD)).toBe(200);
      await t.dataSource.query(`UPDATE domain_events SET created_at = now() - interval '1 hour'`);
      await forget();
      const unused = await tokenFor(user.email, 'password_reset', 2);
      const body = { email: user.email, password: NEW_PASSWORD };
      const { access_token } = (await t.rest('POST', '/auth/login', { body })).body.data as never as {
        access_token: string;
      };
      const change = { old_password: NEW_PASSWORD, new_password: 'birke schnee lampe acht' };
      expect((await t.rest('POST', '/auth/password', { token: access_token, body: change })).status).toBe(
        200,
      );
      expect((await reset(unused, 'stein nebel gabel zwei')).status).toBe(401);
    });

    it('are sent again when the mail server did not take them, and hold no token that works no more', async () => {
      await setUpMail();
      mail.refusal = 451;
      const user = await t.newUser(tenant.tenantId, ['customer']);
      await t.rest('POST', '/auth/password/forgot', { body: { email: user.email } });
      await eventually(async () => {
        const [job] = await t.dataSource.query(
          'SELECT attempts FROM jobs WHERE tenant_id = $1 AND kind = $2',
          [tenant.tenantId, 'accounts.mail_password_reset'],
        );
        return job?.attempts === 1;
      });
      mail.refusal = undefined;
      await t.dataSource.query('UPDATE jobs SET run_at = now() WHERE tenant_id = $1', [tenant.tenantId]);
      const token = await tokenFor(user.email, 'password_reset');
      const body = { token, new_password: NEW_PASSWORD };
      expect((await t.rest('POST', '/auth/password/reset', { body })).status).toBe(200);
    });

    it('leave no token in the database, and none is sent where there is no mail', async () => {
      const user = await t.newUser(tenant.tenantId, ['customer']);
      await t.rest('POST', '/auth/password/forgot', { body: { email: user.email } });
      await jobsAreDone('accounts.mail_password_reset');
      expect(mail.mails).toEqual([]);
      await setUpMail();
      await t.dataSource.query(`UPDATE domain_events SET created_at = now() - interval '1 hour'`);
      await t.rest('POST', '/auth/password/forgot', { body: { email: user.email } });
      const token = await tokenFor(user.email, 'password_reset');
      for (const table of ['notices', 'jobs', 'job_steps', 'notification_deliveries', 'domain_events']) {
        const rows = await t.dataSource.query(`SELECT t::text AS row FROM "${table}" t`);
        expect([table, JSON.stringify(rows).includes(token)]).toEqual([table, false]);
      }
    });
  });

  describe('for a new address', () => {
    it('come before the account counts: nobody signs in and nobody is greeted until it is proven', async () => {
      await setUpMail();
      await openRegistration();
      const email = newAddress();
      const answer = await register(email);
      expect(answer).toMatchObject({ status: 201, body: { data: { email, verified: false } } });
      const token = await tokenFor(email, 'address');
      expect([await login(email), await events('user.registered')]).toEqual([401, 0]);
      expect(await verify(`${token}x`)).toBe(401);
      expect(await verify(token)).toBe(200);
      expect(await verify(token)).toBe(401);
      expect([await login(email), await events('user.registered')]).toEqual([200, 1]);
    });

    it('keep no address from its owner: who registers with it next takes the place of who did not prove it', async () => {
      await setUpMail();
      await openRegistration();
      const email = newAddress();
      await register(email);
      const first = await tokenFor(email, 'address');
      expect((await register(email)).status).toBe(201);
      const second = await tokenFor(email, 'address', 2);
      expect([await verify(first), await verify(second)]).toEqual([401, 200]);
    });

    it('are not needed without mail, when the tenant wants none, or when an administrator vouches', async () => {
      await openRegistration();
      const plain = newAddress();
      expect((await register(plain)).body.data).toMatchObject({ verified: true });
      expect(await login(plain)).toBe(200);
      await setUpMail({ notice_kinds: ['admin_alert'] }); // not for this
      expect((await register(newAddress())).body.data).toMatchObject({ verified: true });
      await setUpMail();
      const vouched = newAddress();
      const { id } = (await register(vouched)).body.data;
      await t.rest('PUT', `/admin/users/${id}`, { token: tenant.adminToken, body: { enabled: true } });
      const user = await t.dataSource.getRepository(User).findOneByOrFail({ id });
      expect([await login(vouched), user.unverifiedSince]).toEqual([200, null]);
      await openRegistration({ verify_addresses: false });
      expect((await register(newAddress())).body.data).toMatchObject({ verified: true });
    });

    it('open nothing that an administrator has disabled before it was proven', async () => {
      await setUpMail();
      await openRegistration();
      const email = newAddress();
      const { id } = (await register(email)).body.data;
      const token = await tokenFor(email, 'address');
      await t.rest('PUT', `/admin/users/${id}`, { token: tenant.adminToken, body: { enabled: false } });
      expect([await verify(token), await login(email)]).toEqual([401, 401]);
      await register(email);
      expect(await t.dataSource.getRepository(User).findOneByOrFail({ id })).toMatchObject({
        enabled: false,
      });
    });

    it('tell nobody whether an address is taken: its owner gets a mail, and the answer is the same', async () => {
      await setUpMail();
      await openRegistration();
      const email = newAddress();
      const first = await register(email);
      await verify(await tokenFor(email, 'address'));
      const again = await register(email);
      expect([again.status, Object.keys(again.body.data)]).toEqual([201, Object.keys(first.body.data)]);
      expect(again.body.data).toMatchObject({ email, verified: false });
      expect(again.body.data.id).not.toBe(first.body.data.id);
      expect(await tokenFor(email, 'password_reset', 2)).toMatch(/./);
      expect(await login(email)).toBe(200);
    });

    it('are few for one address, whoever registers with it and from where', async () => {
      await setUpMail();
      await openRegistration();
      const email = newAddress();
      const statuses: number[] = [];
      for (let count = 0; count < 4; count++) statuses.push((await register(email)).status);
      expect(statuses).toEqual([201, 201, 201, 429]);
      expect((await register(newAddress())).status).toBe(201);
    });

    it('count no more once an administrator has disabled the account', async () => {
      await setUpMail();
      await openRegistration();
      const email = newAddress();
      const { id } = (await register(email)).body.data;
      const token = await tokenFor(email, 'address');
      await t.rest('PUT', `/admin/users/${id}`, { token: tenant.adminToken, body: { enabled: true } });
      await t.rest('PUT', `/admin/users/${id}`, { token: tenant.adminToken, body: { enabled: false } });
      expect([await verify(token), await login(email)]).toEqual([401, 401]);
    });
  });
});
