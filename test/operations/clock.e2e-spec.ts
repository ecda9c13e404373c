import { v7 as newId } from 'uuid';
import { Housekeeping } from '../../src/call-logs/storage/housekeeping.js';
import { ClockJob } from '../../src/operations/clock/clock-job.js';
import { examine } from '../../src/operations/doctor/doctor.js';
import { JobQueue } from '../../src/jobs/job-queue.js';
import { agreedNowMs } from '../../src/platform/agreed-time.js';
import { listLiveReplicas } from '../../src/platform/replicas/live-replicas.js';
import { ScheduledJobs, seen, TestJobs } from '../fixtures/test-jobs.js';
import { legacy, newGroup, send } from '../support/mcp.js';
import { eventually } from '../support/waiting.js';
import { createTestApp, TEST_PASSWORD, type TestApp, type TestTenant } from '../support/test-app.js';

const LEASE_MS = 15_000;

describe('the clock', () => {
  let t: TestApp;
  let owner: TestTenant;
  beforeAll(async () => {
    t = await createTestApp({
      env: { CALL_LOG_KEEP_DAYS: '30', JOBS_LEASE_MS: String(LEASE_MS) },
      tools: [TestJobs, ScheduledJobs],
    });
    owner = await t.newTenant();
    await t.dataSource.query('UPDATE tenants SET is_operating = true WHERE id = $1', [owner.tenantId]);
  });
  afterAll(() => t?.close());
  afterEach(async () => {
    await shiftClock('0');
    await isKnown(0);
  });

  /** What the schema's functions and statements take for the present. */
  const shiftClock = async (by: string) => {
    await t.dataSource.query(
      `CREATE OR REPLACE FUNCTION database_clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS
       $$ SELECT clock_timestamp() + interval '${by}' $$`,
    );
  };
  const HOUR_MS = 3_600_000;
  /** To a replica it is the same whether its own clock is off or the one it shares with others. */
  const isKnown = (aheadMs: number) =>
    eventually(() => Math.abs(agreedNowMs() - Date.now() - aheadMs) < HOUR_MS / 4);
  const addCall = async (daysAgo: number) => {
    const id = newId();
    await t.dataSource.query(
      `INSERT INTO mcp_call_logs (id, created_at, tenant_id, group_id, tool_name, era, transport, success, duration_ms)
       VALUES ($1, now() - $2 * interval '1 day', $3, $3, 'x', 'rest', 'rest', true, 1)`,
      [id, daysAgo, owner.tenantId],
    );
    return id;
  };
  const isThere = async (id: string) =>
    (await t.dataSource.query<object[]>('SELECT 1 FROM mcp_call_logs WHERE id = $1', [id])).length === 1;
  const keepHouse = () => eventually(() => t.app.get(Housekeeping).keepHouse());
  /** Signed in anew: what was given out before the clock leapt has expired. */
  const asOwner = async (method: string, path: string) =>
    t.rest(method, path, { token: (await t.signIn(owner.caller.email)).access_token });

  describe('40 days ahead', () => {
    it('removes nothing, is told of, and is believed once a person says so', async () => {
      const call = await addCall(10);
      await shiftClock('40 days');
      await isKnown(40 * 24 * HOUR_MS);
      await t.app.get(ClockJob).look();
      await keepHouse();
      expect(await isThere(call)).toBe(true);
      const alerts = await asOwner('GET', '/admin/alerts');
      expect(alerts.items.map(({ kind }) => kind)).toContain('clock_leapt');
      const looked = (await examine(t.config)).filter(({ name }) => name === 'clock of the database');
      expect(looked).toMatchObject([{ status: 'problem' }]);
      expect((await asOwner('GET', '/admin/clock')).body.data).toMatchObject({ is_ahead: true });

      expect((await asOwner('POST', '/admin/clock/accept')).body.data).toMatchObject({ is_ahead: false });
      await keepHouse();
      expect(await isThere(call)).toBe(false);
      const [audit] = (await asOwner('GET', '/admin/audit-logs?action=clock.accept')).items;
      expect(audit).toMatchObject({ action: 'clock.accept' });
    });

    it('forgets nothing of a person who signs in: what has expired by it opens nothing, and is good again once it is right', async () => {
      await t.app.get(ClockJob).look();
      const user = await t.newUser(owner.tenantId, ['viewer']);
      const signIn = () =>
        t.rest('POST', '/auth/login', { body: { email: user.email, password: TEST_PASSWORD } });
      const { refresh_token } = (await signIn()).body.data as Record<string, string>;
      const refresh = () => t.rest('POST', '/auth/refresh', { body: { refresh_token } });
      await shiftClock('40 days');
      await isKnown(40 * 24 * HOUR_MS);
      expect((await signIn()).status).toBe(200); // and forgets what has expired
      expect((await refresh()).status).toBe(401);
      await shiftClock('0');
      await isKnown(0);
      expect((await refresh()).status).toBe(200);
    });

    it('counts the calls of a day by it, on whatever machine, and forgets those of no other day', async () => {
      const fresh = await t.newTenant();
      const group = await newGroup(t, fresh, { tools: ['search_users'] });
      const policy = { limits: { per_day: 5 } };
      const path = `/admin/groups/${group.id}`;
      expect((await t.rest('PUT', path, { token: fresh.adminToken, body: { policy } })).status).toBe(200);
      const call = () =>
        send(group, legacy('tools/call', { name: 'search_users', arguments: { query: 'x' } }));
      const days = async () => {
        const rows = await t.dataSource.query<{ ahead: number }[]>(
          `SELECT day - (now() AT TIME ZONE 'UTC')::date AS ahead FROM call_quota_uses WHERE tenant_id = $1 ORDER BY day`,
          [fresh.tenantId],
        );
        return rows.map(({ ahead }) => ahead);
      };
      await call();
      expect(await days()).toEqual([0]);
      await shiftClock('40 days');
      await isKnown(40 * 24 * HOUR_MS);
      await call();
      expect(await days()).toEqual([0, 40]);
    });

    it('and back again: removes by the time that is', async () => {
      await t.app.get(ClockJob).look();
      const call = await addCall(10);
      await keepHouse();
      expect(await isThere(call)).toBe(true);
    });

    it('is only accepted by an owner of the installation', async () => {
      const other = await t.newTenant();
      const answer = await t.rest('POST', '/admin/clock/accept', { token: other.adminToken });
      expect(answer.status).toBe(403);
    });
  });

  describe('of a replica, off by an hour', () => {
    it('behind: lets no key or token open anything that has expired', async () => {
      const fresh = await t.newTenant();
      const group = await newGroup(t, fresh, { tools: [] });
      const expires_at = new Date(Date.now() + HOUR_MS / 2).toISOString();
      const made = async (path: string, body: object) =>
        (await t.rest('POST', path, { token: fresh.adminToken, body })).body.data as Record<string, string>;
      const key = await made(`/admin/groups/${group.id}/keys`, { name: 'short', expires_at });
      const personal = await made('/auth/tokens', { name: 'short', scopes: ['groups.read'], expires_at });
      const statuses = async () => [
        (await send({ ...group, key: key['api_key'] }, legacy('tools/list'))).status,
        (await t.rest('GET', '/admin/groups', { token: personal['token'] })).status,
        (await t.rest('GET', '/admin/groups', { token: fresh.adminToken })).status, // an access token
      ];
      expect(await statuses()).toEqual([200, 200, 200]);
      await shiftClock('1 hour');
      await isKnown(HOUR_MS);
      expect(await statuses()).toEqual([401, 401, 401]);
    });

    it.each(['1 hour', '-1 hour'])('by %s: makes tokens that are good on all replicas', async (by) => {
      await shiftClock(by);
      await isKnown(by === '1 hour' ? HOUR_MS : -HOUR_MS);
      const user = await t.newUser(owner.tenantId, ['viewer']);
      const { body } = await t.rest('POST', '/auth/login', {
        body: { email: user.email, password: TEST_PASSWORD },
      });
      const { access_token: token, refresh_token } = body.data as Record<string, string>;
      expect((await t.rest('GET', '/auth/me', { token })).status).toBe(200);
      expect((await t.rest('POST', '/auth/refresh', { body: { refresh_token } })).status).toBe(200);
    });
  });

  describe('back by an hour', () => {
    it('lets no dead replica count as alive for longer than its lease', async () => {
      const id = newId();
      await t.dataSource.query(
        `INSERT INTO replicas (id, name, last_seen_at) VALUES ($1, 'dead', now() + interval '1 hour')`,
        [id],
      );
      await eventually(async () => {
        const [{ ahead }] = await t.dataSource.query<[{ ahead: boolean }]>(
          'SELECT last_seen_at > clock_timestamp() AS ahead FROM replicas WHERE id = $1',
          [id],
        );
        return !ahead;
      });
      await t.dataSource.query(`UPDATE replicas SET last_seen_at = now() - interval '1 hour' WHERE id = $1`, [
        id,
      ]);
      expect((await listLiveReplicas(t.dataSource, LEASE_MS)).map((one) => one.id)).not.toContain(id);
    });

    it('lets no lease of a job last longer than it is long', async () => {
      const id = newId();
      await t.dataSource.query(
        `INSERT INTO jobs (id, tenant_id, kind, payload, state, replica, fence, started_at, lease_until)
         VALUES ($1, $2, 'nobody.has_it', '{}', 'running', 'dead', 1, now(), now() + interval '1 hour')`,
        [id, owner.tenantId],
      );
      await t.app.get(JobQueue).reap([]);
      const [{ left }] = await t.dataSource.query<[{ left: number }]>(
        'SELECT extract(epoch FROM lease_until - now())::float8 AS left FROM jobs WHERE id = $1',
        [id],
      );
      expect(left).toBeLessThanOrEqual(LEASE_MS / 1000);
      await t.dataSource.query('DELETE FROM jobs WHERE id = $1', [id]);
    });

    it('lets no schedule stand still until its last slot comes again', async () => {
      await t.dataSource.query(
        `UPDATE job_schedules SET last_slot = now() + interval '40 days' WHERE kind = 'test.tick'`,
      );
      const before = seen.filter(({ kind }) => kind === 'test.tick').length;
      await eventually(() => seen.filter(({ kind }) => kind === 'test.tick').length > before);
    });

    it('locks nobody out for longer than a lock lasts', async () => {
      const user = await t.newUser(owner.tenantId, ['viewer']);
      const signIn = (password: string) =>
        t.rest('POST', '/auth/login', { body: { email: user.email, password } });
      for (let failure = 0; failure < 6; failure += 1) await signIn('wrong');
      expect((await signIn(TEST_PASSWORD)).status).toBe(429);
      await t.dataSource.query(
        `UPDATE sign_in_attempts SET locked_until = now() + interval '1 hour' WHERE locked_until IS NOT NULL`,
      );
      expect((await signIn(TEST_PASSWORD)).status).toBe(200);
    });

    it('makes jobs due that were put off by it', async () => {
      const id = newId();
      await t.dataSource.query(
        `INSERT INTO jobs (id, tenant_id, kind, payload, created_at, run_at)
         VALUES ($1, $2, 'nobody.has_it', '{}', now() + interval '40 days', now() + interval '40 days')`,
        [id, owner.tenantId],
      );
      await t.dataSource.query(`UPDATE clock_mark SET reached_at = now() + interval '40 days'`);
      await t.app.get(ClockJob).look();
      const [{ due }] = await t.dataSource.query<[{ due: boolean }]>(
        'SELECT run_at <= now() AS due FROM jobs WHERE id = $1',
        [id],
      );
      expect(due).toBe(true);
    });
  });
});
