import { DataSource } from 'typeorm';
import { v7 as newId } from 'uuid';
import { inTenant } from '../../src/platform/request-scope.js';
import { type EnqueueOptions, Jobs } from '../../src/jobs/jobs.js';
import { onJob, runsOf, TestJobs, untilAborted } from '../fixtures/test-jobs.js';
import {
  type Answer,
  createTestApp,
  type RestRequest,
  type TestApp,
  type TestTenant,
} from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

const SECRET = 'mcp_key_abcdefghijklmnopqrstuvwxyz';

describe('/api/v1/admin/jobs', () => {
  let t: TestApp;
  let other: TestApp;
  let tenant: TestTenant;

  beforeAll(async () => {
    t = await createTestApp({ tools: [TestJobs] });
    other = await createTestApp({ tools: [TestJobs], database: t.database });
  });
  afterAll(async () => {
    await other?.close();
    await t?.close();
  });
  beforeEach(async () => {
    tenant = await t.newTenant();
  });

  const ask = (method: string, path: string, request: RestRequest = {}, app = t): Promise<Answer> =>
    app.rest(method, path, { token: tenant.adminToken, ...request });
  const enqueue = (kind: string, id: string, options?: EnqueueOptions) =>
    inTenant(tenant.tenantId, () =>
      t.app.get(Jobs).enqueue(t.app.get(DataSource).manager, kind, { id }, options),
    );
  const stateIs = (id: string, state: string) =>
    eventually(async () => (await ask('GET', `/admin/jobs/${id}`)).body.data['state'] === state);
  const audited = async (action: string) =>
    (await ask('GET', `/admin/audit-logs?action=${action}`)).items.map(({ target_id, before, after }) => ({
      target_id,
      before,
      after,
    }));
  /** Fails until `isMended` says otherwise, after a step that works. */
  const dead = async (isMended = () => false) => {
    const id = newId();
    onJob(id, async ({ step, progress }) => {
      await step('look', () => ({ text: `the agent wrote ${SECRET}`, runs: runsOf(id) }));
      await progress({ done: 1, total: 2 });
      await step('tell', () => {
        if (!isMended()) throw new Error('nobody answers');
      });
    });
    const job = await enqueue('test.work', id, { retrySeconds: [0] });
    await stateIs(job.id, 'dead');
    return { ...job, payloadId: id };
  };

  it('lists by state and kind, newest first, page by page', async () => {
    const made: string[] = [];
    for (let n = 0; n < 5; n++) made.push((await enqueue('test.work', newId(), { delaySeconds: 3600 })).id);
    const done = await enqueue('test.once', newId());
    await stateIs(done.id, 'done');
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Answer = await ask(
        'GET',
        `/admin/jobs?state=queued&limit=2${cursor ? `&cursor=${cursor}` : ''}`,
      );
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.body.page.next_cursor;
    } while (cursor !== null);
    expect(ids).toEqual(made.toReversed());
    expect((await ask('GET', '/admin/jobs?kind=test.once')).items).toMatchObject([
      { id: done.id, state: 'done' },
    ]);
    expect((await ask('GET', '/admin/jobs?state=asleep')).status).toBe(400);
  });

  it('shows attempts, errors, steps and progress, and no secret', async () => {
    const { id, payloadId } = await dead();
    const { body } = await ask('GET', `/admin/jobs/${id}`);
    expect(body.data).toMatchObject({
      kind: 'test.work',
      state: 'dead',
      attempts: 2,
      payload: { id: payloadId },
      retry_seconds: [0],
      progress: { done: 1, total: 2 },
      last_error: 'nobody answers',
      attempt_list: [
        { number: 1, outcome: 'failed', step: 'tell', error: 'nobody answers' },
        { number: 2, outcome: 'failed', step: 'tell', error: 'nobody answers' },
      ],
      steps: [{ name: 'look', attempt: 1, result: { runs: 1, text: 'the agent wrote [redacted]' } }],
    });
    expect(JSON.stringify(body)).not.toContain(SECRET);
  });

  it('retries a dead letter from the step that failed, with its whole plan before it', async () => {
    let isMended = false;
    const { id, payloadId } = await dead(() => isMended);
    const again = await ask('POST', `/admin/jobs/${id}/retry`);
    expect([again.status, again.body.message]).toEqual([200, 'Queued again']);
    await eventually(() => runsOf(payloadId) === 4); // two attempts more
    await stateIs(id, 'dead');
    isMended = true;
    await ask('POST', `/admin/jobs/${id}/retry`);
    await stateIs(id, 'done');
    const { body } = await ask('GET', `/admin/jobs/${id}`);
    expect(body.data).toMatchObject({
      steps: [
        { name: 'look', result: { runs: 1 } },
        { name: 'tell', attempt: 5 },
      ],
    });
    expect(await audited('job.retry')).toEqual(
      Array.from({ length: 2 }, () => ({
        target_id: id,
        before: { state: 'dead', attempts: 2 },
        after: { state: 'queued', attempts: 0 },
      })),
    );
    const late = await ask('POST', `/admin/jobs/${id}/retry`);
    expect([late.status, late.body.error.code]).toEqual([409, 'conflict']);
  });

  it('does not retry what another job has the unique key of', async () => {
    const uniqueKey = newId();
    const first = await enqueue('test.work', newId(), { uniqueKey, delaySeconds: 3600 });
    await ask('POST', `/admin/jobs/${first.id}/cancel`);
    const second = await enqueue('test.work', newId(), { uniqueKey, delaySeconds: 3600 });
    expect(second.isNew).toBe(true);
    const answer = await ask('POST', `/admin/jobs/${first.id}/retry`);
    expect([answer.status, answer.body.message]).toEqual([
      409,
      'Another job has taken its unique key meanwhile',
    ]);
  });

  it('cancels one that runs on another replica', async () => {
    const id = newId();
    let isStopped = false;
    onJob(id, ({ signal }) => untilAborted(signal).finally(() => (isStopped = true)));
    const job = await enqueue('test.work', id);
    await eventually(() => runsOf(id) === 1);
    for (const app of [t, other]) {
      const answer = await ask('POST', `/admin/jobs/${job.id}/cancel`, {}, app);
      expect(answer.status).toBe(app === t ? 200 : 409);
    }
    await eventually(() => isStopped);
    expect((await ask('GET', `/admin/jobs/${job.id}`)).body.data).toMatchObject({
      state: 'cancelled',
      attempt_list: [{ outcome: 'cancelled' }],
    });
    expect(await audited('job.cancel')).toMatchObject([{ target_id: job.id, before: { state: 'running' } }]);
  });

  it('does a POST with the same Idempotency-Key once', async () => {
    const job = await enqueue('test.work', newId(), { delaySeconds: 3600 });
    const headers = { 'idempotency-key': newId() };
    const first = await ask('POST', `/admin/jobs/${job.id}/cancel`, { headers });
    const again = await ask('POST', `/admin/jobs/${job.id}/cancel`, { headers });
    expect([first.status, again.status, again.headers.get('idempotency-replayed')]).toEqual([
      200,
      200,
      'true',
    ]);
    expect(await audited('job.cancel')).toHaveLength(1);
  });

  it('purges dead letters, of one kind or before a time', async () => {
    const [old, young] = [await dead(), await dead()];
    await t.dataSource.query(`UPDATE jobs SET finished_at = '2026-01-01T00:00:00Z' WHERE id = $1`, [old.id]);
    const purge = (body: object) =>
      ask('POST', '/admin/jobs/purge', { body }).then((answer) => answer.body.data);
    expect(await purge({ kind: 'test.once' })).toEqual({ purged: 0, more: false });
    expect(await purge({ kind: 'test.work', before: '2026-01-02T00:00:00Z' })).toEqual({
      purged: 1,
      more: false,
    });
    expect((await ask('GET', `/admin/jobs/${old.id}`)).status).toBe(404);
    expect((await ask('GET', `/admin/jobs/${young.id}`)).status).toBe(200);
    const left = await t.dataSource.query('SELECT FROM job_attempts WHERE job_id = $1', [old.id]);
    expect(left).toEqual([]);
    expect((await audited('job.purge'))[0].after).toEqual({
      kind: 'test.work',
      before: '2026-01-02T00:00:00Z',
      purged: 1,
    });
  });

  it('counts from the tables: depth, the oldest that is due, runs by outcome', async () => {
    await dead();
    await enqueue('test.work', newId(), { delaySeconds: 3600 });
    await t.dataSource.query(
      `INSERT INTO jobs (id, tenant_id, kind, payload, run_at)
       VALUES (gen_random_uuid(), $1, 'test.nobody', '{}', now() - interval '90 seconds')`,
      [tenant.tenantId],
    );
    const { body } = await ask('GET', '/admin/jobs/metrics');
    expect(body.data).toMatchObject([
      { kind: 'test.nobody', queued: 1, due: 1, running: 0, dead: 0, runs: [] },
      {
        kind: 'test.work',
        queued: 1,
        due: 0,
        dead: 1,
        oldest_due_seconds: null,
        runs: [{ outcome: 'failed', runs: 2, average_ms: expect.any(Number), p95_ms: expect.any(Number) }],
      },
    ]);
    const [{ oldest_due_seconds: oldest }] = body.data as unknown as [{ oldest_due_seconds: number }];
    expect(oldest).toBeGreaterThanOrEqual(90);
    expect(oldest).toBeLessThan(150);
  });

  it('is not for others', async () => {
    const { id } = await dead();
    const stranger = await t.newTenant();
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/retry'],
      ['POST', '/cancel'],
    ]) {
      const answer = await ask(method, `/admin/jobs/${id}${path}`, { token: stranger.adminToken });
      expect([method, path, answer.status]).toEqual([method, path, 404]);
    }
    expect((await ask('GET', '/admin/jobs', { token: stranger.adminToken })).items).toEqual([]);
    const { email } = await t.newUser(tenant.tenantId, ['auditor']);
    const { access_token: token } = await t.signIn(email);
    expect((await ask('GET', `/admin/jobs/${id}`, { token })).status).toBe(200);
    expect((await ask('POST', `/admin/jobs/${id}/retry`, { token })).status).toBe(403);
  });

  describe('/api/v1/admin/job-settings', () => {
    const path = '/admin/job-settings/test.work';

    it('lists every kind with what its author wrote', async () => {
      const { items } = await ask('GET', '/admin/job-settings');
      expect(items.find(({ kind }) => kind === 'test.work')).toMatchObject({
        retry_seconds: [5, 15, 60],
        default_retry_seconds: [5, 15, 60],
        timeout_seconds: 60,
        version: 0,
      });
      expect(items.find(({ kind }) => kind === 'jobs.cleanup')).toMatchObject({
        schedule: '17 3 * * *',
        concurrency_total: 2,
      });
    });

    it('is in force on every replica when the answer comes, for this tenant only', async () => {
      const stranger = await t.newTenant();
      const id = newId();
      onJob(id, () => Promise.reject(new Error('no')));
      const answer = await ask('PUT', path, { body: { retry_seconds: [], timeout_seconds: 7 } });
      expect(answer.body).toMatchObject({
        effective_immediately: true,
        data: { retry_seconds: [], version: 1 },
      });
      expect((answer.body as unknown as { replicas: unknown[] }).replicas).toHaveLength(2);
      // Whichever replica takes them, none is tried again.
      const jobs = await Promise.all(Array.from({ length: 6 }, () => enqueue('test.work', id)));
      for (const job of jobs) await stateIs(job.id, 'dead');
      expect(runsOf(id)).toBe(6);
      const theirs = await ask('GET', path, { token: stranger.adminToken });
      expect(theirs.body.data).toMatchObject({ retry_seconds: [5, 15, 60], version: 0 });
      const own = await enqueue('test.work', id, { retrySeconds: [0] });
      await stateIs(own.id, 'dead');
      expect(runsOf(id)).toBe(8); // the job's own plan counts before it
      const back = await ask('DELETE', path);
      expect(back.body.data).toMatchObject({ retry_seconds: [5, 15, 60], timeout_seconds: 60, version: 0 });
      const late = await enqueue('test.work', id);
      await eventually(() => runsOf(id) === 9);
      await stateIs(late.id, 'queued');
    });

    it('is changed by who read it last', async () => {
      const etag = (answer: Answer) => answer.headers.get('etag') ?? '';
      const put = (seconds: number, tag: string) =>
        ask('PUT', path, { body: { retry_seconds: [seconds] }, headers: { 'if-match': tag } });
      const unset = etag(await ask('GET', path));
      expect((await put(1, unset)).status).toBe(200);
      expect((await put(2, unset)).status).toBe(412);
      const set = etag(await ask('GET', path));
      expect((await put(3, set)).status).toBe(200);
      expect((await ask('DELETE', path, { headers: { 'if-match': set } })).status).toBe(412);
      expect((await ask('GET', path)).body.data).toMatchObject({ retry_seconds: [3], version: 2 });
      expect((await audited('job_setting.put')).map(({ before, after }) => [before, after])).toEqual([
        [{ retrySeconds: [1] }, { retrySeconds: [3] }],
        [null, { retrySeconds: [1] }],
      ]);
    });

    it.each([
      [{ retry_seconds: [-1] }, 400],
      [{ retry_seconds: [1.5] }, 400],
      [{ retry_seconds: 'soon' }, 400],
      [{ retry_seconds: Array.from({ length: 51 }, () => 1) }, 400],
      [{ retry_seconds: [1], timeout_seconds: 0 }, 400],
      [{ retry_seconds: null }, 400],
    ])('refuses %j', async (body, status) => {
      expect((await ask('PUT', path, { body })).status).toBe(status);
    });

    it('knows no other kinds', async () => {
      expect((await ask('GET', '/admin/job-settings/test.nobody')).status).toBe(404);
      expect((await ask('DELETE', path)).status).toBe(404);
    });
  });
});
