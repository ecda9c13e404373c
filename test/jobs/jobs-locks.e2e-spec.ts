import { DataSource } from 'typeorm';
import { v7 as newId } from 'uuid';
import { inTenant } from '../../src/platform/request-scope.js';
import { Jobs } from '../../src/jobs/jobs.js';
import { onJob, runsOf, TestJobs } from '../fixtures/test-jobs.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

const LEASE_MS = 600;

describe('a job whose row somebody else has locked', () => {
  let t: TestApp;
  let tenant: TestTenant;

  beforeAll(async () => {
    t = await createTestApp({ tools: [TestJobs], env: { JOBS_LEASE_MS: String(LEASE_MS) } });
    tenant = await t.newTenant();
  });
  afterAll(() => t?.close());

  const enqueue = async (id: string, kind = 'test.work') => {
    const job = await inTenant(tenant.tenantId, () =>
      t.app
        .get(DataSource)
        .transaction((manager) => t.app.get(Jobs).enqueue(manager, kind, { id }, { retrySeconds: [] })),
    );
    return job.id;
  };
  const jobOf = async (id: string) => {
    const [job] = await t.dataSource.query<{ state: string; fence: number; leasedMs: number }[]>(
      `SELECT state, fence, (extract(epoch FROM lease_until - started_at) * 1000)::float8 AS "leasedMs" FROM jobs WHERE id = $1`,
      [id],
    );
    return job;
  };
  /** Starts a job that runs until it is let go. */
  const start = async (work?: (goOn: Promise<void>, id: string) => Promise<void>) => {
    const id = newId();
    let letGo: () => void = () => undefined;
    const goOn = new Promise<void>((resolve) => (letGo = resolve));
    onJob(id, () => work?.(goOn, id) ?? goOn);
    const jobId = await enqueue(id);
    await eventually(() => runsOf(id) === 1);
    return { id, jobId, letGo };
  };
  /** Holds the row as an operator's transaction does that was begun and not ended. */
  const lock = async (jobId: string) => {
    const runner = t.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query('SELECT FROM jobs WHERE id = $1 FOR UPDATE', [jobId]);
    return async () => {
      await runner.rollbackTransaction();
      await runner.release();
    };
  };
  const isRenewedBeyond = (jobId: string, leases: number) =>
    eventually(async () => {
      const { fence, leasedMs } = await jobOf(jobId);
      expect(fence).toBe(1);
      return leasedMs > leases * LEASE_MS;
    });

  it('takes the lease of no other job on the replica with it', async () => {
    const [locked, other] = [await start(), await start()];
    const unlock = await lock(locked.jobId);
    await isRenewedBeyond(other.jobId, 4);
    await unlock();
    for (const { letGo } of [locked, other]) letGo();
    await eventually(async () => (await jobOf(other.jobId)).state === 'done');
    expect(runsOf(other.id)).toBe(1);
  });

  it('keeps its lease when it is locked by a row that refers to it, for as long as the transaction takes', async () => {
    const run = await start((goOn, id) =>
      t.dataSource.transaction(async (manager) => {
        // What a foreign key does.
        await manager.query(`SELECT FROM jobs WHERE payload->>'id' = $1 FOR KEY SHARE`, [id]);
        await goOn;
      }),
    );
    await isRenewedBeyond(run.jobId, 4);
    run.letGo();
    await eventually(async () => (await jobOf(run.jobId)).state === 'done');
  });

  it('keeps no other from being done, and is done itself when it is free', async () => {
    const [locked, other] = [await start(), await start()];
    const unlock = await lock(locked.jobId);
    locked.letGo();
    other.letGo();
    await eventually(async () => (await jobOf(other.jobId)).state === 'done');
    expect((await jobOf(locked.jobId)).state).toBe('running');
    await unlock();
    await eventually(async () => (await jobOf(locked.jobId)).state === 'done');
  });
});
