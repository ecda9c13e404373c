import type { Caller } from '../../src/access/caller.js';
import type { User } from '../../src/access/user.entity.js';
import { InvalidInputError } from '../../src/platform/errors.js';
import { CustomerProfile } from '../../src/crm/customer-profile.entity.js';
import { type Answer, CrmWorld, DAY_MS } from '../support/crm-world.js';

describe('the tools about users and customers', () => {
  let world: CrmWorld;
  let ours: Caller;

  beforeAll(async () => {
    world = await CrmWorld.start();
    ours = await world.newTenant();
  });

  afterAll(() => world?.stop());

  function call(name: string, args: object, caller: Caller = ours): Promise<Answer> {
    return world.call(name, args, caller);
  }

  describe('get_user_profile', () => {
    it('finds by id and by username, with the phone masked', async () => {
      const user = await world.newUser(ours, {
        username: 'wang.min',
        displayName: '王敏',
        phone: '+8613800138000',
      });
      const expected = {
        user_id: user.id,
        username: 'wang.min',
        display_name: '王敏',
        roles: ['customer'],
        is_active: true,
        registration_time: user.createdAt.toISOString(),
        phone: '+86138****8000',
        details_included: false,
      };
      expect(await call('get_user_profile', { user_id: user.id })).toMatchObject(expected);
      const byName = await call('get_user_profile', { user_id: '', username: 'wang.min' });
      expect(byName).toMatchObject(expected);
      expect(byName).not.toHaveProperty('avatar_url');
      expect(JSON.stringify(byName)).not.toContain('password');
    });

    it('gives the phone and the avatar on request', async () => {
      const user = await world.newUser(ours, {
        phone: '+8613800138000',
        avatarUrl: 'https://example.com/a.png',
      });
      expect(await call('get_user_profile', { user_id: user.id, include_details: true })).toMatchObject({
        phone: '+8613800138000',
        avatar_url: 'https://example.com/a.png',
        details_included: true,
      });
    });

    it('says what to give and where to find it', async () => {
      await expect(call('get_user_profile', {})).rejects.toThrow('Give user_id or username');
      await expect(call('get_user_profile', { user_id: 'abc' })).rejects.toThrow(InvalidInputError);
      await expect(call('get_user_profile', { username: 'nobody' })).rejects.toMatchObject({
        message: "No user 'nobody'",
        hint: { tool: 'search_users', how: 'to find it' },
      });
    });
  });

  describe('search_users', () => {
    let caller: Caller;
    const names = async (query: string, more: object = {}): Promise<string[]> => {
      const { users } = await call('search_users', { query, ...more }, caller);
      return users.map((user: Answer) => user.display_name);
    };

    beforeAll(async () => {
      caller = await world.newTenant();
      const people: Partial<User>[] = [
        { displayName: '王小明', username: 'wangxm', email: 'xm@example.com', phone: '+8613800138000' },
        { displayName: '李小明', username: 'lixm', email: 'li@example.com' },
        { displayName: '王芳', username: 'wangf', email: 'fang@example.com' },
        { displayName: 'Emma O_Brien', username: 'emma', email: 'emma@mail.test' },
        { displayName: 'Lin Consultant', username: 'lin', email: 'lin@example.com', roles: ['consultant'] },
      ];
      for (const [index, given] of people.entries()) {
        await world.newUser(caller, { ...given, createdAt: new Date(1_700_000_000_000 + index * 1000) });
      }
    });

    it('finds a part of the name, username, e-mail or phone, newest first', async () => {
      expect(await names('小明')).toEqual(['李小明', '王小明']);
      expect(await names('王小明')).toEqual(['王小明']);
      expect(await names('WANG')).toEqual(['王芳', '王小明']);
      expect(await names('o_brien EMMA')).toEqual(['Emma O_Brien']);
      expect(await names('王 wang')).toEqual(['王芳', '王小明']);
      expect(await names('小明 li@')).toEqual(['李小明']);
      expect(await names('mail.test')).toEqual(['Emma O_Brien']);
      expect(await names('138001')).toEqual(['王小明']);
    });

    it('finds who has a whole e-mail address or phone number', async () => {
      expect(await names('XM@example.com')).toEqual(['王小明']);
      expect(await names('+8613800138000')).toEqual(['王小明']);
      expect(await names('+8613800138000', { role: 'consultant' })).toEqual([]);
      expect(await names('i@example.com')).toEqual(['李小明']); // nobody has it; it occurs in this one
    });

    it('matches the beginning of the name when there is less to go by', async () => {
      expect(await names('王')).toEqual(['王芳', '王小明']);
      expect(await names('em')).toEqual(['Emma O_Brien']);
      expect(await names('明')).toEqual([]);
    });

    it('takes wildcards as themselves', async () => {
      expect(await names('o_bri')).toEqual(['Emma O_Brien']);
      expect(await names('emma_')).toEqual([]);
      expect(await names('%%%')).toEqual([]);
    });

    it('keeps to a role, and to all without one', async () => {
      expect(await names('lin', { role: 'consultant' })).toEqual(['Lin Consultant']);
      expect(await names('lin', { role: 'customer' })).toEqual([]);
      expect(await names('lin', { role: ' ' })).toEqual(['Lin Consultant']);
    });

    it('pages to the end without repeating', async () => {
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await call('search_users', { query: 'example.com', limit: 2, cursor }, caller);
        found.push(...page.users.map((user: Answer) => user.username));
        cursor = page.next_cursor ?? undefined;
      } while (cursor !== undefined);
      expect(found).toEqual(['lin', 'wangf', 'lixm', 'wangxm']);
    });

    it('finds the same by each of its ways, however many match', async () => {
      const crowd = await world.newTenant();
      // By number: everybody 'common', 1 in 100 'middling' (the index would do as well), 1 in 400 'patchy', 1 in 900 'scarce', the oldest alone 'unique'.
      await world.data.query(
        `INSERT INTO users (id, tenant_id, username, email, display_name, roles, created_at)
         SELECT gen_random_uuid(), $1, 'u' || n, 'u' || n || '@crowd.test', concat_ws(' ', 'common',
           CASE WHEN n % 100 = 0 THEN 'middling 小明' END, CASE WHEN n % 400 = 0 THEN 'patchy' END, CASE WHEN n % 900 = 0 THEN 'scarce' END, CASE WHEN n = 0 THEN 'unique' END),
           '{customer}', now() - interval '1 minute' * (3000 - n) FROM generate_series(0, 2999) AS n`,
        [crowd.tenantId],
      );
      const all = async (query: string, limit: number): Promise<number[]> => {
        const found: number[] = [];
        for (let cursor: string | undefined | null; cursor !== null && found.length < 100;) {
          const page = await call('search_users', { query, limit, cursor }, crowd);
          found.push(...page.users.map((user: Answer) => Number(user.username.slice(1))));
          cursor = page.next_cursor;
        }
        return found;
      };
      const every = (step: number) =>
        Array.from({ length: 3000 }, (_, n) => 2999 - n).filter((n) => n % step === 0);
      expect(await all('common', 20)).toEqual(every(1).slice(0, 100));
      for (const limit of [3, 9, 20]) {
        expect(await all('middling', limit)).toEqual(every(100));
        expect(await all('小明', limit)).toEqual(every(100));
        expect(await all('patchy', limit)).toEqual(every(400));
        expect(await all('scarce', limit)).toEqual(every(900));
        expect(await all('unique', limit)).toEqual([0]);
        expect(await all('nobody', limit)).toEqual([]);
      }
    });

    it('refuses a blank query and a cursor of something else', async () => {
      await expect(call('search_users', { query: ' ' })).rejects.toThrow('query must not be blank');
      for (const cursor of ['nonsense', Buffer.from('["x","y"]').toString('base64url')]) {
        await expect(call('search_users', { query: 'abc', cursor })).rejects.toThrow(InvalidInputError);
      }
    });

    it("hides another tenant's users", async () => {
      const { users } = await call('search_users', { query: '小明' }, await world.newTenant());
      expect(users).toEqual([]);
    });
  });

  describe('get_customer_profile', () => {
    it('opens the file with the history in numbers', async () => {
      const consultant = await world.newUser(ours, { displayName: '林若溪', roles: ['consultant'] });
      const user = await world.newUser(ours);
      const project = await world.newProject(ours);
      await world.data.manager.insert(CustomerProfile, {
        userId: user.id,
        tenantId: user.tenantId,
        consultantId: consultant.id,
        facts: [{ topic: 'occasion', text: 'wedding', noted_on: '2026-01-01' }],
        tags: ['vip'],
        allergies: ['latex'],
        budgetMinCents: 100,
        budgetMaxCents: 200,
      });
      await world.newConversation(user, 1);
      const startedAt = new Date(Date.now() - DAY_MS);
      await world.newConsultation(user, { startedAt, outcome: 'booked' });
      for (const amountPaidCents of [15_000, 1]) {
        await world.newTreatment(user, { projectId: project.id, amountPaidCents, performedAt: startedAt });
      }
      await call('create_task', { user_id: user.id, title: 'Call' });
      expect(await call('get_customer_profile', { username: user.username })).toMatchObject({
        user_id: user.id,
        file_exists: true,
        consultant: { user_id: consultant.id, display_name: '林若溪' },
        facts: [{ topic: 'occasion', text: 'wedding' }],
        tags: ['vip'],
        allergies: ['latex'],
        budget: { min_cents: 100, max_cents: 200, currency: 'CNY' },
        history: {
          conversations: 1,
          consultations: 1,
          last_consultation_at: startedAt.toISOString(),
          treatments: [{ project: 'Facial', count: 2, last_performed_at: startedAt.toISOString() }],
          paid: [{ currency: 'CNY', amount_cents: 15_001 }],
          open_tasks: 1,
        },
      });
    });

    it('says when there is no file yet', async () => {
      const user = await world.newUser(ours);
      expect(await call('get_customer_profile', { user_id: user.id })).toMatchObject({
        file_exists: false,
        history: { conversations: 0, last_consultation_at: null, treatments: [], paid: [] },
      });
    });

    it('refuses a user who is no customer', async () => {
      const user = await world.newUser(ours, { username: 'boss', roles: ['admin'] });
      await expect(call('get_customer_profile', { user_id: user.id })).rejects.toThrow(
        "User 'boss' is not a customer (roles: admin)",
      );
    });
  });
});
