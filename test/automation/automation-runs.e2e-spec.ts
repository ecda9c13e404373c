import { DataSource } from 'typeorm';
import { v7 as newId } from 'uuid';
import { RegistrationAutomation } from '../../src/automation/registration-automation.js';
import { AutomationWatch } from '../../src/automation/troubles/automation-watch.js';
import { ToolAvailability } from '../../src/automation/tool-availability.js';
import { inTenant } from '../../src/platform/request-scope.js';
import { type JobContext, JobEndedError } from '../../src/jobs/job-context.js';
import { JobSteps } from '../../src/jobs/job-steps.js';
import { bucketOf } from '../../src/access/features/rollout.js';
import { AutomationRows } from '../fixtures/automation-rows.js';
import {
  AUTOMATION_ENV,
  AutomationWorld,
  cleanUp,
  letTimePass,
  WELCOME_TOOLS,
} from '../support/automation.js';
import { newGroup } from '../support/mcp.js';
import { StandInDify } from '../support/stand-in-dify.js';
import { createTestApp, type TestApp } from '../support/test-app.js';
import { HANG_MS, eventually } from '../support/waiting.js';

const FEATURE = 'registration_automation';

describe('runs of the registration automation', () => {
  let t: TestApp;
  let dify: StandInDify;

  beforeAll(async () => {
    dify = await StandInDify.start();
    t = await createTestApp({ env: AUTOMATION_ENV });
  });
  afterAll(async () => {
    await t?.close();
    await dify?.stop();
  });

  /** A tenant whose customers the template greets. */
  const withTemplate = async (): Promise<AutomationWorld> => {
    const world = await AutomationWorld.create(t);
    await world.set('PUT', '/admin/automation/settings', { strategy: 'template' });
    return world;
  };
  /** As if this user had registered. */
  const announce = async ({ tenant }: AutomationWorld, userId: string): Promise<void> => {
    await t.dataSource.query(
      `INSERT INTO domain_events (id, tenant_id, kind, payload) VALUES ($1, $2, 'user.registered', $3)`,
      [newId(), tenant.tenantId, { user_id: userId }],
    );
    await t.dataSource.query(`SELECT pg_notify('toolcrib_events', '')`);
  };
  /** From now on nothing can be written to a table for this tenant; gives how to end that. */
  const breakTable = async (table: string, { tenant }: AutomationWorld): Promise<() => Promise<unknown>> => {
    const name = `broken_${newId().replaceAll('-', '')}`;
    await t.dataSource.query(
      `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disk full'; END $$`,
    );
    await t.dataSource.query(
      `CREATE TRIGGER ${name} BEFORE INSERT ON ${table} FOR EACH ROW WHEN (NEW.tenant_id = '${tenant.tenantId}')
       EXECUTE FUNCTION ${name}()`,
    );
    return () => t.dataSource.query(`DROP FUNCTION ${name} CASCADE`);
  };
  /** The state of a job after an attempt, and the seconds between that one's end and the time the next one is due. */
  const attemptOf = async (jobId: string, number: number) => {
    const [found] = await t.dataSource.query<{ state: string; gap: number }[]>(
      `SELECT j.state, extract(epoch FROM j.run_at - a.finished_at)::float8 AS gap FROM jobs j
       JOIN job_attempts a ON a.job_id = j.id AND a.number = $2 WHERE j.id = $1`,
      [jobId, number],
    );
    return found as { state: string; gap: number } | undefined;
  };
  const setPlan = (world: AutomationWorld, seconds: readonly number[]) =>
    world.set('PUT', '/admin/job-settings/automation.greet', { retry_seconds: seconds });

  describe('are skipped, with the reason on record', () => {
    it('when there is no switch, or it is off', async () => {
      const world = await withTemplate();
      await world.set('PUT', `/admin/features/${FEATURE}`, { enabled: false });
      const user = await world.register();
      expect(await world.ended(user)).toMatchObject({ state: 'skipped', skip_reason: 'switched_off' });
      await world.set('DELETE', `/admin/features/${FEATURE}`);
      const late = await world.register();
      const run = await world.ended(late);
      expect(run).toMatchObject({ state: 'skipped', skip_reason: 'switched_off', conversation_id: null });
      expect(await world.stepsOf(run.id)).toEqual([]);
    });

    it('when the rollout has not come to the user: the same share on every replica, at every time', async () => {
      const world = await withTemplate();
      await world.set('PUT', `/admin/features/${FEATURE}`, { enabled: true, percentage: 40 });
      const users = await Promise.all(Array.from({ length: 12 }, () => world.register()));
      const isIn = (user: string) => bucketOf(FEATURE, user) < 4000;
      for (const user of users)
        expect(await world.ended(user)).toMatchObject(
          isIn(user) ? { state: 'done' } : { state: 'skipped', skip_reason: 'not_in_rollout' },
        );
      const out = users.find((user) => !isIn(user))!;
      await world.set('PUT', `/admin/features/${FEATURE}`, { enabled: true, percentage: 100 });
      await world.set('POST', '/admin/automation/runs', { user_id: out });
      expect(await world.ended(out)).toMatchObject({ state: 'done', source: 'manual' });
    });

    it('when the switch is for others', async () => {
      const world = await withTemplate();
      await world.set('PUT', `/admin/features/${FEATURE}`, { enabled: true, roles: ['consultant'] });
      expect(await world.ended(await world.register())).toMatchObject({ skip_reason: 'not_in_roles' });
    });

    it('when the agent has not the tools it needs, until it has', async () => {
      const world = await AutomationWorld.create(t);
      const token = world.tenant.adminToken;
      const isSkipped = async (detail: string) =>
        expect(await world.ended(await world.register())).toMatchObject({
          state: 'skipped',
          skip_reason: 'tools_unavailable',
          skip_detail: expect.stringContaining(detail) as string,
        });
      await isSkipped('There is no tool group');
      const group = await newGroup(t, world.tenant, { tools: ['get_user_profile'] });
      await isSkipped('has no enabled analyze_customer');
      await t.rest('POST', `/admin/groups/${group.id}/tools`, {
        token,
        body: { tool_name: 'analyze_customer' },
      });
      expect(await world.ended(await world.register())).toMatchObject({ state: 'done' });
      const [tool] = await t.dataSource.query<[{ id: string }]>(
        'SELECT id FROM mcp_tools WHERE group_id = $1 LIMIT 1',
        [group.id],
      );
      await world.set('PUT', `/admin/tools/${tool.id}`, { enabled: false });
      await isSkipped('has no enabled');
      await world.set('PUT', `/admin/tools/${tool.id}`, { enabled: true });
      await world.set('PUT', `/admin/groups/${group.id}`, { enabled: false });
      await isSkipped('is disabled');
      await world.set('PUT', `/admin/groups/${group.id}`, { enabled: true });
      await t.dataSource.query('UPDATE mcp_group_keys SET expires_at = now() WHERE group_id = $1', [
        group.id,
      ]);
      await isSkipped('has no key in force');
      const whole = await newGroup(t, world.tenant, { tools: WELCOME_TOOLS });
      await world.set('PUT', '/admin/automation/settings', { strategy: 'agent', group_id: group.id });
      await isSkipped('has no key in force'); // that group is meant, and no other
      await world.set('PUT', '/admin/automation/settings', { strategy: 'agent', group_id: whole.id });
      expect(await world.ended(await world.register())).toMatchObject({ state: 'done' });
    });

    it('after as many queries for twelve groups as for two', async () => {
      const count = async (groups: number): Promise<{ queries: number; problem: string | null }> => {
        const { tenant } = await AutomationWorld.create(t);
        for (let n = 0; n < groups; n += 1) await newGroup(t, tenant, { tools: ['get_user_profile'] });
        return inTenant(tenant.tenantId, async () => {
          const runner = t.app.get(DataSource).createQueryRunner();
          const asked = jest.spyOn(runner, 'query');
          const needs = { requiredTools: WELCOME_TOOLS, groupId: null };
          const problem = await t.app.get(ToolAvailability).problem(runner.manager, tenant.tenantId, needs);
          await runner.release();
          return { queries: asked.mock.calls.length, problem };
        });
      };
      const [two, twelve] = [await count(2), await count(12)];
      expect(twelve.problem).toContain('None of 12 tool groups');
      expect(two.queries).toBeGreaterThan(0);
      expect(twelve.queries).toBe(two.queries);
    });

    it('when there is nobody to greet', async () => {
      const world = await withTemplate();
      const gone = newId();
      await announce(world, gone);
      expect(await world.ended(gone)).toMatchObject({ state: 'skipped', skip_reason: 'user_gone' });
      const staff = await t.newUser(world.tenant.tenantId, ['customer', 'consultant']);
      await announce(world, staff.id);
      expect(await world.ended(staff.id)).toMatchObject({ skip_reason: 'not_a_customer' });
      const disabled = await t.newUser(world.tenant.tenantId, ['customer']);
      await t.dataSource.query('UPDATE users SET enabled = false WHERE id = $1', [disabled.id]);
      await announce(world, disabled.id);
      expect(await world.ended(disabled.id)).toMatchObject({ skip_reason: 'user_disabled' });
    });

    it('when the registration is more than a day old, unless somebody asks for it', async () => {
      const world = await withTemplate();
      const { tenantId } = world.tenant;
      const registered = async (ago: string): Promise<string> => {
        const { id } = await t.newUser(tenantId, ['customer']);
        await t.dataSource.query('UPDATE users SET created_at = now() - $2::interval WHERE id = $1', [
          id,
          ago,
        ]);
        await announce(world, id);
        return id;
      };
      expect(await world.ended(await registered('23 hours'))).toMatchObject({ state: 'done' });
      const late = await registered('25 hours');
      expect(await world.ended(late)).toMatchObject({ state: 'skipped', skip_reason: 'too_late' });
      await world.set('POST', '/admin/automation/runs', { user_id: late });
      expect(await world.runIs(late, 'done')).toMatchObject({ source: 'manual' });
    });

    it('when the user was greeted already, or is being greeted', async () => {
      const world = await withTemplate();
      const user = await world.register();
      await world.runIs(user, 'done');
      await announce(world, user);
      expect(await world.runIs(user, 'skipped')).toMatchObject({ skip_reason: 'already_greeted' });
      const mend = await breakTable('messages', world);
      await setPlan(world, []);
      const unlucky = await world.register();
      await world.runIs(unlucky, 'failed');
      await announce(world, unlucky);
      expect(await world.runIs(unlucky, 'skipped')).toMatchObject({ skip_reason: 'other_run' });
      await mend();
    });
  });

  describe('that lack their tools', () => {
    const alertsOf = ({ tenant }: AutomationWorld, kind: string) =>
      t.dataSource.query<{ title: string; detail: string; uses: number; over: boolean }[]>(
        'SELECT title, detail, uses, acknowledged_at IS NOT NULL AS over FROM alerts WHERE tenant_id = $1 AND kind = $2',
        [tenant.tenantId, kind],
      );
    const KIND = 'automation_tools_missing';

    it('tell the administrators once, and each customer is greeted once when the tools are back', async () => {
      const world = await AutomationWorld.create(t);
      const watch = t.app.get(AutomationWatch);
      const customers = [await world.register(), await world.register(), await world.register()];
      for (const user of customers)
        expect(await world.ended(user)).toMatchObject({ skip_reason: 'tools_unavailable' });
      const byHand = await t.newUser(world.tenant.tenantId, ['customer']);
      expect(await alertsOf(world, KIND)).toMatchObject([
        { detail: expect.stringContaining('There is no tool group') as string, uses: 1, over: false },
      ]);
      const told = await t.dataSource.query<object[]>(
        `SELECT FROM notices WHERE tenant_id = $1 AND kind = 'admin_alert'`,
        [world.tenant.tenantId],
      );
      expect(told).toHaveLength(1);
      await watch.look();
      expect(await world.runsOf(customers[0])).toHaveLength(1);
      await newGroup(t, world.tenant, { tools: WELCOME_TOOLS });
      await Promise.all([watch.look(), watch.look()]);
      for (const user of customers) {
        expect(await world.runIs(user, 'done')).toMatchObject({ source: 'catch_up' });
        expect(await world.runsOf(user)).toHaveLength(2);
        expect(await world.messagesOf(user)).toHaveLength(1);
      }
      await watch.look();
      expect(await world.runsOf(customers[0])).toHaveLength(2);
      expect(await world.runsOf(byHand.id)).toEqual([]);
      expect(await alertsOf(world, KIND)).toMatchObject([{ uses: 1, over: true }]);
    });

    it('greet nobody later who registered longer ago than the setting, or where it is 0', async () => {
      const world = await AutomationWorld.create(t);
      await world.set('PUT', '/admin/automation/settings', { catch_up_hours: 2 });
      const late = await world.register();
      const early = await world.register();
      for (const user of [late, early]) await world.runIs(user, 'skipped');
      await t.dataSource.query(`UPDATE users SET created_at = now() - interval '3 hours' WHERE id = $1`, [
        late,
      ]);
      const other = await AutomationWorld.create(t);
      await other.set('PUT', '/admin/automation/settings', { catch_up_hours: 0 });
      const never = await other.register();
      await other.runIs(never, 'skipped');
      for (const { tenant } of [world, other]) await newGroup(t, tenant, { tools: WELCOME_TOOLS });
      await t.app.get(AutomationWatch).look();
      await world.runIs(early, 'done');
      expect([await world.runsOf(late), await other.runsOf(never)]).toMatchObject([
        [{ state: 'skipped' }],
        [{ state: 'skipped' }],
      ]);
    });

    it('alert of a target that is missed for the minutes of the setting, until it is met', async () => {
      const world = await withTemplate();
      const { tenantId } = world.tenant;
      const watch = t.app.get(AutomationWatch);
      await setPlan(world, []);
      const mend = await breakTable('messages', world);
      const user = await world.register();
      const { id } = await world.runIs(user, 'failed');
      const missed = () => alertsOf(world, 'automation_target_missed');
      await watch.look();
      expect(await missed()).toEqual([]);
      await t.dataSource.query(
        `UPDATE automation_troubles SET since = since - interval '10 minutes' WHERE tenant_id = $1`,
        [tenantId],
      );
      await watch.look();
      await watch.look();
      expect(await missed()).toMatchObject([
        {
          title: 'runs.success_rate has missed its target for 10 minutes',
          detail: expect.stringContaining('it is 0, and is to be at least 0.99') as string,
          uses: 1,
          over: false,
        },
      ]);
      await mend();
      await world.set('POST', `/admin/automation/runs/${id}/retry`);
      await world.runIs(user, 'done');
      await watch.look();
      expect(await missed()).toMatchObject([{ over: true }]);
    });
  });

  it('wait while the tenant is suspended', async () => {
    const world = await withTemplate();
    const { tenantId } = world.tenant;
    const user = await t.newUser(tenantId, ['customer']);
    await t.dataSource.query('UPDATE tenants SET enabled = false WHERE id = $1', [tenantId]);
    await announce(world, user.id);
    const other = await withTemplate();
    await other.runIs(await other.register(), 'done');
    expect(await world.runsOf(user.id)).toEqual([]);
    await t.dataSource.query('UPDATE tenants SET enabled = true WHERE id = $1', [tenantId]);
    const change = JSON.stringify({ kind: 'tenant', id: tenantId, ref: newId() });
    await t.dataSource.query(`SELECT pg_notify('toolcrib_changes', $1)`, [change]);
    expect(await world.ended(user.id)).toMatchObject({ state: 'done' });
  });

  describe('that fail', () => {
    it('follow the plan, alert the administrators, and go on from the failed step when they are retried', async () => {
      const world = await withTemplate();
      const mend = await breakTable('customer_claims', world);
      const user = await world.register();
      const { id, job_id: jobId } = await world.runIs(user, 'running');
      for (const [index, seconds] of [5, 15, 60, null].entries()) {
        const number = index + 1;
        await eventually(async () => (await attemptOf(jobId, number)) !== undefined);
        const { state, gap } = (await attemptOf(jobId, number))!;
        expect([number, state, gap]).toEqual(
          seconds === null ? [number, 'dead', gap] : [number, 'queued', seconds],
        );
        await letTimePass(t, jobId);
      }
      expect(await world.ended(user)).toMatchObject({ state: 'failed', error_kind: 'database' });
      const { body } = await world.rest('GET', `/admin/automation/runs/${id}`);
      expect(body.data).toMatchObject({
        state: 'failed',
        error: 'The database refused a statement (SQLSTATE P0001)',
        welcomed_by: 'template',
        next_attempt_at: null,
        duration_ms: expect.any(Number) as number,
        steps: [
          { name: 'conversation', state: 'done', attempts: 1 },
          { name: 'welcome', state: 'done', attempts: 1 },
          { name: 'message', state: 'done', attempts: 1 },
          { name: 'consultants', state: 'failed', attempts: 4, error_kind: 'database' },
          { name: 'metrics', state: 'waiting', attempts: 0 },
        ],
        attempts: [1, 2, 3, 4].map((number) => ({ number, outcome: 'failed', step: 'consultants' })),
      });
      const alerts = 'SELECT kind, title, target_id FROM alerts WHERE tenant_id = $1';
      expect(await t.dataSource.query(alerts, [world.tenant.tenantId])).toEqual([
        {
          kind: 'automation_failed',
          title: "A new customer could not be greeted: it failed in step 'consultants'",
          target_id: id,
        },
      ]);
      await mend();
      const retried = await world.rest('POST', `/admin/automation/runs/${id}/retry`);
      expect(retried.status).toBe(200);
      const done = await world.runIs(user, 'done');
      expect(done).toMatchObject({ id, error: null, error_kind: null });
      expect(await world.messagesOf(user)).toHaveLength(1);
      expect((await world.stepsOf(id)).map(({ attempts: n }) => n)).toEqual([1, 1, 1, 5, 1]);
      const again = await world.rest('POST', `/admin/automation/runs/${id}/retry`);
      expect([again.status, again.body.message]).toEqual([
        409,
        'This run is done; only one that failed can be retried',
      ]);
    });

    it('go on although their dead letter was purged, and do nothing twice', async () => {
      const world = await withTemplate();
      await setPlan(world, []); // in force at once
      const mend = await breakTable('customer_claims', world);
      const user = await world.register();
      const { id, job_id: jobId } = await world.runIs(user, 'failed');
      await world.set('POST', '/admin/jobs/purge', { kind: 'automation.greet' });
      await mend();
      await world.set('POST', `/admin/automation/runs/${id}/retry`);
      const done = await world.runIs(user, 'done');
      expect([done.id, done.job_id === jobId]).toEqual([id, false]);
      expect(await world.messagesOf(user)).toHaveLength(1);
      expect((await world.stepsOf(id)).map(({ attempts }) => attempts)).toEqual([1, 1, 1, 2, 1]);
    });

    /** What the job would do that tells of a dead one. */
    const giveUp = async ({ tenant }: AutomationWorld, jobId: string): Promise<void> => {
      await t.dataSource.query(
        `INSERT INTO jobs (id, tenant_id, kind, payload) VALUES ($1, $2, 'automation.give_up', $3)`,
        [newId(), tenant.tenantId, { job_id: jobId }],
      );
      await t.dataSource.query(`SELECT pg_notify('toolcrib_jobs', '')`);
    };
    const alertsOf = ({ tenant }: AutomationWorld) =>
      t.dataSource.query<{ title: string; target_id: string | null }[]>(
        'SELECT title, target_id FROM alerts WHERE tenant_id = $1',
        [tenant.tenantId],
      );

    it('are failed, with an alert, when their dead letter was purged before anybody was told', async () => {
      const world = await withTemplate();
      const mend = await breakTable('customer_claims', world);
      const user = await world.register();
      const { id, job_id: jobId } = await world.runIs(user, 'running');
      await eventually(async () => (await attemptOf(jobId, 1)) !== undefined);
      await t.dataSource.query('DELETE FROM jobs WHERE id = $1', [jobId]);
      await giveUp(world, jobId);
      expect(await world.ended(user)).toMatchObject({ state: 'failed', error_kind: 'purged' });
      expect(await alertsOf(world)).toMatchObject([{ target_id: id }]);
      await mend();
      await world.set('POST', `/admin/automation/runs/${id}/retry`);
      await world.runIs(user, 'done');
      expect(await world.messagesOf(user)).toHaveLength(1);
    });

    it('raise an alert although nothing is left of them', async () => {
      const world = await withTemplate();
      await giveUp(world, newId());
      await eventually(async () => (await alertsOf(world)).length === 1);
      expect(await alertsOf(world)).toMatchObject([
        { title: expect.stringContaining('the dead letter was purged') as string, target_id: null },
      ]);
    });

    it('stay failed when a process that was thought dead goes on with them', async () => {
      const world = await withTemplate();
      await setPlan(world, []);
      const mend = await breakTable('customer_claims', world);
      const user = await world.register();
      const { id, job_id: jobId } = await world.runIs(user, 'failed');
      const { tenantId } = world.tenant;
      const setJob = (state: string) =>
        t.dataSource.query('UPDATE jobs SET state = $2 WHERE id = $1', [jobId, state]);
      const job = { id: jobId, tenantId, kind: 'automation.greet', fence: 1, retrySeconds: null };
      const { signal } = new AbortController();
      const stalled = new JobSteps(t.app.get(DataSource), job, signal);
      await setJob('running');
      await inTenant(tenantId, () => stalled.read()); // and then it slept
      await setJob('dead');
      await mend();
      const context: JobContext = {
        jobId,
        tenantId,
        caller: { kind: 'job', tenantId, job: 'automation.greet' },
        attempt: 1,
        signal,
        step: stalled.step,
        progress: stalled.progress,
      };
      const automation = t.app.get(RegistrationAutomation);
      const goOn = inTenant(tenantId, () => automation.greet({ user_id: user }, context));
      await expect(goOn).rejects.toThrow(JobEndedError);
      expect(await world.runsOf(user)).toMatchObject([{ id, state: 'failed', error_kind: 'database' }]);
      expect((await world.stepsOf(id))[3]).toMatchObject({ state: 'failed', attempts: 1 });
    });

    it('take as long as their attempts, and not as long as the person who retries them', async () => {
      const world = await withTemplate();
      await setPlan(world, []);
      const mend = await breakTable('customer_claims', world);
      const { id, user_id: user } = await world.runIs(await world.register(), 'failed');
      await t.dataSource.query(
        `UPDATE automation_runs SET started_at = started_at - interval '2 days', resumed_at = resumed_at - interval '2 days' WHERE id = $1`,
        [id],
      );
      await mend();
      await world.set('POST', `/admin/automation/runs/${id}/retry`);
      const { duration_ms: durationMs } = await world.runIs(user, 'done');
      expect(durationMs).toBeLessThan(HANG_MS);
    });

    it('are on record when not even their beginning can be', async () => {
      const world = await withTemplate();
      await setPlan(world, []);
      const mend = await breakTable('automation_steps', world);
      const user = await world.register();
      const run = await world.runIs(user, 'failed');
      await mend();
      await world.set('POST', `/admin/automation/runs/${run.id}/retry`);
      expect(await world.runIs(user, 'done')).toMatchObject({ id: run.id, source: 'registration' });
      expect(await world.messagesOf(user)).toHaveLength(1);
    });

    it('ask the agent again, however often what it wrote could not be stored', async () => {
      const world = await AutomationWorld.create(t);
      const { app } = await world.withAgent(dify, { mode: 'chat' });
      await setPlan(world, [0, 0, 0]);
      const mend = await breakTable('agent_calls', world);
      const user = await world.register();
      const { id } = await world.runIs(user, 'failed');
      expect(dify.asked(app)).toHaveLength(4);
      await mend();
      await world.set('POST', `/admin/automation/runs/${id}/retry`);
      expect(await world.runIs(user, 'done')).toMatchObject({ welcomed_by: 'agent', fallback_reason: null });
      expect(dify.asked(app)).toHaveLength(5);
    });

    it('are failed without an alert when their job is cancelled', async () => {
      const world = await withTemplate();
      const mend = await breakTable('messages', world);
      const user = await world.register();
      const { id, job_id: jobId } = await world.runIs(user, 'running');
      await eventually(async () => (await world.stepsOf(id))[2]?.state === 'failed');
      await eventually(async () => (await world.rest('POST', `/admin/jobs/${jobId}/cancel`)).status === 200);
      const failed = { state: 'failed', error_kind: 'cancelled', error: 'Its job was cancelled' };
      expect(await world.ended(user)).toMatchObject(failed);
      const alerts = 'SELECT FROM alerts WHERE tenant_id = $1';
      expect(await t.dataSource.query(alerts, [world.tenant.tenantId])).toEqual([]);
      await mend();
      await world.set('POST', `/admin/automation/runs/${id}/retry`);
      await world.runIs(user, 'done');
      expect(await world.messagesOf(user)).toHaveLength(1);
    });

    it('keep what they would have said no longer than there is somebody to say it to', async () => {
      const world = await withTemplate();
      const mend = await breakTable('messages', world);
      const text = async (runId: string) => (await world.stepsOf(runId))[1].result;
      await setPlan(world, [600]);
      const retried = await world.register();
      const stopped = await world.runIs(retried, 'running');
      await eventually(async () => (await attemptOf(stopped.job_id, 1)) !== undefined);
      await setPlan(world, []);
      const failed = await world.runIs(await world.register(), 'failed');
      const missed = await world.runIs(await world.register(), 'failed');
      for (const { id } of [stopped, failed, missed])
        expect(await text(id)).toEqual({ text: expect.stringContaining('Emma') as string });
      for (const { user_id: user } of [stopped, missed]) await world.set('DELETE', `/admin/users/${user}`);
      await mend();
      await eventually(async () => {
        await letTimePass(t, stopped.job_id);
        return (await world.runsOf(retried))[0].state === 'skipped';
      });
      expect(await text(stopped.id)).toEqual({});
      await cleanUp(t, world.tenant.tenantId);
      expect(await text(missed.id)).toEqual({});
      await world.set('POST', `/admin/automation/runs/${failed.id}/retry`);
      const { user_id: user } = await world.runIs(failed.user_id, 'done');
      expect(await world.messagesOf(user)).toMatchObject([
        { content: expect.stringContaining('Emma') as string },
      ]);
      expect(await text(failed.id)).toEqual({});
    });

    it('end as skipped when the user is deleted in the middle', async () => {
      const world = await withTemplate();
      const mend = await breakTable('customer_claims', world);
      const user = await world.register();
      const { id, job_id: jobId } = await world.runIs(user, 'running');
      await eventually(async () => (await world.stepsOf(id))[3]?.state === 'failed');
      await world.set('DELETE', `/admin/users/${user}`);
      await mend();
      await eventually(async () => {
        await letTimePass(t, jobId);
        return (await world.runsOf(user))[0].state === 'skipped';
      });
      expect(await world.runsOf(user)).toMatchObject([{ state: 'skipped', skip_reason: 'user_gone' }]);
      expect((await world.stepsOf(id)).map(({ state }) => state)).toEqual([
        'done',
        'done',
        'done',
        'skipped',
        'skipped',
      ]);
      expect(await world.messagesOf(user)).toEqual([]);
    });
  });

  describe('POST /admin/automation/runs', () => {
    const start = (world: AutomationWorld, user_id: string, more: object = {}) =>
      world.rest('POST', '/admin/automation/runs', { user_id, ...more });

    it('greets a customer who never registered, and says why it does not', async () => {
      const world = await withTemplate();
      const { tenantId } = world.tenant;
      const customer = await t.newUser(tenantId, ['customer']);
      const begun = await start(world, customer.id);
      expect(begun.status).toBe(201);
      expect(begun.body.data).toMatchObject({ source: 'manual', created_by: world.tenant.caller.userId });
      await world.runIs(customer.id, 'done');
      const twice = await start(world, customer.id);
      expect(twice.status).toBe(409);
      expect(twice.body.message).toBe(
        `Run ${begun.body.data.id} has greeted this user already; send again: true to greet once more`,
      );
      expect((await start(world, customer.id, { again: true })).status).toBe(201);
      await eventually(async () => (await world.messagesOf(customer.id)).length === 2);
      const staff = await t.newUser(tenantId, ['consultant']);
      expect((await start(world, staff.id)).body.message).toBe(
        'Only customers are greeted, and this user is none',
      );
      await t.dataSource.query('UPDATE users SET enabled = false WHERE id = $1', [customer.id]);
      expect((await start(world, customer.id, { again: true })).body.message).toBe('This user is disabled');
      expect((await start(world, newId())).status).toBe(404);
      const stranger = await withTemplate();
      expect((await start(stranger, customer.id)).status).toBe(404);
      expect((await start(world, 'nobody')).status).toBe(400);
    });

    it('refuses a second run of a user while one is open or failed; of two at once one begins', async () => {
      const world = await withTemplate();
      await setPlan(world, []);
      const mend = await breakTable('messages', world);
      const customer = await t.newUser(world.tenant.tenantId, ['customer']);
      const answers = await Promise.all([1, 2, 3, 4].map(() => start(world, customer.id)));
      expect(answers.filter(({ status }) => status === 409)).toHaveLength(3);
      const { id } = await world.runIs(customer.id, 'failed');
      const refused = await start(world, customer.id);
      expect(refused.body.message).toBe(`Run ${id} of this user failed; retry that one`);
      await mend();
      await world.set('POST', `/admin/automation/runs/${id}/retry`);
      await world.runIs(customer.id, 'done');
    });

    it('is for owners and administrators, and reading for everybody of the platform', async () => {
      const world = await withTemplate();
      const operator = await t.newUser(world.tenant.tenantId, ['operator']);
      const { access_token: token } = await t.signIn(operator.email);
      const body = { user_id: newId() };
      expect((await t.rest('POST', '/admin/automation/runs', { token, body })).status).toBe(403);
      expect((await t.rest('GET', '/admin/automation/runs', { token })).status).toBe(200);
    });
  });

  it('go after AUTOMATION_KEEP_DAYS with all that they left, a thousand at a time, and no others', async () => {
    const world = await withTemplate();
    const { tenantId } = world.tenant;
    const rows = new AutomationRows(t, tenantId);
    const ago = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();
    const old = await rows.run(ago(401));
    await rows.step(old, ago(401), {});
    await rows.agentCall(old, ago(401), {});
    await rows.claim(ago(500), { state: 'closed', closed_at: ago(401) });
    await t.dataSource.query(
      `INSERT INTO domain_events (id, tenant_id, kind, payload, created_at)
       SELECT gen_random_uuid(), $1, 'user.moved', '{}', now() - interval '401 days' FROM generate_series(1, 1500)`,
      [tenantId],
    );
    const kept = [
      await rows.run(ago(399)),
      await rows.run(ago(401), { state: 'running' }),
      await rows.run(ago(401), { state: 'queued' }),
    ];
    await rows.step(kept[0], ago(399), {});
    await rows.agentCall(kept[0], ago(399), {});
    const claims = [
      await rows.claim(ago(500), { state: 'claimed', claimed_at: ago(450) }),
      await rows.claim(ago(500), { state: 'closed', closed_at: ago(399) }),
    ];
    const event = await rows.registration(ago(399), newId());
    const stranger = await withTemplate();
    const theirs = await new AutomationRows(t, stranger.tenant.tenantId).run(ago(401));
    await cleanUp(t, tenantId);
    const idsOf = async (table: string, of = tenantId): Promise<string[]> => {
      const found = await t.dataSource.query<{ id: string }[]>(
        `SELECT id FROM ${table} WHERE tenant_id = $1`,
        [of],
      );
      return found.map(({ id }) => id).toSorted();
    };
    expect(await idsOf('automation_runs')).toEqual(kept.toSorted());
    expect(await idsOf('automation_steps')).toHaveLength(1);
    expect(await idsOf('agent_calls')).toHaveLength(1);
    expect(await idsOf('customer_claims')).toEqual(claims.toSorted());
    expect(await idsOf('domain_events')).toEqual([event]);
    expect(await idsOf('automation_runs', stranger.tenant.tenantId)).toEqual([theirs]);
  });

  it('are listed newest first, by state, user, source and time, page by page', async () => {
    const world = await withTemplate();
    const users = [await world.register(), await world.register(), await world.register()];
    for (const user of users) await world.runIs(user, 'done');
    await world.set('POST', '/admin/automation/runs', { user_id: users[0], again: true });
    await eventually(async () => (await world.messagesOf(users[0])).length === 2);
    await world.ended(users[0]);
    const list = async (query: string) =>
      (await world.rest('GET', `/admin/automation/runs?${query}`)).items.map((run) => run['user_id']);
    const all = await list('limit=10');
    expect([all.length, all[0]]).toEqual([4, users[0]]);
    expect(await list(`user_id=${users[1]}`)).toEqual([users[1]]);
    expect(await list('source=manual&state=done')).toEqual([users[0]]);
    expect(await list('state=failed')).toEqual([]);
    expect(await list('from=2099-01-01T00:00:00Z')).toEqual([]);
    expect(await list('to=2099-01-01T00:00:00Z')).toHaveLength(4);
    const first = await world.rest('GET', '/admin/automation/runs?limit=3');
    const next = await list(`limit=3&cursor=${first.body.page.next_cursor}`);
    expect([...first.items.map((run) => run['user_id']), ...next]).toEqual(all);
    const stranger = await withTemplate();
    expect((await stranger.rest('GET', '/admin/automation/runs')).items).toEqual([]);
    const [{ id }] = first.items;
    expect((await stranger.rest('GET', `/admin/automation/runs/${id}`)).status).toBe(404);
    expect((await stranger.rest('POST', `/admin/automation/runs/${id}/retry`)).status).toBe(404);
  });
});
