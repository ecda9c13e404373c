import { v7 as newId } from 'uuid';
import { AgentGateway } from '../../src/agents/agent-gateway.js';
import type { AgentQuestion, AgentReply } from '../../src/agents/agent-reply.js';
import { AGENT_ENV, newAgent, newOrder, newVersion } from '../support/agents.js';
import { newGroup } from '../support/mcp.js';
import {
  type DifyMode,
  type FormField,
  type Scenario,
  type StandInApp,
  StandInDify,
} from '../support/stand-in-dify.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually, HANG_MS } from '../support/waiting.js';

const MODES: readonly DifyMode[] = ['chat', 'agent-chat', 'advanced-chat', 'agent', 'workflow', 'completion'];
const SOFT_MS = 3000;
const HARD_MS = 4000;

const kindsOf = ({ attempts }: AgentReply) => attempts.map(({ errorKind }) => errorKind);
const textOf = (reply: AgentReply) => (reply.ok ? reply.text : `none: ${reply.reason}`);

describe('AgentGateway', () => {
  let t: TestApp;
  let dify: StandInDify;
  let tenant: TestTenant;
  /** Closed at the end: sign-in strategies are one for the process. */
  const replicas: TestApp[] = [];

  beforeAll(async () => {
    dify = await StandInDify.start();
    const env = {
      ...AGENT_ENV,
      AGENT_SOFT_BUDGET_MS: String(SOFT_MS),
      AGENT_HARD_BUDGET_MS: String(HARD_MS),
      AGENT_ANSWER_MAX_BYTES: '20000',
      AGENT_BREAKER_FAILURES: '4',
      AGENT_BREAKER_RESET_SECONDS: '600',
    };
    t = await createTestApp({ env });
  });
  beforeEach(async () => {
    tenant = await t.newTenant();
  });
  afterAll(async () => {
    for (const replica of replicas) await replica.close();
    await t?.close();
    await dify?.stop();
  });

  const ask = (question: Partial<AgentQuestion> = {}, on = t) =>
    on.app
      .get(AgentGateway)
      .ask(tenant, { purpose: 'welcome', user: 'emma', query: 'Greet her.', ...question });
  /** A replica whose budgets tell only a hang, for what a busy machine does more slowly. */
  const patient = async () => {
    const budgets = { AGENT_SOFT_BUDGET_MS: String(HANG_MS), AGENT_HARD_BUDGET_MS: String(HANG_MS) };
    const replica = await createTestApp({ database: t.database, env: { ...AGENT_ENV, ...budgets } });
    replicas.push(replica);
    return replica;
  };
  /** Agents with one app each, in this order. */
  const withApps = async (...settings: Partial<StandInApp>[]) => {
    const apps = settings.map((one) => dify.addApp(one));
    const agents = [];
    for (const app of apps) agents.push(await newAgent(t, tenant, dify, app));
    await newOrder(t, tenant, 'welcome', agents);
    return { apps, agents };
  };
  const withApp = async (settings: Partial<StandInApp> = {}) => {
    const { apps, agents } = await withApps(settings);
    return { app: apps[0], agent: agents[0] };
  };

  describe.each(MODES)('an app of mode %s', (mode) => {
    const EXPECTED = 'Welcome, 小明! 👋 We are glad that you are here.';

    it('answers, and the answer says who gave it', async () => {
      const { app, agent } = await withApp({ mode });
      const reply = await ask({ language: 'zh', inputs: { city: '上海' } });
      expect(textOf(reply)).toBe(EXPECTED);
      expect(reply).toMatchObject({
        ok: true,
        isLate: false,
        by: { agentId: agent.id, versionId: agent.versionId, versionLabel: 'v1', appId: app.id, mode },
        usage: { total: 1168 },
        attempts: [{ errorKind: null, agentId: agent.id }],
      });
      const [{ body, path }] = dify.asked(app);
      expect(body).toMatchObject({
        response_mode: 'streaming',
        user: 'emma',
        inputs: { language: 'zh', city: '上海', query: 'Greet her.' },
      });
      if (path === 'chat-messages') expect(body['query']).toBe('Greet her.');
    });

    it.each<[Scenario, string]>([
      ['slow', EXPECTED],
      ['thinking', EXPECTED],
      ['replaced', 'I cannot say that.'],
    ])('%s: gives the text that counts', async (scenario, text) => {
      await withApp({ mode, scenario });
      expect(textOf(await ask())).toBe(text);
    });

    it.each<[Scenario, string]>([
      ['error_midway', 'not_ready'],
      ['not_published', 'not_ready'],
      ['app_unavailable', 'not_ready'],
      ['quota_exceeded', 'not_ready'],
      ['empty', 'empty'],
      ['huge', 'too_large'],
      ['html', 'bad_answer'],
      ['redirect', 'bad_answer'],
    ])('%s: is not asked again (%s)', async (scenario, kind) => {
      const { app } = await withApp({ mode });
      app.scenario = scenario;
      const reply = await ask();
      expect([reply.ok, kindsOf(reply)]).toEqual([false, [kind]]);
      expect(dify.asked(app)).toHaveLength(1);
      expect(dify.requests.filter(({ path }) => path === 'elsewhere')).toEqual([]);
    });

    it.each<[Scenario, string]>([
      ['too_many_requests', 'rate_limited'],
      ['rate_limit_error', 'rate_limited'],
      ['rate_limit_midway', 'rate_limited'],
      ['internal_server_error', 'server_error'],
      ['bad_gateway', 'server_error'],
      ['dropped', 'dropped'],
      ['cut_short', 'dropped'],
    ])('%s: is asked again, and then answers', async (scenario, kind) => {
      const { app } = await withApp({ mode });
      app.next.push(scenario);
      const reply = await ask();
      expect([textOf(reply), kindsOf(reply)]).toEqual([EXPECTED, [kind, null]]);
    });
  });

  it('answers a hundred at once although every fifth request fails, and opens no circuit', async () => {
    const { app } = await withApp({ scenario: 'slow', slowMs: 200 });
    for (let n = 0; n < 100; n += 1) app.next.push(n % 5 === 0 ? 'internal_server_error' : 'slow');
    const on = await patient();
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_none, n) => ask({ user: `user-${n}` }, on)),
    );
    expect(replies.filter(({ ok }) => !ok)).toEqual([]);
    expect(replies.flatMap(kindsOf).filter((kind) => kind !== null)).toEqual(
      Array.from({ length: 20 }, () => 'server_error'),
    );
    expect(dify.asked(app)).toHaveLength(120);
  });

  it('asks again twice at most', async () => {
    const { app } = await withApp({ scenario: 'internal_server_error' });
    expect(kindsOf(await ask())).toEqual(['server_error', 'server_error', 'server_error']);
    expect(dify.asked(app)).toHaveLength(3);
  });

  describe.each<DifyMode>(['advanced-chat', 'workflow'])('a run of mode %s', (mode) => {
    it('that fails is no answer, and is not repeated', async () => {
      const { app } = await withApp({ mode, scenario: 'run_failed' });
      const reply = await ask();
      expect(kindsOf(reply)).toEqual([mode === 'workflow' ? 'failed' : 'refused']);
      expect(reply.attempts[0]?.errorMessage).toContain('A node broke.');
      expect(dify.asked(app)).toHaveLength(1);
    });

    it('that waits for a person is no answer', async () => {
      await withApp({ mode, scenario: 'paused' });
      expect(kindsOf(await ask())).toEqual(['paused']);
    });
  });

  describe('inputs', () => {
    const form: FormField[] = [
      {
        'text-input': { variable: 'customer', label: 'Customer', required: true, max_length: 5, default: '' },
      },
      {
        select: {
          variable: 'tone',
          label: 'Tone',
          required: true,
          options: ['warm', 'dry'],
          default: 'warm',
        },
      },
      { paragraph: { variable: 'notes', label: 'Notes', required: false } },
    ];

    it('get their defaults, and long texts are cut to what the form takes', async () => {
      const { app } = await withApp({ form });
      expect((await ask({ inputs: { customer: 'Emma Watson', notes: 7 } })).ok).toBe(true);
      expect(dify.asked(app)[0]?.body['inputs']).toMatchObject({
        customer: 'Emma ',
        tone: 'warm',
        notes: '7',
      });
    });

    it('that are required and missing are named, and no model is asked', async () => {
      const { app } = await withApp({ form });
      const reply = await ask();
      expect(kindsOf(reply)).toEqual(['missing_inputs']);
      expect(reply.attempts[0]?.errorMessage).toBe('The app requires inputs that have no value: customer');
      expect(dify.asked(app)).toEqual([]);
    });

    it('follow a form that was changed in Dify', async () => {
      const { app } = await withApp({ form });
      app.form = [];
      expect((await ask()).ok).toBe(true);
      app.form = [
        { 'text-input': { variable: 'shop', label: 'Shop', required: true, default: 'Main Street' } },
      ];
      expect((await ask()).ok).toBe(true);
      expect(dify.asked(app).at(-1)?.body['inputs']).toMatchObject({ shop: 'Main Street' });
    });
  });

  it('notices that the app has become one of another mode', async () => {
    const { app } = await withApp({ mode: 'chat' });
    for (const mode of ['workflow', 'completion', 'agent-chat'] as const) {
      app.mode = mode;
      const reply = await ask();
      expect(reply).toMatchObject({ ok: true, by: { mode }, attempts: [{ errorKind: null }] });
    }
  });

  it('asks an app that could not be reached when it was set up what it is', async () => {
    const app = dify.addApp({ mode: 'workflow', isApiEnabled: false });
    const agent = await newAgent(t, tenant, dify, app);
    await newOrder(t, tenant, 'welcome', [agent]);
    expect(kindsOf(await ask())).toEqual(['forbidden']);
    app.isApiEnabled = true;
    expect(await ask()).toMatchObject({ ok: true, by: { mode: 'workflow' } });
    const path = `/admin/agent-versions/${agent.versionId}`;
    const { body } = await t.rest('GET', path, { token: tenant.adminToken });
    expect(body.data).toMatchObject({ mode: 'workflow', app_name: 'Stand-in', problem: null, version: 1 });
  });

  describe('a wrong key', () => {
    it('is not tried again, and appears in nothing that is told', async () => {
      const app = dify.addApp();
      const wrong = { ...app, key: 'app-thisKeyIsNotGoodAtAll77' };
      await newOrder(t, tenant, 'welcome', [await newAgent(t, tenant, dify, wrong)]);
      const reply = await ask();
      expect(kindsOf(reply)).toEqual(['unauthorized']);
      expect(reply.attempts[0]?.errorMessage).toBe(
        'Dify answered 401, unauthorized: Access token is invalid',
      );
      expect(JSON.stringify(reply)).not.toContain(wrong.key);
    });
  });

  describe('the time', () => {
    it('is over for an agent that never says a word, and the next one answers', async () => {
      const { agents } = await withApps({ scenario: 'hanging' }, { answer: 'From the second' });
      const reply = await ask();
      expect([textOf(reply), kindsOf(reply)]).toEqual(['From the second', ['timeout', null]]);
      expect(reply.ok && reply.by.agentId).toBe(agents[1]?.id);
      expect(reply.durationMs).toBeLessThan(HARD_MS);
    });

    it('is over for all of them at the hard budget, and a run that began is stopped in Dify', async () => {
      const { app } = await withApp({ scenario: 'silent' });
      const reply = await ask();
      expect(reply).toMatchObject({ ok: false, reason: 'timeout', attempts: [{ errorKind: 'timeout' }] });
      expect(reply.durationMs).toBeGreaterThanOrEqual(HARD_MS - 5);
      await eventually(() =>
        dify.requests.some(({ appId, path }) => appId === app.id && path.endsWith('/stop')),
      );
    });

    it('lets an answer in that comes after the soft budget, and says that it is late', async () => {
      await withApp({ scenario: 'slow', slowMs: SOFT_MS + 100 });
      expect(await ask()).toMatchObject({ ok: true, isLate: true });
    });

    it('is not spent on a Retry-After that goes beyond the soft budget', async () => {
      const { apps } = await withApps({ scenario: 'too_many_requests', retryAfter: 60 }, {});
      expect(kindsOf(await ask())).toEqual(['rate_limited', null]);
      expect(dify.asked(apps[0])).toHaveLength(1);
    });

    it('ends when whoever asked does not wait any more', async () => {
      await withApps({ scenario: 'hanging' }, {});
      const controller = new AbortController();
      const asked = ask({ signal: controller.signal });
      await eventually(() => dify.requests.at(-1)?.path === 'chat-messages');
      controller.abort();
      expect(await asked).toMatchObject({
        ok: false,
        reason: 'cancelled',
        attempts: [{ errorKind: 'cancelled' }],
      });
    });
  });

  describe('failover', () => {
    it('goes through the agents in order, and then tells that there is no answer', async () => {
      const { apps } = await withApps(
        { scenario: 'not_published' },
        { scenario: 'empty' },
        { answer: 'Third' },
      );
      const reply = await ask();
      expect([textOf(reply), kindsOf(reply)]).toEqual(['Third', ['not_ready', 'empty', null]]);
      apps[2].scenario = 'html';
      expect(await ask()).toMatchObject({ ok: false, reason: 'failed' });
    });

    it('passes over what is disabled, and knows nobody for another purpose', async () => {
      const { agents } = await withApps({ answer: 'First' }, { answer: 'Second' });
      const token = tenant.adminToken;
      await t.rest('PUT', `/admin/agents/${agents[0].id}`, { token, body: { enabled: false } });
      expect(textOf(await ask())).toBe('Second');
      await t.rest('PUT', `/admin/agent-versions/${agents[1].versionId}`, {
        token,
        body: { enabled: false },
      });
      expect(await ask()).toMatchObject({ ok: false, reason: 'no_agent', attempts: [] });
      expect(await ask({ purpose: 'other' })).toMatchObject({ ok: false, reason: 'no_agent' });
    });

    it("asks no agent of another tenant's", async () => {
      await withApps({});
      tenant = await t.newTenant();
      expect(await ask()).toMatchObject({ ok: false, reason: 'no_agent' });
    });

    it('lets another version of the agent step in for the one of the user', async () => {
      const { agent, app } = await withApp({ answer: 'One' });
      const other = dify.addApp({ answer: 'Two' });
      await newVersion(t, tenant, dify, { agentId: agent.id, app: other, weight: 1 });
      const own = textOf(await ask());
      const [first, second] = own === 'One' ? [app, other] : [other, app];
      first.scenario = 'not_published';
      expect([textOf(await ask()), own]).toEqual([second.answer, first.answer]);
    });
  });

  describe('the circuit breaker of a version', () => {
    const open = async (agentVersionId: string) => {
      const path = `/admin/agent-versions/${agentVersionId}`;
      const { body } = await t.rest('GET', path, { token: tenant.adminToken });
      return body.data['open_circuits'] as { state: string; error_kind: string; replica_id: string }[];
    };

    it('keeps it from being asked, shows over REST, and can be reset there', async () => {
      const { apps, agents } = await withApps({ scenario: 'not_published' }, { answer: 'Second' });
      const { versionId } = agents[0];
      for (let n = 0; n < 4; n += 1) expect(kindsOf(await ask())).toEqual(['not_ready', null]);
      const reply = await ask();
      expect([textOf(reply), kindsOf(reply)]).toEqual(['Second', ['circuit_open', null]]);
      expect(dify.asked(apps[0])).toHaveLength(4);
      await eventually(async () => (await open(versionId)).length === 1);
      expect(await open(versionId)).toMatchObject([{ state: 'open', error_kind: 'not_ready' }]);
      const alerts = async () => {
        const answer = await t.rest('GET', '/admin/alerts?kind=circuit_open', { token: tenant.adminToken });
        const rows = answer.items as unknown as { target: { id: string }; acknowledged_at: string | null }[];
        return rows.filter(({ target }) => target.id === versionId);
      };
      await eventually(async () => (await alerts()).length === 1);
      expect(await alerts()).toMatchObject([
        {
          title: expect.stringMatching(/, .+ failed too often/),
          detail: expect.stringContaining(`POST /api/v1/admin/agent-versions/${versionId}/circuit/reset`),
          target: { kind: 'agent_version' },
          acknowledged_at: null,
        },
      ]);

      apps[0].scenario = 'ok';
      apps[0].answer = 'First';
      const reset = `/admin/agent-versions/${versionId}/circuit/reset`;
      expect((await t.rest('POST', reset, { token: tenant.adminToken })).status).toBe(200);
      expect([textOf(await ask()), await open(versionId)]).toEqual(['First', []]);
      expect((await alerts()).map(({ acknowledged_at }) => acknowledged_at)).toEqual([expect.any(String)]);
    });

    it('closes with a new key', async () => {
      const app = dify.addApp();
      const agent = await newAgent(t, tenant, dify, { ...app, key: 'app-wrongWrongWrongWrong0' });
      await newOrder(t, tenant, 'welcome', [agent]);
      for (let n = 0; n < 5; n += 1) await ask();
      expect(kindsOf(await ask())).toEqual(['circuit_open']);
      const body = { api_key: app.key };
      await t.rest('PUT', `/admin/agent-versions/${agent.versionId}`, { token: tenant.adminToken, body });
      expect((await ask()).ok).toBe(true);
    });

    it('is not opened by questions that lack an input', async () => {
      const form: FormField[] = [{ 'text-input': { variable: 'customer', label: '', required: true } }];
      await withApp({ form });
      for (let n = 0; n < 6; n += 1) expect(kindsOf(await ask())).toEqual(['missing_inputs']);
      expect((await ask({ inputs: { customer: 'Emma' } })).ok).toBe(true);
    });
  });

  it('gives each user one version for good, and all users by weight', async () => {
    const { agent } = await withApp({ answer: 'One' });
    const other = dify.addApp({ answer: 'Two' });
    const otherId = await newVersion(t, tenant, dify, { agentId: agent.id, app: other, weight: 3 });
    const on = await patient();
    const users = Array.from({ length: 120 }, () => newId());
    const askAll = async () => {
      const texts = await Promise.all(users.map(async (user) => textOf(await ask({ user }, on))));
      return texts.map((text) => (text === 'Two' ? otherId : agent.versionId));
    };
    const first = await askAll();
    const share = first.filter((id) => id === otherId).length / users.length;
    expect(share).toBeGreaterThan(0.6); // 0.75, and less than 1 in 10,000 for a fair hash to be outside
    expect(share).toBeLessThan(0.9);
    expect(await askAll()).toEqual(first);
    const body = { weight: 0 };
    await t.rest('PUT', `/admin/agent-versions/${otherId}`, { token: tenant.adminToken, body });
    expect(new Set(await askAll())).toEqual(new Set([agent.versionId]));
  });

  it('is ruled by a change on every replica at once', async () => {
    const second = await createTestApp({ database: t.database, env: AGENT_ENV });
    replicas.push(second);
    const { agent } = await withApp({ answer: 'Old' });
    expect(textOf(await ask({}, second))).toBe('Old');
    const app = dify.addApp({ answer: 'New', mode: 'workflow' });
    const body = { api_key: app.key };
    const token = tenant.adminToken;
    const changed = await t.rest('PUT', `/admin/agent-versions/${agent.versionId}`, { token, body });
    expect(changed.body).toMatchObject({ effective_immediately: true });
    expect(await ask({}, second)).toMatchObject({ ok: true, text: 'New', by: { mode: 'workflow' } });
    await second.rest('PUT', `/admin/agents/${agent.id}`, { token, body: { enabled: false } });
    expect(await ask()).toMatchObject({ ok: false, reason: 'no_agent' });
  });

  it('gets an answer that the agent writes with our own tools, over MCP, with the key of its group', async () => {
    const group = await newGroup(t, tenant, {
      tools: ['get_user_profile', 'analyze_customer', 'create_task'],
    });
    const customer = await t.newUser(tenant.tenantId, ['customer']);
    await t.dataSource.query(`UPDATE users SET display_name = '王小明' WHERE id = $1`, [customer.id]);
    const form: FormField[] = [
      { 'text-input': { variable: 'user_id', label: 'User', required: true, max_length: 48 } },
    ];
    const { app } = await withApp({ mode: 'agent-chat', form, mcp: { url: group.url, key: group.key } });
    const reply = await ask({ user: customer.id, inputs: { user_id: customer.id } });
    expect(textOf(reply)).toBe('Welcome, 王小明! (prospect)');
    const calls = await t.dataSource.query<object[]>(
      `SELECT tool_name, success, key_id IS NOT NULL AS "withKey" FROM mcp_call_logs WHERE group_id = $1 ORDER BY created_at`,
      [group.id],
    );
    expect(calls).toEqual([
      { tool_name: 'get_user_profile', success: true, withKey: true },
      { tool_name: 'analyze_customer', success: true, withKey: true },
    ]);
    expect(dify.asked(app)).toHaveLength(1);
  });
});
