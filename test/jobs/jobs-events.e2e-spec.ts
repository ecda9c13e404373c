import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { v7 as newId } from 'uuid';
import { storeEvent } from '../../src/platform/replicas/domain-events.js';
import { inTenant } from '../../src/platform/request-scope.js';
import { EventJobs } from '../fixtures/event-jobs.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

type JobRow = { kind: string; payload: object; state: string; tenant_id: string };

describe('jobs that begin with an event', () => {
  let t: TestApp;
  let other: TestApp;
  /** Closed at the end: sign-in strategies are one for the process. */
  let late: TestApp | undefined;
  let tenant: TestTenant;

  beforeAll(async () => {
    t = await createTestApp({ tools: [EventJobs] });
    other = await createTestApp({ tools: [EventJobs], database: t.database });
  });
  beforeEach(async () => {
    tenant = await t.newTenant();
  });
  afterAll(async () => {
    await late?.close();
    await other?.close();
    await t?.close();
  });

  const store = (userId: string, { fails = false, on = t } = {}) =>
    inTenant(tenant.tenantId, () =>
      on.app.get(DataSource).transaction(async (manager) => {
        const { tenantId } = tenant;
        await storeEvent(manager, {
          tenantId,
          kind: 'user.password_forgotten',
          payload: { user_id: userId },
        });
        if (fails) throw new Error('rolled back');
      }),
    );
  const jobsOf = (userId: string) =>
    t.dataSource.query<JobRow[]>(
      `SELECT kind, payload, state, tenant_id FROM jobs WHERE payload->>'user_id' = $1 AND kind LIKE 'test.%' ORDER BY kind`,
      [userId],
    );
  const waiting = async (userId: string): Promise<number> => {
    const [{ n }] = await t.dataSource.query<[{ n: number }]>(
      `SELECT count(*)::int AS n FROM domain_events WHERE payload->>'user_id' = $1 AND picked_up_at IS NULL`,
      [userId],
    );
    return n;
  };
  const areDone = (userId: string, count: number) =>
    eventually(async () => {
      const jobs = await jobsOf(userId);
      return jobs.length === count && jobs.every(({ state }) => state === 'done');
    });
  /** As if nobody had been there to hear of it. */
  const storeUnheard = (userId: string, kind = 'user.password_forgotten') =>
    t.dataSource.query('INSERT INTO domain_events (id, tenant_id, kind, payload) VALUES ($1, $2, $3, $4)', [
      newId(),
      tenant.tenantId,
      kind,
      { user_id: userId },
    ]);

  it('are made once for each handler, by one of the replicas, with the ids of the event', async () => {
    const user = newId();
    await store(user);
    await areDone(user, 2);
    expect(await waiting(user)).toBe(0);
    const owned = { payload: { user_id: user }, tenant_id: tenant.tenantId };
    expect(await jobsOf(user)).toMatchObject([
      { kind: 'test.first', ...owned },
      { kind: 'test.second', ...owned },
    ]);
  });

  it('are not made when the event is rolled back', async () => {
    const [gone, there] = [newId(), newId()];
    await expect(store(gone, { fails: true })).rejects.toThrow('rolled back');
    await store(there);
    await areDone(there, 2);
    expect(await jobsOf(gone)).toEqual([]);
  });

  it('are made once for each of many events that come at once at two replicas', async () => {
    const users = Array.from({ length: 60 }, () => newId());
    await Promise.all(users.map((user, n) => store(user, { on: n % 2 === 0 ? t : other })));
    for (const user of users) await areDone(user, 2);
    const [{ n }] = await t.dataSource.query<[{ n: number }]>(
      `SELECT count(*)::int AS n FROM jobs WHERE tenant_id = $1 AND kind = 'test.first'`,
      [tenant.tenantId],
    );
    expect(n).toBe(60);
  });

  it('wait while the tenant is suspended, and are made when it is back', async () => {
    const user = newId();
    await t.dataSource.query('UPDATE tenants SET enabled = false WHERE id = $1', [tenant.tenantId]);
    await store(user);
    const mine = tenant;
    tenant = await t.newTenant();
    const later = newId();
    await store(later);
    await areDone(later, 2); // so the first one was passed over
    expect([await jobsOf(user), await waiting(user)]).toEqual([[], 1]);
    await t.dataSource.query('UPDATE tenants SET enabled = true WHERE id = $1', [mine.tenantId]);
    const change = JSON.stringify({ kind: 'tenant', id: mine.tenantId, ref: newId() });
    await t.dataSource.query(`SELECT pg_notify('toolcrib_changes', $1)`, [change]);
    await areDone(user, 2);
  });

  it('are made for events that were stored while nobody listened', async () => {
    const user = newId();
    await storeUnheard(user);
    late = await createTestApp({ tools: [EventJobs], database: t.database });
    await areDone(user, 2);
  });

  it('are made by another replica when the one that had the event in hand dies over it', async () => {
    const user = newId();
    const dying = new Client({ connectionString: t.database.adminUrl });
    await dying.connect();
    await storeUnheard(user);
    await dying.query('BEGIN');
    await dying.query(`SELECT FROM domain_events WHERE payload->>'user_id' = '${user}' FOR UPDATE`);
    const heard = newId();
    await store(heard); // everybody looks, and the first one cannot be had
    await areDone(heard, 2);
    expect(await jobsOf(user)).toEqual([]);
    await dying.end(); // its transaction is rolled back
    await areDone(user, 2);
  });

  it('are not made of events that no handler asks for', async () => {
    const user = newId();
    await storeUnheard(user, 'user.moved');
    await store(user);
    await areDone(user, 2);
    expect(await waiting(user)).toBe(1);
  });
});
