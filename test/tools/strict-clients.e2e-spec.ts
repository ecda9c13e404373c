import { forcedFaults } from '../../src/tools/definition-faults.js';
import { ToolRegistry } from '../../src/tools/tool-registry.js';
import { legacy, newGroup, send, type TestGroup } from '../support/mcp.js';
import { blankOf, CONVERSIONS, type Schema, zerosOf } from '../support/strict-clients.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';

type Listed = {
  readonly name: string;
  readonly inputSchema: Schema;
  readonly annotations?: { readonly readOnlyHint?: boolean };
};
type Data = Readonly<Record<string, unknown>>;

/** On file before a client that means to change one thing makes its call. */
const ON_FILE = {
  channel: 'wechat',
  marketing_consent: 'refused',
  treatment_interests: ['lips'],
  appointment_days: ['mon'],
  notes: 'shy',
};

describe('clients under strict function calling', () => {
  let t: TestApp;
  let tenant: TestTenant;
  let group: TestGroup;
  let listed: readonly Listed[];

  beforeAll(async () => {
    t = await createTestApp();
    tenant = await t.newTenant();
    await t.dataSource.query(
      `INSERT INTO projects (id, tenant_id, code, name, category, price_min_cents, price_max_cents, duration_minutes)
       VALUES (gen_random_uuid(), $1, 'facial', 'Facial', 'skin', 100, 200, 30)`,
      [tenant.tenantId],
    );
    const tools = t.app
      .get(ToolRegistry)
      .definitions()
      .map(({ name }) => name);
    group = await newGroup(t, tenant, { tools });
    listed = (await send(group, legacy('tools/list'))).body.result?.tools as unknown as Listed[];
  });
  afterAll(() => t?.close());

  async function call(
    name: string,
    args: object,
  ): Promise<{ readonly data: Data | undefined; readonly text: string; readonly isError: boolean }> {
    const { result } = (await send(group, legacy('tools/call', { name, arguments: args }))).body;
    const data = result?.['structuredContent'] as Data | undefined;
    return {
      data,
      text: result?.content?.[0]?.text ?? '',
      isError: result === undefined || result.isError === true,
    };
  }

  const newPlan = async (user_id: string): Promise<Data | undefined> =>
    (await call('generate_treatment_plan', { user_id, goals: ['Facial'] })).data;

  /** What a person would have a tool do, with ids that there are; everything else is a model's to leave blank. */
  async function meantFor(name: string): Promise<Data> {
    const user_id = (await t.newUser(tenant.tenantId, ['customer'])).id;
    const task = async () =>
      (await call('create_task', { user_id, title: 'Call back' })).data?.['task_id'] as string;
    const plan = async () => (await newPlan(user_id))?.['plan_id'];
    const meant: Readonly<Record<string, Data>> = {
      generate_treatment_plan: { user_id, goals: ['Facial'] },
      optimize_treatment_plan: { plan_id: name === 'optimize_treatment_plan' ? await plan() : undefined },
      create_task: { user_id, title: 'Call back' },
      search_users: { query: 'Test' },
      get_project_info: {},
      get_task: { task_id: await task() },
      update_task_status: { task_id: await task(), status: 'in_progress' },
      update_customer_preferences: { user_id, language: 'zh-CN' },
      read_result: { handle: 'x' },
    };
    return meant[name] ?? { user_id };
  }

  describe('a failure', () => {
    /** What a tool says to arguments that are all wrong in one way. */
    const complaintsIn = async (where: TestGroup, { name, inputSchema }: Listed): Promise<string> => {
      const properties = Object.entries(inputSchema.properties ?? {});
      const texts = properties.filter(([, { type }]) => type === 'string').map(([property]) => property);
      const wrong = ['', 'nope', '00000000-0000-7000-8000-000000000000'];
      const said = wrong.map(async (value) => {
        const args = Object.fromEntries(texts.map((property) => [property, value]));
        const answer = await send(where, legacy('tools/call', { name, arguments: args }));
        return answer.body.result?.isError ? (answer.body.result.content?.[0]?.text ?? '') : '';
      });
      return (await Promise.all(said)).join('\n');
    };
    const othersIn = (text: string, own: string) =>
      listed.map(({ name }) => name).filter((name) => name !== own && text.split(/\W+/).includes(name));

    it('sends an agent to another tool where its group has it, and to none that it lacks', async () => {
      const named = new Set<string>();
      for (const tool of listed) {
        const alone = await newGroup(t, tenant, { tools: [tool.name] });
        expect([tool.name, othersIn(await complaintsIn(alone, tool), tool.name)]).toEqual([tool.name, []]);
        for (const other of othersIn(await complaintsIn(group, tool), tool.name)) named.add(other);
      }
      expect([...named].toSorted()).toEqual(['list_tasks', 'search_users']);
    });
  });

  /** All arguments that the converted schema asks for: those that were meant, and blanks. */
  const madeBy = (schema: Schema, meant: object): object => ({ ...(blankOf(schema) as object), ...meant });

  /** For each tool that changes things: a change as it is meant, and what it must have come to. */
  const changes: Readonly<
    Record<string, (send: (meant: object) => Promise<Data | undefined>) => Promise<void>>
  > = {
    update_customer_preferences: async (make) => {
      const user_id = (await t.newUser(tenant.tenantId, ['customer'])).id;
      const { data } = await call('update_customer_preferences', { user_id, ...ON_FILE });
      const before = data?.['preferences'] as Data;
      expect(before).toEqual({ ...ON_FILE, marketing_consent: false });
      await make({ user_id });
      const untouched = await call('get_customer_preferences', { user_id });
      expect(untouched.data).toMatchObject({ preferences: before, updated_at: data?.['updated_at'] });
      const after = await make({ user_id, language: 'zh-CN' });
      expect(after?.['preferences']).toEqual({ ...before, language: 'zh-CN' });
      expect((await make({ user_id, clear: ['notes'] }))?.['preferences']).not.toHaveProperty('notes');
    },
    create_task: async (make) => {
      const user_id = (await t.newUser(tenant.tenantId, ['customer'])).id;
      const plain = await call('create_task', { user_id, title: 'Call back' });
      const made = await make({ user_id, title: 'Call back' });
      const without = ({ task_id: _id, created_at: _at, updated_at: _when, ...rest }: Data = {}) => rest;
      expect(without(made)).toEqual(without(plain.data));
    },
    update_task_status: async (make) => {
      const user_id = (await t.newUser(tenant.tenantId, ['customer'])).id;
      const { data } = await call('create_task', { user_id, title: 'Call back' });
      const changed = await make({ task_id: data?.['task_id'], status: 'in_progress' });
      expect(changed).toMatchObject({ status: 'in_progress', title: 'Call back' });
      await make({ task_id: data?.['task_id'] });
      expect((await call('get_task', { task_id: data?.['task_id'] })).data).toMatchObject({
        status: 'in_progress',
      });
    },
    generate_treatment_plan: async (make) => {
      const user_id = (await t.newUser(tenant.tenantId, ['customer'])).id;
      const made = await make({ user_id, goals: ['Facial'] });
      const without = ({ plan_id: _id, created_at: _at, updated_at: _when, ...rest }: Data = {}) => rest;
      expect(without(made)).toEqual(without(await newPlan(user_id)));
    },
    optimize_treatment_plan: async (make) => {
      const user_id = (await t.newUser(tenant.tenantId, ['customer'])).id;
      const plan_id = (await newPlan(user_id))?.['plan_id'];
      expect(await make({ plan_id })).toMatchObject({ revision: 1, changed: false });
      const cheaper = await make({ plan_id, budget_max_cents: '250' });
      expect(cheaper).toMatchObject({ revision: 2, changed: true, budget_max_cents: 250 });
      expect(await make({ plan_id })).toMatchObject({ revision: 2, changed: false, budget_max_cents: 250 });
    },
  };

  it('are thought of for every tool that changes things', () => {
    expect(listed).toHaveLength(t.app.get(ToolRegistry).definitions().length);
    const changing = listed.filter(({ annotations }) => annotations?.readOnlyHint !== true);
    expect(changing.map(({ name }) => name).toSorted()).toEqual(Object.keys(changes).toSorted());
  });

  it('force no consent, price or state out of a model', () => {
    expect(t.app.get(ToolRegistry).definitions().flatMap(forcedFaults)).toEqual([]);
  });

  describe.each(Object.entries(CONVERSIONS))('of %s', (_whose, convert) => {
    it('can use every tool: what was meant, with every other argument blank in any way, does what was meant', async () => {
      for (const { name, inputSchema } of listed) {
        const schema = convert(inputSchema);
        const meant = await meantFor(name);
        for (const made of [madeBy(schema, meant), { ...zerosOf(schema), ...meant }]) {
          const { text, isError } = await call(name, made);
          const isRefused = name === 'read_result'; // there is nothing to be read
          expect([name, made, text, isError]).toEqual([name, made, text, isRefused]);
        }
      }
    });

    it.each(Object.keys(changes))('change with %s what was meant and nothing else', async (name) => {
      const schema = convert(listed.find((tool) => tool.name === name)?.inputSchema ?? {});
      await changes[name]?.(async (meant) => (await call(name, madeBy(schema, meant))).data);
    });
  });
});
