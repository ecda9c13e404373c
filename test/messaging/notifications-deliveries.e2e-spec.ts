import { DataSource } from 'typeorm';
import { v7 as newId } from 'uuid';
import { inTenant } from '../../src/platform/request-scope.js';
import { AdminAlerts, type AlertToRaise } from '../../src/messaging/alerts/admin-alerts.js';
import { Jobs } from '../../src/jobs/jobs.js';
import { Clock } from '../../src/messaging/notices/clock.js';
import { Notifications } from '../../src/messaging/notices/notifications.js';
import { type HttpReceiver, startHttpReceiver } from '../support/http-receiver.js';
import {
  deliveriesOf,
  newChannel,
  NOTIFICATION_ENV,
  retryQuickly,
  sendNotice,
  settled,
} from '../support/notifications.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually, eventuallyFound } from '../support/waiting.js';

describe('deliveries', () => {
  let t: TestApp;
  let tenant: TestTenant;
  let receiver: HttpReceiver;

  const rest = (method: string, path: string, body?: unknown, token = tenant.adminToken) =>
    t.rest(method, path, { token, ...(body === undefined ? {} : { body }) });
  const self = () => tenant.caller.userId;
  const webhook = (more: object = {}) =>
    newChannel(t, tenant, { kind: 'webhook', webhook: { url: receiver.url }, ...more });
  const setClock = (time: string) => {
    t.app.get(Clock, { strict: false }).now = () => new Date(time);
  };
  const quiet = { time_zone: 'Asia/Shanghai', quiet_hours: { from: '22:00', to: '07:00' } };
  const notifications = () => t.app.get(Notifications, { strict: false });
  const withdraw = (keyPrefix: string, tenantId = tenant.tenantId) =>
    inTenant(tenantId, () =>
      t.app
        .get(DataSource)
        .transaction((manager) => notifications().withdraw(manager, { tenantId, keyPrefix })),
    );
  const noOpenJobs = () =>
    eventually(async () => {
      const open = `SELECT FROM jobs WHERE tenant_id = $1 AND state IN ('queued', 'running')`;
      return (await t.dataSource.query<unknown[]>(open, [tenant.tenantId])).length === 0;
    });
  const keysSent = () =>
    receiver.requests.map(({ body }) => (JSON.parse(body.toString()) as { data: { key: string } }).data.key);

  beforeAll(async () => {
    t = await createTestApp({ env: NOTIFICATION_ENV });
  });
  beforeEach(async () => {
    tenant = await t.newTenant();
    receiver = await startHttpReceiver();
  });
  afterEach(async () => {
    t.app.get(Clock, { strict: false }).now = () => new Date();
    await receiver?.close();
  });
  afterAll(() => t?.close());

  describe('of a notice', () => {
    it('are made once for each key, recipient and channel', async () => {
      await webhook();
      await webhook({ notice_kinds: ['admin_alert'] }); // does not apply
      const off = await webhook();
      await rest('PUT', `/admin/notification-channels/${off.id}`, { enabled: false });
      const other = await t.newUser(tenant.tenantId, ['consultant']);
      const notice = { key: 'once', recipients: [self(), self()] };
      expect(await sendNotice(t, tenant, notice)).toEqual({ deliveries: 1 });
      expect(await sendNotice(t, tenant, notice)).toEqual({ deliveries: 0 });
      // Another recipient of the same notice is told; the first one not again.
      expect(await sendNotice(t, tenant, { ...notice, recipients: [self(), other.id] })).toEqual({
        deliveries: 1,
      });
      const told = (await settled(t, tenant)).map(({ recipient_id: id }) => id);
      expect([told.length, new Set(told)]).toEqual([2, new Set([self(), other.id])]);
      expect(receiver.requests).toHaveLength(2);
    });

    it('are made with as many statements for many as for one', async () => {
      for (const _ of [1, 2, 3]) await webhook();
      const recipients = [self()];
      for (const _ of [1, 2, 3, 4]) recipients.push((await t.newUser(tenant.tenantId, ['consultant'])).id);
      const statementsOf = (key: string, to: readonly string[]) =>
        inTenant(tenant.tenantId, () =>
          t.app.get(DataSource).transaction(async (manager) => {
            const { tenantId } = tenant;
            const statements = jest.spyOn(manager.queryRunner!, 'query');
            const notice = { tenantId, kind: 'test', recipients: to, variables: {}, key } as const;
            const { deliveries } = await notifications().send(manager, notice);
            const counted = { deliveries, statements: statements.mock.calls.length };
            statements.mockRestore();
            return counted;
          }),
        );
      const one = await statementsOf('one', [self()]);
      expect(one).toEqual({ deliveries: 3, statements: expect.any(Number) as number });
      expect(one.statements).toBeGreaterThan(3);
      expect(await statementsOf('many', recipients)).toEqual({ deliveries: 15, statements: one.statements });
      const all = await settled(t, tenant);
      expect(all.map(({ state }) => state)).toEqual(Array.from({ length: 18 }, () => 'sent'));
      expect(receiver.requests).toHaveLength(18);
    });

    it('are made once by senders that come at the same moment', async () => {
      await webhook();
      const sends = Array.from({ length: 4 }, () =>
        sendNotice(t, tenant, { key: 'same', recipients: [self()] }),
      );
      const made = await Promise.all(sends);
      expect(made.reduce((sum, { deliveries }) => sum + deliveries, 0)).toBe(1);
      expect(await settled(t, tenant)).toHaveLength(1);
    });

    it('are not there when the transaction of the sender is rolled back', async () => {
      await webhook();
      const rolledBack = inTenant(tenant.tenantId, () =>
        t.app.get(DataSource).transaction(async (manager) => {
          const notice = {
            tenantId: tenant.tenantId,
            kind: 'test',
            recipients: [self()],
            variables: {},
            key: 'gone',
          } as const;
          await notifications().send(manager, notice);
          throw new Error('after all not');
        }),
      );
      await expect(rolledBack).rejects.toThrow('after all not');
      await sendNotice(t, tenant, { key: 'stays', recipients: [self()] });
      expect(await settled(t, tenant)).toMatchObject([{ notice_key: 'stays' }]);
      expect(keysSent()).toEqual(['stays']);
    });

    it('pass over people who are disabled, of another tenant, or not there', async () => {
      await webhook();
      const disabled = await t.newUser(tenant.tenantId, ['consultant']);
      await t.dataSource.query('UPDATE users SET enabled = false WHERE id = $1', [disabled.id]);
      const foreign = await t.newTenant();
      const recipients = [disabled.id, foreign.caller.userId, newId()];
      expect(await sendNotice(t, tenant, { recipients })).toEqual({ deliveries: 0 });
      expect(await deliveriesOf(t, tenant)).toEqual([]);
      expect(await deliveriesOf(t, foreign)).toEqual([]);
    });

    it('show a person whom nothing reaches', async () => {
      const { id } = await webhook();
      await rest('PUT', `/notifications/channels/${id}`, { enabled: false });
      expect(await sendNotice(t, tenant, { recipients: [self()] })).toEqual({ deliveries: 0 });
      expect(await deliveriesOf(t, tenant)).toMatchObject([
        { state: 'suppressed', reason: 'no_channel', recipient_id: self(), channel_id: null, attempts: 0 },
      ]);
    });

    it.each([
      [{ key: '' }, 'key'],
      [{ key: 'x'.repeat(201) }, 'key'],
      [{ kind: 'gossip' as never }, 'gossip'],
      [{ link: 'javascript:alert(1)' }, 'link'],
    ])('are refused when it is %j', async (wrong, said) => {
      await expect(sendNotice(t, tenant, { recipients: [self()], ...wrong })).rejects.toThrow(said);
    });
  });

  describe('that are on their way', () => {
    it('are suppressed when the channel is removed or turned off meanwhile', async () => {
      receiver.behaviour = 503;
      const made = [await webhook(), await webhook(), await webhook()];
      await sendNotice(t, tenant, { recipients: [self()] });
      await eventually(async () =>
        (await deliveriesOf(t, tenant)).every(({ last_error: error }) => error !== null),
      );
      await rest('DELETE', `/admin/notification-channels/${made[0].id}`);
      await rest('PUT', `/admin/notification-channels/${made[1].id}`, { enabled: false });
      await rest('PUT', `/notifications/channels/${made[2].id}`, { enabled: false });
      for (const { id } of await deliveriesOf(t, tenant))
        expect((await rest('POST', `/admin/notification-deliveries/${id}/retry`)).status).toBe(200);
      const reasons = (await settled(t, tenant)).map((row) => [row.channel_id, row['reason']]);
      expect(Object.fromEntries(reasons)).toEqual({
        [made[0].id]: 'channel_gone',
        [made[1].id]: 'channel_off',
        [made[2].id]: 'turned_off',
      });
    });

    it('are begun anew by hand, under the same id', async () => {
      receiver.behaviour = 400;
      await webhook();
      await sendNotice(t, tenant, { recipients: [self()] });
      const [failed] = await settled(t, tenant);
      expect(failed.state).toBe('failed');
      receiver.behaviour = 200;
      const answer = await rest('POST', `/admin/notification-deliveries/${failed.id}/retry`);
      expect(answer.body.data).toMatchObject({ id: failed.id, state: 'waiting' });
      expect(await settled(t, tenant)).toMatchObject([{ id: failed.id, state: 'sent', attempts: 2 }]);
      expect(receiver.requests.map(({ headers }) => headers['webhook-id'])).toEqual([failed.id, failed.id]);
      expect((await rest('POST', `/admin/notification-deliveries/${failed.id}/retry`)).status).toBe(409);
    });

    it('are tried again no sooner than the receiver wants: seconds or a date, a day at most', async () => {
      await retryQuickly(t, tenant, [600]);
      await webhook();
      const waits: [string, number, number][] = [
        ['7200', 7200, 7200],
        [new Date(Date.now() + 7_200_000).toUTCString(), 6000, 7200],
        ['999999999', 86_400, 86_400],
        ['soon', 600, 600],
        ['Mon, 02 Nov 1998 08:49:37 GMT', 600, 600],
      ];
      for (const [index, [retryAfter, least, most]] of waits.entries()) {
        receiver.behaviour = { status: index % 2 === 0 ? 503 : 429, retryAfter };
        await sendNotice(t, tenant, { key: `wait:${index}`, recipients: [self()] });
        const wait = await eventuallyFound(async () => {
          const failed = await t.dataSource.query<{ seconds: number }[]>(
            `SELECT extract(epoch FROM j.run_at - a.finished_at)::float8 AS seconds
             FROM jobs j JOIN job_attempts a ON a.job_id = j.id
             WHERE j.tenant_id = $1 AND j.state = 'queued' AND j.attempts = 1 ORDER BY a.finished_at`,
            [tenant.tenantId],
          );
          return failed[index]?.seconds;
        });
        expect([retryAfter, wait >= least && wait <= most]).toEqual([retryAfter, true]);
      }
    });

    it('and are withdrawn between two attempts are not tried again', async () => {
      await retryQuickly(t, tenant);
      receiver.behaviour = 503;
      await webhook();
      await sendNotice(t, tenant, { key: 'customer:1:new', recipients: [self()] });
      await eventually(async () => (await deliveriesOf(t, tenant))[0]?.last_error !== null);
      await withdraw('customer:1:');
      const attempts = receiver.requests.length;
      await noOpenJobs();
      expect(await deliveriesOf(t, tenant)).toMatchObject([
        { state: 'suppressed', reason: 'no_longer_needed' },
      ]);
      expect(receiver.requests).toHaveLength(attempts);
    });

    it('are withdrawn with the transaction, by whole parts of their keys, by their own tenant', async () => {
      receiver.behaviour = 503;
      await webhook();
      await sendNotice(t, tenant, { key: 'customer:1:new', recipients: [self()] });
      const rolledBack = inTenant(tenant.tenantId, () =>
        t.app.get(DataSource).transaction(async (manager) => {
          await notifications().withdraw(manager, { tenantId: tenant.tenantId, keyPrefix: 'customer:' });
          throw new Error('after all not');
        }),
      );
      await expect(rolledBack).rejects.toThrow('after all not');
      await expect(withdraw('customer:1')).rejects.toThrow(`end in ':'`);
      const { tenantId } = await t.newTenant();
      expect(await withdraw('customer:1:', tenantId)).toBe(0);
      expect(await deliveriesOf(t, tenant)).toMatchObject([{ state: 'waiting', reason: null }]);
    });

    it('go with the person whom they tell of, and are not sent then', async () => {
      receiver.behaviour = 503;
      await retryQuickly(t, tenant);
      await webhook();
      const customer = await t.newUser(tenant.tenantId, ['customer']);
      await sendNotice(t, tenant, { key: 'gone', recipients: [self()], aboutUserId: customer.id });
      await sendNotice(t, tenant, { key: 'stays', recipients: [self()] });
      await eventually(async () =>
        (await deliveriesOf(t, tenant)).every(({ last_error: error }) => error !== null),
      );
      await t.dataSource.query('DELETE FROM users WHERE id = $1', [customer.id]);
      expect(await deliveriesOf(t, tenant)).toMatchObject([{ notice_key: 'stays' }]);
      const notices = 'SELECT key FROM notices WHERE tenant_id = $1';
      expect(await t.dataSource.query(notices, [tenant.tenantId])).toEqual([{ key: 'stays' }]);
      receiver.behaviour = 200;
      const before = receiver.requests.length;
      await noOpenJobs();
      expect(keysSent().slice(before)).toEqual(['stays']);
    });

    it('can be listed by state, kind, channel, person and time', async () => {
      const { id } = await webhook();
      const other = await t.newUser(tenant.tenantId, ['consultant']);
      await sendNotice(t, tenant, { recipients: [self(), other.id] });
      await sendNotice(t, tenant, { kind: 'admin_alert', recipients: [self()] });
      await settled(t, tenant);
      const count = async (query: string) => (await deliveriesOf(t, tenant, query)).length;
      expect(await count('&state=sent')).toBe(3);
      expect(await count('&state=failed')).toBe(0);
      expect(await count('&kind=admin_alert')).toBe(1);
      expect(await count(`&recipient_id=${other.id}`)).toBe(1);
      expect(await count(`&channel_id=${id}&channel_kind=webhook`)).toBe(3);
      expect(await count('&channel_kind=email')).toBe(0);
      expect(await count('&since=2020-01-01T00:00:00Z')).toBe(3);
      expect(await count('&since=2999-01-01T00:00:00Z')).toBe(0);
      const first = await rest('GET', '/admin/notification-deliveries?limit=2');
      const next = await rest(
        'GET',
        `/admin/notification-deliveries?limit=2&cursor=${first.body.page.next_cursor}`,
      );
      expect([first.items.length, next.items.length, next.body.page.next_cursor]).toEqual([2, 1, null]);
    });
  });

  describe('in quiet hours', () => {
    /** As if it were that time for the jobs, too: they go by the database's clock. */
    const makeDue = async () => {
      await t.dataSource.query(`UPDATE jobs SET run_at = now() WHERE tenant_id = $1 AND state = 'queued'`, [
        tenant.tenantId,
      ]);
      await t.dataSource.query(`SELECT pg_notify('toolcrib_jobs', '')`);
    };

    it('wait for their end, while what is urgent goes out', async () => {
      await webhook();
      await rest('PUT', '/notifications/preferences', quiet);
      setClock('2026-03-03T15:00:00Z'); // 23:00 in Shanghai
      expect(await sendNotice(t, tenant, { key: 'calm', recipients: [self()] })).toEqual({ deliveries: 1 });
      await sendNotice(t, tenant, { key: 'urgent', recipients: [self()], isUrgent: true });
      await eventually(async () => (await deliveriesOf(t, tenant, '&state=sent')).length === 1);
      expect(keysSent()).toEqual(['urgent']);
      const [waiting] = await deliveriesOf(t, tenant, '&state=waiting');
      expect(waiting).toMatchObject({
        notice_key: 'calm',
        not_before: '2026-03-03T23:00:00.000Z',
        attempts: 0,
      });
      const [job] = await t.dataSource.query<{ seconds: number }[]>(
        `SELECT extract(epoch FROM run_at - now())::float AS seconds FROM jobs WHERE tenant_id = $1 AND state = 'queued'`,
        [tenant.tenantId],
      );
      expect(Math.abs(job.seconds - 8 * 3600)).toBeLessThan(60);
      setClock('2026-03-03T23:00:00Z');
      await makeDue();
      expect((await settled(t, tenant)).find(({ notice_key: key }) => key === 'calm')).toMatchObject({
        state: 'sent',
      });
    });

    it('hold those whose they are', async () => {
      await webhook();
      await rest('PUT', '/notifications/preferences', quiet);
      const awake = await t.newUser(tenant.tenantId, ['consultant']);
      setClock('2026-03-03T15:00:00Z');
      expect(await sendNotice(t, tenant, { recipients: [self(), awake.id] })).toEqual({ deliveries: 2 });
      await eventually(async () => (await deliveriesOf(t, tenant, '&state=sent')).length === 1);
      expect(await deliveriesOf(t, tenant, `&recipient_id=${awake.id}`)).toMatchObject([{ state: 'sent' }]);
      expect(await deliveriesOf(t, tenant, `&recipient_id=${self()}`)).toMatchObject([
        { state: 'waiting', not_before: '2026-03-03T23:00:00.000Z' },
      ]);
    });

    it('that begin while a delivery is on its way make it wait, too', async () => {
      await webhook();
      await rest('PUT', '/notifications/preferences', quiet);
      setClock('2026-03-03T04:00:00Z');
      receiver.behaviour = 503;
      await sendNotice(t, tenant, { recipients: [self()] });
      await eventually(async () => (await deliveriesOf(t, tenant))[0]?.last_error !== null);
      setClock('2026-03-03T15:00:00Z');
      receiver.behaviour = 200;
      await makeDue();
      const heldUntil = async (time: string) =>
        eventually(async () => (await deliveriesOf(t, tenant))[0]?.['not_before'] === time);
      await heldUntil('2026-03-03T23:00:00.000Z');
      expect(await deliveriesOf(t, tenant)).toMatchObject([{ state: 'waiting', attempts: 1 }]);
      // A job that comes a little too soon does not come again and again.
      setClock('2026-03-03T22:59:59.990Z');
      await makeDue();
      await heldUntil('2026-03-03T23:00:59.990Z');
      setClock('2026-03-03T23:30:00Z');
      await makeDue();
      expect(await settled(t, tenant)).toMatchObject([{ state: 'sent', attempts: 2 }]);
    });

    it('are not waited for by what was withdrawn meanwhile: it is not sent', async () => {
      await webhook();
      await rest('PUT', '/notifications/preferences', quiet);
      setClock('2026-03-03T04:00:00Z');
      await sendNotice(t, tenant, { key: 'customer:1:sent', recipients: [self()] });
      await settled(t, tenant);
      setClock('2026-03-03T15:00:00Z');
      for (const key of ['customer:1:new', 'customer:1:level1', 'customer:10:new', 'customer-1:new'])
        await sendNotice(t, tenant, { key, recipients: [self()] });
      expect(await withdraw('customer:1:')).toBe(2);
      expect(await withdraw('customer:1:')).toBe(0);
      setClock('2026-03-03T23:30:00Z');
      await makeDue();
      const states = (await settled(t, tenant)).map((row) => [row['notice_key'], row.state, row['reason']]);
      expect(states).toEqual([
        ['customer-1:new', 'sent', null],
        ['customer:10:new', 'sent', null],
        ['customer:1:level1', 'suppressed', 'no_longer_needed'],
        ['customer:1:new', 'suppressed', 'no_longer_needed'],
        ['customer:1:sent', 'sent', null],
      ]);
      await noOpenJobs();
      expect(keysSent().toSorted()).toEqual(['customer-1:new', 'customer:10:new', 'customer:1:sent']);
    });

    it('do not hold what goes to the team', async () => {
      await webhook({ audience: 'team' });
      await rest('PUT', '/notifications/preferences', quiet);
      setClock('2026-03-03T15:00:00Z');
      await sendNotice(t, tenant, { recipients: [self()] });
      expect(await settled(t, tenant)).toMatchObject([{ state: 'sent', not_before: null }]);
    });
  });

  describe('their text', () => {
    const textOf = (index = -1) =>
      (JSON.parse(receiver.requests.at(index)!.body.toString()) as { data: { title: string; body: string } })
        .data;

    it("is the tenant's own, in the person's language", async () => {
      await webhook();
      const path = '/admin/notification-templates/new_customer/zh';
      const set = await rest('PUT', path, {
        title: '{{customer_name}} 来了',
        body: '{{recipient_name}}：{{ level }}',
      });
      expect(set.body.data).toMatchObject({ is_default: false, version: 1 });
      await rest('PUT', '/notifications/preferences', { language: 'zh' });
      await sendNotice(t, tenant, {
        recipients: [self()],
        variables: { customer_name: '王 {{level}}', level: '2' },
      });
      await settled(t, tenant);
      expect(textOf()).toMatchObject({ title: '王 {{level}} 来了', body: 'Test user：2' });
      expect((await rest('DELETE', path)).body.data).toMatchObject({ is_default: true, version: 0 });
      expect((await rest('DELETE', path)).status).toBe(404);
      await sendNotice(t, tenant, { recipients: [self()] });
      await settled(t, tenant);
      expect(textOf().title).toBe('新客户等待服务：Emma');
    });

    it('is refused with a variable that the kind does not have', async () => {
      const path = '/admin/notification-templates/admin_alert/en';
      const answer = await rest('PUT', path, { title: '{{title}} {{customer_name}}', body: '{{' });
      expect(answer.status).toBe(400);
      expect(answer.body.error.details?.map(({ field }) => field)).toEqual(['title', 'body']);
      expect((await rest('POST', `${path}/preview`, { title: '{{nobody}}' })).status).toBe(400);
    });

    it('can be seen with sample values before it is stored', async () => {
      const path = '/admin/notification-templates/new_customer/en/preview';
      const given = await rest('POST', path, { title: '{{customer_name}}!' });
      expect(given.body.data).toMatchObject({
        title: 'Emma Stone!',
        body: expect.stringContaining('Mei Lin') as string,
      });
      const list = await rest('GET', '/admin/notification-templates');
      expect(list.items.every((template) => template['is_default'])).toBe(true);
      expect(list.items).toHaveLength(16);
    });

    it('is changed by one of two who read the same', async () => {
      const path = '/admin/notification-templates/new_customer/en';
      const { headers } = await rest('GET', path);
      const put = (title: string) =>
        t.rest('PUT', path, {
          token: tenant.adminToken,
          body: { title, body: 'x' },
          headers: { 'if-match': headers.get('etag') ?? '' },
        });
      expect((await put('first')).status).toBe(200);
      expect((await put('second')).status).toBe(412);
    });
  });

  describe('AdminAlerts.raise', () => {
    const raise = (alert: Partial<AlertToRaise> = {}) =>
      inTenant(tenant.tenantId, () =>
        t.app.get(DataSource).transaction((manager) =>
          t.app.get(AdminAlerts, { strict: false }).raise(manager, {
            tenantId: tenant.tenantId,
            kind: 'automation_failed',
            title: 'A greeting failed',
            detail: 'The run ended after its last attempt.',
            target: { kind: 'automation_run', id: self() },
            key: 'run-1',
            ...alert,
          }),
        ),
      );

    it('tells administrators in the feed, live and over the channels, once per key', async () => {
      await webhook({ notice_kinds: ['admin_alert'] });
      const second = await t.newUser(tenant.tenantId, ['admin']);
      await t.newUser(tenant.tenantId, ['operator']);
      await raise();
      await raise({ title: 'Again' });
      const { items } = await rest('GET', '/admin/alerts?open=true&kind=automation_failed');
      expect(items).toMatchObject([
        {
          kind: 'automation_failed',
          title: 'A greeting failed',
          target: { kind: 'automation_run', id: self() },
          key_id: null,
          uses: 1,
        },
      ]);
      const deliveries = await settled(t, tenant);
      const told = deliveries.map(({ recipient_id: id }) => id);
      expect([told.length, new Set(told)]).toEqual([2, new Set([self(), second.id])]);
      expect(JSON.parse(receiver.requests[0].body.toString())).toMatchObject({
        type: 'admin_alert',
        data: { title: 'Alert: A greeting failed', variables: { alert_kind: 'automation_failed' } },
      });
      const live = await t.dataSource.query('SELECT payload FROM live_events WHERE tenant_id = $1', [
        tenant.tenantId,
      ]);
      expect(live).toMatchObject([{ payload: { alert_id: items[0].id, kind: 'automation_failed' } }]);
      const done = await rest('POST', `/admin/alerts/${items[0].id}/acknowledge`);
      expect(done.body.data['acknowledged_at']).toEqual(expect.any(String));
      expect((await rest('GET', '/admin/alerts?open=true')).items).toEqual([]);
    });

    it.each([{ title: ' ' }, { detail: '' }])('refuses one without words: %j', async (alert) => {
      await expect(raise(alert)).rejects.toThrow('needs a title and a detail');
    });

    it('is not held by quiet hours', async () => {
      await webhook();
      await rest('PUT', '/notifications/preferences', quiet);
      setClock('2026-03-03T15:00:00Z'); // 23:00 in Shanghai
      await raise();
      expect(await settled(t, tenant)).toMatchObject([{ kind: 'admin_alert', state: 'sent' }]);
    });

    it('goes when it is old, acknowledged or not', async () => {
      for (const key of ['old', 'acknowledged', 'seen again']) await raise({ key });
      const age = (column: string, key: string) =>
        t.dataSource.query(
          `UPDATE alerts SET ${column} = now() - interval '401 days' WHERE tenant_id = $1 AND key = $2`,
          [tenant.tenantId, key],
        );
      await age('last_seen_at', 'old');
      await age('last_seen_at', 'acknowledged');
      await age('acknowledged_at', 'acknowledged');
      await age('first_seen_at', 'seen again');
      await inTenant(tenant.tenantId, () =>
        t.app.get(DataSource).transaction((manager) => {
          const payload = { slot: new Date().toISOString() };
          return t.app.get(Jobs, { strict: false }).enqueue(manager, 'alerts.cleanup', payload);
        }),
      );
      const keys = () =>
        t.dataSource.query<{ key: string }[]>('SELECT key FROM alerts WHERE tenant_id = $1', [
          tenant.tenantId,
        ]);
      await eventually(async () => (await keys()).length < 3);
      expect(await keys()).toEqual([{ key: 'seen again' }]);
    });

    it('is there without any channel', async () => {
      await raise();
      expect((await rest('GET', '/admin/alerts')).items).toHaveLength(1);
      expect(await deliveriesOf(t, tenant)).toMatchObject([{ state: 'suppressed', reason: 'no_channel' }]);
    });
  });

  it("are another tenant's not to see, to retry or to reach", async () => {
    const { id: channelId } = await webhook();
    await sendNotice(t, tenant, { recipients: [self()] });
    const [delivery] = await settled(t, tenant);
    const thief = await t.newTenant();
    const tries = [
      ['GET', `/admin/notification-channels/${channelId}`],
      ['PUT', `/admin/notification-channels/${channelId}`, { enabled: false }],
      ['DELETE', `/admin/notification-channels/${channelId}`],
      ['POST', `/admin/notification-channels/${channelId}/test`],
      ['POST', `/admin/notification-channels/${channelId}/rotate-secret`, {}],
      ['PUT', `/notifications/channels/${channelId}`, { enabled: false }],
      ['GET', `/admin/notification-deliveries/${delivery.id}`],
      ['POST', `/admin/notification-deliveries/${delivery.id}/retry`],
    ] as const;
    for (const [method, path, body] of tries)
      expect([method, path, (await rest(method, path, body, thief.adminToken)).status]).toEqual([
        method,
        path,
        404,
      ]);
    for (const path of [
      '/admin/notification-channels',
      '/admin/notification-deliveries',
      '/notifications/channels',
    ])
      expect((await rest('GET', path, undefined, thief.adminToken)).items).toEqual([]);
    const template = '/admin/notification-templates/new_customer/en';
    await rest('PUT', template, { title: 'Mine', body: 'x' });
    expect((await rest('GET', template, undefined, thief.adminToken)).body.data['is_default']).toBe(true);
    expect((await rest('DELETE', template, undefined, thief.adminToken)).status).toBe(404);
    expect((await rest('PUT', template, { title: 'Theirs', body: 'x' }, thief.adminToken)).status).toBe(200);
    expect((await rest('GET', template)).body.data['title']).toBe('Mine');
    // Sending as another tenant ends at the database: the rows are not the unit of work's.
    const notice = {
      tenantId: tenant.tenantId,
      kind: 'test',
      recipients: [self()],
      variables: {},
      key: 'theft',
    } as const;
    const asThief = inTenant(thief.tenantId, () =>
      t.app.get(DataSource).transaction((manager) => notifications().send(manager, notice)),
    );
    await expect(asThief).rejects.toThrow(/row-level security/);
    expect(receiver.requests).toHaveLength(1);
  });
});
