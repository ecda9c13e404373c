import { v7 as newId } from 'uuid';
import { ScheduledJobs, seen, TestJobs } from '../fixtures/test-jobs.js';
import { createTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/waiting.js';

describe('jobs with a schedule', () => {
  let database: TestDatabase;
  const apps: TestApp[] = [];
  const start = async (): Promise<TestApp> => {
    const app = await createTestApp({ database, tools: [TestJobs, ScheduledJobs] });
    apps.push(app);
    return app;
  };
  const ran = (kind: string) => seen.filter((run) => run.kind === kind);

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(async () => {
    for (const app of apps) await app.close();
    await database?.drop();
  });

  it('are made once for each slot over all replicas', async () => {
    const t = await start();
    const operator = await t.newTenant();
    await t.dataSource.query('UPDATE tenants SET is_operating = true WHERE id = $1', [operator.tenantId]);
    await Promise.all([start(), start()]);
    await eventually(() => new Set(ran('test.tick').map(({ id }) => id)).size >= 4);
    const slots = ran('test.tick').map(({ id }) => id);
    expect(new Set(slots).size).toBe(slots.length);
    expect(ran('test.tick').every(({ tenantId }) => tenantId === operator.tenantId)).toBe(true);
    expect(slots.every((slot) => Date.parse(slot) % 1000 === 0)).toBe(true);
    const [{ jobs, kinds }] = await t.dataSource.query<[{ jobs: number; kinds: number }]>(
      `SELECT count(*)::int AS jobs, count(DISTINCT payload->>'slot')::int AS kinds FROM jobs WHERE kind = 'test.tick'`,
    );
    expect(jobs).toBe(kinds);
  });

  it('make up for a standstill by the last slot, of every tenant that is active', async () => {
    const [t] = apps;
    const [active, suspended] = [await t.newTenant(), await t.newTenant()];
    await t.dataSource.query('UPDATE tenants SET enabled = false WHERE id = $1', [suspended.tenantId]);
    // As if everything had stood still for five hours. Whoever looks next, within the second, makes up for it.
    await t.dataSource.query(
      `UPDATE job_schedules SET last_slot = last_slot - interval '5 hours' WHERE kind = 'test.hourly'`,
    );
    await eventually(() => ran('test.hourly').some(({ tenantId }) => tenantId === active.tenantId));
    const tenants = await t.dataSource.query<{ id: string }[]>('SELECT id FROM tenants WHERE enabled');
    await eventually(() => ran('test.hourly').length === tenants.length);
    const made = ran('test.hourly');
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect(made.map(({ tenantId }) => tenantId).toSorted()).toEqual(tenants.map(({ id }) => id).toSorted());
  });

  it('include the one that sweeps finished jobs away, but for dead letters and keys that hold for ever', async () => {
    const [t] = apps;
    const { tenantId } = await t.newTenant();
    const rows = { old: newId(), cancelled: newId(), dead: newId(), ever: newId(), young: newId() };
    const again = newId();
    const insert = (id: string, state: string, uniqueFor = 'open', days = 15) =>
      t.dataSource.query(
        `INSERT INTO jobs (id, tenant_id, kind, payload, state, unique_key, unique_for, finished_at)
         VALUES ($1::uuid, $2, 'x', '{}', $3, $1::text, $4, now() - $5 * interval '1 day')`,
        [id, tenantId, state, uniqueFor, days],
      );
    await insert(rows.old, 'done');
    await insert(rows.cancelled, 'cancelled');
    await insert(rows.dead, 'dead');
    await insert(rows.ever, 'done', 'ever');
    await insert(rows.young, 'done', 'open', 13);
    await insert(again, 'cancelled', 'ever');
    for (const id of [rows.ever, rows.young, again]) {
      const values = [id, tenantId];
      await t.dataSource.query(
        `INSERT INTO job_steps (job_id, name, tenant_id, attempt, duration_ms) VALUES ($1, 'a', $2, 1, 1)`,
        values,
      );
      await t.dataSource.query(
        `INSERT INTO job_attempts (job_id, number, tenant_id, outcome) VALUES ($1, 1, $2, 'done')`,
        values,
      );
    }
    await t.dataSource.query(
      `UPDATE job_schedules SET last_slot = last_slot - interval '3 days' WHERE kind = 'jobs.cleanup'`,
    );
    const left = () =>
      t.dataSource
        .query<{ id: string }[]>(`SELECT id FROM jobs WHERE tenant_id = $1 AND kind = 'x'`, [tenantId])
        .then((found) => found.map(({ id }) => id).toSorted());
    await eventually(async () => (await left()).length === 4);
    expect(await left()).toEqual([rows.dead, rows.ever, rows.young, again].toSorted());
    // What may run again keeps what it has done; what never will keeps its key.
    for (const table of ['job_steps', 'job_attempts']) {
      const kept = await t.dataSource.query<{ id: string }[]>(
        `SELECT job_id AS id FROM ${table} WHERE job_id = ANY ($1)`,
        [[...Object.values(rows), again]],
      );
      expect(kept.map(({ id }) => id).toSorted()).toEqual([rows.young, again].toSorted());
    }
  });
});
