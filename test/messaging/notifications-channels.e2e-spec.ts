import { type HttpReceiver, startHttpReceiver } from '../support/http-receiver.js';
import { startMailServer } from '../support/mail-server.js';
import { newChannel, NOTIFICATION_ENV, sendNotice, settled } from '../support/notifications.js';
import { newBrowser } from '../support/push-browser.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';

const EMAIL = { host: 'smtp.example.com', port: 587, security: 'starttls', from_address: 'a@example.test' };

describe('the REST API of notification channels', () => {
  let t: TestApp;
  let tenant: TestTenant;

  const rest = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    t.rest(method, path, { token: tenant.adminToken, headers, ...(body === undefined ? {} : { body }) });
  const create = (body: object) => rest('POST', '/admin/notification-channels', { name: 'x', ...body });

  beforeAll(async () => {
    t = await createTestApp({ env: NOTIFICATION_ENV });
  });
  beforeEach(async () => {
    tenant = await t.newTenant();
  });
  afterAll(() => t?.close());

  it('sets up, shows, changes and removes a channel, and keeps a record of it', async () => {
    const made = await create({
      kind: 'email',
      name: 'Mail',
      language: 'zh',
      notice_kinds: ['admin_alert'],
      email: { ...EMAIL, user: 'u', password: 'very secret' },
    });
    expect(made).toMatchObject({
      status: 201,
      body: {
        effective_immediately: true,
        data: {
          name: 'Mail',
          audience: 'each',
          language: 'zh',
          has_secret: true,
          signing_secret: null,
          version: 1,
        },
      },
    });
    const path = `/admin/notification-channels/${made.body.data.id}`;
    const read = await rest('GET', path);
    expect(read.body.data).toMatchObject({ email: { ...EMAIL, user: 'u' }, webhook: null, form: null });
    const ifMatch = { 'if-match': read.headers.get('etag') ?? '' };
    expect((await rest('PUT', path, { name: 'Post' }, ifMatch)).body.data).toMatchObject({
      name: 'Post',
      version: 2,
    });
    expect((await rest('PUT', path, { name: 'Late' }, ifMatch)).status).toBe(412);
    expect((await rest('DELETE', path, undefined, ifMatch)).status).toBe(412);
    expect((await rest('DELETE', path)).status).toBe(200);
    expect((await rest('GET', path)).status).toBe(404);
    const audit = await rest('GET', '/admin/audit-logs?limit=50');
    const actions = audit.items.map(({ action }) => action);
    for (const verb of ['create', 'update', 'delete'])
      expect(actions).toContain(`notification_channel.${verb}`);
  });

  it('never shows a secret again, and keeps it encrypted', async () => {
    const secrets = ['very secret password', 'very-secret-token'];
    const mail = await create({
      kind: 'email',
      name: '1',
      email: { ...EMAIL, user: 'u', password: secrets[0] },
    });
    const form = await create({
      kind: 'form',
      name: '2',
      audience: 'team',
      form: { url: 'https://push.example.com/{token}', token: secrets[1] },
    });
    const hook = await create({ kind: 'webhook', name: '3', webhook: { url: 'https://example.com' } });
    secrets.push(hook.body.data['signing_secret'] as string);
    expect(secrets[2]).toEqual(expect.stringMatching(/^whsec_[\w+/]{43}=$/));
    await rest('PUT', `/admin/notification-channels/${mail.body.data.id}`, {
      email: { ...EMAIL, user: 'u' },
    });
    const shown = JSON.stringify([
      mail.body,
      form.body,
      (await rest('GET', '/admin/notification-channels')).items,
      (await rest('GET', '/admin/audit-logs?limit=200')).items,
      await t.dataSource.query('SELECT name, settings FROM notification_channels'),
    ]);
    const stored = await t.dataSource.query<{ ciphertext: Buffer }[]>(
      'SELECT ciphertext FROM notification_channels WHERE tenant_id = $1',
      [tenant.tenantId],
    );
    expect(stored).toHaveLength(3);
    for (const secret of secrets) {
      expect(shown).not.toContain(secret);
      for (const { ciphertext } of stored) expect(ciphertext.includes(secret)).toBe(false);
    }
  });

  it("forgets colleagues' own tokens when it moves to another server, and keeps them otherwise", async () => {
    const form = { url: 'https://push.example.com/{token}' };
    const { body } = await create({ kind: 'form', form });
    const own = `/notifications/channels/${body.data.id}`;
    expect((await rest('PUT', own, { token: 'my own token' })).body.data).toMatchObject({ has_token: true });
    const path = `/admin/notification-channels/${body.data.id}`;
    const hasToken = async () =>
      (await rest('GET', '/notifications/channels')).items.find(({ id }) => id === body.data.id)?.[
        'has_token'
      ];
    expect((await rest('PUT', path, { form: { url: 'https://push.example.com/send/{token}' } })).status).toBe(
      200,
    );
    expect(await hasToken()).toBe(true);
    expect((await rest('PUT', path, { form: { url: 'https://evil.example.com/{token}' } })).status).toBe(200);
    expect(await hasToken()).toBe(false);
  });

  it('takes no secret along to another server', async () => {
    const { body } = await create({ kind: 'email', email: { ...EMAIL, user: 'u', password: 'secret' } });
    const path = `/admin/notification-channels/${body.data.id}`;
    const moved = { ...EMAIL, user: 'u', host: 'evil.example.com' };
    const refused = await rest('PUT', path, { email: moved });
    expect(refused.body.error.details).toMatchObject([{ field: 'email.password' }]);
    const open = await rest('PUT', path, { email: { ...EMAIL, security: 'none' } });
    expect(open.body.error.details).toMatchObject([{ field: 'email.password' }]);
    expect((await rest('PUT', path, { email: { ...moved, password: 'another' } })).status).toBe(200);
    const form = await create({
      kind: 'form',
      name: 'f',
      audience: 'team',
      form: { url: 'https://push.example.com/{token}', token: 'tok' },
    });
    const formPath = `/admin/notification-channels/${form.body.data.id}`;
    const away = await rest('PUT', formPath, { form: { url: 'https://evil.example.com/{token}' } });
    expect(away.body.error.details).toMatchObject([{ field: 'form.token' }]);
    expect(
      (await rest('PUT', formPath, { form: { url: 'https://push.example.com/v2/{token}' } })).status,
    ).toBe(200);
  });

  it.each([
    [{ kind: 'pigeon' }, 'kind'],
    [{ kind: 'webhook' }, 'webhook'],
    [{ kind: 'webhook', webhook: { url: 'ftp://example.com' } }, 'webhook.url'],
    [{ kind: 'webhook', webhook: { url: 'https://example.com', secret: 'mine' } }, 'webhook.secret'],
    [{ kind: 'webhook', webhook: { url: 'https://example.com' }, email: EMAIL }, 'email'],
    [{ kind: 'email', email: { ...EMAIL, host: 'x\r\nDATA' } }, 'email.host'],
    [
      { kind: 'email', email: { ...EMAIL, from_address: 'a@example.test\r\nBcc: b@example.test' } },
      'email.from_address',
    ],
    [{ kind: 'email', email: { ...EMAIL, from_name: 'A\nB' } }, 'email.from_name'],
    [{ kind: 'email', email: { ...EMAIL, port: 0 } }, 'email.port'],
    [{ kind: 'email', audience: 'team', email: EMAIL }, 'email.to'],
    [{ kind: 'email', email: { ...EMAIL, security: 'none', user: 'u', password: 'p' } }, 'email.user'],
    [{ kind: 'web_push', audience: 'team', web_push: { contact: 'a@example.test' } }, 'audience'],
    [{ kind: 'form', form: { url: 'https://{token}.example.com/' } }, 'form.url'],
    [{ kind: 'form', form: { url: 'https://example.com/' } }, 'form.url'],
    [{ kind: 'form', audience: 'team', form: { url: 'https://example.com/{token}' } }, 'form.token'],
    [{ kind: 'form', form: { url: 'https://example.com/{token}', fields: { a: 1 } } }, 'form.fields'],
    [{ kind: 'webhook', webhook: { url: 'https://example.com' }, notice_kinds: ['gossip'] }, 'notice_kinds'],
  ])('refuses %j and names the field', async (body, field) => {
    const answer = await create(body);
    expect(answer.status).toBe(400);
    expect(answer.body.error.details?.map((problem) => problem.field)).toContain(field);
  });

  it('is for those who may: an operator reads, a consultant does not', async () => {
    const operator = await t.newUser(tenant.tenantId, ['operator']);
    const consultant = await t.newUser(tenant.tenantId, ['consultant']);
    const as = async (email: string, method: string, path: string, body?: object) => {
      const { access_token: token } = await t.signIn(email);
      return (await t.rest(method, path, { token, ...(body && { body }) })).status;
    };
    const hook = { name: 'h', kind: 'webhook', webhook: { url: 'https://example.com' } };
    expect(await as(operator.email, 'GET', '/admin/notification-channels')).toBe(200);
    expect(await as(operator.email, 'POST', '/admin/notification-channels', hook)).toBe(403);
    expect(await as(consultant.email, 'GET', '/admin/notification-channels')).toBe(403);
    expect(await as(consultant.email, 'GET', '/notifications/channels')).toBe(200);
    expect(await as(consultant.email, 'GET', '/notifications/preferences')).toBe(200);
  });

  it('has room for 20 channels of a tenant, under different names', async () => {
    for (let made = 0; made < 20; made++)
      await newChannel(t, tenant, { kind: 'webhook', webhook: { url: 'https://example.com' } });
    const { items } = await rest('GET', '/admin/notification-channels');
    const last = await create({ kind: 'webhook', webhook: { url: 'https://example.com' } });
    expect(last.status).toBe(409);
    await rest('DELETE', `/admin/notification-channels/${items[0].id}`);
    const taken = await create({
      kind: 'webhook',
      name: items[1]['name'],
      webhook: { url: 'https://example.com' },
    });
    expect(taken).toMatchObject({ status: 409, body: { error: { details: [{ field: 'name' }] } } });
  });

  describe('of the own person', () => {
    it('keeps language, time zone and quiet hours', async () => {
      const path = '/notifications/preferences';
      const before = await rest('GET', path);
      expect(before.body.data).toEqual({ language: null, time_zone: 'UTC', quiet_hours: null, version: 0 });
      const body = {
        language: 'zh',
        time_zone: 'Asia/Shanghai',
        quiet_hours: { from: '22:00', to: '07:00', days: [7, 1] },
      };
      const set = await rest('PUT', path, body, { 'if-match': before.headers.get('etag') ?? '' });
      expect(set.body.data).toEqual({
        ...body,
        quiet_hours: { ...body.quiet_hours, days: [1, 7] },
        version: 1,
      });
      expect((await rest('PUT', path, { language: null }, { 'if-match': '"0"' })).status).toBe(412);
      const kept = await rest('PUT', path, { quiet_hours: null, language: null });
      expect(kept.body.data).toEqual({
        language: null,
        time_zone: 'Asia/Shanghai',
        quiet_hours: null,
        version: 2,
      });
    });

    it.each([
      [{ time_zone: 'Moon/Crater' }, 'time_zone'],
      [{ quiet_hours: { from: '24:00', to: '07:00' } }, 'quiet_hours.from'],
      [{ quiet_hours: { from: '07:00', to: '07:00' } }, 'quiet_hours.to'],
      [{ quiet_hours: { from: '22:00', to: '07:00', days: [8] } }, 'quiet_hours.days'],
      [{ language: 'fr' }, 'language'],
    ])('refuses %j and names the field', async (body, field) => {
      const answer = await rest('PUT', '/notifications/preferences', body);
      expect([answer.status, answer.body.error.details?.[0]?.field]).toEqual([400, field]);
    });
  });
});

describe('an installation that allows no private networks', () => {
  let t: TestApp;
  let tenant: TestTenant;
  let receiver: HttpReceiver;

  beforeAll(async () => {
    t = await createTestApp({ env: { NOTIFICATION_TIMEOUT_MS: '2000' } });
    tenant = await t.newTenant();
    receiver = await startHttpReceiver();
  });
  afterAll(async () => {
    await receiver?.close();
    await t?.close();
  });

  const create = (body: object) =>
    t.rest('POST', '/admin/notification-channels', {
      token: tenant.adminToken,
      body: { name: JSON.stringify(body).slice(0, 100), ...body },
    });

  it.each([
    [{ kind: 'webhook', webhook: { url: 'http://127.0.0.1:1/' } }, 'webhook.url'],
    [{ kind: 'webhook', webhook: { url: 'http://[::ffff:10.0.0.1]/' } }, 'webhook.url'],
    [{ kind: 'webhook', webhook: { url: 'http://169.254.169.254/latest/meta-data' } }, 'webhook.url'],
    [{ kind: 'email', email: { ...EMAIL, host: '10.0.0.1' } }, 'email.host'],
    [{ kind: 'form', form: { url: 'http://0x7f.1/{token}' } }, 'form.url'],
  ])('refuses %j', async (body, field) => {
    const answer = await create(body);
    expect([answer.status, answer.body.error.details?.[0]?.field]).toEqual([400, field]);
  });

  it('does not follow a name that leads into one, at each connection', async () => {
    const url = `http://localhost:${receiver.port}`;
    const mail = await startMailServer({ security: 'none' });
    const channels = [
      await create({ kind: 'webhook', webhook: { url } }),
      await create({ kind: 'form', audience: 'team', form: { url } }),
      await create({
        kind: 'email',
        email: { ...EMAIL, security: 'none', host: 'localhost', port: mail.port },
      }),
    ];
    for (const { status, body } of channels) {
      expect(status).toBe(201);
      const path = `/admin/notification-channels/${body.data.id}/test`;
      const tested = await t.rest('POST', path, { token: tenant.adminToken });
      expect(tested.body.data).toMatchObject({
        ok: false,
        is_temporary: false,
        problem: expect.stringContaining('NOTIFICATION_PRIVATE_NETWORKS') as string,
      });
    }
    await sendNotice(t, tenant, { recipients: [tenant.caller.userId] });
    const deliveries = await settled(t, tenant);
    expect(deliveries.map(({ state, attempts }) => [state, attempts])).toEqual(
      deliveries.map(() => ['failed', 1]),
    );
    expect(deliveries).toHaveLength(3);
    expect([receiver.requests, mail.mails]).toEqual([[], []]);
    await mail.close();
  });

  it('takes no browser whose push service lies in one, or without https', async () => {
    for (const endpoint of ['https://127.0.0.1/x', 'http://push.example.com/x']) {
      const { subscription: body } = newBrowser(endpoint);
      const answer = await t.rest('POST', '/notifications/push-subscriptions', {
        token: tenant.adminToken,
        body,
      });
      expect([answer.status, answer.body.error.details?.[0]?.field]).toEqual([400, 'endpoint']);
    }
  });
});
