import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { JwtService } from '@nestjs/jwt';
import { DataSource, type EntityManager } from 'typeorm';
import { getDataSourceToken } from '@nestjs/typeorm';
import { WebSocket } from 'ws';
import { TOKEN_AUDIENCE } from '../../src/auth/sign-in/access-token.js';
import { UserCallers } from '../../src/auth/sign-in/user-callers.js';
import { inTenant } from '../../src/platform/request-scope.js';
import { Jobs } from '../../src/jobs/jobs.js';
import { LiveCommands } from '../../src/messaging/live/live-commands.js';
import { LiveEvents, type LiveNews } from '../../src/messaging/live/live-events.js';
import { LiveClient } from '../support/live.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { pollUntil } from '../support/waiting.js';

const LEASE_MS = 10_000; // the machine may be busy
const UNREAD_MAX_BYTES = 65_536;
const env = {
  LIVE_SIGN_IN_MS: '400',
  LIVE_HEARTBEAT_MS: '300',
  LIVE_CONNECTIONS_PER_USER: '3',
  LIVE_CONNECTIONS_PER_TENANT: '5',
  LIVE_MESSAGES_PER_MINUTE: '240',
  LIVE_UNREAD_MAX_BYTES: String(UNREAD_MAX_BYTES),
  REPLICA_LEASE_MS: String(LEASE_MS),
};

describe('/ws', () => {
  let database: TestDatabase;
  let t: TestApp;
  let other: TestApp;
  /** Stops in the course of the tests. */
  let third: TestApp;
  let tenant: TestTenant;
  const clients: LiveClient[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    third = await createTestApp({ env, database });
    other = await createTestApp({ env, database });
    // The last one, because passport knows one strategy per process: that of the app that was made last.
    t = await createTestApp({ env, database });
  });

  afterAll(async () => {
    await other.close();
    await t.close();
    await database.drop();
  });

  beforeEach(async () => {
    tenant = await t.newTenant();
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  const kept = (client: LiveClient): LiveClient => {
    clients.push(client);
    return client;
  };
  const follow = async (app: TestApp, token: string, cursor?: number) =>
    kept(await LiveClient.follow(app.url, token, cursor));
  const open = (
    app: TestApp,
    ...options: Parameters<typeof LiveClient.open> extends [string, ...infer R] ? R : never
  ) => kept(LiveClient.open(app.url, ...options));
  const signedIn = async (tenantId: string, roles: readonly string[]) => {
    const user = await t.newUser(tenantId, roles);
    const { access_token: token } = await t.signIn(user.email);
    return { user, token };
  };

  /** In a transaction of the tenant, as features do it. */
  const inTransaction = <T>(tenantId: string, work: (manager: EntityManager) => Promise<T>) => {
    const dataSource = t.app.get<DataSource>(getDataSourceToken());
    return inTenant(tenantId, () => dataSource.transaction(work));
  };
  const publish = (news: Partial<LiveNews> & { tenantId: string }) =>
    inTransaction(news.tenantId, (manager) =>
      t.app
        .get(LiveEvents)
        .publish(manager, { kind: 'test', audience: { roles: ['owner'] }, payload: {}, ...news }),
    );
  const publishNumbers = async (from: number, to: number) => {
    for (let n = from; n <= to; n++) await publish({ tenantId: tenant.tenantId, payload: { n } });
  };
  const numbers = (client: LiveClient) => client.events.map(({ payload }) => payload['n']);
  const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

  describe('signing in', () => {
    it('takes the access token in the Authorization header', async () => {
      const client = open(t, { headers: { authorization: `Bearer ${tenant.adminToken}` } });
      expect(await client.hears('welcome')).toMatchObject({
        user_id: tenant.caller.userId,
        heartbeat_ms: 300,
      });
    });

    it('takes it in the first message, as browsers have to send it', async () => {
      const client = open(t, { protocols: ['toolcrib.live.v1'], origin: t.url });
      await client.opened();
      expect(client.socket.protocol).toBe('toolcrib.live.v1');
      client.say({ type: 'authenticate', token: tenant.adminToken });
      await client.hears('welcome');
    });

    it('does not take it in the URL, and never gives back what was offered as a subprotocol', async () => {
      const inUrl = kept(
        new LiveClient(
          new WebSocket(
            `${t.url.replace('http', 'ws')}/ws?token=${tenant.adminToken}&access_token=${tenant.adminToken}`,
          ),
        ),
      );
      expect(await inUrl.closed).toMatchObject({ code: 4408 });
      const offered = open(t, { protocols: ['toolcrib.live.v1', tenant.adminToken] });
      await offered.opened();
      expect(offered.socket.protocol).toBe('toolcrib.live.v1');
      expect(await offered.closed).toMatchObject({ code: 4408 });
      expect(offered.told).toEqual([]);
    });

    it.each([
      ['a wrong token', 'Bearer eyJhbGciOiJIUzI1NiJ9.e30.x', 401],
      ['no token of ours', 'Bearer tcp_abc', 401],
      ['another scheme', 'Basic abc', 401],
    ])('answers %s with %s before anything is opened', async (_name, authorization, code) => {
      expect(await open(t, { headers: { authorization } }).closed).toEqual({ code, reason: 'refused' });
    });

    it('lets go of a connection that it refused, also when the client keeps its side open', async () => {
      const { hostname, port, host } = new URL(t.url);
      const server = t.app.getHttpServer();
      const upgraded = new Promise<Duplex>((resolve) =>
        server.once('upgrade', (_request, socket: Duplex) => resolve(socket)),
      );
      const client = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
      client.on('error', () => undefined);
      const key = Buffer.alloc(16).toString('base64');
      client.write(
        `GET /ws HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nAuthorization: Bearer wrong\r\n\r\n`,
      );
      const [answer] = (await once(client, 'data')) as [Buffer];
      expect(answer.toString()).toMatch(/^HTTP\/1\.1 401 /);
      const socket = await upgraded;
      await pollUntil(
        () => Promise.resolve(socket.destroyed),
        (isDestroyed) => isDestroyed,
      );
      client.destroy();
    });

    it('refuses pages of foreign origins and foreign host names', async () => {
      const authorization = `Bearer ${tenant.adminToken}`;
      const foreign = open(t, { headers: { authorization }, origin: 'https://evil.example' });
      expect(await foreign.closed).toMatchObject({ code: 403 });
      const rebound = open(t, { headers: { authorization, host: 'evil.example' } });
      expect(await rebound.closed).toMatchObject({ code: 403 });
    });

    it('ends who says nothing, who says something else first, and who shows a wrong token', async () => {
      const silent = open(t);
      expect(await silent.closed).toMatchObject({ code: 4408 });
      const early = open(t);
      await early.opened();
      early.say({ type: 'resume' });
      expect(await early.closed).toMatchObject({ code: 4401 });
      const wrong = open(t);
      await wrong.opened();
      wrong.say({ type: 'authenticate', token: 'eyJ.e30.x' });
      expect(await wrong.closed).toMatchObject({ code: 4401 });
    });

    it('is no place for others: another path answers 404, and MCP still has its own', async () => {
      const elsewhere = kept(new LiveClient(new WebSocket(`${t.url.replace('http', 'ws')}/wsx`)));
      expect(await elsewhere.closed).toMatchObject({ code: 401 });
      expect((await fetch(`${t.url}/ws`)).status).toBe(404);
    });
  });

  describe('events', () => {
    it('reach clients on every replica, and each user only their own', async () => {
      const consultant = await signedIn(tenant.tenantId, ['consultant']);
      const auditor = await signedIn(tenant.tenantId, ['auditor']);
      const here = await follow(t, consultant.token);
      const there = await follow(other, consultant.token);
      const bystander = await follow(other, auditor.token);
      await publish({
        tenantId: tenant.tenantId,
        audience: { roles: ['consultant'] },
        payload: { to: 'role' },
      });
      await publish({
        tenantId: tenant.tenantId,
        audience: { userIds: [consultant.user.id] },
        payload: { to: 'user' },
      });
      await publish({
        tenantId: tenant.tenantId,
        audience: { userIds: [auditor.user.id] },
        payload: { to: 'auditor' },
      });
      await bystander.sees('test');
      for (const client of [here, there]) {
        await client.sees('test', ({ payload }) => payload['to'] === 'user');
        expect(client.events.map(({ payload }) => payload['to'])).toEqual(['role', 'user']);
      }
      expect(bystander.events.map(({ payload }) => payload['to'])).toEqual(['auditor']);
    });

    it("never show another tenant's, whatever a client says", async () => {
      const victim = await t.newTenant();
      const attackers = [await follow(t, tenant.adminToken), await follow(other, tenant.adminToken, 0)];
      for (let n = 0; n < 5; n++)
        await publish({ tenantId: victim.tenantId, payload: { secret: n }, audience: { roles: ['owner'] } });
      // A row that names the attacker as its reader is still the other tenant's.
      await publish({ tenantId: victim.tenantId, audience: { userIds: [tenant.caller.userId] } });
      const late = await follow(t, tenant.adminToken, 0);
      for (const extra of [
        { type: 'resume', cursor: 0, tenant_id: victim.tenantId },
        { type: 'resume', cursor: 0, tenantId: victim.tenantId, id: 'x' },
        { type: 'subscribe', tenant_id: victim.tenantId },
      ])
        late.say(extra);
      await publish({ tenantId: tenant.tenantId, payload: { own: true } });
      for (const client of [...attackers, late]) {
        await client.sees('test', ({ payload }) => payload['own'] === true);
        expect(client.events).toHaveLength(1);
      }
      const answer = await t.rest('GET', '/live/events?cursor=0', { token: tenant.adminToken });
      expect(answer.body.data).toMatchObject({ events: [{ payload: { own: true } }], complete: true });
      const forged = `/live/events?cursor=0&tenant_id=${victim.tenantId}`;
      expect((await t.rest('GET', forged, { token: tenant.adminToken })).status).toBe(400);
    });

    it('are numbered in the order of commits: what commits later is never below what was seen', async () => {
      const { tenantId } = tenant;
      let finishFirst = () => {};
      const held = new Promise<void>((resolve) => (finishFirst = resolve));
      let begun = () => {};
      const hasBegun = new Promise<void>((resolve) => (begun = resolve));
      const news = { tenantId, kind: 'test', audience: { roles: ['owner'] } } as const;
      const live = t.app.get(LiveEvents);
      const client = await follow(other, tenant.adminToken);
      // Written first, committed last.
      const first = inTransaction(tenantId, async (manager) => {
        await live.publish(manager, { ...news, payload: { n: 'written first' } });
        begun();
        await held;
      });
      await hasBegun;
      await publish({ ...news, payload: { n: 'written second' } });
      const seen = await client.sees('test');
      expect(seen.payload).toEqual({ n: 'written second' });
      finishFirst();
      await first;
      const later = await client.sees('test', ({ payload }) => payload['n'] === 'written first');
      expect(later.cursor).toBeGreaterThan(seen.cursor);
      const answer = await t.rest('GET', `/live/events?cursor=${seen.cursor}`, { token: tenant.adminToken });
      expect(answer.body.data).toMatchObject({ events: [{ cursor: later.cursor }] });
    });

    it('skip none and repeat none while many transactions commit at once', async () => {
      const client = await follow(other, tenant.adminToken);
      await Promise.all(range(1, 40).map((n) => publish({ tenantId: tenant.tenantId, payload: { n } })));
      await client.until(() => client.events.length >= 40, '40 events');
      const cursors = client.events.map(({ cursor }) => cursor);
      expect(cursors).toEqual(range(1, 40));
      expect(new Set(numbers(client)).size).toBe(40);
    });

    it('that were rolled back leave no trace and no hole', async () => {
      const failed = inTransaction(tenant.tenantId, async (manager) => {
        const news = { tenantId: tenant.tenantId, kind: 'test', audience: { roles: ['owner'] } } as const;
        await t.app.get(LiveEvents).publish(manager, { ...news, payload: {} });
        throw new Error('rolled back');
      });
      await expect(failed).rejects.toThrow('rolled back');
      await publishNumbers(1, 1);
      const client = await follow(t, tenant.adminToken, 0);
      expect(client.events.map(({ cursor }) => cursor)).toEqual([1]);
    });
  });

  describe('coming back', () => {
    it('with the cursor brings what was missed, over the socket and over REST', async () => {
      const client = await follow(t, tenant.adminToken);
      await publishNumbers(1, 2);
      await client.sees('test', ({ payload }) => payload['n'] === 2);
      await client.close();
      await publishNumbers(3, 120);
      const cursor = client.events.at(-1)!.cursor;
      const back = await follow(other, tenant.adminToken, cursor);
      await publishNumbers(121, 121);
      await back.sees('test', ({ payload }) => payload['n'] === 121);
      expect(numbers(back)).toEqual(range(3, 121));

      const read: unknown[] = [];
      let at = cursor;
      for (let more = true; more;) {
        const { data } = (
          await t.rest('GET', `/live/events?cursor=${at}&limit=50`, { token: tenant.adminToken })
        ).body;
        const page = data as unknown as {
          events: { payload: { n: number } }[];
          cursor: number;
          has_more: boolean;
        };
        read.push(...page.events.map(({ payload }) => payload.n));
        at = page.cursor;
        more = page.has_more;
      }
      expect(read).toEqual(range(3, 121));
    });

    it('looks through so many events of others at a time, and says where to ask on', async () => {
      const customer = await signedIn(tenant.tenantId, ['customer']);
      await t.dataSource.query(
        `INSERT INTO live_events (id, tenant_id, kind, roles, payload)
         SELECT gen_random_uuid(), $1, 'test', '{owner}', '{}' FROM generate_series(1, 2500)`,
        [tenant.tenantId],
      );
      await publish({ tenantId: tenant.tenantId, audience: { userIds: [customer.user.id] } });
      const read = async (cursor: number) =>
        (await t.rest('GET', `/live/events?cursor=${cursor}`, { token: customer.token })).body.data;
      expect(await read(0)).toEqual({ events: [], cursor: 2000, has_more: true, complete: true });
      expect(await read(2000)).toMatchObject({ events: [{ cursor: 2501 }], cursor: 2501, has_more: false });
      const client = await follow(other, customer.token, 0);
      expect(client.events.map(({ cursor }) => cursor)).toEqual([2501]);
      expect(await client.hears('caught_up')).toMatchObject({ cursor: 2501, complete: true });
    });

    it('while events keep coming: each once, in order, none missed', async () => {
      await publishNumbers(1, 60);
      const busy = publishNumbers(61, 140);
      const comers = await Promise.all([
        follow(t, tenant.adminToken, 0),
        follow(other, tenant.adminToken, 0),
        follow(other, tenant.adminToken, 30),
      ]);
      await busy;
      for (const [index, client] of comers.entries()) {
        await client.sees('test', ({ payload }) => payload['n'] === 140);
        expect(numbers(client)).toEqual(range(index === 2 ? 31 : 1, 140));
      }
    });

    it('begins once per connection, so that nothing comes twice', async () => {
      const client = await follow(t, tenant.adminToken, 0);
      const answer = await client.ask({ type: 'resume', id: 'again', cursor: 0 });
      expect(answer).toMatchObject({ type: 'error', code: 'invalid_input' });
    });

    it('says when events were removed meanwhile, and when the cursor is from elsewhere', async () => {
      await publishNumbers(1, 3);
      await t.dataSource.query(
        `UPDATE live_events SET created_at = now() - interval '8 days' WHERE tenant_id = $1 AND cursor < 3`,
        [tenant.tenantId],
      );
      await runCleanup(t, tenant.tenantId);
      const behind = await follow(t, tenant.adminToken, 1);
      expect(numbers(behind)).toEqual([3]);
      expect(await behind.hears('caught_up')).toMatchObject({ cursor: 3, complete: false });
      const inTime = await follow(t, tenant.adminToken, 2);
      expect(await inTime.hears('caught_up')).toMatchObject({ cursor: 3, complete: true });
      const ahead = await follow(other, tenant.adminToken, 1000);
      expect(await ahead.hears('caught_up')).toMatchObject({ cursor: 3, complete: false });
      await publishNumbers(4, 4);
      await ahead.sees('test', ({ payload }) => payload['n'] === 4);
    });
  });

  describe('rights', () => {
    it('end with the sign-in, on every replica', async () => {
      const { token } = await signedIn(tenant.tenantId, ['consultant']);
      const both = [await follow(t, token), await follow(other, token)];
      const waiting = open(t, { headers: { authorization: `Bearer ${token}` } });
      await waiting.hears('welcome');
      const { body } = await t.rest('GET', '/auth/sessions', { token });
      const [{ id }] = body.data as unknown as { id: string }[];
      expect((await t.rest('DELETE', `/auth/sessions/${id}`, { token })).status).toBe(200);
      for (const client of [...both, waiting]) expect(await client.closed).toMatchObject({ code: 4401 });
    });

    it('end with the account, and with the tenant', async () => {
      const { user, token } = await signedIn(tenant.tenantId, ['consultant']);
      const client = await follow(other, token);
      const owner = await follow(other, tenant.adminToken);
      const disabled = { enabled: false };
      const answer = await t.rest('PUT', `/admin/users/${user.id}`, {
        token: tenant.adminToken,
        body: disabled,
      });
      expect(answer.status).toBe(200);
      expect(await client.closed).toMatchObject({ code: 4401 });
      const operator = await t.newTenant();
      await t.dataSource.query('UPDATE tenants SET is_operating = id = $1', [operator.tenantId]);
      const suspend = `/admin/tenants/${tenant.tenantId}/suspend`;
      expect((await t.rest('POST', suspend, { token: operator.adminToken })).status).toBe(200);
      expect(await owner.closed).toMatchObject({ code: 4401 });
    });

    it('that are taken away hide what comes next, and rights that are given show it', async () => {
      const { user, token } = await signedIn(tenant.tenantId, ['consultant']);
      const client = await follow(other, token);
      const setRoles = (roles: string[]) =>
        t.rest('PUT', `/admin/users/${user.id}`, { token: tenant.adminToken, body: { roles } });
      expect((await setRoles(['auditor'])).status).toBe(200);
      const toConsultants = { tenantId: tenant.tenantId, audience: { roles: ['consultant'] } } as const;
      await publish({ ...toConsultants, payload: { n: 1 } });
      await publish({ tenantId: tenant.tenantId, audience: { roles: ['auditor'] }, payload: { n: 2 } });
      await client.sees('test');
      await setRoles(['consultant']);
      await publish({ ...toConsultants, payload: { n: 3 } });
      await client.sees('test', ({ payload }) => payload['n'] === 3);
      expect(numbers(client)).toEqual([2, 3]);
    });

    it('of a newer token hold when the older one of the same sign-in has expired', async () => {
      const { token: longer } = await signedIn(tenant.tenantId, ['consultant']);
      const callers = t.app.get(UserCallers);
      const beforeMs = Date.now();
      await callers.resolve(await expiringToken(t, longer, 1));
      const caller = await callers.resolve(longer);
      await pollUntil(
        () => Promise.resolve(Date.now()),
        (nowMs) => nowMs > beforeMs + 1000,
      );
      expect(callers.isUnchanged(caller)).toBe(true);
    });

    it('last as long as the token, and go on with a new one of the same person', async () => {
      const { user } = await signedIn(tenant.tenantId, ['consultant']);
      const { access_token: longer } = await t.signIn(user.email);
      const expiring = await expiringToken(t, longer, 2);
      const goes = await follow(other, expiring);
      const stays = await follow(other, expiring);
      stays.say({ type: 'authenticate', token: longer });
      await stays.hears('authenticated');
      const swapped = await follow(t, expiring);
      swapped.say({ type: 'authenticate', token: tenant.adminToken });
      expect(await swapped.closed).toMatchObject({ code: 4401 });
      expect(await goes.closed).toMatchObject({ code: 4401 });
      await publish({ tenantId: tenant.tenantId, audience: { userIds: [user.id] } });
      await stays.sees('test');
    });
  });

  describe('bounds', () => {
    it('cuts a reader that does not read, which has the rest by its cursor', async () => {
      const slow = await follow(t, tenant.adminToken);
      slow.socket.pause();
      const text = 'x'.repeat(12_000);
      let sent = 0;
      for (; sent < 2000 && (await countPresent(t, tenant.tenantId)) > 0; sent += 20)
        await inTransaction(tenant.tenantId, async (manager) => {
          for (let n = sent + 1; n <= sent + 20; n++)
            await t.app.get(LiveEvents).publish(manager, {
              tenantId: tenant.tenantId,
              kind: 'test',
              audience: { roles: ['owner'] },
              payload: { n, text },
            });
        });
      slow.socket.resume();
      await slow.closed;
      const had = slow.events.length;
      expect(had).toBeLessThan(sent);
      expect(numbers(slow)).toEqual(range(1, had));
      const back = await follow(other, tenant.adminToken, slow.events.at(-1)?.cursor ?? 0);
      expect(numbers(back)).toEqual(range(had + 1, sent));
    });

    it('hangs up on who does not answer a ping', async () => {
      const client = await follow(t, tenant.adminToken);
      // A peer whose machine is gone: what comes is not looked at, so no pong goes back.
      client.socket.pause();
      await pollUntil(
        () => countPresent(t, tenant.tenantId),
        (count) => count === 0,
      );
    });

    it('hangs up on who does not read, whatever pongs it sends unasked', async () => {
      const client = await follow(t, tenant.adminToken);
      client.socket.pause();
      const talking = setInterval(() => client.socket.pong('still here'), 20);
      try {
        await pollUntil(
          () => countPresent(t, tenant.tenantId),
          (count) => count === 0,
        );
      } finally {
        clearInterval(talking);
      }
    });

    it('answers pings of the client, as a frame and as a message', async () => {
      const client = await follow(t, tenant.adminToken);
      const pong = new Promise((resolve) => client.socket.once('pong', resolve));
      client.socket.ping();
      await pong;
      expect(await client.ask({ type: 'ping', id: 'p1' })).toEqual({ type: 'pong', id: 'p1' });
    });

    it('limits connections per user and per tenant, over all replicas', async () => {
      const { token } = await signedIn(tenant.tenantId, ['consultant']);
      for (const app of [t, other, t]) await follow(app, token);
      const fourth = open(other, { headers: { authorization: `Bearer ${token}` } });
      expect(await fourth.closed).toMatchObject({ code: 4409 });
      for (const app of [t, other]) await follow(app, tenant.adminToken);
      const sixth = open(t, { headers: { authorization: `Bearer ${tenant.adminToken}` } });
      expect(await sixth.closed).toMatchObject({ code: 4410 });
      await clients[0].close();
      await pollUntil(
        () => countPresent(t, tenant.tenantId),
        (count) => count === 4,
      );
      await follow(other, token);
    });

    it('ends who sends too much, too often, or what is no message', async () => {
      const large = await follow(t, tenant.adminToken);
      large.say({ type: 'ping', text: 'x'.repeat(20_000) });
      expect(await large.closed).toMatchObject({ code: 1009 });
      const often = await follow(t, tenant.adminToken);
      for (let n = 0; n < 80; n++) often.say({ type: 'ping' });
      expect(await often.closed).toMatchObject({ code: 4429 });
      for (const nonsense of ['{', '[]', '"x"', '{"type":1}', Buffer.from('{"type":"ping"}')]) {
        const client = await follow(t, tenant.adminToken);
        client.socket.send(nonsense);
        expect(await client.closed).toMatchObject({ code: 4400 });
      }
    });

    it('keeps few messages for their turn, and ends who sends more while one is worked on', async () => {
      let finish = () => {};
      const held = new Promise<void>((resolve) => (finish = resolve));
      t.app.get(LiveCommands).register('test_held', () => held);
      const few = await follow(t, tenant.adminToken);
      const many = await follow(t, tenant.adminToken);
      for (const client of [few, many]) client.say({ type: 'test_held', id: 'held' });
      for (let n = 0; n < 40; n++) few.say({ type: 'ping', id: n });
      for (let n = 0; n < 50; n++) many.say({ type: 'ping', id: n });
      expect(await many.closed).toMatchObject({ code: 4429 });
      finish();
      await few.hears('pong', ({ id }) => id === 39);
      expect(many.told.filter(({ type }) => type === 'pong')).toEqual([]);
    });

    it('answers what it does not know and goes on', async () => {
      const client = await follow(t, tenant.adminToken);
      expect(await client.ask({ type: 'nonsense', id: '1' })).toMatchObject({
        type: 'error',
        code: 'invalid_input',
      });
      expect(await client.ask({ type: 'ping', id: '2' })).toMatchObject({ type: 'pong' });
    });
  });

  describe('who is online', () => {
    it('is known over all replicas, and ends with the connection', async () => {
      const consultant = await signedIn(tenant.tenantId, ['consultant']);
      const online = (app: TestApp) =>
        inTenant(tenant.tenantId, () => app.app.get(LiveEvents).onlineUsers(tenant.tenantId, 'consultant'));
      const client = await follow(other, consultant.token);
      await follow(t, tenant.adminToken);
      for (const app of [t, other]) expect(await online(app)).toEqual([consultant.user.id]);
      await client.close();
      await pollUntil(
        () => online(t),
        (ids) => ids.length === 0,
      );
    });

    it('is known again when a replica that was taken for dead has its connection back', async () => {
      await follow(t, tenant.adminToken);
      await t.dataSource.query('DELETE FROM replicas');
      expect(await countPresent(t, tenant.tenantId)).toBe(0);
      await t.dataSource.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = 'toolcrib-changes' AND datname = current_database()`,
      );
      await pollUntil(
        () => countPresent(t, tenant.tenantId),
        (count) => count === 1,
      );
    });
  });

  it('tells clients of a replica that stops to come back, and loses nothing', async () => {
    const client = await follow(third, tenant.adminToken);
    await publishNumbers(1, 3);
    await client.sees('test', ({ payload }) => payload['n'] === 3);
    await third.close();
    expect(await client.closed).toMatchObject({ code: 1012 });
    await publishNumbers(4, 5);
    const back = await follow(other, tenant.adminToken, client.events.at(-1)!.cursor);
    expect(numbers(back)).toEqual([4, 5]);
  });
});

async function countPresent(t: TestApp, tenantId: string): Promise<number> {
  const [{ count }] = await t.dataSource.query<[{ count: number }]>(
    'SELECT count(*)::int AS count FROM live_presence WHERE tenant_id = $1',
    [tenantId],
  );
  return count;
}

/** Runs the job that removes old events, for one tenant. */
async function runCleanup(t: TestApp, tenantId: string): Promise<void> {
  const dataSource = t.app.get<DataSource>(getDataSourceToken());
  const payload = { slot: new Date().toISOString() };
  const { id } = await inTenant(tenantId, () =>
    dataSource.transaction((manager) => t.app.get(Jobs).enqueue(manager, 'live.cleanup', payload)),
  );
  const stateOf = async () => {
    const [{ state }] = await t.dataSource.query<[{ state: string }]>(
      'SELECT state FROM jobs WHERE id = $1',
      [id],
    );
    return state;
  };
  await pollUntil(stateOf, (state) => state === 'done');
}

/** For the same sign-in as another token, but good for so many seconds only. */
async function expiringToken(t: TestApp, token: string, seconds: number): Promise<string> {
  const jwt = t.app.get(JwtService);
  const { sub, tid, sid } = jwt.decode<Record<string, string>>(token);
  return jwt.signAsync({ sub, tid, sid }, { audience: TOKEN_AUDIENCE, expiresIn: seconds });
}
