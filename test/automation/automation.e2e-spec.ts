import { AUTOMATION_ENV, AutomationWorld } from '../support/automation.js';
import { newGroup } from '../support/mcp.js';
import { newAgent, newOrder } from '../support/agents.js';
import { type DifyMode, type Scenario, StandInDify } from '../support/stand-in-dify.js';
import { createTestApp, type TestApp } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

const MODES: readonly DifyMode[] = ['chat', 'agent-chat', 'advanced-chat', 'agent', 'workflow', 'completion'];
const FORM = [{ 'text-input': { variable: 'user_id', label: 'user', required: true, max_length: 48 } }];
const TEMPLATE = /^Hello Emma, and welcome to Tenant /;

describe('registration automation', () => {
  let t: TestApp;
  let other: TestApp;
  let dify: StandInDify;

  beforeAll(async () => {
    dify = await StandInDify.start();
    t = await createTestApp({ env: { ...AUTOMATION_ENV, REPLICA_NAME: 'one' } });
    other = await createTestApp({
      env: { ...AUTOMATION_ENV, REPLICA_NAME: 'two' },
      database: t.database,
    });
  });
  afterAll(async () => {
    await other?.close();
    await t?.close();
    await dify?.stop();
  });

  describe('greets once', () => {
    it.each(MODES)('by an agent of mode %s', async (mode) => {
      const world = await AutomationWorld.create(t);
      const { agent, app } = await world.withAgent(dify, { mode });
      const user = await world.register();
      const run = await world.ended(user);
      expect(run).toMatchObject({
        state: 'done',
        source: 'registration',
        welcomed_by: 'agent',
        agent_id: agent.id,
        agent_version_id: agent.versionId,
        fallback_reason: null,
        error: null,
      });
      const [message, ...more] = await world.messagesOf(user);
      expect(more).toEqual([]);
      expect(message).toMatchObject({
        id: run.message_id,
        conversation_id: run.conversation_id,
        sender_kind: 'ai',
        sender_id: null,
        agent_version_id: agent.versionId,
        content: app.answer,
      });
      expect(await world.toldOf(user)).toEqual([
        { conversation_id: run.conversation_id, message_id: run.message_id, sender_kind: 'ai' },
      ]);
      expect(await world.outcomesOf(run.id)).toEqual([{ outcome: 'ok' }]);
      expect(await world.stepsOf(run.id)).toMatchObject(
        ['conversation', 'welcome', 'message', 'consultants', 'metrics'].map((name) => ({
          name,
          state: 'done',
          attempts: 1,
        })),
      );
    });

    it.each<[Scenario, string, string[]]>([
      ['slow', 'agent', ['ok']],
      ['replaced', 'agent', ['ok']],
      ['thinking', 'agent', ['ok']],
      ['hanging', 'timeout', ['timeout']],
      ['silent', 'timeout', ['timeout']],
      ['not_published', 'failed', ['not_ready']],
      ['app_unavailable', 'failed', ['not_ready']],
      ['quota_exceeded', 'failed', ['not_ready']],
      ['error_midway', 'failed', ['not_ready']],
      ['empty', 'failed', ['empty']],
      ['html', 'failed', ['bad_answer']],
      ['redirect', 'failed', ['bad_answer']],
    ])('when its agent is %s: %s', async (scenario, ending, outcomes) => {
      const world = await AutomationWorld.create(t);
      const { app } = await world.withAgent(dify, { mode: 'agent-chat' });
      app.scenario = scenario;
      const user = await world.register();
      const run = await world.ended(user);
      const isAgent = ending === 'agent';
      expect(run).toMatchObject({
        state: 'done',
        welcomed_by: isAgent ? 'agent' : 'template',
        fallback_reason: isAgent ? null : ending,
      });
      expect((await world.outcomesOf(run.id)).map(({ outcome }) => outcome)).toEqual(outcomes);
      const messages = await world.messagesOf(user);
      expect(messages).toHaveLength(1);
      if (!isAgent) expect(messages[0].content).toEqual(expect.stringMatching(TEMPLATE));
      if (scenario === 'replaced') expect(messages[0].content).toBe('I cannot say that.');
    });

    it.each<[Scenario, string]>([
      ['too_many_requests', 'rate_limited'],
      ['rate_limit_error', 'rate_limited'],
      ['rate_limit_midway', 'rate_limited'],
      ['internal_server_error', 'server_error'],
      ['bad_gateway', 'server_error'],
      ['dropped', 'dropped'],
      ['cut_short', 'dropped'],
    ])('when its agent is %s: tried again, and then by the template', async (scenario, outcome) => {
      const world = await AutomationWorld.create(t);
      const { app } = await world.withAgent(dify, { mode: 'chat' });
      app.next.push(scenario);
      const first = await world.ended(await world.register());
      expect(first).toMatchObject({ state: 'done', welcomed_by: 'agent' });
      expect(await world.outcomesOf(first.id)).toEqual([{ outcome }, { outcome: 'ok' }]);
      app.scenario = scenario;
      const user = await world.register();
      const run = await world.ended(user);
      expect(run).toMatchObject({ state: 'done', welcomed_by: 'template', fallback_reason: 'failed' });
      expect((await world.outcomesOf(run.id))[0]).toEqual({ outcome });
      expect(await world.messagesOf(user)).toHaveLength(1);
    });

    it.each<[string, string, (app: ReturnType<StandInDify['addApp']>) => void]>([
      [
        'a form that wants what nobody knows',
        'missing_inputs',
        (app) => (app.form = [{ 'text-input': { variable: 'shoe_size', label: 'shoe', required: true } }]),
      ],
      ['an API that is switched off', 'forbidden', (app) => (app.isApiEnabled = false)],
    ])('when its agent has %s', async (_what, outcome, change) => {
      const world = await AutomationWorld.create(t);
      const { app } = await world.withAgent(dify, { mode: 'chat' });
      change(app);
      const run = await world.ended(await world.register());
      expect(run).toMatchObject({ state: 'done', welcomed_by: 'template', fallback_reason: 'failed' });
      expect(await world.outcomesOf(run.id)).toEqual([{ outcome }]);
    });

    it('when its agent has a wrong key', async () => {
      const world = await AutomationWorld.create(t);
      await newGroup(t, world.tenant, { tools: ['get_user_profile', 'analyze_customer'] });
      const stranger = { ...dify.addApp(), key: 'app-000000000000000000000000' };
      await newOrder(t, world.tenant, 'welcome', [await newAgent(t, world.tenant, dify, stranger)]);
      const run = await world.ended(await world.register());
      expect(run).toMatchObject({ state: 'done', welcomed_by: 'template', fallback_reason: 'failed' });
      expect(await world.outcomesOf(run.id)).toEqual([{ outcome: 'unauthorized' }]);
    });

    it('when there is no agent at all', async () => {
      const world = await AutomationWorld.create(t);
      await newGroup(t, world.tenant, { tools: ['get_user_profile', 'analyze_customer'] });
      const run = await world.ended(await world.register());
      expect(run).toMatchObject({ state: 'done', welcomed_by: 'template', fallback_reason: 'no_agent' });
      expect(await world.outcomesOf(run.id)).toEqual([]);
    });

    it('when the agent writes what cannot be shown', async () => {
      const world = await AutomationWorld.create(t);
      const { app } = await world.withAgent(dify, { answer: `Hi\u0007 \u202eEmma\u202c` });
      const user = await world.register();
      await world.ended(user);
      expect((await world.messagesOf(user))[0].content).toBe('Hi Emma');
      app.answer = 'a'.repeat(4001);
      const late = await world.register();
      expect(await world.ended(late)).toMatchObject({ welcomed_by: 'template', fallback_reason: 'unusable' });
      expect(await world.messagesOf(late)).toHaveLength(1);
    });
  });

  it('has the agent write with our own tools, over MCP, with the key of its group', async () => {
    const world = await AutomationWorld.create(t);
    const group = await newGroup(t, world.tenant, { tools: ['get_user_profile', 'analyze_customer'] });
    const mcp = { url: group.url, key: group.key };
    const app = dify.addApp({ mode: 'agent-chat', form: FORM, mcp });
    await newOrder(t, world.tenant, 'welcome', [await newAgent(t, world.tenant, dify, app)]);
    const user = await world.register(t, 'Emma Stone');
    const run = await world.ended(user);
    expect(run).toMatchObject({ state: 'done', welcomed_by: 'agent' });
    const [message] = await world.messagesOf(user);
    expect(message.content).toEqual(expect.stringMatching(/^Welcome, Emma Stone! \(\w+\)$/));
    const called = await t.dataSource.query<{ tool_name: string; success: boolean }[]>(
      'SELECT tool_name, success FROM mcp_call_logs WHERE group_id = $1 ORDER BY created_at',
      [group.id],
    );
    expect(called).toEqual([
      { tool_name: 'get_user_profile', success: true },
      { tool_name: 'analyze_customer', success: true },
    ]);
  });

  it('greets in the language of the customer, in the words of the tenant', async () => {
    const world = await AutomationWorld.create(t);
    await world.set('PUT', '/admin/automation/settings', { strategy: 'template', default_language: 'zh-CN' });
    const chinese = await world.register();
    expect(await world.ended(chinese)).toMatchObject({
      state: 'done',
      welcomed_by: 'template',
      fallback_reason: null,
    });
    expect((await world.messagesOf(chinese))[0].content).toEqual(expect.stringMatching(/^Emma，您好！/));
    await world.set('PUT', '/admin/automation/templates/fr', { body: 'Bonjour {{ display_name }} !' });
    const said = `INSERT INTO customer_preferences (user_id, tenant_id, "values") VALUES ($1, $2, '{"language":"fr-CA"}')`;
    await t.dataSource.query(said, [chinese, world.tenant.tenantId]);
    const again = await world.set('POST', '/admin/automation/runs', { user_id: chinese, again: true });
    await eventually(async () => (await world.messagesOf(chinese)).length === 2);
    expect((await world.messagesOf(chinese))[1].content).toBe('Bonjour Emma !');
    expect((await world.ended(chinese)).id).toBe(again.body.data.id);
    const conversations =
      'SELECT title, channel, ai_enabled, is_default FROM conversations WHERE user_id = $1';
    expect(await t.dataSource.query(conversations, [chinese])).toEqual([
      { title: 'Welcome', channel: 'app', ai_enabled: true, is_default: true },
    ]);
  });

  it('says nothing when the strategy is off, and tells consultants all the same', async () => {
    const world = await AutomationWorld.create(t);
    await world.set('PUT', '/admin/automation/settings', {
      strategy: 'off',
      conversation_title: 'Front desk',
      conversation_channel: 'web',
      conversation_ai_enabled: false,
    });
    const user = await world.register();
    const run = await world.ended(user);
    expect(run).toMatchObject({ state: 'done', welcomed_by: null, message_id: null });
    expect(await world.messagesOf(user)).toEqual([]);
    const states = (await world.stepsOf(run.id)).map(({ state }) => state);
    expect(states).toEqual(['done', 'skipped', 'skipped', 'done', 'done']);
    const conversations = 'SELECT title, channel, ai_enabled FROM conversations WHERE user_id = $1';
    expect(await t.dataSource.query(conversations, [user])).toEqual([
      { title: 'Front desk', channel: 'web', ai_enabled: false },
    ]);
    const claims = 'SELECT conversation_id, run_id FROM customer_claims WHERE user_id = $1';
    expect(await t.dataSource.query(claims, [user])).toEqual([
      { conversation_id: run.conversation_id, run_id: run.id },
    ]);
  });

  it('answers a registration at once while Dify hangs', async () => {
    const world = await AutomationWorld.create(t);
    const { app } = await world.withAgent(dify, { mode: 'agent-chat' });
    app.scenario = 'hanging';
    const users = await Promise.all([1, 2, 3, 4].map(() => world.register()));
    await eventually(() => dify.asked(app).length >= 1);
    // All are answered and none is greeted: nobody waited for the agent.
    for (const user of users) expect(await world.messagesOf(user)).toEqual([]);
    const last = await world.register();
    expect(await world.messagesOf(last)).toEqual([]);
    for (const user of [...users, last])
      expect(await world.ended(user)).toMatchObject({ welcomed_by: 'template', fallback_reason: 'timeout' });
  });

  it('greets each of many once, whichever replica they register at and whatever fails', async () => {
    const world = await AutomationWorld.create(t);
    const { app } = await world.withAgent(dify, { mode: 'chat' });
    for (let n = 0; n < 30; n += 1) app.next.push(n % 5 === 0 ? 'internal_server_error' : 'ok');
    const users = await Promise.all(
      Array.from({ length: 24 }, (_none, n) => world.register(n % 2 === 0 ? t : other)),
    );
    for (const user of users) expect(await world.ended(user)).toMatchObject({ state: 'done' });
    const { tenantId } = world.tenant;
    const counted = await t.dataSource.query(
      `SELECT (SELECT count(*) FROM messages WHERE tenant_id = $1)::int AS messages,
        (SELECT count(DISTINCT user_id) FROM messages WHERE tenant_id = $1)::int AS greeted,
        (SELECT count(*) FROM conversations WHERE tenant_id = $1)::int AS conversations,
        (SELECT count(*) FROM automation_runs WHERE tenant_id = $1)::int AS runs`,
      [tenantId],
    );
    expect(counted).toEqual([{ messages: 24, greeted: 24, conversations: 24, runs: 24 }]);
    const replicas = await t.dataSource.query<{ replica: string }[]>(
      `SELECT DISTINCT replica FROM jobs WHERE tenant_id = $1 AND kind = 'automation.greet'`,
      [tenantId],
    );
    expect(replicas.length).toBeGreaterThan(1);
  });

  it('keeps ids alone in the job, and no text of the agent outside of the conversation', async () => {
    const world = await AutomationWorld.create(t);
    const { app } = await world.withAgent(dify, { answer: 'Dear Emma of the secret garden' });
    const user = await world.register();
    const run = await world.ended(user);
    const [{ payload, steps }] = await t.dataSource.query<[{ payload: object; steps: string }]>(
      `SELECT payload, (SELECT coalesce(jsonb_agg(result), '[]')::text FROM job_steps WHERE job_id = j.id) AS steps
       FROM jobs j WHERE id = $1`,
      [run.job_id],
    );
    expect(payload).toEqual({ user_id: user });
    expect(steps).not.toContain('garden');
    expect(JSON.stringify(await world.stepsOf(run.id))).not.toContain('garden');
    const [{ body }] = dify.asked(app);
    expect(JSON.stringify({ query: body['query'] })).not.toContain('Emma');
    expect(body).toMatchObject({ user, inputs: { user_id: user, display_name: 'Emma', language: 'en' } });
  });
});
