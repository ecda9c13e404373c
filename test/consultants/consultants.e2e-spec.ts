import { v7 as newId } from 'uuid';
import type { User } from '../../src/access/user.entity.js';
import { announce, newCustomer } from '../support/customers.js';
import { LiveClient, type ToldEvent } from '../support/live.js';
import { deliveriesOf, newChannel, NOTIFICATION_ENV } from '../support/notifications.js';
import { type Answer, createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { pollUntil } from '../support/waiting.js';

type Person = { readonly user: User; readonly token: string };

describe('consultants', () => {
  let t: TestApp;
  let other: TestApp;
  let tenant: TestTenant;
  const clients: LiveClient[] = [];

  beforeAll(async () => {
    t = await createTestApp({ env: NOTIFICATION_ENV });
    other = await createTestApp({ database: t.database, env: NOTIFICATION_ENV });
  });

  afterAll(async () => {
    await other.close();
    await t.close();
  });

  beforeEach(async () => {
    tenant = await t.newTenant();
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  const newConsultant = async (name: string): Promise<Person> => {
    const user = await t.newUser(tenant.tenantId, ['consultant']);
    await t.dataSource.query('UPDATE users SET display_name = $2 WHERE id = $1', [user.id, name]);
    const { access_token: token } = await t.signIn(user.email);
    return { user, token };
  };
  const online = async (app: TestApp, { token }: { readonly token: string }): Promise<LiveClient> => {
    const client = await LiveClient.follow(app.url, token);
    clients.push(client);
    return client;
  };
  const asAdmin = (method: string, path: string, body?: object, headers?: Record<string, string>) =>
    t.rest(method, path, { token: tenant.adminToken, body, headers });
  const set = async (settings: object) => {
    const answer = await asAdmin('PUT', '/admin/consultant-settings', settings);
    expect(answer).toMatchObject({ status: 200 });
  };
  const arrive = async (more?: Parameters<typeof newCustomer>[2]) => {
    const customer = await newCustomer(t, tenant.tenantId, more);
    return { ...customer, ...(await announce(t, tenant.tenantId, customer)) };
  };
  const claim = (app: TestApp, id: string, { token }: Person) =>
    app.rest('POST', `/customer-claims/${id}/claim`, { token });
  const stateOf = async (id: string): Promise<Answer['body']['data']> =>
    (await asAdmin('GET', `/customer-claims/${id}`)).body.data;
  const of = (id: string) => (event: ToldEvent) => event.payload['claim_id'] === id;
  const noticesFor = (userId: string) =>
    t.dataSource.query<{ kind: string; key: string; variables: Record<string, string> }[]>(
      `SELECT DISTINCT n.kind, n.key, n.variables, n.created_at FROM notices n
       JOIN notification_deliveries d ON d.notice_id = n.id WHERE d.recipient_id = $1 ORDER BY n.created_at`,
      [userId],
    );

  describe('a new customer', () => {
    it('is told to the consultants who are online, on every replica', async () => {
      const [ann, ben] = [await newConsultant('Ann'), await newConsultant('Ben')];
      const [here, there] = [await online(t, ann), await online(other, ben)];
      const { claimId, userId, conversationId, ...told } = await arrive({ tier: 'vip', tags: ['laser'] });
      expect(told).toMatchObject({ how: 'live', notified: 2 });
      for (const client of [here, there]) {
        const { payload } = await client.sees('new_customer');
        expect(payload).toMatchObject({
          claim_id: claimId,
          conversation_id: conversationId,
          conversation_link: `${t.url}/api/v1/conversations/${conversationId}`,
          expected_response_seconds: 300,
          type: 'new_customer',
          title: 'New customer registered',
          message: 'A new customer has registered and waits for a consultant',
          customer_id: userId,
          timestamp: expect.any(String),
          action: 'claim_customer',
          customer: { id: userId, tier: 'vip', city: 'Shanghai', tags: ['laser'] },
        });
        expect(JSON.stringify(payload)).not.toContain('@');
      }
    });

    it('goes through the channels to all who may serve when none of them is online', async () => {
      const [ann, ben, away] = [
        await newConsultant('Ann'),
        await newConsultant('Ben'),
        await newConsultant('Eve'),
      ];
      await t.rest('PUT', '/consultants/me', { token: away.token, body: { available: false } });
      await online(t, away);
      const { claimId, how, notified } = await arrive();
      expect({ how, notified }).toEqual({ how: 'channels', notified: 2 });
      for (const { user } of [ann, ben])
        expect(await noticesFor(user.id)).toMatchObject([
          { kind: 'new_customer', key: `customer:${claimId}:1:new` },
        ]);
      expect(await noticesFor(away.user.id)).toEqual([]);
      // Who comes online later has it by the cursor.
      const late = await LiveClient.follow(other.url, ann.token, 0);
      clients.push(late);
      await late.sees('new_customer', of(claimId));
    });

    it('is told in the words of the language that is set, or to nobody at all', async () => {
      const ann = await newConsultant('Ann');
      const client = await online(t, ann);
      await set({ language: 'zh' });
      const { claimId: told } = await arrive();
      expect((await client.sees('new_customer', of(told))).payload).toMatchObject({
        title: '新客户注册',
        message: '新客户已注册并开始咨询，等待顾问认领',
      });
      await set({ tell_consultants: false });
      const quiet = await arrive();
      expect(quiet).toMatchObject({ how: 'live', notified: 0 });
      expect(await stateOf(quiet.claimId)).toMatchObject({ state: 'open' });
      await set({ tell_consultants: true });
      const { claimId: later } = await arrive();
      await client.sees('new_customer', of(later));
      expect(client.events.filter(of(quiet.claimId))).toEqual([]);
      expect(await noticesFor(ann.user.id)).toEqual([]);
    });

    it('is announced once, however often and at the same time it is asked for', async () => {
      const ann = await newConsultant('Ann');
      const client = await online(t, ann);
      const customer = await newCustomer(t, tenant.tenantId);
      const told = await Promise.all([t, other, t].map((app) => announce(app, tenant.tenantId, customer)));
      told.push(await announce(t, tenant.tenantId, customer));
      expect(new Set(told.map((one) => JSON.stringify(one))).size).toBe(1);
      await arrive();
      await client.until(() => client.events.length >= 2, 'two customers');
      expect(client.events.filter(of(told[0].claimId))).toHaveLength(1);
    });

    it('leaves nothing behind when its transaction fails', async () => {
      await newConsultant('Ann');
      await expect(
        announce(t, tenant.tenantId, { userId: newId(), conversationId: newId() }),
      ).rejects.toThrow();
      const answer = await asAdmin('GET', '/customer-claims');
      expect(answer.items).toEqual([]);
    });
  });

  describe('claiming', () => {
    it('gives two who claim at once on two replicas one winner, and tells the other who', async () => {
      const [ann, ben] = [await newConsultant('Ann'), await newConsultant('Ben')];
      for (let round = 0; round < 5; round++) {
        const { claimId, conversationId } = await arrive();
        const answers = await Promise.all([claim(t, claimId, ann), claim(other, claimId, ben)]);
        const won = answers.findIndex(({ status }) => status === 200);
        const winner = [ann, ben][won];
        const name = ['Ann', 'Ben'][won];
        expect(answers.map(({ status }) => status).toSorted((one, next) => one - next)).toEqual([200, 409]);
        expect(answers[1 - won].body).toMatchObject({
          message: `${name} has claimed this customer already`,
          error: { code: 'conflict', details: { claimed_by: { id: winner.user.id, name } } },
        });
        const [conversation] = await t.dataSource.query<[{ consultant: string }]>(
          'SELECT consultant_id AS consultant FROM conversations WHERE id = $1',
          [conversationId],
        );
        expect(conversation.consultant).toBe(winner.user.id);
      }
    });

    it('works over the socket, and everybody sees who it was', async () => {
      const [ann, ben] = [await newConsultant('Ann'), await newConsultant('Ben')];
      const [here, there] = [await online(t, ann), await online(other, ben)];
      const { claimId } = await arrive();
      await there.sees('new_customer');
      const won = await there.ask({ type: 'claim_customer', id: 'c1', claim_id: claimId });
      expect(won).toMatchObject({ type: 'result', data: { state: 'claimed', claimed_by: { name: 'Ben' } } });
      const lost = await here.ask({ type: 'claim_customer', id: 'c2', claim_id: claimId });
      expect(lost).toMatchObject({
        type: 'error',
        code: 'conflict',
        message: 'Ben has claimed this customer already',
        details: { claimed_by: { id: ben.user.id } },
      });
      expect((await here.sees('customer_claimed', of(claimId))).payload).toMatchObject({
        claimed_by: { id: ben.user.id, name: 'Ben' },
      });
      const again = await there.ask({ type: 'claim_customer', id: 'c3', claim_id: claimId });
      expect(again).toMatchObject({ type: 'result', data: { state: 'claimed' } });
    });

    it('is refused to others: customers, auditors, other tenants, and what is no claim', async () => {
      await newConsultant('Ann');
      const { claimId } = await arrive();
      for (const roles of [['customer'], ['auditor']]) {
        const user = await t.newUser(tenant.tenantId, roles);
        const { access_token: token } = await t.signIn(user.email);
        expect((await claim(t, claimId, { user, token })).status).toBe(403);
        const client = await online(t, { token });
        const answer = await client.ask({ type: 'claim_customer', id: 'x', claim_id: claimId });
        expect(answer).toMatchObject({ type: 'error', code: 'forbidden' });
      }
      const foreign = await t.newTenant();
      const stranger = await t.newUser(foreign.tenantId, ['consultant']);
      const { access_token: token } = await t.signIn(stranger.email);
      expect((await claim(t, claimId, { user: stranger, token })).status).toBe(404);
      const client = await online(other, { token });
      const answer = await client.ask({ type: 'claim_customer', id: 'x', claim_id: claimId });
      expect(answer).toMatchObject({ type: 'error', code: 'not_found' });
      expect(await client.ask({ type: 'claim_customer', id: 'y', claim_id: "'" })).toMatchObject({
        code: 'invalid_input',
      });
      expect(await stateOf(claimId)).toMatchObject({ state: 'open' });
    });

    it('stops at as many as a consultant may have, also when they come at once', async () => {
      const ann = await newConsultant('Ann');
      await asAdmin('PUT', `/admin/consultants/${ann.user.id}`, { max_open_customers: 2 });
      const claims = await Promise.all([arrive(), arrive(), arrive(), arrive()]);
      const answers = await Promise.all(
        claims.map(({ claimId }, n) => claim(n % 2 ? t : other, claimId, ann)),
      );
      expect(answers.map(({ status }) => status).toSorted((one, next) => one - next)).toEqual([
        200, 200, 409, 409,
      ]);
      const mine = await asAdmin('GET', `/customer-claims?claimed_by=${ann.user.id}&state=claimed`);
      expect(mine.items).toHaveLength(2);
      const close = `/customer-claims/${mine.items[0].id}/close`;
      expect((await t.rest('POST', close, { token: ann.token })).body.data).toMatchObject({
        state: 'closed',
      });
      const left = answers.findIndex(({ status }) => status === 409);
      expect((await claim(t, claims[left].claimId, ann)).status).toBe(200);
    });

    it('is taken back by release, which tells consultants anew', async () => {
      const [ann, ben] = [await newConsultant('Ann'), await newConsultant('Ben')];
      const client = await online(other, ben);
      const { claimId, conversationId } = await arrive();
      await claim(t, claimId, ann);
      const release = `/customer-claims/${claimId}/release`;
      expect((await t.rest('POST', release, { token: ben.token })).status).toBe(403);
      const { version } = await stateOf(claimId);
      const stale = { 'if-match': `"${Number(version) - 1}"` };
      expect((await t.rest('POST', release, { token: ann.token, headers: stale })).status).toBe(412);
      const fresh = { 'if-match': `"${String(version)}"` };
      const answer = await t.rest('POST', release, { token: ann.token, headers: fresh });
      expect(answer.body.data).toMatchObject({ state: 'open', claimed_by: null, level: 0 });
      await client.until(() => client.events.filter(of(claimId)).length >= 4, 'four events');
      const kinds = client.events.filter(of(claimId)).map(({ kind }) => kind);
      expect(kinds).toEqual(['new_customer', 'customer_claimed', 'new_customer', 'customer_released']);
      const [row] = await t.dataSource.query('SELECT consultant_id FROM conversations WHERE id = $1', [
        conversationId,
      ]);
      expect(row).toEqual({ consultant_id: null });
      expect((await claim(t, claimId, ben)).status).toBe(200);
    });

    it('keeps how long the customer waited at first, whoever gives back and reassigns', async () => {
      const [ann, ben] = [await newConsultant('Ann'), await newConsultant('Ben')];
      const { claimId } = await arrive();
      const times = async () => {
        const [row] = await t.dataSource.query<Record<string, Date>[]>(
          `SELECT first_announced_at, first_claimed_at, announced_at, claimed_at FROM customer_claims WHERE id = $1`,
          [claimId],
        );
        return row;
      };
      await claim(t, claimId, ann);
      const { first_claimed_at: firstClaim, claimed_at: onlyClaim } = await times();
      expect(firstClaim).toEqual(onlyClaim);
      // Long ago, so that what is written now is told from it.
      await t.dataSource.query(
        `UPDATE customer_claims SET first_announced_at = '2026-03-01T08:00:00Z', first_claimed_at = '2026-03-01T08:01:00Z',
           announced_at = '2026-03-01T08:00:00Z', claimed_at = '2026-03-01T08:01:00Z' WHERE id = $1`,
        [claimId],
      );
      const first = await times();
      await t.rest('POST', `/customer-claims/${claimId}/release`, { token: ann.token });
      await asAdmin('POST', `/admin/customer-claims/${claimId}/reassign`, { user_id: ben.user.id });
      const now = await times();
      expect(now['claimed_at'].getTime()).toBeGreaterThan(first['claimed_at'].getTime());
      expect(now['announced_at'].getTime()).toBeGreaterThan(first['announced_at'].getTime());
      expect(now).toMatchObject({
        first_announced_at: first['first_announced_at'],
        first_claimed_at: first['first_claimed_at'],
      });
    });

    it('gives way to an administrator, who tells somebody who is not there through the channels', async () => {
      const [ann, ben] = [await newConsultant('Ann'), await newConsultant('Ben')];
      const { claimId } = await arrive();
      await claim(t, claimId, ann);
      const reassign = `/admin/customer-claims/${claimId}/reassign`;
      const denied = await t.rest('POST', reassign, { token: ann.token, body: { user_id: ben.user.id } });
      expect(denied.status).toBe(403);
      const nobody = await asAdmin('POST', reassign, { user_id: tenant.caller.userId });
      expect(nobody).toMatchObject({ status: 400, body: { error: { details: [{ field: 'user_id' }] } } });
      const answer = await asAdmin('POST', reassign, { user_id: ben.user.id });
      expect(answer.body.data).toMatchObject({
        state: 'claimed',
        claimed_by: { id: ben.user.id, name: 'Ben' },
      });
      expect((await noticesFor(ben.user.id)).map(({ kind }) => kind)).toContain('customer_claimed');
      const audit = await asAdmin('GET', '/admin/audit-logs?action=customer_claim.reassign');
      expect(audit.items).toMatchObject([
        { before: { claimed_by: ann.user.id }, after: { claimed_by: ben.user.id } },
      ]);
    });
  });

  describe('allocation', () => {
    const offeredTo = async (id: string) =>
      (await stateOf(id))['offered_to'] as { id: string; name: string } | null;

    it('goes round: each customer to the next who is online, and to them alone', async () => {
      await set({ allocation: 'round_robin', offer_seconds: 60 });
      const people = [await newConsultant('Ann'), await newConsultant('Ben'), await newConsultant('Cid')];
      const absent = await newConsultant('Dan');
      const sockets = await Promise.all(people.map((person, n) => online(n % 2 ? t : other, person)));
      const got: (string | undefined)[] = [];
      for (let n = 0; n < 4; n++) got.push((await offeredTo((await arrive()).claimId))?.name);
      expect(got).toEqual(['Ann', 'Ben', 'Cid', 'Ann']);
      await sockets[2].sees('new_customer');
      await sockets[0].until(() => sockets[0].events.length >= 2, 'two offers');
      expect(sockets.map(({ events }) => events.length)).toEqual([2, 1, 1]);
      const [first] = sockets[0].events;
      const id = String(first.payload['claim_id']);
      const refused = await claim(t, id, people[1]);
      expect(refused.body).toMatchObject({
        message: 'This customer is offered to Ann first',
        error: { details: { offered_to: { id: people[0].user.id } } },
      });
      expect((await claim(other, id, absent)).status).toBe(409);
      expect((await claim(other, id, people[0])).status).toBe(200);
    });

    it('hands a customer on when the one who was asked does not claim, and in the end to all', async () => {
      await set({ allocation: 'round_robin', offer_seconds: 1 });
      const [ann, ben] = [await newConsultant('Ann'), await newConsultant('Ben')];
      const [here, there] = [await online(t, ann), await online(other, ben)];
      const { claimId } = await arrive();
      expect((await here.sees('new_customer')).payload).toMatchObject({ offered_to: ann.user.id });
      expect((await there.sees('new_customer')).payload).toMatchObject({ offered_to: ben.user.id });
      for (const client of [here, there])
        await client.sees('new_customer', ({ payload }) => payload['offered_to'] === null);
      expect(here.events.filter(of(claimId))).toHaveLength(2);
      expect((await claim(t, claimId, ann)).status).toBe(200);
    });

    it('takes who has least to do, counting what is offered, also for customers who come at once', async () => {
      await set({ allocation: 'least_busy' });
      const [ann, ben] = [await newConsultant('Ann'), await newConsultant('Ben')];
      for (const [app, person] of [
        [t, ann],
        [other, ben],
      ] as const)
        await online(app, person);
      const first = await arrive();
      await claim(t, first.claimId, ann);
      const four = await Promise.all([arrive(), arrive(), arrive()]);
      const names = await Promise.all(four.map(async ({ claimId }) => (await offeredTo(claimId))?.name));
      expect(names.map(String).toSorted()).toEqual(['Ann', 'Ben', 'Ben']);
    });

    it('does not offer a customer to whoever has just given it back', async () => {
      await set({ allocation: 'least_busy', offer_seconds: 600 });
      const [ann, ben] = [await newConsultant('Ann'), await newConsultant('Ben')];
      await online(t, ann);
      await online(other, ben);
      const { claimId } = await arrive();
      expect((await offeredTo(claimId))?.name).toBe('Ann');
      await claim(t, claimId, ann);
      for (let n = 0; n < 2; n++)
        await asAdmin('POST', `/admin/customer-claims/${(await arrive()).claimId}/reassign`, {
          user_id: ben.user.id,
        });
      await t.rest('POST', `/customer-claims/${claimId}/release`, { token: ann.token });
      expect((await offeredTo(claimId))?.name).toBe('Ben');
    });

    it('takes who knows what the customer is about', async () => {
      await set({ allocation: 'by_skill' });
      const [ann, ben] = [await newConsultant('Ann'), await newConsultant('Ben')];
      await t.rest('PUT', '/consultants/me', { token: ben.token, body: { skills: [' Laser ', 'vip'] } });
      for (const person of [ann, ben]) await online(t, person);
      expect((await offeredTo((await arrive({ tags: ['laser'] })).claimId))?.name).toBe('Ben');
      expect((await offeredTo((await arrive({ tier: 'vip' })).claimId))?.name).toBe('Ben');
      expect((await offeredTo((await arrive({ tags: ['filler'] })).claimId))?.name).toBe('Ann');
    });

    it('passes over who is not available or has no room', async () => {
      await set({ allocation: 'round_robin' });
      const people = [await newConsultant('Ann'), await newConsultant('Ben'), await newConsultant('Cid')];
      for (const person of people) await online(t, person);
      await t.rest('PUT', '/consultants/me', { token: people[0].token, body: { available: false } });
      await t.rest('PUT', '/consultants/me', { token: people[1].token, body: { max_open_customers: 0 } });
      for (let n = 0; n < 2; n++) expect((await offeredTo((await arrive()).claimId))?.name).toBe('Cid');
    });
  });

  describe('escalation', () => {
    const levels = (...to: object[]) => to.map((one) => ({ after_seconds: 1, ...one }));

    it('goes through the levels, each once, and ends with an alert', async () => {
      const [ann, ben, cid] = [
        await newConsultant('Ann'),
        await newConsultant('Ben'),
        await newConsultant('Cid'),
      ];
      await asAdmin('PUT', `/admin/consultants/${ben.user.id}`, { level: 3 });
      await asAdmin('PUT', `/admin/consultants/${cid.user.id}`, { skills: ['rescue'] });
      await set({
        levels: levels(
          { consultant_level: 2 },
          { skills: ['Rescue'], user_ids: [ann.user.id] },
          { roles: ['owner'] },
        ),
        alert_after_seconds: 1,
      });
      const client = await online(other, ben);
      const { claimId } = await arrive();
      expect(await stateOf(claimId)).toMatchObject({ level: 0, next_escalation_at: expect.any(String) });
      const done = await pollUntil(
        () => stateOf(claimId),
        ({ level }) => level === 4,
      );
      expect(done).toMatchObject({ state: 'open', next_escalation_at: null });
      expect((await client.sees('customer_escalated')).payload).toMatchObject({
        level: 1,
        claim_id: claimId,
      });
      const keys = async (userId: string) =>
        (await noticesFor(userId)).map(({ key }) => key.split(':').slice(2).join(':'));
      expect(await keys(ben.user.id)).toEqual(['1:level1']);
      expect(await keys(ann.user.id)).toEqual(['1:level2']);
      expect(await keys(cid.user.id)).toEqual(['1:level2']);
      expect(await keys(tenant.caller.userId)).toEqual(expect.arrayContaining(['1:level3']));
      const alerts = await t.dataSource.query(
        `SELECT kind, target_id, title FROM alerts WHERE tenant_id = $1`,
        [tenant.tenantId],
      );
      // No name: it outlives the account.
      const title = 'Nobody has claimed a new customer';
      expect(alerts).toEqual([{ kind: 'customer_unclaimed', target_id: claimId, title }]);
    });

    it('tells customers nothing of customers, whatever a level says', async () => {
      const customer = await t.newUser(tenant.tenantId, ['customer']);
      const refused = await asAdmin('PUT', '/admin/consultant-settings', {
        levels: levels({ roles: ['customer'] }),
      });
      expect(refused).toMatchObject({
        status: 400,
        body: { error: { details: [{ field: 'levels.0.roles' }] } },
      });
      const user_ids = [customer.id, tenant.caller.userId];
      await set({ levels: levels({ user_ids }), alert_after_seconds: 600 });
      await t.dataSource.query(
        `UPDATE consultant_settings SET levels = jsonb_set(levels, '{0,roles}', '["customer"]') WHERE tenant_id = $1`,
        [tenant.tenantId],
      );
      const { claimId } = await arrive();
      await pollUntil(
        () => stateOf(claimId),
        ({ level }) => level === 1,
      );
      const told = await t.dataSource.query(
        `SELECT user_ids FROM live_events WHERE tenant_id = $1 AND kind = 'customer_escalated'`,
        [tenant.tenantId],
      );
      expect(told).toEqual([{ user_ids: [tenant.caller.userId] }]);
    });

    it('is cancelled by the claim, and begins anew with a release', async () => {
      const ann = await newConsultant('Ann');
      await set({ levels: levels({ roles: ['consultant'] }), alert_after_seconds: 600 });
      await online(t, ann);
      const { claimId } = await arrive();
      const jobsOf = () =>
        t.dataSource.query<{ state: string; round: number }[]>(
          `SELECT state, (payload->>'round')::int AS round FROM jobs
           WHERE kind = 'consultants.escalate' AND payload->>'claim_id' = $1 ORDER BY id`,
          [claimId],
        );
      await claim(t, claimId, ann);
      expect(await jobsOf()).toEqual([{ state: 'cancelled', round: 1 }]);
      expect(await stateOf(claimId)).toMatchObject({ level: 0, next_escalation_at: null });
      await t.rest('POST', `/customer-claims/${claimId}/release`, { token: ann.token });
      await pollUntil(
        () => stateOf(claimId),
        ({ level }) => level === 1,
      );
      expect((await jobsOf()).map(({ round }) => round)).toEqual([1, 2, 2]);
    });

    describe('whose job is lost', () => {
      const jobOf = async (claimId: string, kind: string) => {
        const [{ id }] = await t.dataSource.query<[{ id: string }]>(
          `SELECT id FROM jobs WHERE kind = $2 AND payload->>'claim_id' = $1`,
          [claimId, kind],
        );
        return id;
      };
      const alertsOf = (claimId: string) =>
        t.dataSource.query<{ title: string; key: string }[]>(
          `SELECT title, key FROM alerts WHERE tenant_id = $1 AND kind = 'customer_unclaimed' AND target_id = $2`,
          [tenant.tenantId, claimId],
        );

      it('alerts the administrators and goes on with the next level: failed for good', async () => {
        const ann = await newConsultant('Ann');
        const later = { user_ids: [ann.user.id] };
        await set({ levels: levels({ after_seconds: 2 }, later), alert_after_seconds: 600 });
        // As nothing that we store is: reading it fails, each time.
        await t.dataSource.query(
          `UPDATE consultant_settings SET levels = levels #- '{0,skills}' WHERE tenant_id = $1`,
          [tenant.tenantId],
        );
        const { claimId } = await arrive();
        const jobId = await jobOf(claimId, 'consultants.escalate');
        await t.dataSource.query(`UPDATE jobs SET retry_seconds = '{}' WHERE id = $1`, [jobId]);
        await pollUntil(
          () => stateOf(claimId),
          ({ level }) => level === 2,
        );
        expect((await noticesFor(ann.user.id)).map(({ key }) => key)).toContain(
          `customer:${claimId}:1:level2`,
        );
        expect(await alertsOf(claimId)).toEqual([
          {
            title: 'Consultants could not be told of a new customer',
            key: `customer_unclaimed:${claimId}:job:${jobId}`,
          },
        ]);
      });

      it('does so when an operator cancels it, also the end of an offer', async () => {
        await set({ allocation: 'round_robin', offer_seconds: 600, levels: levels({ after_seconds: 600 }) });
        const [ann, ben] = [await newConsultant('Ann'), await newConsultant('Ben')];
        await online(t, ann);
        await online(other, ben);
        const { claimId } = await arrive();
        expect((await claim(t, claimId, ben)).status).toBe(409);
        for (const kind of ['consultants.offer_ends', 'consultants.escalate'])
          expect((await asAdmin('POST', `/admin/jobs/${await jobOf(claimId, kind)}/cancel`)).status).toBe(
            200,
          );
        await pollUntil(
          () => alertsOf(claimId),
          (alerts) => alerts.length === 2,
        );
        expect(await stateOf(claimId)).toMatchObject({
          level: 1,
          offered_to: null,
          next_escalation_at: expect.any(String),
        });
        expect((await claim(t, claimId, ben)).status).toBe(200);
      });

      it('alerts nobody of a job that the claim has ended', async () => {
        const ann = await newConsultant('Ann');
        const { claimId } = await arrive();
        await claim(t, claimId, ann);
        const told = () =>
          t.dataSource.query<{ state: string }[]>(
            `SELECT state FROM jobs WHERE tenant_id = $1 AND kind = 'consultants.give_up'`,
            [tenant.tenantId],
          );
        await pollUntil(told, ([job]) => job?.state === 'done');
        expect(await alertsOf(claimId)).toEqual([]);
      });
    });

    it('waits for no morning at its last level, and what waits is taken back by the claim', async () => {
      const ann = await newConsultant('Ann');
      const hour = (fromNow: number) =>
        new Date(Date.now() + fromNow * 3_600_000).toISOString().slice(11, 16);
      const quiet = { quiet_hours: { from: hour(-1), to: hour(12) } };
      const preferred = await t.rest('PUT', '/notifications/preferences', { token: ann.token, body: quiet });
      expect(preferred.status).toBe(200);
      // Nobody listens there: what is to go out at once waits for its next attempt.
      await newChannel(t, tenant, { kind: 'webhook', webhook: { url: 'http://127.0.0.1:9/' } });
      await set({
        levels: levels({ roles: ['consultant'] }, { user_ids: [ann.user.id] }),
        alert_after_seconds: 600,
      });
      const { claimId } = await arrive();
      const told = () => deliveriesOf(t, tenant, `&recipient_id=${ann.user.id}`);
      const deliveries = await pollUntil(told, (all) => all.length === 3);
      expect(
        deliveries.map(({ notice_key: key, not_before: until }) => [
          String(key).split(':').at(-1),
          until === null,
        ]),
      ).toEqual([
        ['level2', true],
        ['level1', false],
        ['new', false],
      ]);
      expect((await claim(t, claimId, ann)).status).toBe(200);
      const withdrawn = { state: 'suppressed', reason: 'no_longer_needed' };
      expect(await told()).toMatchObject([withdrawn, withdrawn, withdrawn]);
    });

    it('opens a customer that is offered to one alone to whoever is told', async () => {
      await set({ allocation: 'round_robin', offer_seconds: 600, levels: levels({ roles: ['consultant'] }) });
      const [ann, ben] = [await newConsultant('Ann'), await newConsultant('Ben')];
      await online(t, ann);
      const there = await online(other, ben);
      const { claimId } = await arrive();
      expect((await claim(t, claimId, ben)).status).toBe(409);
      await there.sees('customer_escalated', of(claimId));
      expect((await claim(t, claimId, ben)).status).toBe(200);
    });
  });

  describe('administration', () => {
    it('lists consultants with presence and load', async () => {
      const [ann, ben] = [await newConsultant('Ann'), await newConsultant('Ben')];
      await online(other, ann);
      await claim(t, (await arrive()).claimId, ann);
      const answer = await t.rest('GET', '/admin/consultants', { token: ben.token });
      expect(answer.items).toMatchObject([
        { id: ann.user.id, online: true, open_customers: 1, version: 0, available: true, level: 1 },
        { id: ben.user.id, online: false, open_customers: 0 },
      ]);
    });

    it('keeps profiles under If-Match, and leaves the level to administrators', async () => {
      const ann = await newConsultant('Ann');
      const path = `/admin/consultants/${ann.user.id}`;
      const first = await asAdmin('PUT', path, { level: 4, skills: ['vip'] }, { 'if-match': '"0"' });
      expect(first).toMatchObject({ status: 200, body: { data: { level: 4, version: 1, skills: ['vip'] } } });
      expect(first.headers.get('etag')).toMatch(/^"1/);
      expect((await asAdmin('PUT', path, {}, { 'if-match': '"0"' })).status).toBe(412);
      const own = await t.rest('PUT', '/consultants/me', { token: ann.token, body: { available: false } });
      expect(own.body.data).toMatchObject({ level: 4, available: false, skills: ['vip'] });
      const risen = await t.rest('PUT', '/consultants/me', { token: ann.token, body: { level: 9 } });
      expect(risen.status).toBe(400);
      expect((await asAdmin('PUT', `/admin/consultants/${tenant.caller.userId}`, {})).status).toBe(404);
      expect((await t.rest('PUT', path, { token: ann.token, body: { level: 9 } })).status).toBe(403);
    });

    it('keeps settings under If-Match, with every wrong field told', async () => {
      const defaults = await asAdmin('GET', '/admin/consultant-settings');
      expect(defaults.body.data).toMatchObject({
        allocation: 'free',
        version: 0,
        levels: [{ after_seconds: 300 }, {}],
      });
      const body = { allocation: 'least_busy', levels: [{ after_seconds: 5, roles: ['admin'] }] };
      const path = '/admin/consultant-settings';
      expect((await asAdmin('PUT', path, body, { 'if-match': '"0"' })).body.data).toMatchObject({
        ...body,
        version: 1,
      });
      expect((await asAdmin('PUT', path, body, { 'if-match': '"0"' })).status).toBe(412);
      const wrong = await asAdmin('PUT', path, {
        allocation: 'auction',
        levels: [{ after_seconds: 0, roles: ['king'] }],
        conversation_link: 'javascript:alert(1)',
      });
      const fields = wrong.body.error.details!.map(({ field }) => field);
      expect(fields).toEqual(
        expect.arrayContaining([
          'allocation',
          'conversation_link',
          'levels.0.after_seconds',
          'levels.0.roles',
        ]),
      );
    });
  });
});
