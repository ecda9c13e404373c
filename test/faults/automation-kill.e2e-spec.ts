import { Client } from 'pg';
import { createTestApp, type TestApp } from '../support/test-app.js';
import { AUTOMATION_ENV, AutomationWorld } from '../support/automation.js';
import { type RunningServer, startServer } from '../support/server.js';
import { type StandInApp, StandInDify } from '../support/stand-in-dify.js';
import { eventually } from '../support/waiting.js';

/** What the beginning and then a step write to, in their order; nobody can write there while it is locked. */
const TABLES = ['automation_steps', 'conversations', 'messages', 'customer_claims'];

describe('registration automation on built servers that are killed', () => {
  /** Runs no jobs: it takes registrations and answers questions. */
  let t: TestApp;
  let dify: StandInDify;
  let watch: Client;
  let world: AutomationWorld;
  let app: StandInApp;
  const servers: RunningServer[] = [];

  const start = async (name: string): Promise<RunningServer> => {
    const server = await startServer({
      env: {
        ...AUTOMATION_ENV,
        AGENT_HARD_BUDGET_MS: '60000',
        DATABASE_URL: t.database.url,
        SAMPLE_DATA: 'false',
        JOBS_LEASE_MS: '1500',
        REPLICA_NAME: name,
      },
    });
    servers.push(server);
    return server;
  };

  beforeAll(async () => {
    dify = await StandInDify.start();
    t = await createTestApp({ env: { ...AUTOMATION_ENV, JOBS_CONCURRENCY: '0' } });
    watch = new Client({ connectionString: t.database.adminUrl });
    await watch.connect();
  });
  beforeEach(async () => {
    world = await AutomationWorld.create(t);
    ({ app } = await world.withAgent(dify, { mode: 'chat' }));
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.kill9()));
  });
  afterAll(async () => {
    await watch?.end();
    await t?.close();
    await dify?.stop();
  });

  /** Somebody of the service waits for the lock on this table. */
  const isBlockedOn = (table: string) =>
    eventually(async () => {
      const { rows } = await watch.query(
        `SELECT FROM pg_locks WHERE relation = $1::regclass AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        [table],
      );
      return rows.length > 0;
    });
  const countsOf = async (userId: string) => {
    const { rows } = await watch.query(
      `SELECT (SELECT count(*)::int FROM conversations WHERE user_id = $1) AS conversations,
        (SELECT count(*)::int FROM messages WHERE user_id = $1) AS messages,
        (SELECT count(*)::int FROM customer_claims WHERE user_id = $1) AS claims,
        (SELECT count(*)::int FROM automation_runs WHERE user_id = $1) AS runs`,
      [userId],
    );
    return rows[0] as object;
  };
  const ONCE = { conversations: 1, messages: 1, claims: 1, runs: 1 };

  it('greet once, though they die by kill -9 in the middle of every step', async () => {
    const user = await world.register();
    for (const table of TABLES) {
      await watch.query(`BEGIN; LOCK TABLE ${table} IN SHARE MODE`);
      const victim = await start(`dies-at-${table}`);
      await isBlockedOn(table);
      await victim.kill9();
      await watch.query('ROLLBACK');
    }
    await start('heir');
    const run = await world.ended(user);
    expect(run).toMatchObject({ state: 'done', welcomed_by: 'agent', error: null });
    expect(await countsOf(user)).toEqual(ONCE);
    // What was stored before a death was not done again, and the agent was asked once.
    expect(dify.asked(app)).toHaveLength(1);
    expect((await world.stepsOf(run.id)).map(({ attempts }) => attempts)).toEqual([2, 1, 2, 2, 1]);
  });

  it('are done once, though one dies by kill -9 while it ends the last step', async () => {
    const user = await world.register();
    const holder = new Client({ connectionString: t.database.adminUrl });
    await holder.connect();
    await watch.query('BEGIN; LOCK TABLE customer_claims IN SHARE MODE');
    const victim = await start('dies-at-the-end');
    await isBlockedOn('customer_claims');
    // The steps before write nothing to the run's row any more: the end is what waits for it.
    await holder.query(`BEGIN; SELECT FROM automation_runs WHERE user_id = '${user}' FOR UPDATE`);
    await watch.query('ROLLBACK');
    await eventually(async () => {
      const { rows } = await watch.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
           AND query LIKE 'UPDATE automation_runs SET state = ''done''%'`,
      );
      return rows.length > 0;
    });
    await victim.kill9();
    await holder.end();
    await start('heir');
    const run = await world.ended(user);
    expect(run).toMatchObject({ state: 'done', error: null });
    expect(await countsOf(user)).toEqual(ONCE);
    expect((await world.stepsOf(run.id)).map(({ attempts }) => attempts)).toEqual([1, 1, 1, 1, 2]);
  });

  it('is given up once, with one alert, though one dies by kill -9 in the giving up', async () => {
    const user = await world.register();
    await world.set('PUT', '/admin/job-settings/automation.greet', { retry_seconds: [] });
    await watch.query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disk full'; END $$;
       CREATE TRIGGER refuse BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION refuse()`,
    );
    await watch.query('BEGIN; LOCK TABLE alerts IN SHARE MODE');
    const victim = await start('dies-giving-up');
    await isBlockedOn('alerts');
    await victim.kill9();
    await watch.query('ROLLBACK');
    await start('heir');
    expect(await world.ended(user)).toMatchObject({ state: 'failed', error_kind: 'database' });
    const { rows } = await watch.query('SELECT kind FROM alerts WHERE tenant_id = $1', [
      world.tenant.tenantId,
    ]);
    await watch.query('DROP FUNCTION refuse CASCADE');
    expect(rows).toEqual([{ kind: 'automation_failed' }]);
  });

  it('ask again after a death in the asking, and after two take the template', async () => {
    app.scenario = 'hanging';
    const user = await world.register();
    for (const asked of [1, 2]) {
      const victim = await start(`dies-asking-${asked}`);
      await eventually(() => dify.asked(app).length === asked);
      await victim.kill9();
    }
    await start('heir');
    const run = await world.ended(user);
    expect(run).toMatchObject({ state: 'done', welcomed_by: 'template', fallback_reason: 'asked_before' });
    expect(dify.asked(app)).toHaveLength(2);
    expect(await countsOf(user)).toEqual(ONCE);
  });

  it('ask again after restarts in the asking', async () => {
    app.scenario = 'hanging';
    const user = await world.register();
    for (const asked of [1, 2]) {
      const stopped = await start(`stops-asking-${asked}`);
      await eventually(() => dify.asked(app).length === asked);
      await stopped.stop();
    }
    app.scenario = 'ok';
    await start('heir');
    expect(await world.ended(user)).toMatchObject({ state: 'done', welcomed_by: 'agent' });
    expect(await countsOf(user)).toEqual(ONCE);
  });

  it('are taken over by another replica while they are at it', async () => {
    app.scenario = 'hanging';
    const victim = await start('victim');
    const user = await world.register(victim);
    await eventually(() => dify.asked(app).length === 1);
    const heir = await start('heir');
    app.scenario = 'ok';
    await victim.kill9();
    expect(await world.ended(user)).toMatchObject({ state: 'done', welcomed_by: 'agent' });
    expect(await countsOf(user)).toEqual(ONCE);
    expect(await world.ended(await world.register(heir))).toMatchObject({ state: 'done' });
  });

  it('greet whoever registered while nobody ran jobs', async () => {
    const users = await Promise.all([1, 2, 3].map(() => world.register()));
    for (const user of users) expect(await world.runsOf(user)).toEqual([]);
    await start('late');
    for (const user of users) {
      expect(await world.ended(user)).toMatchObject({ state: 'done' });
      expect(await countsOf(user)).toEqual(ONCE);
    }
  });
});
