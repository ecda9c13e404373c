import { DataSource } from 'typeorm';
import { v7 as newId } from 'uuid';
import { inTenant } from '../../src/platform/request-scope.js';
import { loadConfig } from '../../src/platform/config.js';
import { Jobs } from '../../src/jobs/jobs.js';
import { migrateAsOwner } from '../../src/boot/database/migrate.js';
import { OwnPostgres } from '../faults/chaos/own-postgres.js';
import { onJob, runsOf, TestJobs } from '../fixtures/test-jobs.js';
import { makeDataDir, removeDataDir, TEST_MASTER_KEY } from '../support/server.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

describe('jobs while the database goes away', () => {
  let directory: string;
  let postgres: OwnPostgres;
  let t: TestApp;
  let tenant: TestTenant;

  beforeAll(async () => {
    directory = makeDataDir();
    postgres = await OwnPostgres.create(directory);
    await migrateAsOwner(loadConfig({ DATABASE_URL: postgres.url, TOOLCRIB_MASTER_KEY: TEST_MASTER_KEY }));
    const adminUrl = Object.assign(new URL(postgres.url), { username: 'postgres' }).href;
    const database = { url: postgres.url, adminUrl, drop: async () => undefined };
    t = await createTestApp({ database, tools: [TestJobs], env: { JOBS_LEASE_MS: '60000' } });
    tenant = await t.newTenant();
  });
  afterAll(async () => {
    await t?.close();
    postgres?.destroy();
    removeDataDir(directory);
  });

  const enqueue = async (id: string, delaySeconds = 0): Promise<string> => {
    const jobs = t.app.get(Jobs);
    const { manager } = t.app.get(DataSource);
    const job = await inTenant(tenant.tenantId, () =>
      jobs.enqueue(manager, 'test.work', { id }, { delaySeconds }),
    );
    return job.id;
  };
  const jobOf = (id: string) =>
    postgres
      .query<{ state: string; fence: number; attempts: number }>(
        `SELECT state, fence, attempts FROM jobs WHERE id = '${id}'`,
      )
      .then(([job]) => job);

  it('are stored as done when it is back, run when their time comes, and are woken by others as before', async () => {
    const [running, later, fresh] = [newId(), newId(), newId()];
    let goOn: () => void = () => undefined;
    onJob(running, async ({ step }) => {
      await step('before', () => 1);
      await new Promise<void>((resolve) => (goOn = resolve));
    });
    const runningJob = await enqueue(running);
    await eventually(() => runsOf(running) === 1);
    const laterJob = await enqueue(later, 1);
    postgres.kill9();
    await eventually(async () => !(await postgres.isAnswering()));
    goOn(); // it ends while there is nobody to tell
    await postgres.start();
    await eventually(async () => (await jobOf(runningJob)).state === 'done');
    await eventually(async () => (await jobOf(laterJob)).state === 'done');
    let freshJob = '';
    await eventually(async () => {
      freshJob = await enqueue(fresh).catch(() => ''); // the pool may still hold a dead connection
      return freshJob !== '';
    });
    await eventually(async () => (await jobOf(freshJob)).state === 'done');
    expect([runsOf(running), runsOf(later), runsOf(fresh)]).toEqual([1, 1, 1]);
    expect(await jobOf(runningJob)).toEqual({ state: 'done', fence: 1, attempts: 0 });
  });
});
