import { DataSource } from 'typeorm';
import { v7 as newId } from 'uuid';
import { User } from '../../src/access/user.entity.js';
import { Config } from '../../src/platform/config.js';
import { ChangeBus } from '../../src/platform/replicas/change-bus.js';
import { Replica } from '../../src/platform/replicas/replica.js';
import { inTenant } from '../../src/platform/request-scope.js';
import { JobEndedError } from '../../src/jobs/job-context.js';
import { JobQueue } from '../../src/jobs/job-queue.js';
import { JobRegistry } from '../../src/jobs/job-registry.js';
import { JobSteps } from '../../src/jobs/job-steps.js';
import { type EnqueueOptions, Jobs } from '../../src/jobs/jobs.js';
import { onJob, runsOf, seen, TestJobs, untilAborted } from '../fixtures/test-jobs.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

type JobRow = {
  id: string;
  state: string;
  attempts: number;
  fence: number;
  run_at: Date;
  finished_at: Date | null;
  last_error: string | null;
  progress: object | null;
};
type AttemptRow = {
  number: number;
  outcome: string;
  error: string | null;
  step: string | null;
  finished_at: Date;
  replica: string;
};

describe('durable jobs', () => {
  let t: TestApp;
  let other: TestApp;
  let tenant: TestTenant;

  beforeAll(async () => {
    const env = { JOBS_LEASE_MS: '1500' };
    t = await createTestApp({ tools: [TestJobs], env: { ...env, REPLICA_NAME: 'one' } });
    other = await createTestApp({
      tools: [TestJobs],
      env: { ...env, REPLICA_NAME: 'two' },
      database: t.database,
    });
    tenant = await t.newTenant();
  });
  afterAll(async () => {
    await other?.close();
    await t?.close();
  });

  const enqueue = (kind: string, id: string, options?: EnqueueOptions, { tenantId } = tenant) =>
    inTenant(tenantId, () =>
      t.app.get(DataSource).transaction((manager) => t.app.get(Jobs).enqueue(manager, kind, { id }, options)),
    );
  const jobOf = async (id: string): Promise<JobRow> => {
    const [job] = await t.dataSource.query<JobRow[]>('SELECT * FROM jobs WHERE id = $1', [id]);
    return job;
  };
  const attemptsOf = (id: string) =>
    t.dataSource.query<AttemptRow[]>('SELECT * FROM job_attempts WHERE job_id = $1 ORDER BY number', [id]);
  const stateIs = (id: string, state: string) => eventually(async () => (await jobOf(id)).state === state);
  /** Lets a job that waits for its next attempt run now. */
  const letTimePass = (id: string) =>
    t.dataSource
      .query(`UPDATE jobs SET run_at = now() WHERE id = $1 AND state = 'queued'`, [id])
      .then(() => t.dataSource.query(`SELECT pg_notify('toolcrib_jobs', '')`));

  describe('enqueue', () => {
    it('is part of the transaction: the row and its job are both there, or neither is', async () => {
      const make = (email: string, fails: boolean) =>
        inTenant(tenant.tenantId, () =>
          t.app.get(DataSource).transaction(async (manager) => {
            const id = newId();
            const user = {
              id,
              tenantId: tenant.tenantId,
              username: id,
              email,
              displayName: 'x',
              roles: ['customer'],
            };
            await manager.insert(User, user);
            await t.app.get(Jobs).enqueue(manager, 'test.work', { id });
            const later = newId();
            await enqueue('test.work', later);
            await eventually(() => runsOf(later) === 1);
            expect(runsOf(id)).toBe(0); // it is older, so whoever took the later one would have taken it
            if (fails) throw new Error(id);
            return id;
          }),
        );
      const id = await make(`${newId()}@example.test`, false);
      await eventually(() => runsOf(id) === 1);
      const lost = await make(`${newId()}@example.test`, true).catch((error: Error) => error.message);
      const [{ users, jobs }] = await t.dataSource.query<[{ users: number; jobs: number }]>(
        `SELECT (SELECT count(*)::int FROM users WHERE id = $1::uuid) AS users,
           (SELECT count(*)::int FROM jobs WHERE payload->>'id' = $1::text) AS jobs`,
        [lost],
      );
      expect({ users, jobs }).toEqual({ users: 0, jobs: 0 });
      expect(runsOf(lost)).toBe(0);
    });
  });

  describe('a unique key', () => {
    it('lets one of many be made at once, and gives the others its id', async () => {
      const id = newId();
      let open: () => void = () => undefined;
      const gate = new Promise<void>((resolve) => (open = resolve));
      onJob(id, () => gate);
      const made = await Promise.all(
        Array.from({ length: 8 }, () => enqueue('test.work', id, { uniqueKey: id })),
      );
      expect(made.filter(({ isNew }) => isNew)).toHaveLength(1);
      expect(new Set(made.map((job) => job.id)).size).toBe(1);
      open();
      await stateIs(made[0].id, 'done');
      expect(runsOf(id)).toBe(1);
      expect((await enqueue('test.work', id, { uniqueKey: id })).isNew).toBe(true);
    });

    it('holds for ever when asked so, and in one tenant and kind only', async () => {
      const id = newId();
      const options = { uniqueKey: id, uniqueFor: 'ever' } as const;
      const first = await enqueue('test.work', id, options);
      await stateIs(first.id, 'done');
      expect(await enqueue('test.work', id, options)).toEqual({ id: first.id, isNew: false });
      expect((await enqueue('test.once', id, options)).isNew).toBe(true);
      expect((await enqueue('test.work', id, options, await t.newTenant())).isNew).toBe(true);
    });
  });

  describe('what may be put in', () => {
    it.each([
      ['an unknown kind', 'test.nobody', { id: 'x' }, 'No handler of jobs'],
      ['a payload of another shape', 'test.work', { user: 'x' }, "wrong at 'id'"],
      ['a secret', 'test.work', { id: 'mcp_key_abcdefghijklmnopqrstuvwxyz' }, 'looks like a secret'],
      ['a large payload', 'test.work', { id: 'x'.repeat(20_000) }, 'larger than'],
    ])('refuses %s', async (_what, kind, payload, message) => {
      const jobs = t.app.get(Jobs);
      const { manager } = t.app.get(DataSource);
      await expect(inTenant(tenant.tenantId, () => jobs.enqueue(manager, kind, payload))).rejects.toThrow(
        message,
      );
      await expect(jobs.enqueue(manager, 'test.work', { id: 'x' })).rejects.toThrow('must have a tenant');
    });
  });

  describe('an attempt that fails', () => {
    const failing = (id: string) => onJob(id, () => Promise.reject(new Error('the agent is away')));

    it('is followed by others exactly as the plan says, 5, 15 and 60 s, and then by nothing', async () => {
      const id = newId();
      failing(id);
      const job = await enqueue('test.work', id);
      for (const [index, seconds] of [5, 15, 60].entries()) {
        await eventually(async () => (await attemptsOf(job.id)).length === index + 1);
        const { state, attempts, run_at } = await jobOf(job.id);
        const [last] = (await attemptsOf(job.id)).slice(-1);
        expect({ state, attempts }).toEqual({ state: 'queued', attempts: index + 1 });
        expect(run_at.getTime() - last.finished_at.getTime()).toBe(seconds * 1000);
        await letTimePass(job.id);
      }
      await stateIs(job.id, 'dead');
      expect(runsOf(id)).toBe(4);
      const attempts = await attemptsOf(job.id);
      expect(attempts.map(({ outcome, error }) => [outcome, error])).toEqual(
        Array.from({ length: 4 }, () => ['failed', 'the agent is away']),
      );
    });

    it('is followed by itself after the wait, with nobody looking', async () => {
      const id = newId();
      failing(id);
      const job = await enqueue('test.work', id, { retrySeconds: [1, 0] });
      await stateIs(job.id, 'dead');
      const rows = await t.dataSource.query<{ started_at: Date; finished_at: Date }[]>(
        'SELECT started_at, finished_at FROM job_attempts WHERE job_id = $1 ORDER BY number',
        [job.id],
      );
      expect(rows).toHaveLength(3);
      expect(rows[1].started_at.getTime() - rows[0].finished_at.getTime()).toBeGreaterThanOrEqual(1000);
    });

    it('tells of no SQL and no secret', async () => {
      const id = newId();
      onJob(id, async () => {
        if (runsOf(id) === 1) await t.app.get(DataSource).query(`SELECT 'p4ss' FROM no_such_table`);
        throw new Error('refused: Bearer abcdefghijklmnop at postgres://app:hunter22@db/x');
      });
      const job = await enqueue('test.work', id, { retrySeconds: [0] });
      await stateIs(job.id, 'dead');
      const errors = (await attemptsOf(job.id)).map(({ error }) => error);
      expect(errors).toEqual([
        'The database refused a statement (SQLSTATE 42P01)',
        'refused: [redacted] at postgres://app:[redacted]@db/x',
      ]);
    });

    it('may be explained by anything: the process lives on', async () => {
      const id = newId();
      const odd = Object.assign(new Error('x'), { message: { code: 7 }, stack: undefined });
      const thrown: unknown[] = [odd, null, Object.assign(new Error(''), { code: 'ECONNREFUSED' })];
      onJob(id, () => Promise.reject(thrown[runsOf(id) - 1]));
      const job = await enqueue('test.work', id, { retrySeconds: [0, 0] });
      await stateIs(job.id, 'dead');
      expect((await attemptsOf(job.id)).map(({ error }) => error)).toEqual([
        'It failed without a word',
        'Something that is no error was thrown',
        'ECONNREFUSED',
      ]);
    });

    it('makes the job that tells of a dead letter, in the same transaction', async () => {
      const id = newId();
      failing(id);
      const job = await enqueue('test.once', id);
      await stateIs(job.id, 'dead');
      await eventually(() => runsOf(job.id) === 1);
      expect(seen.find((run) => run.id === job.id)).toMatchObject({
        kind: 'test.alert',
        tenantId: tenant.tenantId,
      });
    });

    it('may have taken too long: then its signal aborts and it counts as failed', async () => {
      const id = newId();
      const reasons: unknown[] = [];
      onJob(id, async ({ signal }) => {
        await untilAborted(signal).catch((error: Error) => reasons.push(error.message));
        await new Promise(() => undefined); // a handler that hangs all the same
      });
      const job = await enqueue('test.quick', id);
      await stateIs(job.id, 'dead');
      expect((await attemptsOf(job.id)).map(({ outcome }) => outcome)).toEqual(['timed_out', 'timed_out']);
      expect(reasons).toEqual(['It took longer than 1 s', 'It took longer than 1 s']);
    });

    it('cancels the statement that it hangs in', async () => {
      const id = newId();
      onJob(id, async () => {
        await t.app.get(DataSource).query(`SELECT pg_sleep(600), '${id}'`);
      });
      const job = await enqueue('test.quick', id, { retrySeconds: [] });
      await stateIs(job.id, 'dead');
      await eventually(async () => {
        const asleep = `SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600), ''${id}%' AND state = 'active'`;
        return (await t.dataSource.query<unknown[]>(asleep)).length === 0;
      });
    });
  });

  describe('steps', () => {
    it('are not done again by a later run, which gets what they gave', async () => {
      const id = newId();
      const done: string[] = [];
      const got: unknown[] = [];
      onJob(id, async ({ step, attempt }) => {
        for (const [name, result] of Object.entries({
          a: { n: 1, at: new Date(0) },
          b: undefined,
          c: null,
        })) {
          const given: unknown = await step(name, () => {
            done.push(name);
            return result;
          });
          got.push(given);
        }
        if (attempt === 1) throw new Error('once more');
      });
      const job = await enqueue('test.work', id, { retrySeconds: [0] });
      await stateIs(job.id, 'done');
      expect(done).toEqual(['a', 'b', 'c']);
      const once = [{ n: 1, at: '1970-01-01T00:00:00.000Z' }, undefined, null];
      expect(got).toEqual([...once, ...once]);
      const rows = await t.dataSource.query<object[]>(
        'SELECT name, result, attempt FROM job_steps WHERE job_id = $1 ORDER BY name',
        [job.id],
      );
      expect(rows).toEqual([
        { name: 'a', result: once[0], attempt: 1 },
        { name: 'b', result: null, attempt: 1 },
        { name: 'c', result: null, attempt: 1 },
      ]);
    });

    it('in a transaction leave nothing behind when they fail, and name themselves', async () => {
      const id = newId();
      onJob(id, async ({ step, tenantId, attempt }) => {
        const insert = `INSERT INTO domain_events (id, tenant_id, kind, payload) VALUES ($1, $2, 'test.done', $3)`;
        await step(
          'store',
          async (manager) => {
            await manager.query(insert, [newId(), tenantId, JSON.stringify({ id })]);
            if (attempt === 1) throw new Error('in the middle');
          },
          { transaction: true },
        );
      });
      const job = await enqueue('test.work', id, { retrySeconds: [0] });
      await stateIs(job.id, 'done');
      const [{ n }] = await t.dataSource.query<[{ n: number }]>(
        `SELECT count(*)::int AS n FROM domain_events WHERE payload->>'id' = $1`,
        [id],
      );
      expect(n).toBe(1);
      expect((await attemptsOf(job.id)).map(({ outcome, step }) => [outcome, step])).toEqual([
        ['failed', 'store'],
        ['done', null],
      ]);
    });

    it('may give text that Postgres does not store as it is, and tell of it', async () => {
      const id = newId();
      const got: unknown[] = [];
      onJob(id, async ({ step, progress, attempt }) => {
        await progress({ done: 1, message: `${'x'.repeat(499)}😀 and half of another: \ud83d` });
        got.push(await step('write', () => ({ 'a\0': 'NUL \0, half a pair \ud83d, a whole one 😀' })));
        if (attempt === 1) throw new Error('once more');
      });
      const job = await enqueue('test.work', id, { retrySeconds: [0] });
      await stateIs(job.id, 'done');
      const once = { 'a\ufffd': 'NUL \ufffd, half a pair \ufffd, a whole one 😀' };
      expect(got).toEqual([once, once]);
    });

    it('have different names', async () => {
      const id = newId();
      onJob(id, async ({ step }) => {
        await step('same', () => 1);
        await step('same', () => 2);
      });
      const job = await enqueue('test.work', id, { retrySeconds: [] });
      await stateIs(job.id, 'dead');
      expect((await jobOf(job.id)).last_error).toBe("Two steps of this job are named 'same'; rename one");
    });
  });

  describe('a handler', () => {
    it("sees its tenant's rows and no other's", async () => {
      const id = newId();
      const stranger = await t.newTenant();
      const found: unknown[] = [];
      onJob(id, async ({ progress }) => {
        found.push(await t.app.get(DataSource).query('SELECT DISTINCT tenant_id FROM users'));
        await progress({ done: 1, total: 2, message: 'half' });
      });
      const job = await enqueue('test.work', id);
      await stateIs(job.id, 'done');
      expect(found).toEqual([[{ tenant_id: tenant.tenantId }]]);
      expect((await jobOf(job.id)).progress).toEqual({ done: 1, total: 2, message: 'half' });
      const unseen = await inTenant(stranger.tenantId, () =>
        t.app.get(DataSource).query('SELECT FROM jobs WHERE id = $1', [job.id]),
      );
      expect(unseen).toEqual([]);
    });

    it('does not run for a tenant that is suspended, and runs when it is back', async () => {
      const suspended = await t.newTenant();
      const id = newId();
      await t.dataSource.query('UPDATE tenants SET enabled = false WHERE id = $1', [suspended.tenantId]);
      const job = await enqueue('test.work', id, {}, suspended);
      const behind = newId();
      await stateIs((await enqueue('test.work', behind)).id, 'done');
      expect((await jobOf(job.id)).state).toBe('queued');
      await t.dataSource.query('UPDATE tenants SET enabled = true WHERE id = $1', [suspended.tenantId]);
      const bus = t.app.get(ChangeBus);
      await bus.commit((manager) => bus.publish(manager, { kind: 'tenant', id: suspended.tenantId }));
      await stateIs(job.id, 'done');
    });
  });

  describe('limits', () => {
    /** Runs so many of a kind at once and tells how many ran together, on each replica and over both. */
    const together = async (kind: string, count: number) => {
      const now = new Map<string, number>();
      const most = new Map<string, number>();
      const count1 = (place: string, by: number) => {
        now.set(place, (now.get(place) ?? 0) + by);
        most.set(place, Math.max(most.get(place) ?? 0, now.get(place) ?? 0));
      };
      const ids = Array.from({ length: count }, () => newId());
      for (const id of ids)
        onJob(id, async ({ jobId }) => {
          const [{ replica }] = await t.dataSource.query<[{ replica: string }]>(
            'SELECT replica FROM jobs WHERE id = $1',
            [jobId],
          );
          for (const place of [replica, 'all']) count1(place, 1);
          await new Promise((resolve) => setTimeout(resolve, 30));
          for (const place of [replica, 'all']) count1(place, -1);
        });
      const jobs = await Promise.all(ids.map((id) => enqueue(kind, id)));
      for (const { id } of jobs) await stateIs(id, 'done');
      return Object.fromEntries(most);
    };

    it('over all replicas hold', async () => {
      expect((await together('test.two', 12))['all']).toBe(2);
    });

    it('per replica hold, and both work', async () => {
      expect(await together('test.alone', 12)).toEqual({ one: 1, two: 1, all: 2 });
    });

    it('let the smaller priority go first', async () => {
      const gates: (() => void)[] = [];
      const holders = [newId(), newId()];
      for (const id of holders) onJob(id, () => new Promise((resolve) => gates.push(resolve)));
      for (const id of holders) await enqueue('test.two', id);
      await eventually(() => gates.length === 2);
      const ids = [newId(), newId(), newId(), newId()];
      const priorities = [5, -5, 0, 5];
      for (const [index, id] of ids.entries()) await enqueue('test.two', id, { priority: priorities[index] });
      gates[0]();
      await eventually(() => ids.every((id) => runsOf(id) === 1));
      gates[1]();
      expect(seen.filter(({ id }) => ids.includes(id)).map(({ id }) => ids.indexOf(id))).toEqual([
        1, 2, 0, 3,
      ]);
    });
  });

  describe('cancelling', () => {
    const cancel = (id: string, app = t) =>
      inTenant(tenant.tenantId, () => app.app.get(Jobs).cancel(app.app.get(DataSource).manager, id));

    it('ends one that waits', async () => {
      const id = newId();
      const job = await enqueue('test.work', id, { delaySeconds: 3600 });
      expect(await cancel(job.id)).toBe(true);
      expect(await cancel(job.id)).toBe(false);
      await letTimePass(job.id);
      await stateIs((await enqueue('test.work', newId())).id, 'done');
      expect(await jobOf(job.id)).toMatchObject({ state: 'cancelled' });
      expect(runsOf(id)).toBe(0);
    });

    it('ends one that runs, from whichever replica it is asked', async () => {
      for (const app of [t, other]) {
        const id = newId();
        const written: unknown[] = [];
        onJob(id, async ({ signal, step }) => {
          await untilAborted(signal).catch(() => undefined);
          written.push(await step('too late', () => 1).catch((error: Error) => error.name));
        });
        const job = await enqueue('test.work', id);
        await eventually(() => runsOf(id) === 1);
        expect(await cancel(job.id, app)).toBe(true);
        await eventually(() => written.length === 1);
        expect(written).toEqual(['JobEndedError']);
        expect((await jobOf(job.id)).state).toBe('cancelled');
        expect((await attemptsOf(job.id)).map(({ outcome }) => outcome)).toEqual(['cancelled']);
      }
    });
  });

  describe('a run whose replica died', () => {
    const LEASE_SECONDS = 600;

    it('is begun anew when half of the lease is over, and not before', async () => {
      const at = (secondsFromNow: number) => new Date(Date.now() + secondsFromNow * 1000);
      const live = [
        { id: newId(), name: 'lives', startedAt: at(-3600) },
        { id: newId(), name: 'died', startedAt: at(3600) }, // came after it, by the same name
      ];
      const ids = await Promise.all(
        [1, 2, 3, 4].map(async () => (await enqueue('test.work', newId(), { delaySeconds: 3600 })).id),
      );
      const [lives, renewed, died, unknown] = ids;
      const runner = t.dataSource.createQueryRunner();
      await runner.startTransaction(); // the application looks after leases, too, and must not see these
      try {
        /** As if a replica had begun it, and renewed its lease so long ago. */
        const hold = (id: string, replica: string, leaseLeft: number) =>
          runner.query(
            `UPDATE jobs SET state = 'running', fence = 3, replica = $2, started_at = now(),
               lease_until = now() + make_interval(secs => $3) WHERE id = $1`,
            [id, replica, leaseLeft * LEASE_SECONDS],
          );
        await hold(lives, 'lives', 0.4);
        await hold(renewed, 'died', 0.9);
        await hold(died, 'died', 0.4);
        await hold(unknown, 'gone', 0.4);
        const { manager } = runner;
        const queue = new JobQueue(
          {
            query: (sql: string, parameters?: unknown[]) => manager.query(sql, parameters),
            transaction: (work: (inner: typeof manager) => unknown) => work(manager),
          } as unknown as DataSource,
          t.app.get(JobRegistry),
          t.app.get(Replica),
          new Config({ ...t.config.env, JOBS_LEASE_MS: LEASE_SECONDS * 1000 }),
        );
        await queue.reap(live);
        const states = await manager.query<{ id: string; state: string }[]>(
          'SELECT id, state FROM jobs WHERE id = ANY($1)',
          [ids],
        );
        expect(new Map(states.map(({ id, state }) => [id, state]))).toEqual(
          new Map([
            [lives, 'running'],
            [renewed, 'running'],
            [died, 'queued'],
            [unknown, 'queued'],
          ]),
        );
        const lost = await manager.query<{ job_id: string }[]>(
          `SELECT job_id FROM job_attempts WHERE job_id = ANY($1) AND number = 3 AND outcome = 'lost'`,
          [ids],
        );
        expect(lost.map(({ job_id }) => job_id).toSorted()).toEqual([died, unknown].toSorted());
      } finally {
        await runner.rollbackTransaction();
        await runner.release();
      }
      await t.dataSource.query(`DELETE FROM jobs WHERE id = ANY($1)`, [ids]);
    });
  });

  describe('a run that lost its lease', () => {
    it('writes nothing any more: no step, no progress, no outcome', async () => {
      const id = newId();
      const refused: unknown[] = [];
      let goOn: () => void = () => undefined;
      const gate = new Promise<void>((resolve) => (goOn = resolve));
      const insert = `INSERT INTO domain_events (id, tenant_id, kind, payload) VALUES ($1, $2, 'test.fenced', $3)`;
      onJob(id, async ({ attempt, step, progress, tenantId }) => {
        const store = () =>
          step(
            'store',
            async (manager) => {
              await manager.query(insert, [newId(), tenantId, JSON.stringify({ id, attempt })]);
              if (attempt === 1) await gate; // its effect is made and not committed
            },
            { transaction: true },
          );
        if (attempt > 1) return store();
        // Its signal is not heeded on purpose: what stops it must be the token.
        await store().catch((error: Error) => refused.push(error.message));
        await progress({ done: 99 }).catch((error: Error) => refused.push(error.message));
      });
      const job = await enqueue('test.work', id);
      await eventually(() => runsOf(id) === 1);
      // As if its process had hung for the length of the lease: it is taken over with a new token.
      await t.dataSource.query(`UPDATE jobs SET state = 'queued', lease_until = NULL WHERE id = $1`, [
        job.id,
      ]);
      await letTimePass(job.id);
      await stateIs(job.id, 'done');
      goOn();
      await eventually(() => refused.length === 2);
      const events = await t.dataSource.query<object[]>(
        `SELECT payload->'attempt' AS attempt FROM domain_events WHERE payload->>'id' = $1`,
        [id],
      );
      expect(events).toEqual([{ attempt: 2 }]);
      expect(await jobOf(job.id)).toMatchObject({ state: 'done', fence: 2, progress: null });
      expect((await attemptsOf(job.id)).map(({ number, outcome }) => [number, outcome])).toEqual([
        [2, 'done'],
      ]);
    });

    it('names its token in every write, which the run that came after does not share', async () => {
      const id = newId();
      let goOn: () => void = () => undefined;
      onJob(id, () => new Promise<void>((resolve) => (goOn = resolve)));
      const { id: jobId } = await enqueue('test.work', id);
      await eventually(() => runsOf(id) === 1);
      const { tenantId } = tenant;
      const old = { id: jobId, tenantId, kind: 'test.work', fence: 0, retrySeconds: null };
      const [queue, dataSource] = [t.app.get(JobQueue), t.app.get(DataSource)];
      const failure = { outcome: 'failed', error: 'late', step: undefined, plan: [], waitMs: 0 } as const;
      await queue.complete([old]);
      await queue.release([old]);
      await queue.fail(old, failure);
      expect(await queue.renew([old])).toEqual([]);
      await inTenant(tenantId, async () => {
        const steps = new JobSteps(dataSource, old, new AbortController().signal);
        await expect(steps.read()).rejects.toThrow('another replica has it');
        await expect(steps.step('late', () => 1)).rejects.toThrow('another replica has it');
        await expect(steps.step('later', async () => 1, { transaction: true })).rejects.toThrow(
          JobEndedError,
        );
        await expect(steps.progress({ done: 1 })).rejects.toThrow(JobEndedError);
      });
      expect(await jobOf(jobId)).toMatchObject({ state: 'running', fence: 1, attempts: 0, progress: null });
      expect(await attemptsOf(jobId)).toEqual([]);
      goOn();
      await stateIs(jobId, 'done');
      expect(await t.dataSource.query('SELECT FROM job_steps WHERE job_id = $1', [jobId])).toEqual([]);
    });

    it('is not counted with those before a run that came to its end', async () => {
      const id = newId();
      onJob(id, async () => {
        await t.dataSource.query('UPDATE jobs SET losses = 4 WHERE payload->>$1 = $2', ['id', id]);
        throw new Error('failed in order');
      });
      const job = await enqueue('test.work', id, { retrySeconds: [] });
      await stateIs(job.id, 'dead');
      expect(await jobOf(job.id)).toMatchObject({ losses: 0, last_error: 'failed in order' });
    });

    it('is dead when that happens again and again without a step', async () => {
      const id = newId();
      const job = await enqueue('test.work', id, { delaySeconds: 3600 });
      await t.dataSource.query(
        `UPDATE jobs SET state = 'running', fence = 9, losses = 4, started_at = now(), lease_until = now() WHERE id = $1`,
        [job.id],
      );
      await stateIs(job.id, 'dead');
      expect(await attemptsOf(job.id)).toMatchObject([
        { number: 9, outcome: 'lost', error: 'The process that ran it died or hung' },
      ]);
      expect(runsOf(id)).toBe(0);
    });
  });
});
