import { v7 as newId } from 'uuid';
import { AGENT_ENV, newAgent, newOrder } from '../support/agents.js';
import { LiveClient } from '../support/live.js';
import { legacy, newGroup, send, type TestGroup } from '../support/mcp.js';
import { NOTIFICATION_ENV } from '../support/notifications.js';
import { type StandInApp, StandInDify } from '../support/stand-in-dify.js';
import { type Answer, createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';

type Evidence = {
  readonly table: string;
  readonly id: string | null;
  readonly field: string;
  readonly value: string;
};
type Line = {
  readonly service: { readonly id: string; readonly code: string };
  readonly sessions: readonly string[];
  readonly price_max_cents: number;
  readonly because: readonly Evidence[];
  readonly ask_first: readonly string[];
};
type Content = {
  readonly made_by: string;
  readonly fallback_reason: string | null;
  readonly lines: readonly Line[];
  readonly total: object;
  readonly derivation: readonly { readonly rule: string; readonly did: string; readonly service: string }[];
  readonly changes: readonly {
    readonly service: string;
    readonly kind: string;
    readonly reasons: readonly string[];
  }[];
};
type Plan = {
  readonly id: string;
  readonly state: string;
  readonly revision: number;
  readonly content: Content;
};

const DAY_MS = 86_400_000;
const dayIn = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString().replace(/T.*/, '');

describe('treatment plans', () => {
  let t: TestApp;
  let dify: StandInDify;
  let tenant: TestTenant;
  let services: Readonly<Record<string, string>>;

  beforeAll(async () => {
    dify = await StandInDify.start();
    const budgets = {
      AGENT_SOFT_BUDGET_MS: '500',
      AGENT_HARD_BUDGET_MS: '1500',
      AGENT_BREAKER_FAILURES: '0',
    };
    t = await createTestApp({ env: { ...AGENT_ENV, ...NOTIFICATION_ENV, ...budgets } });
  });
  afterAll(async () => {
    await t?.close();
    await dify?.stop();
  });
  beforeEach(async () => {
    tenant = await t.newTenant();
    services = await newCatalogue();
  });

  async function newCatalogue(): Promise<Record<string, string>> {
    const rows: [
      code: string,
      name: string,
      prices: [number, number],
      course: [number, number, number],
      not: string[],
    ][] = [
      ['hydra', '水光清洁 Hydra facial', [30_000, 50_000], [0, 3, 28], ['open wounds']],
      [
        'filler',
        '玻尿酸填充 Hyaluronic filler',
        [200_000, 300_000],
        [3, 1, 180],
        ['pregnancy', 'allergy to lidocaine'],
      ],
      [
        'pico',
        '皮秒祛斑 Picosecond laser for pigment spots',
        [100_000, 150_000],
        [7, 3, 56],
        ['keloid tendency'],
      ],
    ];
    const ids: Record<string, string> = {};
    for (const [code, name, prices, [recovery, sessions, interval], not] of rows) {
      ids[code] = newId();
      await t.dataSource.query(
        `INSERT INTO projects (id, tenant_id, code, name, category, price_min_cents, price_max_cents, duration_minutes,
           recovery_days, usual_sessions, session_interval_days, contraindications)
         VALUES ($1, $2, $3, $4, 'skin', $5, $6, 30, $7, $8, $9, $10)`,
        [ids[code], tenant.tenantId, code, name, ...prices, recovery, sessions, interval, not],
      );
    }
    return ids;
  }

  async function newCustomer(file: {
    readonly allergies?: readonly string[];
    readonly budget?: number;
    readonly consultantId?: string;
    readonly interests?: readonly string[];
  }): Promise<string> {
    const { id } = await t.newUser(tenant.tenantId, ['customer']);
    await t.dataSource.query(
      `INSERT INTO customer_profiles (user_id, tenant_id, allergies, budget_max_cents, consultant_id) VALUES ($1, $2, $3, $4, $5)`,
      [id, tenant.tenantId, file.allergies ?? [], file.budget ?? null, file.consultantId ?? null],
    );
    await t.dataSource.query(
      `INSERT INTO customer_preferences (user_id, tenant_id, "values") VALUES ($1, $2, $3)`,
      [id, tenant.tenantId, JSON.stringify({ treatment_interests: file.interests ?? [] })],
    );
    return id;
  }

  async function newConsultant(): Promise<{ readonly id: string; readonly token: string }> {
    const user = await t.newUser(tenant.tenantId, ['consultant']);
    const { access_token: token } = await t.signIn(user.email);
    return { id: user.id, token };
  }

  /** The agent of the purpose, which answers what the test says. */
  async function newPlanner(
    settings: Partial<StandInApp>,
  ): Promise<{ readonly app: StandInApp; readonly id: string }> {
    const app = dify.addApp(settings);
    const agent = await newAgent(t, tenant, dify, app);
    await newOrder(t, tenant, 'treatment_plan', [agent]);
    return { app, id: agent.id };
  }

  const asAdmin = (method: string, path: string, body?: object, headers?: Record<string, string>) =>
    t.rest(method, path, { token: tenant.adminToken, body, headers });
  const planOf = ({ body }: Answer) => body.data as unknown as Plan;
  async function generate(customer_id: string, more: object = {}): Promise<Plan> {
    const answer = await asAdmin('POST', '/plan-generation', { customer_id, ...more });
    expect([answer.status, answer.body.message]).toEqual([201, 'Proposed']);
    return planOf(answer);
  }
  const codesOf = ({ content }: Plan) => content.lines.map(({ service }) => service.code);

  describe('POST /plan-generation', () => {
    it('plans by rules when there is no agent, with the derivation and the rows', async () => {
      const customer = await newCustomer({
        interests: ['pigment spots'],
        allergies: ['lidocaine'],
        budget: 320_000,
      });
      const plan = await generate(customer, { goals: ['fuller lips with filler', 'Hydra facial'] });
      expect(plan).toMatchObject({
        state: 'proposed',
        revision: 1,
        content: { made_by: 'rules', fallback_reason: 'no_agent' },
      });
      // The facial is what was asked for, the laser what is on file; the filler is refused for the allergy.
      expect(plan.content.lines).toMatchObject([
        {
          service: { code: 'hydra' },
          sessions: [dayIn(1), dayIn(29), dayIn(57)],
          price_max_cents: 150_000,
          ask_first: ['open wounds'],
        },
        {
          service: { code: 'pico' },
          sessions: [dayIn(2)],
          price_max_cents: 150_000,
          ask_first: ['keloid tendency'],
        },
      ]);
      expect(plan.content.total).toEqual({ min_cents: 190_000, max_cents: 300_000, currency: 'CNY' });
      const steps = plan.content.derivation.map(({ rule, did, service }) => [rule, did, service]);
      expect(steps).toEqual([
        ['contraindicated', 'refused', 'filler'],
        ['wanted', 'chosen', 'hydra'],
        ['wanted', 'chosen', 'pico'],
        ['budget', 'reduced', 'pico'],
      ]);
      for (const { because } of plan.content.lines) await expectRows(because, customer);
    });

    /** Each row that is named is there, and says what is quoted. */
    async function expectRows(because: readonly Evidence[], customer: string): Promise<void> {
      expect(because.length).toBeGreaterThan(1);
      for (const { table, id, field, value } of because) {
        if (table === 'request') continue;
        const key = table === 'projects' || table === 'consultations' ? 'id' : 'user_id';
        const [row] = await t.dataSource.query<{ text: string }[]>(
          `SELECT to_jsonb(r)::text AS text FROM ${table} r WHERE ${key} = $1 AND tenant_id = $2`,
          [id, tenant.tenantId],
        );
        expect([table, row !== undefined]).toEqual([table, true]);
        if (table !== 'projects') expect([id, row?.text]).toEqual([customer, expect.stringContaining(value)]);
        else if (field !== 'price')
          expect(JSON.parse(row?.text ?? '{}')).toHaveProperty(field, Number(value));
      }
    }

    it('takes of an agent what the rules allow, and asks it without a name', async () => {
      const answer = JSON.stringify({
        lines: [
          { service: 'filler', sessions: 1, because: ['e1'] },
          { service: 'botox', because: ['e1'] },
          { service: 'pico', sessions: 9, interval_days: 7, start_on: dayIn(10), because: ['e1', 'e77'] },
          { service: 'hydra', sessions: 1 },
        ],
      });
      const { app, id } = await newPlanner({
        answer: `This cures everything!\n\`\`\`json\n${answer}\n\`\`\``,
      });
      const customer = await newCustomer({ allergies: ['lidocaine'] });
      const plan = await generate(customer, { goals: ['pigment spots'], health_conditions: ['asthma'] });
      expect(plan.content).toMatchObject({ made_by: 'agent', agent_id: id, fallback_reason: null });
      expect(plan.content.lines).toMatchObject([
        {
          service: { code: 'pico' },
          sessions: [dayIn(10), dayIn(66), dayIn(122)],
          because: expect.arrayContaining([
            { table: 'request', id: null, field: 'goals', value: 'pigment spots' },
          ]),
        },
      ]);
      expect(plan.content.derivation.map(({ rule, did, service }) => [rule, did, service])).toEqual([
        ['contraindicated', 'removed', 'filler'],
        ['offered', 'removed', 'botox'],
        ['course', 'reduced', 'pico'],
        ['unsupported', 'removed', 'hydra'],
      ]);
      expect(JSON.stringify(plan)).not.toContain('cures');
      const asked = JSON.stringify(dify.asked(app)[0]?.body);
      for (const told of ['pigment spots', 'asthma', 'lidocaine', 'hydra']) expect(asked).toContain(told);
      expect(asked).not.toContain('filler'); // what must not be, is not offered to it
      expect(asked).not.toContain('@');
    });

    it.each([
      ['hanging', 'timeout', {}],
      ['internal_server_error', 'failed', {}],
      ['run_failed', 'failed', { mode: 'workflow' }],
      ['ok', 'unusable', { answer: 'I am sorry, I cannot help with that.' }],
      ['ok', 'nothing_left', { answer: '{"lines":[{"service":"filler","because":["e1"]}]}' }],
      ['huge', 'unusable', {}],
    ] as const)('plans by rules when the agent is %s: %s', async (scenario, reason, settings) => {
      await newPlanner({ scenario, ...settings });
      const customer = await newCustomer({ interests: ['Hydra facial'], allergies: ['lidocaine'] });
      const { content } = await generate(customer);
      expect(content.made_by).toBe('rules');
      // A huge answer may be refused before it is read.
      if (scenario === 'huge') expect(['unusable', 'failed']).toContain(content.fallback_reason);
      else expect(content.fallback_reason).toBe(reason);
      expect(content.lines.map(({ service }) => service.code)).toEqual(['hydra']);
    });

    it('refuses where nothing can be planned, says why and stores nothing', async () => {
      const customer = await newCustomer({ allergies: ['lidocaine'] });
      const nothing = await asAdmin('POST', '/plan-generation', { customer_id: customer });
      expect(nothing).toMatchObject({
        status: 409,
        body: { message: expect.stringContaining('give goals') },
      });
      const body = { customer_id: customer, goals: ['a filler'] };
      const refused = await asAdmin('POST', '/plan-generation', body, { 'accept-language': 'zh-CN' });
      expect(refused).toMatchObject({
        status: 409,
        body: { message: expect.stringContaining('无法生成方案') },
      });
      expect(refused.body.error.details).toMatchObject([
        { rule: 'contraindicated', did: 'refused', service: 'filler' },
      ]);
      expect((await asAdmin('GET', '/treatment-plans')).items).toEqual([]);
    });

    it.each([
      ['start_on', { start_on: '2026-02-30' }],
      ['finish_by', { finish_by: 'soon' }],
      ['budget_max_cents', { budget_max_cents: 0 }],
      ['goals', { goals: ['x'.repeat(201)] }],
      ['without_services', { without_services: ['nope'] }],
      ['customer_id', { customer_id: 'x' }],
    ])('refuses a wrong %s', async (field, wrong) => {
      const customer_id = await newCustomer({});
      const { status, body } = await asAdmin('POST', '/plan-generation', {
        customer_id,
        goals: ['Hydra'],
        ...wrong,
      });
      expect([status, JSON.stringify(body.error.details)]).toEqual([400, expect.stringContaining(field)]);
    });

    it('is for consultants and administrators, and finds nobody else’s customer', async () => {
      const other = await t.newTenant();
      const customer_id = await newCustomer({ interests: ['Hydra'] });
      const body = { customer_id };
      for (const [roles, status] of [
        [['consultant'], 201],
        [['operator'], 403],
        [['customer'], 403],
      ] as const) {
        const { email } = await t.newUser(tenant.tenantId, roles);
        const { access_token: token } = await t.signIn(email);
        expect([roles, (await t.rest('POST', '/plan-generation', { token, body })).status]).toEqual([
          roles,
          status,
        ]);
      }
      expect((await t.rest('POST', '/plan-generation', { token: other.adminToken, body })).status).toBe(404);
      const [{ id }] = (await asAdmin('GET', '/treatment-plans')).items;
      for (const path of [`/treatment-plans/${id}`, `/treatment-plans/${id}/revisions`])
        expect((await t.rest('GET', path, { token: other.adminToken })).status).toBe(404);
      for (const step of ['approve', 'reject', 'optimize'])
        expect(
          (await t.rest('POST', `/treatment-plans/${id}/${step}`, { token: other.adminToken, body: {} }))
            .status,
        ).toBe(404);
      const lines = [{ service_id: services['hydra'], sessions: 1, first_on: dayIn(5) }];
      const theirChange = { token: other.adminToken, body: { lines } };
      expect((await t.rest('PUT', `/treatment-plans/${id}`, theirChange)).status).toBe(404);
      const there = tenant;
      tenant = other;
      const { hydra: service_id } = await newCatalogue();
      tenant = there;
      const foreign = await asAdmin('PUT', `/treatment-plans/${id}`, {
        lines: [{ ...lines[0], service_id }],
      });
      expect(foreign.body.error).toMatchObject({
        code: 'invalid_input',
        details: [{ field: 'lines', message: `${service_id} is no service that you offer` }],
      });
      expect((await t.rest('GET', '/treatment-plans', { token: other.adminToken })).items).toEqual([]);
    });
  });

  describe('a plan’s way', () => {
    it('goes from proposed over changed to approved, seen by the last version only', async () => {
      const consultant = await newConsultant();
      const client = await LiveClient.follow(t.url, consultant.token);
      const customer = await newCustomer({ interests: ['Hydra facial'], consultantId: consultant.id });
      const plan = await generate(customer);
      const { payload } = await client.sees('treatment_plan_proposed');
      expect(payload).toEqual({
        plan_id: plan.id,
        customer_id: customer,
        state: 'proposed',
        revision: 1,
        approved_revision: null,
        version: expect.any(Number),
      });
      const [notice] = await t.dataSource.query<{ kind: string; variables: object }[]>(
        `SELECT kind, variables FROM notices WHERE tenant_id = $1`,
        [tenant.tenantId],
      );
      expect(notice).toMatchObject({ kind: 'treatment_plan', variables: { revision: '1' } });

      const path = `/treatment-plans/${plan.id}`;
      const as = (method: string, at: string, body: object, headers?: Record<string, string>) =>
        t.rest(method, at, { token: consultant.token, body, headers });
      const read = await asAdmin('GET', path);
      const etag = read.headers.get('etag') ?? '';
      const lines = [{ service_id: services['hydra'], sessions: 2, first_on: dayIn(5) }];
      const changed = await as('PUT', path, { lines, note: 'two are enough' }, { 'if-match': etag });
      expect(changed).toMatchObject({ status: 200, body: { data: { revision: 2, state: 'proposed' } } });
      expect(planOf(changed).content).toMatchObject({
        made_by: 'consultant',
        note: 'two are enough',
        changes: [{ service: 'hydra', kind: 'changed', reasons: ['two are enough'] }],
      });
      expect(await as('PUT', path, { lines })).toMatchObject({
        status: 200,
        body: { message: 'Nothing to change', data: { revision: 2, content: { note: 'two are enough' } } },
      });
      expect((await as('PUT', path, { lines }, { 'if-match': etag })).status).toBe(412);
      expect((await as('POST', `${path}/approve`, {}, { 'if-match': etag })).status).toBe(412);

      const approved = await as('POST', `${path}/approve`, { note: 'fine' });
      expect(approved).toMatchObject({
        status: 200,
        body: {
          data: { state: 'approved', approved_revision: 2, decided_by: consultant.id, decision_note: 'fine' },
        },
      });
      await client.sees('treatment_plan_approved');
      for (const step of ['approve', 'reject'])
        expect((await as('POST', `${path}/${step}`, {})).status).toBe(409);

      // A new revision waits for approval, and refused it leaves in force what was.
      const better = await as('POST', `${path}/optimize`, { budget_max_cents: 60_000 });
      expect(better).toMatchObject({
        status: 200,
        body: { data: { state: 'proposed', revision: 3, approved_revision: 2 } },
      });
      const rejected = await as('POST', `${path}/reject`, {});
      expect(rejected).toMatchObject({
        status: 200,
        body: { data: { state: 'approved', revision: 2, approved_revision: 2 } },
      });
      const { items } = await asAdmin('GET', `${path}/revisions?limit=2`);
      expect(items.map(({ number }) => number)).toEqual([3, 2]);
      const audit = await t.dataSource.query<{ action: string }[]>(
        `SELECT action FROM admin_audit_logs WHERE target_id = $1 ORDER BY id`,
        [plan.id],
      );
      expect(audit.map(({ action }) => action)).toEqual(
        ['generate', 'change', 'approve', 'optimize', 'reject'].map((step) => `treatment_plan.${step}`),
      );
      await client.close();
    });

    it('refuses a consultant’s lines that break a rule, each by name', async () => {
      const customer = await newCustomer({
        interests: ['Hydra facial'],
        allergies: ['lidocaine'],
        budget: 400_000,
      });
      const { id } = await generate(customer);
      const change = (lines: object[]) => asAdmin('PUT', `/treatment-plans/${id}`, { lines });
      const line = (code: string, more: object) => ({
        service_id: services[code],
        sessions: 1,
        first_on: dayIn(3),
        ...more,
      });
      for (const [rule, lines] of [
        ['contraindicated', [line('filler', {})]],
        ['budget', [line('pico', { sessions: 3 })]],
        ['spacing', [line('hydra', { sessions: 2, interval_days: 7 })]],
        ['spacing', [line('pico', {}), line('hydra', { first_on: dayIn(6) })]],
        ['time', [line('hydra', { first_on: dayIn(-3) })]],
      ] as const) {
        const { status, body } = await change([...lines]);
        expect([rule, status, JSON.stringify(body.error.details)]).toEqual([
          rule,
          400,
          expect.stringContaining(`"rule":"${rule}"`),
        ]);
      }
      expect((await change([{ service_id: newId(), sessions: 1, first_on: dayIn(3) }])).status).toBe(400);
      expect((await asAdmin('GET', `/treatment-plans/${id}`)).body.data).toMatchObject({ revision: 1 });
    });

    it('does not lead to approval when an allergy has come to light, or a service is offered no more', async () => {
      const customer = await newCustomer({ interests: ['filler', 'Hydra facial'] });
      const { id } = await generate(customer);
      await t.dataSource.query(`UPDATE customer_profiles SET allergies = '{lidocaine}' WHERE user_id = $1`, [
        customer,
      ]);
      await t.dataSource.query('UPDATE projects SET enabled = false WHERE id = $1', [services['hydra']]);
      const { status, body } = await asAdmin('POST', `/treatment-plans/${id}/approve`, {});
      expect([status, body.error.details]).toEqual([
        409,
        expect.arrayContaining([
          expect.objectContaining({ rule: 'contraindicated', service: 'filler' }),
          expect.objectContaining({ rule: 'offered', service: 'hydra' }),
        ]),
      ]);
    });

    it('ends with the first rejection, and two who decide at once have one winner', async () => {
      const { id } = await generate(await newCustomer({ interests: ['Hydra facial'] }));
      const decide = (step: string) => asAdmin('POST', `/treatment-plans/${id}/${step}`, {});
      const answers = await Promise.all([decide('reject'), decide('approve')]);
      expect(answers.map(({ status }) => status).toSorted((one, next) => one - next)).toEqual([200, 409]);
      const other = await generate(await newCustomer({ interests: ['Hydra facial'] }));
      expect((await asAdmin('POST', `/treatment-plans/${other.id}/reject`, {})).status).toBe(200);
      const after = await asAdmin('POST', `/treatment-plans/${other.id}/optimize`, {});
      expect(after).toMatchObject({
        status: 409,
        body: { message: 'This plan is rejected; make another one' },
      });
      expect(
        (await asAdmin('GET', '/treatment-plans?state=rejected')).items.map((plan) => plan.id),
      ).toContain(other.id);
    });

    it('goes with its customer', async () => {
      const customer = await newCustomer({ interests: ['Hydra facial'] });
      await generate(customer);
      await t.dataSource.query('DELETE FROM users WHERE id = $1', [customer]);
      const count = `SELECT count(*)::int AS count FROM treatment_plan_revisions WHERE user_id = $1`;
      expect(await t.dataSource.query(count, [customer])).toEqual([{ count: 0 }]);
    });
  });

  describe('optimizing', () => {
    it('fits the plan to money, time and wishes, and says what changed and why', async () => {
      const customer = await newCustomer({ interests: ['Hydra facial'] });
      const plan = await generate(customer);
      const optimize = async (body: object) =>
        planOf(await asAdmin('POST', `/treatment-plans/${plan.id}/optimize`, body)).content;
      const cheaper = await optimize({ budget_max_cents: 100_000 });
      expect(cheaper.lines.map(({ sessions }) => sessions.length)).toEqual([2]);
      expect(cheaper.changes).toMatchObject([
        {
          service: 'hydra',
          kind: 'changed',
          reasons: [expect.stringContaining('the budget allows no more')],
        },
      ]);
      // More money: the course is whole again, and the new wish comes first.
      const richer = await optimize({ budget_max_cents: 900_000, goals: ['pigment spots'] });
      expect(richer.lines.map(({ service, sessions }) => [service.code, sessions.length])).toEqual([
        ['pico', 3],
        ['hydra', 3],
      ]);
      expect(richer.changes.map(({ service, kind }) => `${service} ${kind}`).toSorted()).toEqual([
        'hydra changed',
        'pico added',
      ]);
      const sooner = await optimize({ finish_by: dayIn(40) });
      expect(sooner.lines.flatMap(({ sessions }) => sessions).every((day) => day <= dayIn(40))).toBe(true);
      const without = await optimize({ without_services: ['pico'] });
      expect(without.lines.map(({ service }) => service.code)).toEqual(['hydra']);
      expect(without.changes).toContainEqual(
        expect.objectContaining({
          service: 'pico',
          kind: 'removed',
          reasons: [expect.stringContaining('does not want it')],
        }),
      );
    });

    it('stores nothing where nothing changes', async () => {
      const plan = await generate(await newCustomer({ interests: ['Hydra facial'] }));
      const { body } = await asAdmin('POST', `/treatment-plans/${plan.id}/optimize`, {});
      expect(body).toMatchObject({ message: 'Nothing to change', data: { revision: 1 } });
    });

    it('takes an agent’s better plan by the same rules', async () => {
      const customer = await newCustomer({ interests: ['Hydra facial'] });
      const plan = await generate(customer);
      const lines = [
        { service: 'hydra', sessions: 1 },
        { service: 'pico', sessions: 3 },
      ];
      const { app } = await newPlanner({ answer: JSON.stringify({ lines }) });
      const better = planOf(await asAdmin('POST', `/treatment-plans/${plan.id}/optimize`, {}));
      expect(better).toMatchObject({ revision: 2, content: { made_by: 'agent' } });
      expect(codesOf(better)).toEqual(['hydra']); // no row speaks for the laser
      expect(JSON.stringify(dify.asked(app)[0]?.body)).toContain('present_plan');
    });
  });

  describe('the tools', () => {
    let group: TestGroup;
    beforeEach(async () => {
      group = await newGroup(t, tenant, { tools: ['generate_treatment_plan', 'optimize_treatment_plan'] });
    });
    type Data = Record<string, unknown> & { readonly lines: readonly Line[] };
    async function call(name: string, args: object): Promise<{ readonly data: Data; readonly text: string }> {
      const { result } = (await send(group, legacy('tools/call', { name, arguments: args }))).body;
      return { data: result?.['structuredContent'] as Data, text: result?.content?.[0]?.text ?? '' };
    }

    it('propose and improve a plan that a consultant decides on', async () => {
      const user_id = await newCustomer({ interests: ['Hydra facial'] });
      const { data } = await call('generate_treatment_plan', {
        user_id,
        goals: [''],
        budget_max_cents: '',
        start_on: '',
      });
      expect(data).toMatchObject({
        user_id,
        state: 'proposed',
        revision: 1,
        needs_approval: true,
        made_by: 'rules',
      });
      const better = await call('optimize_treatment_plan', {
        plan_id: '',
        user_id,
        budget_max_cents: '50000',
      });
      expect(better.data).toMatchObject({ plan_id: data['plan_id'], revision: 2, changed: true });
      expect(better.data.lines.map(({ sessions }) => sessions.length)).toEqual([1]);
      const same = await call('optimize_treatment_plan', { plan_id: data['plan_id'] });
      expect(same.data).toMatchObject({ revision: 2, changed: false });
    });

    it('say what is wrong, and find no plan of another tenant', async () => {
      const other = await t.newTenant();
      const { id: theirs } = await t.newUser(other.tenantId, ['customer']);
      const user_id = await newCustomer({});
      for (const [args, said] of [
        [{ user_id: theirs }, 'No user'],
        [{ user_id, budget_max_cents: 'much' }, 'must be whole cents'],
        [{ user_id, start_on: '2026-13-01' }, 'start_on must be a day'],
        [{ user_id }, 'give goals'],
      ] as const)
        expect([args, (await call('generate_treatment_plan', args)).text]).toEqual([
          args,
          expect.stringContaining(said),
        ]);
      for (const [args, said] of [
        [{}, 'Give plan_id or user_id'],
        [{ user_id }, 'Call generate_treatment_plan'],
        [{ plan_id: newId() }, 'No treatment plan'],
      ] as const)
        expect([args, (await call('optimize_treatment_plan', args)).text]).toEqual([
          args,
          expect.stringContaining(said),
        ]);
    });
  });
});
