import { DataSource } from 'typeorm';
import { v7 as newId } from 'uuid';
import { ROLES } from '../../src/access/permissions.js';
import type { User } from '../../src/access/user.entity.js';
import { examine } from '../../src/operations/doctor/doctor.js';
import { generateSample } from '../../src/crm/sample/sample-data.js';
import { ToolRegistry } from '../../src/tools/tool-registry.js';
import { legacy, modern, newGroup, send, type TestGroup } from '../support/mcp.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';

type Person = { readonly id: string; readonly username: string; readonly token: string };
/** Ids of one customer's rows, by the name of the argument. */
type Ids = Readonly<Record<string, string>>;

describe('people in groups', () => {
  let t: TestApp;
  let tenant: TestTenant;
  let tools: readonly string[];

  const person = async (roles: readonly string[]): Promise<Person> =>
    toPerson(await t.newUser(tenant.tenantId, roles));
  const toPerson = async ({ id, username, email }: User): Promise<Person> => ({
    id,
    username,
    token: (await t.signIn(email)).access_token,
  });
  const groupFor = (roles: readonly string[]) => newGroup(t, tenant, { tools, roles });
  const names = async (
    group: TestGroup,
    { token }: Person,
    request: typeof legacy | typeof modern = legacy,
  ) => {
    const answer = await send({ ...group, key: token }, request('tools/list'));
    return answer.body.result?.tools?.map(({ name }) => name) ?? answer.status;
  };
  const call = async (group: TestGroup, { token }: Person, name: string, args: object) => {
    const answer = await send({ ...group, key: token }, legacy('tools/call', { name, arguments: args }));
    return answer.body.result ?? answer.body.error;
  };
  const definitions = () =>
    t.app
      .get(ToolRegistry)
      .definitions()
      .filter(({ name }) => tools.includes(name));

  beforeAll(async () => {
    t = await createTestApp();
    tenant = await t.newTenant();
    await generateSample(t.app.get(DataSource), {
      tenantId: tenant.tenantId,
      customers: 2,
      messagesPerCustomer: 5,
    });
    tools = t.app
      .get(ToolRegistry)
      .definitions()
      .map(({ name }) => name);
  });
  afterAll(() => t.close());

  it('come in by a role that the group names, and by no other; a group that names none is for its keys', async () => {
    const everybody = await Promise.all(ROLES.map((role) => person([role])));
    const closed = await groupFor([]);
    for (const one of everybody) expect(await names(closed, one)).toBe(403);
    expect(await send(closed, legacy('tools/list'))).toMatchObject({ status: 200 });
    for (const named of ROLES) {
      const group = await groupFor([named]);
      const inside = [];
      for (const [index, one] of everybody.entries())
        if ((await names(group, one)) !== 403) inside.push(ROLES[index]);
      expect(inside).toEqual([named]);
    }
  });

  it.each([
    ['a customer', 'customer', 'own'],
    ['an auditor', 'auditor', 'read'],
    ['an operator', 'operator', 'all'],
  ] as const)('%s is served what the tools declare (%s: %s)', async (_who, role, served) => {
    const one = await person([role]);
    const group = await groupFor([role]);
    const expected = definitions()
      .filter(({ scope, annotations }) => {
        if (served === 'all') return true;
        return served === 'own' ? scope === 'own' : annotations?.readOnlyHint === true;
      })
      .map(({ name }) => name);
    expect(expected.length).toBeGreaterThan(5);
    for (const request of [legacy, modern]) expect(await names(group, one, request)).toEqual(expected);
    for (const name of tools.filter((other) => !expected.includes(other))) {
      expect([name, await call(group, one, name, {})]).toEqual([
        name,
        { code: -32602, message: `No tool '${name}' in this group; tools/list tells what there is` },
      ]);
    }
  });

  it('with two roles have what either gives, and what only one of them gives no further', async () => {
    const both = await person(['auditor', 'customer']);
    const seen = await names(await groupFor(['auditor', 'customer']), both);
    expect(seen).toEqual(expect.arrayContaining(['search_users', 'update_customer_preferences']));
    expect(seen).not.toContain('create_task');
    expect(await names(await groupFor(['customer']), both)).not.toContain('search_users');
  });

  describe('who may see their own rows only', () => {
    let group: TestGroup;
    let one: Person;
    let own: Ids;
    let others: Ids;

    const idsOf = async (userId: string): Promise<Ids> => {
      const [row] = await t.dataSource.query<Record<string, string>[]>(
        `SELECT u.id AS user_id, u.username,
           (SELECT id FROM tasks WHERE user_id = u.id LIMIT 1) AS task_id,
           (SELECT id FROM conversations WHERE user_id = u.id LIMIT 1) AS conversation_id,
           (SELECT id FROM messages WHERE user_id = u.id LIMIT 1) AS message_id
         FROM users u WHERE u.id = $1`,
        [userId],
      );
      return row;
    };

    beforeAll(async () => {
      group = await groupFor(['customer']);
      const customers = await t.dataSource.query<User[]>(
        `SELECT id, username, email FROM users WHERE tenant_id = $1 AND 'customer' = ANY (roles) ORDER BY id LIMIT 2`,
        [tenant.tenantId],
      );
      for (const { id } of customers) {
        await t.dataSource.query(
          `INSERT INTO tasks (id, tenant_id, user_id, title) VALUES ($1, $2, $3, 'call back')`,
          [newId(), tenant.tenantId, id],
        );
      }
      const [{ password_hash: hash }] = await t.dataSource.query(
        'SELECT password_hash FROM users WHERE id = $1',
        [tenant.caller.userId],
      );
      await t.dataSource.query('UPDATE users SET password_hash = $1 WHERE id = $2', [hash, customers[0].id]);
      one = await toPerson(customers[0]);
      own = await idsOf(customers[0].id);
      others = await idsOf(customers[1].id);
    });

    it('are told of others what they are told of nobody, by every tool and every id that it takes', async () => {
      const nobody = Object.fromEntries(Object.keys(own).map((name) => [name, newId()]));
      const tried: string[] = [];
      for (const { name, inputSchema, scope } of definitions()) {
        if (scope !== 'own') continue;
        const properties = Object.keys(inputSchema['properties'] as object);
        for (const argument of properties.filter((property) => property in own)) {
          const needed = ((inputSchema['required'] ?? []) as string[]).filter(
            (id) => id in own && id !== argument,
          );
          const more = {
            ...(name === 'update_customer_preferences' ? { channel: 'email' } : {}),
            ...Object.fromEntries(needed.map((id) => [id, own[id]])),
          };
          const ask = (ids: Ids) => call(group, one, name, { ...more, [argument]: ids[argument] });
          const [mine, theirs, unknown] = [await ask(own), await ask(others), await ask(nobody)];
          const label = `${name} by ${argument}`;
          tried.push(label);
          expect([label, mine]).not.toMatchObject([label, { isError: true }]);
          expect([label, theirs]).toMatchObject([label, { isError: true }]);
          const text = (answer: unknown, ids: Ids) => JSON.stringify(answer).replaceAll(ids[argument], 'ID');
          expect([label, text(theirs, others)]).toEqual([label, text(unknown, nobody)]);
          expect([label, JSON.stringify(mine)]).not.toContain(others['user_id']);
        }
      }
      expect(tried).toEqual(
        expect.arrayContaining([
          'get_task by task_id',
          'get_customer_profile by username',
          'get_conversation_messages by message_id',
          'update_customer_preferences by user_id',
        ]),
      );
    });

    it('change nothing of others', async () => {
      const rows = () =>
        t.dataSource.query('SELECT * FROM customer_preferences WHERE user_id = $1', [others['user_id']]);
      const before = await rows();
      await call(group, one, 'update_customer_preferences', {
        user_id: others['user_id'],
        channel: 'phone',
      });
      expect(await rows()).toEqual(before);
    });
  });

  it('are what the view of the group warns of, and doctor, too', async () => {
    const shown = async (roles: readonly string[]) => {
      const { id } = await groupFor(roles);
      const answer = await t.rest('GET', `/admin/groups/${id}`, { token: tenant.adminToken });
      return answer.body.data['warnings'] as string[];
    };
    expect(await shown([])).toEqual([]);
    expect(await shown(['consultant'])).toEqual([expect.stringContaining('roles consultant')]);
    expect(await shown(['consultant', 'customer'])).toHaveLength(2);
    const checks = await examine(t.config);
    expect(checks.find(({ name }) => name === 'people in groups')).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('(customer)'),
    });
  });
});
