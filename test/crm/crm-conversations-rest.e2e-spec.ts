import { randomUUID } from 'node:crypto';
import { v7 as newId } from 'uuid';
import { AUTOMATION_ENV, AutomationWorld, WELCOME_TOOLS } from '../support/automation.js';
import { newCustomer } from '../support/customers.js';
import { LiveClient } from '../support/live.js';
import { newGroup } from '../support/mcp.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { pollUntil } from '../support/waiting.js';

type Person = { readonly id: string; readonly token: string };

describe('/api/v1/conversations', () => {
  let t: TestApp;
  let tenant: TestTenant;
  let customer: Person;
  let consultant: Person;
  let conversationId: string;
  const clients: LiveClient[] = [];

  beforeAll(async () => {
    t = await createTestApp({ env: AUTOMATION_ENV });
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    tenant = await t.newTenant();
    const { userId, conversationId: made } = await newCustomer(t, tenant.tenantId);
    conversationId = made;
    customer = await signedIn(userId);
    consultant = await newPerson('consultant');
    await set('consultant_id = $2', consultant.id);
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  const signedIn = async (id: string): Promise<Person> => {
    const { access_token: token } = await t.signIn(`${id}@example.test`);
    return { id, token };
  };
  const newPerson = async (...roles: string[]): Promise<Person> =>
    signedIn((await t.newUser(tenant.tenantId, roles)).id);
  const admin = (): Person => ({ id: tenant.caller.userId, token: tenant.adminToken });
  const set = (change: string, ...values: unknown[]) =>
    t.dataSource.query(`UPDATE conversations SET ${change} WHERE id = $1`, [conversationId, ...values]);
  const list = ({ token }: Person, query = '') => t.rest('GET', `/conversations${query}`, { token });
  const idsOf = async (person: Person, query?: string) =>
    (await list(person, query)).items.map(({ id }) => id);
  const get = ({ token }: Person, rest = '') =>
    t.rest('GET', `/conversations/${conversationId}${rest}`, { token });
  const send = ({ token }: Person, content: unknown, headers?: Record<string, string>) =>
    t.rest('POST', `/conversations/${conversationId}/messages`, { token, body: { content }, headers });
  const stored = () =>
    t.dataSource.query<{ sender_kind: string; sender_id: string; user_id: string; content: string }[]>(
      `SELECT sender_kind, sender_id, user_id, content FROM messages WHERE conversation_id = $1 ORDER BY created_at, id`,
      [conversationId],
    );
  const listen = async ({ token }: Person) => {
    const client = await LiveClient.follow(t.url, token);
    clients.push(client);
    return client;
  };

  describe('GET', () => {
    it('shows it to its customer, its consultant and administrators', async () => {
      for (const person of [customer, consultant, admin()]) {
        const answer = await get(person);
        expect(answer).toMatchObject({
          status: 200,
          body: {
            data: {
              id: conversationId,
              user_id: customer.id,
              user_name: `Customer ${customer.id.slice(-4)}`,
              consultant_id: consultant.id,
              consultant_name: 'Test user',
              channel: 'app',
              title: 'Welcome',
              closed_at: null,
            },
          },
        });
        expect((await list(person)).items).toEqual([answer.body.data]);
        expect((await get(person, '/messages')).status).toBe(200);
      }
    });

    it('shows it to nobody else, as if it were not there', async () => {
      const outside = await t.newTenant();
      const strangers = [
        await newPerson('customer'),
        await newPerson('consultant'),
        await newPerson('operator'),
        await newPerson('auditor'),
        { id: outside.caller.userId, token: outside.adminToken },
      ];
      for (const stranger of strangers) {
        expect(await idsOf(stranger)).toEqual([]);
        for (const rest of ['', '/messages']) expect((await get(stranger, rest)).status).toBe(404);
        const refused = await send(stranger, 'Hello');
        expect([refused.status, refused.body.message]).toEqual([404, `No conversation ${conversationId}`]);
      }
      expect(await stored()).toEqual([]);
    });

    it('hides it from a consultant who is none any more, and from a token that is for something else', async () => {
      await t.dataSource.query(`UPDATE users SET roles = '{operator}' WHERE id = $1`, [consultant.id]);
      const demoted = await signedIn(consultant.id);
      const made = await t.rest('POST', '/auth/tokens', {
        token: tenant.adminToken,
        body: {
          name: 'groups',
          scopes: ['groups.read'],
          expires_at: new Date(Date.now() + 3_600_000).toISOString(),
        },
      });
      const narrow = { id: admin().id, token: String(made.body.data['token']) };
      // One without `own.read` and `own.write` does not get as far as being told whether there is such a conversation.
      for (const [person, status] of [
        [demoted, 404],
        [narrow, 403],
      ] as const) {
        expect(await idsOf(person)).toEqual([]);
        expect((await get(person)).status).toBe(status);
        expect((await send(person, 'Hello')).status).toBe(status);
      }
    });

    it('lists newest first, page by page, and of one customer', async () => {
      const others = [];
      for (let n = 0; n < 2; n += 1) others.push(await newCustomer(t, tenant.tenantId));
      await t.dataSource.query(
        `UPDATE conversations SET created_at = '2026-03-01T08:00:00Z' WHERE tenant_id = $1`,
        [tenant.tenantId],
      );
      const all = [conversationId, ...others.map((other) => other.conversationId)].toSorted().toReversed();
      const first = await list(admin(), '?limit=2');
      const rest = await list(admin(), `?limit=2&cursor=${first.body.page.next_cursor}`);
      expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual(all);
      expect(rest.body.page.next_cursor).toBeNull();
      expect(await idsOf(admin(), `?user_id=${others[1].userId}`)).toEqual([others[1].conversationId]);
      expect(await idsOf(consultant, `?user_id=${others[1].userId}`)).toEqual([]);
      expect((await list(admin(), '?cursor=x')).status).toBe(400);
    });

    it('gives messages newest first, page by page, also those of one instant', async () => {
      const ids = Array.from({ length: 5 }, () => newId());
      await t.dataSource.query(
        `INSERT INTO messages (id, tenant_id, conversation_id, user_id, sender_kind, content, created_at)
         SELECT id, $2, $3, $4, 'ai', 'Hello', '2026-03-01T08:00:00Z' FROM unnest($1::uuid[]) AS id`,
        [ids, tenant.tenantId, conversationId, customer.id],
      );
      const read: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const page = await get(customer, `/messages?limit=2${cursor && `&cursor=${cursor}`}`);
        expect(page.status).toBe(200);
        read.push(...page.items.map(({ id }) => id));
        cursor = page.body.page.next_cursor;
      }
      expect(read).toEqual(ids.toReversed());
    });
  });

  describe('POST …/messages', () => {
    it('writes as whoever one is in the conversation', async () => {
      const asked = await send(customer, '  Friday?\n\tOr Monday? 好  ');
      const answered = await send(consultant, 'Friday.');
      expect(asked).toMatchObject({
        status: 201,
        body: {
          data: {
            conversation_id: conversationId,
            sender_kind: 'customer',
            sender_id: customer.id,
            content: 'Friday?\n\tOr Monday? 好',
          },
        },
      });
      expect(answered).toMatchObject({ status: 201, body: { data: { sender_kind: 'consultant' } } });
      expect(await stored()).toMatchObject([
        { sender_kind: 'customer', sender_id: customer.id, user_id: customer.id },
        { sender_kind: 'consultant', sender_id: consultant.id, user_id: customer.id, content: 'Friday.' },
      ]);
      expect((await get(customer, '/messages')).items).toEqual([answered.body.data, asked.body.data]);
    });

    it("lets nobody write in another's name", async () => {
      const refused = await send(admin(), 'Hello');
      expect([refused.status, refused.body.error.code]).toEqual([403, 'forbidden']);
      expect(await stored()).toEqual([]);
    });

    it('refuses a closed conversation, which can still be read', async () => {
      await set('closed_at = now()');
      for (const person of [customer, consultant]) {
        const refused = await send(person, 'Hello');
        expect([refused.status, refused.body.message]).toEqual([409, 'This conversation is closed']);
        expect((await get(person)).status).toBe(200);
      }
      expect(await stored()).toEqual([]);
    });

    it('waits for a change of the conversation, and goes by what that leaves', async () => {
      const runner = t.dataSource.createQueryRunner();
      await runner.startTransaction();
      await runner.query('UPDATE conversations SET closed_at = now() WHERE id = $1', [conversationId]);
      const sending = send(customer, 'Hello');
      const first = await Promise.race([sending, waitingForLock()]);
      await runner.commitTransaction();
      await runner.release();
      expect(first).toBe('waits');
      expect((await sending).status).toBe(409);
    });

    const waitingForLock = async () => {
      const count = () =>
        t.dataSource.query<object[]>(
          `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%"conversations"%SHARE%'
             AND datname = current_database()`,
        );
      await pollUntil(count, ({ length }) => length > 0);
      return 'waits';
    };

    it.each([
      ['nothing', undefined],
      ['an empty text', ' \n '],
      ['more than 4000 characters', 'a'.repeat(4001)],
      ['a NUL', 'a\u0000b'],
      ['an escape character', 'a\u001b[31mb'],
      ['no text', { text: 'a' }],
    ])('refuses %s', async (_what, content) => {
      const refused = await send(customer, content);
      expect(refused.status).toBe(400);
      expect([...new Set(refused.body.error.details?.map(({ field }) => field))]).toEqual(['content']);
      expect(await stored()).toEqual([]);
    });

    it('takes 4000 characters', async () => {
      expect((await send(customer, 'a'.repeat(4000))).status).toBe(201);
    });

    it('writes once with an Idempotency-Key, and tells once', async () => {
      const headers = { 'idempotency-key': randomUUID() };
      const first = await send(customer, 'Once', headers);
      const again = await send(customer, 'Once', headers);
      expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
      expect(again.body).toEqual(first.body);
      expect((await send(customer, 'Twice', headers)).status).toBe(422);
      expect(await stored()).toHaveLength(1);
      const [{ events }] = await t.dataSource.query<[{ events: number }]>(
        'SELECT count(*)::int AS events FROM live_events WHERE tenant_id = $1',
        [tenant.tenantId],
      );
      expect(events).toBe(1);
    });

    it('tells both sides and nobody else, without what was written', async () => {
      const stranger = await newPerson('consultant');
      const [hers, theirs, other, watching] = await Promise.all(
        [customer, consultant, stranger, admin()].map(listen),
      );
      const asked = (await send(customer, 'My secret')).body.data;
      const answered = (await send(consultant, 'Noted')).body.data;
      for (const client of [hers, theirs]) {
        for (const { id, sender_kind } of [asked, answered]) {
          const { payload } = await client.sees('new_message', (event) => event.payload['message_id'] === id);
          expect(payload).toEqual({ conversation_id: conversationId, message_id: id, sender_kind });
        }
      }
      // A later event for all of them: what came before it has come.
      await set('consultant_id = $2', stranger.id);
      const last = (await send(customer, 'Hello')).body.data;
      await other.sees('new_message', (event) => event.payload['message_id'] === last.id);
      expect(other.events.map(({ payload }) => payload['message_id'])).toEqual([last.id]);
      expect(watching.events).toEqual([]);
      expect(theirs.events).toHaveLength(2);
    });

    it('tells the customer alone while nobody looks after them', async () => {
      await set('consultant_id = NULL');
      expect((await send(customer, 'Anybody?')).status).toBe(201);
      const events = await t.dataSource.query(
        'SELECT user_ids, roles FROM live_events WHERE tenant_id = $1',
        [tenant.tenantId],
      );
      expect(events).toEqual([{ user_ids: [customer.id], roles: [] }]);
      expect((await send(consultant, 'Hello')).status).toBe(404);
    });

    it('writes nothing when nobody can be told', async () => {
      await t.dataSource.query('ALTER TABLE live_events ADD CONSTRAINT unwritable CHECK (false) NOT VALID');
      const answer = await send(customer, 'Hello');
      await t.dataSource.query('ALTER TABLE live_events DROP CONSTRAINT unwritable');
      expect(answer.status).toBe(500);
      expect(await stored()).toEqual([]);
    });
  });

  describe('the numbers of the automation', () => {
    it('count what customers and consultants write', async () => {
      const world = await AutomationWorld.create(t);
      tenant = world.tenant;
      await newGroup(t, tenant, { tools: WELCOME_TOOLS });
      const userId = await world.register();
      conversationId = (await world.ended(userId)).conversation_id!;
      const [{ email }] = await t.dataSource.query<[{ email: string }]>(
        'SELECT email FROM users WHERE id = $1',
        [userId],
      );
      const login = await t.rest('POST', '/auth/login', {
        body: { email, password: 'five green umbrellas' },
      });
      const registered = { id: userId, token: String(login.body.data['access_token']) };
      expect(await idsOf(registered)).toEqual([conversationId]);
      expect((await numbers()).first_response).toMatchObject({ answered_by_person: 0, wrote_so_far: 0 });

      expect((await send(registered, 'Is Friday free?')).status).toBe(201);
      const helper = await newPerson('consultant');
      const [claim] = (await t.rest('GET', '/customer-claims', { token: helper.token })).items;
      expect(
        (await t.rest('POST', `/customer-claims/${claim.id}/claim`, { token: helper.token })).status,
      ).toBe(200);
      expect((await send(helper, 'It is.')).status).toBe(201);
      const { first_response: response } = await numbers();
      expect(response).toMatchObject({ registered: 1, answered_by_person: 1, wrote_so_far: 1 });
      expect(response['person_median_seconds']).toBeGreaterThanOrEqual(0);

      const before = { registered: 0, wrote: 0, rate: null };
      expect((await numbers()).conversion).toMatchObject(before);
      for (const table of ['domain_events', 'messages'])
        await t.dataSource.query(
          `UPDATE ${table} SET created_at = created_at - interval '8 days' WHERE tenant_id = $1`,
          [tenant.tenantId],
        );
      expect((await numbers()).conversion).toMatchObject({ registered: 1, wrote: 1, rate: 1 });
    });

    const numbers = async () => {
      const path = '/admin/registration-automation/metrics?days=7';
      const { body } = await t.rest('GET', path, { token: tenant.adminToken });
      return body.data as unknown as Record<'first_response' | 'conversion', Record<string, unknown>>;
    };
  });
});
