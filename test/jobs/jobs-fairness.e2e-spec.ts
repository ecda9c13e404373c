import { v7 as newId } from 'uuid';
import { JobQueue } from '../../src/jobs/job-queue.js';
import { onJob, runsOf, seen, TestJobs } from '../fixtures/test-jobs.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

const PLACES = 2;

type Waiting = {
  readonly kind?: string;
  /** How long they are due; negative: how soon. */
  readonly agoSeconds?: number;
  readonly priority?: number;
};

describe('jobs that wait for the same places', () => {
  let t: TestApp;
  let tenant: Pick<TestTenant, 'tenantId'>;
  let letGo: () => void;

  beforeAll(async () => {
    t = await createTestApp({ tools: [TestJobs], env: { JOBS_CONCURRENCY: String(PLACES) } });
  });
  afterAll(() => t?.close());

  /** Takes both places, until `letGo`; nothing of another test waits any more. */
  beforeEach(async () => {
    await t.dataSource.query(`DELETE FROM jobs WHERE state = 'queued'`);
    tenant = await newTenant();
    const ends: (() => void)[] = [];
    const held = [newId(), newId()];
    for (const id of held) onJob(id, () => new Promise((resolve) => ends.push(resolve)));
    await put(tenant, held);
    await t.dataSource.query(`SELECT pg_notify('toolcrib_jobs', '')`);
    await eventually(() => ends.length === 2);
    letGo = () => {
      for (const end of ends) end();
    };
  });

  const newTenant = async () => {
    const tenantId = newId();
    await t.dataSource.query('INSERT INTO tenants (id, name) VALUES ($1, $2)', [tenantId, tenantId]);
    return { tenantId };
  };
  /** One statement, however many they are; nobody is told of them. */
  const put = async (
    { tenantId }: Pick<TestTenant, 'tenantId'>,
    ids: readonly string[],
    { kind = 'test.work', agoSeconds = 0, priority = 0 }: Waiting = {},
  ) => {
    await t.dataSource.query(
      `INSERT INTO jobs (id, tenant_id, kind, payload, priority, run_at)
       SELECT id, $2, $3, jsonb_build_object('id', id), $5, clock_timestamp() - make_interval(secs => $4)
       FROM unnest($1::uuid[]) AS id`,
      [ids, tenantId, kind, agoSeconds, priority],
    );
    return ids;
  };
  const some = (count: number) => Array.from({ length: count }, () => newId());
  const allRan = (ids: readonly string[]) => eventually(() => ids.every((id) => runsOf(id) === 1));
  /** How many of `these` ran before the last of `those`. */
  const ranBefore = (these: readonly string[], those: readonly string[]) => {
    const last = Math.max(...those.map((id) => seen.findIndex((run) => run.id === id)));
    return seen.slice(0, last).filter(({ id }) => these.includes(id)).length;
  };

  it('get them in turn, tenant by tenant, however many one of them put in before', async () => {
    const many = await put(await newTenant(), some(1000), { agoSeconds: 3600 });
    const few = [...(await put(await newTenant(), some(3))), ...(await put(await newTenant(), some(3)))];
    letGo();
    await allRan(few);
    expect(ranBefore(many, few)).toBeLessThan(15);
  });

  it('get them in turn, kind by kind', async () => {
    const many = await put(await newTenant(), some(1000), { agoSeconds: 3600 });
    const few = await put(await newTenant(), some(3), { kind: 'test.two' });
    letGo();
    await allRan(few);
    expect(ranBefore(many, few)).toBeLessThan(15);
  });

  it('go by priority all the same, over all tenants', async () => {
    const many = await put(await newTenant(), some(100), { agoSeconds: 3600 });
    const late = await put(await newTenant(), some(2), { agoSeconds: 7200, priority: 1 });
    const urgent = await put(await newTenant(), some(4), { priority: -1 });
    letGo();
    await allRan([...many, ...late]);
    expect(ranBefore(many, urgent)).toBe(0);
    expect(ranBefore(many, late)).toBeGreaterThanOrEqual(100 - PLACES); // what has a place may begin after what got the other
  });

  it('are found behind many tenants whose jobs are not due', async () => {
    const before = await Promise.all(Array.from({ length: 150 }, newTenant));
    const later = before.map((of) => put(of, some(1), { agoSeconds: -3600, priority: -1 }));
    await Promise.all(later);
    const last = await newTenant();
    const due = await put(last, some(20));
    letGo();
    await allRan(due);
    expect((await Promise.all(later)).flat().filter((id) => runsOf(id) > 0)).toEqual([]);
  });

  it('do not wait for those of a suspended tenant', async () => {
    const suspended = await newTenant();
    await t.dataSource.query('UPDATE tenants SET enabled = false WHERE id = $1', [suspended.tenantId]);
    const never = await put(suspended, some(200), { agoSeconds: 3600 });
    const due = await put(tenant, some(20));
    const soon = await put(tenant, some(1), { agoSeconds: -1 });
    letGo();
    await allRan([...due, ...soon]);
    expect(never.filter((id) => runsOf(id) > 0)).toEqual([]);
  });

  it('are claimed without a look at those that are done, while somebody holds an old snapshot', async () => {
    const kind = 'nobody.has_it';
    const waiting = `INSERT INTO jobs (id, tenant_id, kind, payload, run_at)
      SELECT gen_random_uuid(), $1, '${kind}', '{}', now() - interval '1 hour' + n * interval '1 ms' FROM generate_series(1, 3000) n`;
    await t.dataSource.query(waiting, [tenant.tenantId]);
    const reader = t.dataSource.createQueryRunner();
    await reader.startTransaction('REPEATABLE READ');
    await reader.query('SELECT count(*) FROM jobs');
    try {
      await t.dataSource.query(
        `UPDATE jobs SET state = 'done'
         WHERE id IN (SELECT id FROM jobs WHERE kind = $1 ORDER BY run_at LIMIT 2900)`,
        [kind],
      );
      const claim = `SELECT * FROM claim_jobs('r', 60, 1, ARRAY['${kind}'], ARRAY[1], ARRAY[NULL]::int[])`;
      await t.dataSource.query(claim); // makes the kind known
      await t.app.get(JobQueue).reap([]);
      await t.dataSource.transaction(async (manager) => {
        const read = async () => {
          const [{ entries }] = await manager.query<[{ entries: number }]>(
            `SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid))::int AS entries FROM pg_index
             WHERE indrelid = 'jobs'::regclass`,
          );
          return entries;
        };
        const before = await read();
        expect(await manager.query<object[]>(claim)).toHaveLength(1);
        expect((await read()) - before).toBeLessThan(500);
      });
    } finally {
      await reader.rollbackTransaction();
      await reader.release();
    }
  });
});
