import { readFileSync } from 'node:fs';
import * as crypto from 'node:crypto';
import { type HttpReceiver, type Received, startHttpReceiver } from '../support/http-receiver.js';
import { type MailServer, startMailServer } from '../support/mail-server.js';
import {
  deliveriesOf,
  newChannel,
  NOTIFICATION_ENV,
  retryQuickly,
  sendNotice,
  settled,
} from '../support/notifications.js';
import { newBrowser, verifyVapid } from '../support/push-browser.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventuallyFound } from '../support/waiting.js';

/** Customer's code as docs/notifications.md prints it. */
const verify = (() => {
  const docs = readFileSync('docs/notifications.md', 'utf8');
  const [, code = ''] = /```js\n(function verify[\s\S]*?)```/.exec(docs) ?? [];
  // oxlint-disable-next-line no-new-func, typescript/no-implied-eval
  return new Function('crypto', `${code}; return verify;`)(crypto) as (
    secret: string,
    headers: Received['headers'],
    body: string,
  ) => boolean;
})();

const jsonOf = ({ body }: Received) =>
  JSON.parse(body.toString('utf8')) as { type: string; timestamp: string; data: Record<string, unknown> };

describe('notifications reach real receivers', () => {
  let t: TestApp;
  let tenant: TestTenant;
  let receiver: HttpReceiver;
  const mailServers: MailServer[] = [];

  const rest = (method: string, path: string, body?: unknown, token = tenant.adminToken) =>
    t.rest(method, path, { token, ...(body === undefined ? {} : { body }) });
  const self = () => tenant.caller.userId;
  const mailServer = async (...options: Parameters<typeof startMailServer>) => {
    const server = await startMailServer(...options);
    mailServers.push(server);
    return server;
  };

  beforeAll(async () => {
    t = await createTestApp({ env: NOTIFICATION_ENV });
  });
  beforeEach(async () => {
    tenant = await t.newTenant();
    receiver = await startHttpReceiver();
  });
  afterEach(async () => {
    await receiver?.close();
    await Promise.all(mailServers.splice(0).map((server) => server.close()));
  });
  afterAll(() => t?.close());

  describe('a webhook', () => {
    const webhook = (more: object = {}) =>
      newChannel(t, tenant, { kind: 'webhook', webhook: { url: `${receiver.url}/hook` }, ...more });

    it('gets signed JSON that a customer can verify with ten lines', async () => {
      const { signing_secret: secret } = await webhook();
      await sendNotice(t, tenant, {
        recipients: [self()],
        variables: { customer_name: 'Emma', expected_response_minutes: '5' },
        link: 'https://example.com/c/1',
        key: 'the-key',
      });
      const [delivery] = await settled(t, tenant);
      expect(delivery).toMatchObject({
        state: 'sent',
        attempts: 1,
        provider_status: 200,
        recipient_id: self(),
      });
      const [request] = receiver.requests;
      const body = request.body.toString('utf8');
      expect(request.headers['webhook-id']).toBe(delivery.id);
      expect(verify(secret as string, request.headers, body)).toBe(true);
      expect(jsonOf(request)).toMatchObject({
        type: 'new_customer',
        data: {
          delivery_id: delivery.id,
          key: 'the-key',
          title: 'New customer: Emma',
          link: 'https://example.com/c/1',
          recipient: { id: self(), email: tenant.caller.email },
          variables: { customer_name: 'Emma', expected_response_minutes: '5' },
        },
      });
      // What was changed on the way, or signed with another secret, or is old, is not ours.
      expect(verify(secret as string, request.headers, body.replace('Emma', 'Emmy'))).toBe(false);
      expect(verify('whsec_AAAA', request.headers, body)).toBe(false);
      const old = { ...request.headers, 'webhook-timestamp': String(Math.floor(Date.now() / 1000) - 3600) };
      expect(verify(secret as string, old, body)).toBe(false);
    });

    it('is signed with the old and the new secret while it is replaced, and then with the new one', async () => {
      const { id, signing_secret: old } = await webhook();
      const rotated = await rest('POST', `/admin/notification-channels/${id}/rotate-secret`, {
        overlap_hours: 1,
      });
      const next = rotated.body.data['signing_secret'] as string;
      const secrets = [old as string, next];
      const check = async () => {
        const { body: answer } = await rest('POST', `/admin/notification-channels/${id}/test`);
        expect(answer.data).toMatchObject({ ok: true, status: 200 });
        const request = receiver.requests.at(-1)!;
        return secrets.map((secret) => verify(secret, request.headers, request.body.toString('utf8')));
      };
      expect(await check()).toEqual([true, true]);
      await t.dataSource.query(
        `UPDATE notification_channels SET previous_secret_until = now() - interval '1 second' WHERE id = $1`,
        [id],
      );
      expect(await check()).toEqual([false, true]);
      await rest('POST', `/admin/notification-channels/${id}/rotate-secret`, { overlap_hours: 0 });
      expect(await check()).toEqual([false, false]);
    });

    it('that is down is tried again and gets it when it is back, under the same id', async () => {
      await retryQuickly(t, tenant, [1, 1, 1, 1, 1, 1]);
      await webhook();
      await receiver.fall();
      await sendNotice(t, tenant, { recipients: [self()] });
      const waiting = () => deliveriesOf(t, tenant, '&state=waiting');
      await eventuallyFound(async () => (await waiting()).find(({ attempts }) => attempts >= 2));
      const [between] = await waiting();
      expect(between.last_error).toBe('The receiver cannot be reached (ECONNREFUSED)');
      receiver.behaviour = 503;
      await receiver.rise();
      await eventuallyFound(() => Promise.resolve(receiver.requests[0]));
      receiver.behaviour = 204;
      const [delivery] = await settled(t, tenant);
      expect(delivery).toMatchObject({ state: 'sent', last_error: null, provider_status: 204 });
      const ids = receiver.requests.map(({ headers }) => headers['webhook-id']);
      expect(new Set(ids)).toEqual(new Set([delivery.id]));
      const bodies = receiver.requests.map(({ body }) => body.toString('utf8'));
      expect(new Set(bodies).size).toBe(1);
    });

    it.each([400, 401, 404, 410, 422])('that answers %i is wrong, and is not tried again', async (status) => {
      receiver.behaviour = status;
      await webhook();
      await sendNotice(t, tenant, { recipients: [self()] });
      const [delivery] = await settled(t, tenant);
      expect(delivery).toMatchObject({ state: 'failed', attempts: 1, provider_status: status });
      expect(delivery.last_error).toBe(`The receiver answered ${status}`);
    });

    it('that hangs, answers 429 or 5xx is tried as often as the plan says, and has then failed', async () => {
      await retryQuickly(t, tenant, [1, 1]);
      await webhook();
      receiver.behaviour = 'hang';
      await sendNotice(t, tenant, { recipients: [self()] });
      await eventuallyFound(() => Promise.resolve(receiver.requests[0]));
      receiver.behaviour = 429;
      await eventuallyFound(() => Promise.resolve(receiver.requests[1]));
      receiver.behaviour = 500;
      const [delivery] = await settled(t, tenant);
      expect(delivery).toMatchObject({ state: 'failed', attempts: 3, provider_status: 500 });
      expect(receiver.requests).toHaveLength(3);
    });

    it('is not led elsewhere by a redirect', async () => {
      const other = await startHttpReceiver();
      receiver.behaviour = { status: 307, location: `${other.url}/` };
      await webhook();
      await sendNotice(t, tenant, { recipients: [self()] });
      const [delivery] = await settled(t, tenant);
      expect(delivery).toMatchObject({ state: 'failed', provider_status: 307 });
      expect(other.requests).toEqual([]);
      await other.close();
    });

    it('of the team gets one message for all recipients', async () => {
      await webhook({ audience: 'team', language: 'zh' });
      const others = [
        await t.newUser(tenant.tenantId, ['consultant']),
        await t.newUser(tenant.tenantId, ['consultant']),
      ];
      expect(await sendNotice(t, tenant, { recipients: others.map(({ id }) => id) })).toEqual({
        deliveries: 1,
      });
      expect(await settled(t, tenant)).toMatchObject([{ state: 'sent', recipient_id: null }]);
      expect(jsonOf(receiver.requests[0]).data).toMatchObject({
        recipient: null,
        title: '新客户等待服务：Emma',
        language: 'zh',
      });
    });
  });

  describe('e-mail', () => {
    const account = { user: 'robot', password: 'open sesame' };
    const email = (server: MailServer, more: object = {}) => ({
      kind: 'email',
      email: {
        host: '127.0.0.1',
        port: server.port,
        security: 'none',
        from_address: 'robot@example.test',
        from_name: 'The Robot',
        ...more,
      },
    });

    it.each(['tls', 'starttls'] as const)('goes out over %s, signed in', async (security) => {
      const server = await mailServer({ security, account });
      await newChannel(t, tenant, email(server, { security, ca: server.ca, ...account, host: 'localhost' }));
      await sendNotice(t, tenant, {
        recipients: [self()],
        variables: { customer_name: 'Émma <b>', expected_response_minutes: '5' },
        link: 'https://example.com/c/1?a=1&b=2',
      });
      const [delivery] = await settled(t, tenant);
      expect(delivery).toMatchObject({ state: 'sent', provider_status: 250, last_error: null });
      const [mail] = server.mails;
      expect(mail).toMatchObject({ from: 'robot@example.test', to: [tenant.caller.email], isSecure: true });
      expect(mail.raw).toContain(`Message-ID: <${delivery.id}@example.test>`);
      const text = decodeQuoted(mail.raw);
      expect(text).toContain('Émma <b> ');
      expect(text).toContain('Émma &lt;b&gt; ');
      expect(text).toContain('<a href="https://example.com/c/1?a=1&amp;b=2">');
    });

    it('goes out in the clear, without a user, where that was asked for', async () => {
      const server = await mailServer({ security: 'none' });
      await newChannel(t, tenant, email(server));
      await sendNotice(t, tenant, { recipients: [self()] });
      await settled(t, tenant);
      expect(server.mails).toMatchObject([{ to: [tenant.caller.email], isSecure: false }]);
    });

    it('to the team goes to the addresses of the channel', async () => {
      const server = await mailServer({ security: 'none' });
      const to = ['one@example.test', 'two@example.test'];
      await newChannel(t, tenant, { ...email(server, { to }), audience: 'team' });
      await sendNotice(t, tenant, { recipients: [self()] });
      await settled(t, tenant);
      expect(server.mails.map((mail) => mail.to)).toEqual([to]);
    });

    it('sends no password to a server that does not encrypt, or that nobody vouches for', async () => {
      await retryQuickly(t, tenant, []);
      const plain = await mailServer({ security: 'none', account });
      const unknown = await mailServer({ security: 'starttls', account });
      const tries = [
        email(plain, { security: 'starttls', ...account }),
        email(unknown, { security: 'starttls', ...account }),
      ];
      for (const settings of tries) {
        const { id } = await newChannel(t, tenant, settings);
        const { body } = await rest('POST', `/admin/notification-channels/${id}/test`);
        expect(body.data).toMatchObject({ ok: false });
      }
      expect([...plain.mails, ...unknown.mails]).toEqual([]);
      expect([...plain.passwords, ...unknown.passwords]).toEqual([]);
    });

    it('through a server that never says a word ends in time, and may be tried again', async () => {
      receiver.behaviour = 'hang';
      const settings = {
        host: '127.0.0.1',
        port: receiver.port,
        security: 'none',
        from_address: 'a@example.test',
      };
      const { id } = await newChannel(t, tenant, { kind: 'email', email: settings });
      const { body } = await rest('POST', `/admin/notification-channels/${id}/test`);
      expect(body.data).toMatchObject({ ok: false, is_temporary: true, problem: 'No answer in time' });
    });

    it('with a wrong password has failed at once', async () => {
      const server = await mailServer({ security: 'starttls', account });
      const wrong = {
        security: 'starttls',
        ca: server.ca,
        user: 'robot',
        password: 'guess',
        host: 'localhost',
      };
      await newChannel(t, tenant, email(server, wrong));
      await sendNotice(t, tenant, { recipients: [self()] });
      expect(await settled(t, tenant)).toMatchObject([
        {
          state: 'failed',
          attempts: 1,
          provider_status: 535,
          last_error: 'The mail server refused the user or the password',
        },
      ]);
    });

    it('that is put off (450) is tried again; a refusal (550) is the end', async () => {
      await retryQuickly(t, tenant);
      const server = await mailServer({ security: 'none' });
      await newChannel(t, tenant, email(server));
      server.refusal = 450;
      await sendNotice(t, tenant, { recipients: [self()] });
      await eventuallyFound(async () =>
        (await deliveriesOf(t, tenant)).find(({ last_error: error }) => error !== null),
      );
      server.refusal = undefined;
      expect(await settled(t, tenant)).toMatchObject([{ state: 'sent' }]);
      server.refusal = 550;
      await sendNotice(t, tenant, { recipients: [self()] });
      const [last] = await settled(t, tenant);
      expect(last).toMatchObject({ state: 'failed', attempts: 1, provider_status: 550 });
      // What the server said held the address.
      expect(JSON.stringify(last)).not.toContain(tenant.caller.email);
    });

    it('has no header that somebody else wrote', async () => {
      const server = await mailServer({ security: 'none' });
      await newChannel(t, tenant, email(server));
      const evil = 'Emma\r\nBcc: victim@example.test\r\n\r\nBuy\u2028X-Evil: 1';
      await t.dataSource.query('UPDATE users SET display_name = $2 WHERE id = $1', [self(), evil]);
      await sendNotice(t, tenant, { recipients: [self()], variables: { customer_name: evil } });
      expect(await settled(t, tenant)).toMatchObject([{ state: 'sent' }]);
      const [mail] = server.mails;
      const headers = mail.raw.slice(0, mail.raw.indexOf('\r\n\r\n'));
      expect(headers).not.toMatch(/^(?:Bcc|X-Evil):/im);
      expect(mail.to).toEqual([tenant.caller.email]);
    });
  });

  describe('Web Push', () => {
    const webPush = () =>
      newChannel(t, tenant, { kind: 'web_push', web_push: { contact: 'ops@example.test' } });
    const subscribe = async (path = '/push/1') => {
      const browser = newBrowser(receiver.url + path);
      const answer = await rest('POST', '/notifications/push-subscriptions', browser.subscription);
      expect(answer.status).toBe(201);
      return { ...browser, id: answer.body.data.id };
    };

    it('sends what only the browser can open, from who it subscribed to', async () => {
      receiver.behaviour = 201;
      await webPush();
      const { body: key } = await rest('GET', '/notifications/push-key');
      const publicKey = key.data['public_key'] as string;
      const browser = await subscribe();
      await sendNotice(t, tenant, { recipients: [self()], link: 'https://example.com/c/1' });
      const [delivery] = await settled(t, tenant);
      expect(delivery).toMatchObject({ state: 'sent', provider_status: 201 });
      const [request] = receiver.requests;
      expect(request).toMatchObject({
        path: '/push/1',
        headers: { 'content-encoding': 'aes128gcm', ttl: '86400', urgency: 'normal' },
      });
      expect(browser.open(request)).toMatchObject({
        id: delivery.id,
        tag: delivery.id,
        kind: 'new_customer',
        title: 'New customer: Emma',
        link: 'https://example.com/c/1',
      });
      expect(() => newBrowser('x').open(request)).toThrow();
      expect(await verifyVapid(request, publicKey, receiver.url)).toMatchObject({
        sub: 'mailto:ops@example.test',
      });
      // The key of a tenant stays: its browsers know it.
      expect((await rest('GET', '/notifications/push-key')).body.data['public_key']).toBe(publicKey);
      const other = await t.newTenant();
      const { body: others } = await rest('GET', '/notifications/push-key', undefined, other.adminToken);
      expect(others.data['public_key']).not.toBe(publicKey);
    });

    it('cuts a long text to what a push service takes', async () => {
      receiver.behaviour = 201;
      await webPush();
      const browser = await subscribe();
      await sendNotice(t, tenant, {
        kind: 'admin_alert',
        recipients: [self()],
        variables: { title: '长'.repeat(300), detail: '"长\n"'.repeat(1000) },
      });
      expect(await settled(t, tenant)).toMatchObject([{ state: 'sent' }]);
      const [request] = receiver.requests;
      expect(request.body.length).toBeLessThanOrEqual(4096);
      expect(browser.open(request)['body']).toEqual(expect.stringMatching(/^"长\n"[\s\S]*…$/));
    });

    it.each([404, 410])('forgets a browser when its service answers %i', async (status) => {
      receiver.behaviour = status;
      await webPush();
      await subscribe();
      await sendNotice(t, tenant, { recipients: [self()] });
      expect(await settled(t, tenant)).toMatchObject([{ state: 'failed', provider_status: status }]);
      expect((await rest('GET', '/notifications/push-subscriptions')).items).toEqual([]);
      // Now nothing reaches the person any more.
      expect(await sendNotice(t, tenant, { recipients: [self()] })).toEqual({ deliveries: 0 });
      expect(await deliveriesOf(t, tenant, '&state=suppressed')).toMatchObject([
        { recipient_id: self(), reason: 'no_channel', channel_id: null },
      ]);
    });

    it('has told a person when one of their browsers took it', async () => {
      const gone = await startHttpReceiver();
      gone.behaviour = 410;
      receiver.behaviour = 201;
      await webPush();
      const browser = await subscribe();
      await rest('POST', '/notifications/push-subscriptions', newBrowser(`${gone.url}/x`).subscription);
      await sendNotice(t, tenant, { recipients: [self()] });
      expect(await settled(t, tenant)).toMatchObject([
        { state: 'sent', last_error: '1 of 2 browsers failed' },
      ]);
      expect((await rest('GET', '/notifications/push-subscriptions')).items.map(({ id }) => id)).toEqual([
        browser.id,
      ]);
      await gone.close();
    });

    it('tells a person whose oldest browser hangs by another one', async () => {
      const hanging = await startHttpReceiver();
      hanging.behaviour = 'hang';
      receiver.behaviour = 201;
      await webPush();
      await rest('POST', '/notifications/push-subscriptions', newBrowser(`${hanging.url}/x`).subscription);
      const browser = await subscribe();
      await sendNotice(t, tenant, { recipients: [self()] });
      expect(await settled(t, tenant)).toMatchObject([
        { state: 'sent', attempts: 1, provider_status: 201, last_error: '1 of 2 browsers failed' },
      ]);
      expect([hanging.requests.length, receiver.requests.length]).toEqual([1, 1]);
      expect(browser.open(receiver.requests[0])).toMatchObject({ kind: 'new_customer' });
      await hanging.close();
    });

    it('takes no key that lies on no curve', async () => {
      const { endpoint, keys } = newBrowser(`${receiver.url}/x`).subscription;
      const p256dh = Buffer.concat([Buffer.of(4), Buffer.alloc(64, 7)]).toString('base64url');
      const answer = await rest('POST', '/notifications/push-subscriptions', {
        endpoint,
        keys: { ...keys, p256dh },
      });
      expect([answer.status, answer.body.error.details?.[0]?.field]).toEqual([400, 'keys.p256dh']);
    });

    it('stops where the person unsubscribed, and only they can', async () => {
      await webPush();
      const { id } = await subscribe();
      const other = await t.newUser(tenant.tenantId, ['admin']);
      const { access_token: token } = await t.signIn(other.email);
      const path = `/notifications/push-subscriptions/${id}`;
      expect((await rest('DELETE', path, undefined, token)).status).toBe(404);
      expect((await rest('DELETE', path)).status).toBe(200);
      expect(await sendNotice(t, tenant, { recipients: [self()] })).toEqual({ deliveries: 0 });
    });
  });

  describe('a form service', () => {
    it('gets the fields it takes, at a URL with the token of the channel', async () => {
      await newChannel(t, tenant, {
        kind: 'form',
        audience: 'team',
        form: {
          url: `${receiver.url}/{token}.send`,
          token: 'IYUU/1 ?',
          success_field: 'errcode',
          success_value: '0',
        },
      });
      receiver.behaviour = { status: 200, body: '{"errcode":0,"errmsg":"ok"}' };
      await sendNotice(t, tenant, { recipients: [self()], variables: { customer_name: 'Émma & Co' } });
      expect(await settled(t, tenant)).toMatchObject([{ state: 'sent', provider_status: 200 }]);
      const [request] = receiver.requests;
      expect(request).toMatchObject({
        method: 'POST',
        path: '/IYUU%2F1%20%3F.send',
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      });
      const fields = new URLSearchParams(request.body.toString('utf8'));
      expect(fields.get('text')).toBe('New customer: Émma & Co');
      expect(fields.get('desp')).toContain('Émma & Co');
      receiver.behaviour = { status: 200, body: '{"errcode":40001,"errmsg":"no such token"}' };
      await sendNotice(t, tenant, { recipients: [self()] });
      expect((await settled(t, tenant))[0]).toMatchObject({
        state: 'failed',
        attempts: 1,
        provider_status: 200,
      });
    });

    it('of each person gets their own token, and fields as they were configured', async () => {
      const { id } = await newChannel(t, tenant, {
        kind: 'form',
        form: { url: `${receiver.url}/send?key={token}`, fields: { msg: '[{{id}}] {{title}}', k: 'v' } },
      });
      expect(await sendNotice(t, tenant, { recipients: [self()] })).toEqual({ deliveries: 0 });
      const own = await rest('PUT', `/notifications/channels/${id}`, { token: 'mine' });
      expect(own.body.data).toEqual({
        id,
        name: expect.any(String) as string,
        kind: 'form',
        enabled: true,
        takes_token: true,
        has_token: true,
        reaches_you: true,
      });
      await sendNotice(t, tenant, { recipients: [self()] });
      const [delivery] = await settled(t, tenant);
      expect(delivery).toMatchObject({ state: 'sent' });
      expect(receiver.requests[0].path).toBe('/send?key=mine');
      expect(Object.fromEntries(new URLSearchParams(receiver.requests[0].body.toString('utf8')))).toEqual({
        msg: `[${delivery.id}] New customer: Emma`,
        k: 'v',
      });
    });
  });
});

function decodeQuoted(raw: string): string {
  const bytes = raw
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
