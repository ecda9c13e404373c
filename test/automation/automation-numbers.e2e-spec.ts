import { DataSource } from 'typeorm';
import { v7 as newId } from 'uuid';
import { readHours } from '../../src/automation/numbers/run-numbers.js';
import { readQueue } from '../../src/automation/numbers/queue-numbers.js';
import { Replica } from '../../src/platform/replicas/replica.js';
import { inTenant } from '../../src/platform/request-scope.js';
import { AutomationRows, later } from '../fixtures/automation-rows.js';
import { AUTOMATION_ENV, AutomationWorld, WELCOME_TOOLS } from '../support/automation.js';
import { legacy, newGroup, send } from '../support/mcp.js';
import { StandInDify } from '../support/stand-in-dify.js';
import { type Answer, createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

type Numbers = Record<string, any>; // oxlint-disable-line typescript/no-explicit-any -- what tests look into

const BASE = '/admin/registration-automation';
const FROM = '2026-03-10T00:00:00Z';
const TO = '2026-03-12T00:00:00Z';

describe('/api/v1/admin/registration-automation', () => {
  let t: TestApp;
  let other: TestApp;
  /** Closed last: the process shares passport strategies. */
  let restarted: TestApp | undefined;
  let dify: StandInDify;

  beforeAll(async () => {
    dify = await StandInDify.start();
    t = await createTestApp({ env: { ...AUTOMATION_ENV, REPLICA_NAME: 'one' } });
    other = await createTestApp({ env: { ...AUTOMATION_ENV, REPLICA_NAME: 'two' }, database: t.database });
  });
  afterAll(async () => {
    await restarted?.close();
    await other?.close();
    await t?.close();
    await dify?.stop();
  });

  const ask = (tenant: TestTenant, path: string, on = t): Promise<Answer> =>
    on.rest('GET', `${BASE}/${path}`, { token: tenant.adminToken });
  const read = async (tenant: TestTenant, path: string, on = t): Promise<Numbers> => {
    const answer = await ask(tenant, path, on);
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    return answer.body.data;
  };
  const metricsOf = (tenant: TestTenant, from = FROM, to = TO, zone = 'UTC'): Promise<Numbers> =>
    read(tenant, `metrics?from=${from}&to=${to}&time_zone=${encodeURIComponent(zone)}`);
  const newRows = async () => {
    const tenant = await t.newTenant();
    return { tenant, rows: new AutomationRows(t, tenant.tenantId) };
  };

  describe('without anything today', () => {
    it('gives no rate, no average and no verdict, and each of the days', async () => {
      const tenant = await t.newTenant();
      const numbers = await read(tenant, 'dashboard?days=3&time_zone=Asia/Shanghai');
      const nothing = {
        registrations: 0,
        runs: 0,
        queued: 0,
        running: 0,
        done: 0,
        failed: 0,
        skipped: 0,
        welcomed_by_agent: 0,
        welcomed_by_template: 0,
        success_rate: null,
        average_ms: null,
        median_ms: null,
        p95_ms: null,
        average_wait_ms: null,
      };
      expect(numbers.runs).toEqual(nothing);
      expect(numbers.today).toEqual(nothing);
      expect(numbers.by_day.map((day: Numbers) => [day.runs, day.success_rate])).toEqual([
        [0, null],
        [0, null],
        [0, null],
      ]);
      expect(numbers.by_hour_today).toHaveLength(24);
      expect(
        numbers.steps.map(({ name, done, success_rate }: Numbers) => [name, done, success_rate]),
      ).toEqual(
        ['conversation', 'welcome', 'message', 'consultants', 'metrics'].map((name) => [name, 0, null]),
      );
      expect(numbers.fallback).toEqual({ welcomes: 0, fallbacks: 0, rate: null, reasons: [] });
      expect(numbers.skipped).toEqual([]);
      expect(numbers.errors).toEqual([]);
      expect(numbers.mcp).toMatchObject({ calls: 0, error_rate: null, average_ms: null, tools: [] });
      expect(numbers.agents).toMatchObject({
        questions: 0,
        answer_rate: null,
        average_ms: null,
        versions: [],
      });
      expect(numbers.notifications).toMatchObject({ sent: 0, delivery_rate: null, channels: [] });
      expect(numbers.claims).toMatchObject({ announced: 0, median_seconds: null, in_time_rate: null });
      expect(numbers.first_response).toMatchObject({ registered: 0, median_seconds: null });
      expect(numbers.conversion).toMatchObject({ registered: 0, wrote: 0, rate: null });
      expect(new Set(numbers.targets.map(({ result }: Numbers) => result))).toEqual(new Set(['no_data']));
      expect(numbers.targets).toHaveLength(8);
      expect(numbers.queue).toEqual({
        events: 0,
        waiting: 0,
        due: 0,
        running: 0,
        dead: 0,
        oldest_due_seconds: null,
      });
    });
  });

  describe('after real registrations', () => {
    it('counts what the runs left, on every replica, and after a restart', async () => {
      const world = await AutomationWorld.create(t);
      const { app, agent, group } = await world.withAgent(dify, { mode: 'agent-chat' });
      Object.assign(app, { mcp: { url: group.url, key: group.key } });
      app.form = [{ 'text-input': { variable: 'user_id', label: 'user', required: true, max_length: 48 } }];
      const runs = [await world.ended(await world.register()), await world.ended(await world.register())];
      app.scenario = 'not_published';
      runs.push(await world.ended(await world.register()));
      expect(runs.map(({ state, welcomed_by }) => [state, welcomed_by])).toEqual([
        ['done', 'agent'],
        ['done', 'agent'],
        ['done', 'template'],
      ]);
      const { tenant } = world;
      await eventually(async () => (await read(tenant, 'metrics')).mcp.calls === 4);
      const numbers = await read(tenant, 'dashboard');
      const durations = runs.map(({ duration_ms }) => duration_ms!);
      expect(numbers.today).toMatchObject({ registrations: 3, runs: 3, done: 3, failed: 0, success_rate: 1 });
      expect(numbers.today.average_ms).toBeCloseTo(durations.reduce((total, ms) => total + ms, 0) / 3, 0);
      expect(numbers.runs).toEqual(numbers.today);
      expect(numbers.by_day).toHaveLength(7);
      expect(numbers.by_day.at(-1)).toMatchObject({ runs: 3, done: 3, fallback_rate: 0.333333 });
      expect(sum(numbers.by_hour_today, 'runs')).toBe(3);
      expect(numbers.steps.map(({ done, success_rate }: Numbers) => [done, success_rate])).toEqual(
        Array.from({ length: 5 }, () => [3, 1]),
      );
      expect(numbers.fallback).toEqual({
        welcomes: 3,
        fallbacks: 1,
        rate: 0.333333,
        reasons: [{ reason: 'failed', runs: 1 }],
      });
      expect(numbers.mcp).toMatchObject({ calls: 4, errors: 0, error_rate: 0, group_ids: [group.id] });
      expect(numbers.mcp.tools.map(({ tool, calls }: Numbers) => [tool, calls]).toSorted()).toEqual([
        ['analyze_customer', 2],
        ['get_user_profile', 2],
      ]);
      expect(numbers.agents).toMatchObject({
        questions: 3,
        answered: 2,
        answer_rate: 0.666667,
        requests: 3,
        requests_ok: 2,
        retries: 0,
        failovers: 0,
        kept_by_circuit: 0,
      });
      expect(numbers.agents.versions).toMatchObject([
        { agent_id: agent.id, version_id: agent.versionId, enabled: true, circuit: 'closed', requests: 3 },
      ]);
      expect(numbers.claims).toMatchObject({ announced: 3, claimed: 0, unclaimed: 3 });
      expect(numbers.first_response).toMatchObject({ registered: 3, answered: 3, in_time_rate: 1 });
      expect(numbers.errors).toMatchObject([
        { source: 'agent', kind: 'not_ready', place: agent.versionId, count: 1, example_run_id: runs[2].id },
      ]);
      expect(numbers).toMatchObject({
        mcp_metrics: {
          total_calls: 4,
          tool_calls: { get_user_profile: 2, analyze_customer: 2 },
          error_rates: { get_user_profile: 0, analyze_customer: 0 },
          success_rate: 1,
        },
        dify_agent_status: { status: 'available', agents: [{ circuit: 'closed' }] },
        automation_success_rate: 1,
        welcome_message_stats: { sent: 3, by_agent: 2, by_template: 1, fallback_rate: 0.333333 },
        automation_metrics: {
          success_rate: 1,
          total_automations: 3,
          mcp_call_count: 4,
          dify_call_count: 3,
          average_response_time: numbers.runs.average_ms,
          daily_trends: numbers.by_day,
        },
        mcp_server_status: { status: 'running', availability: numbers.mcp.quick_ok_rate },
        recent_errors: numbers.errors,
        system_health: { mcp_response_time: numbers.mcp.average_ms, database_status: 'healthy' },
      });
      expect(numbers.daily_registrations.at(-1)).toMatchObject({ registrations: 3 });
      expect(
        numbers.automation_steps.map(({ step, total, succeeded }: Numbers) => [step, total, succeeded]),
      ).toEqual([
        ['conversation_created', 3, 3],
        ['mcp_called', 4, 4],
        ['dify_triggered', 3, 2],
        ['welcome_sent', 3, 3],
        ['consultants_notified', 3, 3],
      ]);
      const detail = await world.rest('GET', `/admin/automation/runs/${runs[0].id}`);
      expect((detail.body.data['steps'] as Numbers[]).map(({ step }) => step)).toEqual([
        'conversation_created',
        'dify_triggered',
        'welcome_sent',
        'consultants_notified',
        null,
      ]);
      const earlier = await t.rest('GET', '/registration-automation/metrics', { token: tenant.adminToken });
      expect((earlier.body.data as Numbers)['mcp_metrics']).toEqual(numbers.mcp_metrics);
      restarted = await createTestApp({ env: AUTOMATION_ENV, database: t.database });
      for (const replica of [other, restarted])
        expect(countsOf(await read(tenant, 'dashboard', replica))).toEqual(countsOf(numbers));
    });
  });

  describe('runs, steps and errors', () => {
    it('are counted as made in the period', async () => {
      const { tenant, rows } = await newRows();
      await rows.run('2026-03-09T23:59:59.999Z', { duration_ms: 60_000 });
      await rows.run('2026-03-12T00:00:00.000Z', { duration_ms: 60_000 });
      const first = await rows.run('2026-03-10T08:00:00Z', {
        waitMs: 100,
        duration_ms: 1000,
        welcomed_by: 'agent',
      });
      const second = await rows.run('2026-03-10T09:00:00Z', {
        waitMs: 300,
        duration_ms: 3000,
        welcomed_by: 'template',
        fallback_reason: 'timeout',
      });
      const job = await rows.job({ state: 'dead' });
      const failed = await rows.run('2026-03-11T10:00:00Z', {
        waitMs: 200,
        state: 'failed',
        job_id: job,
        error_kind: 'database',
        error: 'The database refused a statement',
        finished_at: '2026-03-11T10:02:00Z',
      });
      await rows.run('2026-03-11T11:00:00Z', {
        waitMs: 0,
        state: 'skipped',
        skip_reason: 'not_in_rollout',
        started_at: null,
      });
      await rows.run('2026-03-11T12:00:00Z', {
        waitMs: 400,
        duration_ms: 2000,
        welcomed_by: 'agent',
        source: 'manual',
      });
      await rows.run('2026-03-11T13:00:00Z', { state: 'running' });
      await rows.registration('2026-03-11T10:00:00Z', newId());
      await rows.step(first, '2026-03-10T08:00:01Z', { duration_ms: 900 });
      await rows.step(second, '2026-03-10T09:00:01Z', { duration_ms: 2900, attempts: 2 });
      await rows.step(failed, '2026-03-11T10:01:59Z', {
        state: 'failed',
        attempts: 4,
        error_kind: 'database',
      });
      await rows.step(first, '2026-03-10T08:00:02Z', { name: 'message', duration_ms: 7 });
      for (const [number, at] of [
        [1, '2026-03-11T10:00:01Z'],
        [2, '2026-03-11T10:00:10Z'],
      ])
        await rows.insert('job_attempts', {
          job_id: job,
          number,
          outcome: 'failed',
          step: 'welcome',
          error: `Attempt ${number}`,
          finished_at: at,
        });
      const numbers = await metricsOf(tenant);
      expect(numbers.runs).toEqual({
        registrations: 1,
        runs: 6,
        queued: 0,
        running: 1,
        done: 3,
        failed: 1,
        skipped: 1,
        welcomed_by_agent: 2,
        welcomed_by_template: 1,
        success_rate: 0.75,
        average_ms: 2000,
        median_ms: 2000,
        p95_ms: 2900,
        average_wait_ms: 200,
      });
      expect(numbers.by_day).toEqual([
        {
          date: '2026-03-10',
          starts_at: '2026-03-10T00:00:00.000Z',
          registrations: 0,
          runs: 2,
          done: 2,
          failed: 0,
          skipped: 0,
          success_rate: 1,
          fallback_rate: 0.5,
          average_ms: 2000,
        },
        {
          date: '2026-03-11',
          starts_at: '2026-03-11T00:00:00.000Z',
          registrations: 1,
          runs: 4,
          done: 1,
          failed: 1,
          skipped: 1,
          success_rate: 0.5,
          fallback_rate: 0,
          average_ms: 2000,
        },
      ]);
      expect(numbers.steps[1]).toEqual({
        name: 'welcome',
        done: 2,
        failed: 1,
        skipped: 0,
        running: 0,
        repeated: 2,
        success_rate: 0.666667,
        average_ms: 1900,
        p95_ms: 2800,
      });
      expect(numbers.steps[2]).toMatchObject({ name: 'message', done: 1, average_ms: 7, p95_ms: 7 });
      expect(numbers.fallback).toEqual({
        welcomes: 3,
        fallbacks: 1,
        rate: 0.333333,
        reasons: [{ reason: 'timeout', runs: 1 }],
      });
      expect(numbers.skipped).toEqual([{ reason: 'not_in_rollout', runs: 1 }]);
      expect(numbers.errors).toEqual([
        {
          source: 'run',
          kind: 'database',
          place: 'welcome',
          count: 1,
          last_at: '2026-03-11T10:02:00.000Z',
          last_message: 'The database refused a statement',
          example_run_id: failed,
        },
        {
          source: 'attempt',
          kind: 'failed',
          place: 'welcome',
          count: 2,
          last_at: '2026-03-11T10:00:10.000Z',
          last_message: 'Attempt 2',
          example_run_id: failed,
        },
      ]);
      expect(verdicts(numbers)).toMatchObject({
        'runs.success_rate': [0.75, 'missed'],
        'runs.average_ms': [2000, 'met'],
        'conversion.rate': [null, 'no_data'],
      });
    });

    it('of a job that waits are in the queue', async () => {
      const { tenant, rows } = await newRows();
      await rows.job({ state: 'dead' });
      await rows.job({ run_at: later(new Date().toISOString(), 3_600_000) });
      await rows.job({ kind: 'another.kind', state: 'dead' });
      await rows.insert('domain_events', {
        id: newId(),
        kind: 'user.password_forgotten',
        payload: '{}',
        created_at: FROM,
      });
      const { queue } = await read(tenant, 'dashboard');
      expect(queue).toEqual({
        events: 0,
        waiting: 1,
        due: 0,
        running: 0,
        dead: 1,
        oldest_due_seconds: null,
      });
      // What is due is taken at once, so it is looked at before it is there for others.
      const runner = t.dataSource.createQueryRunner();
      await runner.startTransaction();
      try {
        await runner.query(
          `INSERT INTO jobs (id, tenant_id, kind, payload, run_at) VALUES (gen_random_uuid(), $1, 'automation.greet', '{}', now() - interval '90 s'),
             (gen_random_uuid(), $1, 'automation.give_up', '{}', now() - interval '30 s')`,
          [tenant.tenantId],
        );
        expect(await readQueue(runner.manager, tenant.tenantId)).toEqual({
          events: 0,
          waiting: 3,
          due: 2,
          running: 0,
          dead: 1,
          oldest_due_seconds: 90,
        });
      } finally {
        await runner.rollbackTransaction();
        await runner.release();
      }
    });
  });

  describe('days', () => {
    it('are as long as the clocks of the time zone make them', async () => {
      const { tenant, rows } = await newRows();
      // In Berlin clocks go back at 01:00 UTC: the 25th of October has 25 hours.
      for (const at of [
        '2026-10-24T21:59:59.999Z',
        '2026-10-24T22:00:00.000Z',
        '2026-10-25T00:30:00.000Z',
        '2026-10-25T01:30:00.000Z',
        '2026-10-25T22:59:59.999Z',
        '2026-10-25T23:00:00.000Z',
      ])
        await rows.run(at);
      const { by_day } = await metricsOf(
        tenant,
        '2026-10-23T22:00:00Z',
        '2026-10-26T23:00:00Z',
        'Europe/Berlin',
      );
      expect(by_day.map(({ date, starts_at, runs }: Numbers) => [date, starts_at, runs])).toEqual([
        ['2026-10-24', '2026-10-23T22:00:00.000Z', 1],
        ['2026-10-25', '2026-10-24T22:00:00.000Z', 4],
        ['2026-10-26', '2026-10-25T23:00:00.000Z', 1],
      ]);
      const utc = await metricsOf(tenant, '2026-10-24T00:00:00Z', '2026-10-26T00:00:00Z');
      expect(utc.by_day.map(({ date, runs }: Numbers) => [date, runs])).toEqual([
        ['2026-10-24', 2],
        ['2026-10-25', 4],
      ]);
    });

    it('begin with the first of two midnights, and without any at the next instant', async () => {
      const { tenant, rows } = await newRows();
      await rows.run('2026-11-01T04:10:00Z'); // 00:10 in Havana, for the first time
      await rows.run('2026-11-01T05:10:00Z'); // and again
      const back = await metricsOf(tenant, '2026-11-01T04:00:00Z', '2026-11-02T05:00:00Z', 'America/Havana');
      expect(back.by_day.map(({ date, starts_at, runs }: Numbers) => [date, starts_at, runs])).toEqual([
        ['2026-11-01', '2026-11-01T04:00:00.000Z', 2],
      ]);
      const forth = await metricsOf(tenant, '2026-03-08T05:00:00Z', '2026-03-09T04:00:00Z', 'America/Havana');
      expect(forth.by_day.map(({ date, starts_at }: Numbers) => [date, starts_at])).toEqual([
        ['2026-03-08', '2026-03-08T05:00:00.000Z'],
      ]);
    });

    it('have 23, 24 or 25 hours', async () => {
      const { tenant, rows } = await newRows();
      await rows.run('2026-10-25T00:30:00Z');
      await rows.run('2026-10-25T01:30:00Z');
      const hoursOf = (from: string, to: string) =>
        readHours(t.dataSource.manager, tenant.tenantId, {
          from: new Date(from),
          to: new Date(to),
          timeZone: 'Europe/Berlin',
          now: new Date(to),
          today: { from: new Date(from), to: new Date(to) },
        });
      const long = await hoursOf('2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z');
      expect(long.map(({ clock, runs }) => [clock, runs]).slice(0, 5)).toEqual([
        ['00:00', 0],
        ['01:00', 0],
        ['02:00', 1],
        ['02:00', 1],
        ['03:00', 0],
      ]);
      expect(long).toHaveLength(25);
      expect(await hoursOf('2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z')).toHaveLength(23);
    });

    it('of a week begin at the midnight of the time zone', async () => {
      const { tenant } = await newRows();
      const { period, by_day } = await read(tenant, 'metrics?days=2&time_zone=Asia/Kolkata');
      expect([period.from, period.to]).toEqual([
        expect.stringMatching(/T18:30:00\.000Z$/),
        expect.stringMatching(/T18:30:00\.000Z$/),
      ]);
      expect(Date.parse(period.to) - Date.parse(period.from)).toBe(2 * 86_400_000);
      expect(by_day).toHaveLength(2);
    });
  });

  describe('agents', () => {
    it('are told apart by version, with what it took to get an answer', async () => {
      const { tenant, rows } = await newRows();
      const agent = await rows.insert('agents', { id: newId(), name: 'Welcome' });
      const [a, b] = [await newVersion(rows, agent, 'a', 9), await newVersion(rows, agent, 'b', 1)];
      const gone = newId();
      const { tenantId } = tenant;
      const { id: replicaId } = t.app.get(Replica);
      await t.dataSource.query(
        `INSERT INTO circuit_states (tenant_id, tool_id, replica_id, state, changed_at) VALUES ($1, $2, $3, 'open', now())`,
        [tenantId, b, replicaId],
      );
      const call = (run: string, version: string, outcome: string, more = {}) =>
        rows.agentCall(run, '2026-03-10T08:00:00Z', {
          agent_id: agent,
          agent_version_id: version,
          outcome,
          ...more,
        });
      const [one, two, three, four, five] = [
        await rows.run('2026-03-10T08:00:00Z'),
        await rows.run('2026-03-10T08:00:00Z'),
        await rows.run('2026-03-10T08:00:00Z'),
        await rows.run('2026-03-10T08:00:00Z'),
        await rows.run('2026-02-10T08:00:00Z'),
      ];
      await call(one, a, 'ok', { duration_ms: 800, first_text_ms: 300 });
      await call(two, a, 'rate_limited', { duration_ms: 50, error: 'Too many requests' });
      await call(two, a, 'server_error', { duration_ms: 60 });
      await call(two, b, 'server_error', { duration_ms: 70 });
      await call(three, a, 'circuit_open');
      await call(three, b, 'ok', { duration_ms: 1200, first_text_ms: 500 });
      await call(four, gone, 'ok', { duration_ms: 400, first_text_ms: 100 });
      await rows.agentCall(five, '2026-02-10T08:00:01Z', { agent_id: agent, agent_version_id: a });
      const { agents, errors, targets } = await metricsOf(tenant);
      const { versions, ...all } = agents;
      expect(all).toEqual({
        questions: 4,
        answered: 3,
        answer_rate: 0.75,
        requests: 6,
        requests_ok: 3,
        request_success_rate: 0.5,
        retries: 1,
        failovers: 2,
        kept_by_circuit: 1,
        average_ms: 800,
        p95_ms: 1160,
      });
      const common = { agent_id: agent, agent_name: 'Welcome', enabled: true };
      expect(versions).toEqual([
        {
          ...common,
          version_id: a,
          version_label: 'a',
          weight: 9,
          circuit: 'closed',
          last_answer_at: '2026-03-10T08:00:00.000Z',
          requests: 3,
          requests_ok: 1,
          request_success_rate: 0.333333,
          kept_by_circuit: 1,
          average_ms: 800,
          p95_ms: 800,
          first_text_average_ms: 300,
          first_text_p95_ms: 300,
        },
        {
          ...common,
          version_id: b,
          version_label: 'b',
          weight: 1,
          circuit: 'open',
          last_answer_at: '2026-03-10T08:00:00.000Z',
          requests: 2,
          requests_ok: 1,
          request_success_rate: 0.5,
          kept_by_circuit: 0,
          average_ms: 1200,
          p95_ms: 1200,
          first_text_average_ms: 500,
          first_text_p95_ms: 500,
        },
        {
          agent_id: agent,
          agent_name: null,
          version_id: gone,
          version_label: null,
          weight: null,
          enabled: false,
          circuit: null,
          last_answer_at: null,
          requests: 1,
          requests_ok: 1,
          request_success_rate: 1,
          kept_by_circuit: 0,
          average_ms: 400,
          p95_ms: 400,
          first_text_average_ms: 100,
          first_text_p95_ms: 100,
        },
      ]);
      expect(errors.map(({ source, kind, place, count }: Numbers) => [source, kind, place, count])).toEqual(
        expect.arrayContaining([
          ['agent', 'rate_limited', a, 1],
          ['agent', 'server_error', a, 1],
          ['agent', 'server_error', b, 1],
          ['agent', 'circuit_open', a, 1],
        ]),
      );
      expect(verdicts({ targets })['agents.answer_rate']).toEqual([0.75, 'missed']);
    });
  });

  describe('consultants', () => {
    it('are told and take customers, sooner or later', async () => {
      const { tenant, rows } = await newRows();
      const consultant = (await t.newUser(tenant.tenantId, ['consultant'])).id;
      const claim = (at: string, row: object) => rows.claim(at, { claimed_by: consultant, ...row });
      await claim('2026-03-10T08:00:00Z', {
        state: 'claimed',
        how: 'live',
        notified: 3,
        claimed_at: '2026-03-10T08:01:00Z',
      });
      await claim('2026-03-10T09:00:00Z', {
        state: 'claimed',
        how: 'channels',
        notified: 2,
        level: 1,
        first_claimed_at: '2026-03-10T09:15:00Z',
        // Given back since, announced anew and claimed by somebody else.
        announced_at: '2026-03-12T09:00:00Z',
        claimed_at: '2026-03-12T09:00:01Z',
      });
      await rows.claim('2026-03-11T10:00:00Z', { state: 'open', how: 'live', notified: 0, level: 2 });
      await rows.claim('2026-03-13T10:00:00Z', { state: 'open', how: 'live', notified: 7 });
      const sent = (at: string, seconds: number) =>
        rows.delivery(at, { channel_kind: 'email', state: 'sent', sent_at: later(at, seconds * 1000) });
      await sent('2026-03-10T09:00:00Z', 2);
      await sent('2026-03-10T09:00:00Z', 4);
      await rows.delivery('2026-03-10T09:00:00Z', { channel_kind: 'email', kind: 'customer_escalated' });
      await rows.delivery('2026-03-10T09:00:00Z', {
        channel_kind: 'webhook',
        state: 'failed',
        provider_status: 500,
        last_error: 'It answered 500',
      });
      await rows.delivery('2026-03-10T09:00:00Z', { state: 'suppressed', reason: 'no_channel' });
      for (const reason of ['no_address', 'turned_off'])
        await rows.delivery('2026-03-10T09:00:00Z', { channel_kind: 'email', state: 'suppressed', reason });
      await rows.delivery('2026-03-10T09:00:00Z', {
        channel_kind: 'email',
        kind: 'admin_alert',
        state: 'failed',
      });
      const { notifications, claims, errors, targets } = await metricsOf(tenant);
      expect(notifications).toEqual({
        told_live: 3,
        sent: 2,
        failed: 1,
        waiting: 1,
        suppressed: 3,
        delivery_rate: 0.4, // 2 sent, 1 failed, 2 nowhere to send to; 3 told live and 1 that did not want it are none of it
        median_seconds: 3,
        channels: [
          {
            channel: 'email',
            sent: 2,
            failed: 0,
            waiting: 1,
            suppressed: 2,
            delivery_rate: 0.666667,
            median_seconds: 3,
          },
          {
            channel: 'none',
            sent: 0,
            failed: 0,
            waiting: 0,
            suppressed: 1,
            delivery_rate: 0,
            median_seconds: null,
          },
          {
            channel: 'webhook',
            sent: 0,
            failed: 1,
            waiting: 0,
            suppressed: 0,
            delivery_rate: 0,
            median_seconds: null,
          },
        ],
      });
      const { oldest_unclaimed_seconds: oldest, ...counted } = claims;
      expect(counted).toEqual({
        announced: 3,
        announced_live: 1,
        claimed: 2,
        unclaimed: 1,
        escalated: 2,
        average_seconds: 480,
        median_seconds: 480,
        p95_seconds: 858,
        in_time_rate: 0.333333,
      });
      expect(oldest).toBeGreaterThan((Date.now() - Date.parse('2026-03-11T10:00:00Z')) / 1000 - 60);
      expect(errors).toMatchObject([
        { source: 'notification', kind: '500', place: 'webhook', count: 1, example_run_id: null },
      ]);
      expect(verdicts({ targets })).toMatchObject({
        'notifications.delivery_rate': [0.4, 'missed'],
        'claims.median_seconds': [480, 'met'],
      });
    });
  });

  describe('customers', () => {
    it('are answered by somebody, then by a person, and write themselves within seven days or not', async () => {
      const { tenant, rows } = await newRows();
      const first = await rows.customer('2026-03-10T08:00:00Z');
      await rows.message(first, 'ai', '2026-03-10T08:00:02Z');
      await rows.message(first, 'consultant', '2026-03-10T08:10:00Z');
      await rows.message(first, 'customer', '2026-03-11T08:00:00Z');
      await rows.message(first, 'customer', '2026-03-12T08:00:00Z');
      const second = await rows.customer('2026-03-10T09:00:00Z');
      await rows.message(second, 'system', '2026-03-10T09:00:01Z');
      await rows.message(second, 'ai', '2026-03-10T09:00:04Z');
      const third = await rows.customer('2026-03-11T10:00:00Z');
      await rows.message(third, 'customer', '2026-03-18T10:00:00Z'); // seven days later to the second
      const fourth = await rows.customer('2026-03-11T11:00:00Z');
      await rows.message(fourth, 'customer', '2026-03-11T11:00:10Z');
      await rows.message(fourth, 'consultant', '2026-03-11T11:06:40Z');
      await rows.registration('2026-03-11T12:00:00Z', newId()); // whose account is gone
      const numbers = await metricsOf(tenant);
      expect(numbers.runs.registrations).toBe(5);
      expect(numbers.first_response).toEqual({
        registered: 4,
        answered: 3,
        answered_by_person: 2,
        wrote_so_far: 2,
        average_seconds: 135.3,
        median_seconds: 4,
        p95_seconds: 360.4,
        person_median_seconds: 500,
        person_p95_seconds: 590,
        in_time_rate: 0.5,
      });
      expect(numbers.conversion).toEqual({
        registered_from: '2026-03-03T00:00:00.000Z',
        registered_to: '2026-03-05T00:00:00.000Z',
        registered: 0,
        wrote: 0,
        rate: null,
      });
      const week = await metricsOf(tenant, '2026-03-17T00:00:00Z', '2026-03-19T00:00:00Z');
      expect(week.conversion).toMatchObject({ registered: 4, wrote: 2, rate: 0.5 });
      expect(verdicts(week)['conversion.rate']).toEqual([0.5, 'missed']);
    });

    it('whose seven days are not over do not count as lost', async () => {
      const { tenant, rows } = await newRows();
      const day = 86_400_000;
      const now = Date.now();
      const early = await rows.customer(new Date(now - 8 * day).toISOString());
      await rows.message(early, 'customer', new Date(now - 7.5 * day).toISOString());
      await rows.customer(new Date(now - 6 * day).toISOString());
      const { conversion, first_response } = await read(tenant, 'metrics?days=5');
      expect(conversion).toMatchObject({ registered: 1, wrote: 1, rate: 1 });
      expect(first_response).toMatchObject({ registered: 0 });
    });
  });

  describe('MCP calls', () => {
    it('that are mistakes of the caller say nothing against the service', async () => {
      const tenant = await t.newTenant();
      const group = await newGroup(t, tenant, { tools: WELCOME_TOOLS });
      for (const user_id of [newId(), 7])
        await send(group, legacy('tools/call', { name: 'analyze_customer', arguments: { user_id } }));
      await eventually(async () => (await read(tenant, 'metrics')).mcp.calls === 2);
      const { mcp } = await read(tenant, 'metrics');
      expect(mcp).toMatchObject({ errors: 2, error_rate: 1, faults: 0 });
    });

    it("are those of the agent's groups, from the sums of the call log", async () => {
      const { tenant, rows } = await newRows();
      const group = await newGroup(t, tenant, { tools: WELCOME_TOOLS });
      const without = await newGroup(t, tenant, { tools: ['get_user_profile'] });
      const add = (starts_at: string, row: { bucket: number; calls: number; errors?: number } & object) =>
        rows.insert('call_log_stats', {
          sums: 'group_tool',
          span: 'day',
          starts_at,
          group_id: group.id,
          tool_name: 'get_user_profile',
          caller_app_id: '',
          errors: 0,
          ...row,
        });
      // Bucket n goes up to 0.01 ms × 1.1ⁿ: the middle of 73 is 10.0 ms, that of 120 is 883 ms.
      await add('2026-03-10T00:00:00Z', { bucket: 73, calls: 95, errors: 1, faults: 0 } as never);
      await add('2026-03-11T00:00:00Z', { bucket: 120, calls: 5 });
      await add('2026-03-11T00:00:00Z', {
        bucket: 73,
        calls: 60,
        errors: 1,
        tool_name: 'analyze_customer',
      } as never);
      await add('2026-03-10T08:00:00Z', { bucket: 73, calls: 95, errors: 1, span: 'hour' } as never);
      await add('2026-03-12T00:00:00Z', { bucket: 73, calls: 1000 });
      await add('2026-03-11T00:00:00Z', { bucket: 73, calls: 1000, group_id: without.id } as never);
      const { mcp, targets } = await metricsOf(tenant);
      expect(mcp).toMatchObject({
        calls: 160,
        errors: 2,
        faults: 1,
        error_rate: 0.0125,
        quick_ok_rate: 0.9625,
        average_ms: 37.3,
        p95_ms: 10,
        group_ids: [group.id],
        tools: [
          { tool: 'get_user_profile', calls: 100, errors: 1, error_rate: 0.01, average_ms: 53.6, p95_ms: 10 },
          {
            tool: 'analyze_customer',
            calls: 60,
            errors: 1,
            error_rate: 0.016667,
            average_ms: 10,
            p95_ms: 10,
          },
        ],
      });
      expect(verdicts({ targets })['mcp.quick_ok_rate']).toEqual([0.9625, 'missed']);
      await t.rest('PUT', '/admin/automation/settings', {
        token: tenant.adminToken,
        body: { strategy: 'agent', group_id: without.id },
      });
      expect((await metricsOf(tenant)).mcp).toMatchObject({ calls: 1000, group_ids: [without.id] });
    });
  });

  describe('another tenant', () => {
    it('sees numbers of its own only', async () => {
      const { tenant, rows } = await newRows();
      const next = await newRows();
      const run = await rows.run('2026-03-10T08:00:00Z', { duration_ms: 1000, error_kind: 'database' });
      await rows.step(run, '2026-03-10T08:00:00Z', {});
      await rows.agentCall(run, '2026-03-10T08:00:00Z', { outcome: 'timeout' });
      await rows.message(await rows.customer('2026-03-10T08:00:00Z'), 'ai', '2026-03-10T08:00:05Z');
      await rows.claim('2026-03-10T08:00:00Z', {});
      await rows.delivery('2026-03-10T08:00:00Z', { channel_kind: 'email', state: 'failed' });
      await rows.job({ state: 'dead' });
      const mine = await metricsOf(tenant);
      expect([
        mine.runs.runs,
        mine.agents.requests,
        mine.claims.announced,
        mine.notifications.failed,
      ]).toEqual([1, 1, 1, 1]);
      const untouched = await newRows();
      const [theirs, nobodys] = await Promise.all([metricsOf(next.tenant), metricsOf(untouched.tenant)]);
      expect(countsOf(theirs)).toEqual(countsOf(nobodys));
      expect(theirs.runs.runs).toBe(0);
      expect((await read(next.tenant, 'dashboard')).queue.dead).toBe(0);
    });
  });

  describe('the dashboard', () => {
    it('shows every replica with what it uses, and the database', async () => {
      const { tenant } = await newRows();
      const replicasOf = async (): Promise<Numbers[]> => (await read(tenant, 'dashboard')).system.replicas;
      const isThere = (replicas: Numbers[]) =>
        ['one', 'two'].every((name) => replicas.some((row) => row.name === name && row.resources !== null));
      await eventually(async () => isThere(await replicasOf()));
      const [one] = (await replicasOf()).filter(({ name }) => name === 'one');
      expect(one.id).toBe(t.app.get(Replica).id);
      const { resources } = one;
      expect(resources.memory_rss_bytes).toBeGreaterThan(10_000_000);
      expect(resources.memory_available_bytes).toBeLessThanOrEqual(resources.memory_total_bytes);
      expect(resources.cpu_count).toBeGreaterThanOrEqual(1);
      expect(resources.cpu_share).toBeGreaterThanOrEqual(0);
      expect(resources.cpu_share).toBeLessThanOrEqual(1);
      expect([resources.disk_total_bytes, resources.disk_free_bytes]).toEqual([null, null]); // brought by the operator
      const { database } = (await read(tenant, 'dashboard')).system;
      expect(database).toMatchObject({ ok: true });
      expect(database.latency_ms).toBeGreaterThanOrEqual(0);
      expect(database.connections).toBeGreaterThan(0);
      expect(database.connections_max).toBeGreaterThan(database.connections);
    });

    it('leaves out a replica whose lease has run out', async () => {
      const { tenant } = await newRows();
      const id = newId();
      await t.dataSource.query(
        `INSERT INTO replicas (id, name, last_seen_at) VALUES ($1, 'dead', now() - interval '1 minute')`,
        [id],
      );
      const { replicas } = (await read(tenant, 'dashboard')).system;
      expect(replicas.map(({ name }: Numbers) => name)).not.toContain('dead');
    });
  });

  describe('who may', () => {
    it('read it: the platform, not the business', async () => {
      const { tenant } = await newRows();
      const statusFor = async (role: string) => {
        const user = await t.newUser(tenant.tenantId, [role]);
        const { access_token: token } = await t.signIn(user.email);
        return (await t.rest('GET', `${BASE}/dashboard`, { token })).status;
      };
      expect(await statusFor('auditor')).toBe(200);
      expect(await statusFor('consultant')).toBe(403);
      expect(await statusFor('customer')).toBe(403);
      expect((await t.rest('GET', `${BASE}/metrics`)).status).toBe(401);
    });
  });

  describe('a wrong period', () => {
    it.each([
      ['days=0', 'days'],
      ['days=93', 'days'],
      ['days=1.5', 'days'],
      ['time_zone=Nowhere/City', 'time_zone'],
      ['time_zone=%2B08:00', 'time_zone'],
      ['time_zone=', 'time_zone'],
      ['from=2026-03-12T00:00:00Z&to=2026-03-12T00:00:00Z', 'from'],
      ['from=2026-03-12T00:00:00Z&to=2026-03-10T00:00:00Z', 'from'],
      ['from=2025-01-01T00:00:00Z&to=2026-03-10T00:00:00Z', 'from'],
      ['from=2025-01-01T00:00:00Z', 'from'],
      ['days=3&from=2026-03-10T00:00:00Z', 'days'],
      ['from=yesterday', 'from'],
    ])('%s is refused, with the field', async (query, field) => {
      const { tenant } = await newRows();
      const { status, body } = await ask(tenant, `metrics?${query}`);
      expect(status).toBe(400);
      expect(body.error.details).toEqual([expect.objectContaining({ field })]);
    });
  });

  describe('the settings', () => {
    it('are shown together, each with a route that is there', async () => {
      const world = await AutomationWorld.create(t, { percentage: 30 });
      await world.withAgent(dify);
      await world.set('PUT', '/admin/automation/settings', {
        strategy: 'template',
        conversation_title: 'Hello',
      });
      await world.set('PUT', '/admin/automation/templates/fr', { body: 'Bonjour {{display_name}} !' });
      await world.set('PUT', '/admin/job-settings/automation.greet', { retry_seconds: [1, 2] });
      const shown = await read(world.tenant, 'settings');
      expect(shown).toMatchObject({
        switch: { enabled: true, percentage: 30 },
        welcome: { strategy: 'template', conversation_title: 'Hello' },
        welcome_templates: {
          templates: [
            { language: 'en', source: 'built_in' },
            { language: 'fr', source: 'tenant' },
            { language: 'zh', source: 'built_in' },
          ],
        },
        retry_plan: { retry_seconds: [1, 2] },
        agent_order: { agents: [expect.stringMatching(/^Agent \d+$/)] },
        notification_channels: { channels: [] },
        notification_templates: { own: [] },
        allocation: { allocation: 'free', escalation_after_seconds: [300, 600] },
      });
      const document = (await (await fetch(`${t.url}/api/docs-json`)).json()) as {
        paths: Record<string, Record<string, object>>;
      };
      const changes = Object.values(shown).map(({ change_with }: Numbers) => String(change_with));
      expect(changes).toHaveLength(8);
      for (const change of changes) expect(routesOf(document.paths)).toContainEqual(matching(change));
    });

    it('show the switch of the installation where the tenant has none', async () => {
      const { tenant } = await newRows();
      const set = (value: string) =>
        t.dataSource.query(
          `INSERT INTO features (id, tenant_id, name, enabled, percentage) VALUES (gen_random_uuid(), ${value}, 'registration_automation', true, 7)`,
        );
      expect((await read(tenant, 'settings')).switch).toMatchObject({ enabled: false, percentage: 0 });
      const stranger = await t.newTenant();
      await set(`'${stranger.tenantId}'`);
      expect((await read(tenant, 'settings')).switch).toMatchObject({ enabled: false, percentage: 0 });
      await set('NULL');
      expect((await read(tenant, 'settings')).switch).toMatchObject({ enabled: true, percentage: 7 });
      await t.dataSource.query(`DELETE FROM features WHERE tenant_id IS NULL`);
    });
  });

  it('reads through the role of the service, which sees one tenant', async () => {
    const { tenant, rows } = await newRows();
    await rows.job({ state: 'dead' });
    const app = t.app.get(DataSource);
    const own = await inTenant(tenant.tenantId, () => readQueue(app.manager, tenant.tenantId));
    expect(own.dead).toBe(1);
    const stranger = await t.newTenant();
    const foreign = await inTenant(stranger.tenantId, () => readQueue(app.manager, tenant.tenantId));
    expect(foreign.dead).toBe(0);
  });
});

function newVersion(rows: AutomationRows, agentId: string, label: string, weight: number): Promise<string> {
  return rows.insert('agent_versions', {
    id: newId(),
    agent_id: agentId,
    label,
    weight,
    base_url: 'https://dify.example.com/v1',
    ciphertext: Buffer.from('sealed'),
    key_prefix: 'app-1234',
  });
}

function sum(rows: readonly Numbers[], field: string): number {
  return rows.reduce((total, row) => total + row[field], 0);
}

/** Without what passes: the time, and how the machine is. */
function countsOf({
  period: _period,
  mcp,
  claims,
  system: _system,
  mcp_server_status: _server,
  ...rest
}: Numbers): Numbers {
  const { as_of: _asOf, ...calls } = mcp;
  const { oldest_unclaimed_seconds: _oldest, ...claimed } = claims;
  const { registered_from: _from, registered_to: _to, ...conversion } = rest['conversion'];
  return { ...rest, mcp: calls, claims: claimed, conversion };
}

function verdicts({ targets }: Numbers): Record<string, [number | null, string]> {
  return Object.fromEntries(
    targets.map(({ name, value, result }: Numbers) => [name, [value, result]] as const),
  );
}

function routesOf(paths: Record<string, Record<string, object>>): string[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
}

/** A route of the document, whose parameters may be filled in. */
function matching(route: string): unknown {
  const [method, path] = route.split(' ');
  const parts = path
    .split('/')
    .map((part) => (part.startsWith('{') ? '\\{\\w+\\}' : `(${escapePattern(part)}|\\{\\w+\\})`));
  return expect.stringMatching(new RegExp(`^${method} ${parts.join('/')}$`));
}

function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
