import { Client } from 'pg';
import { v7 as newId } from 'uuid';
import { MORTAL_TABLES, PLACES_TO_DIE } from '../fixtures/mortal-jobs.js';
import { type RunningServer, spawnServer, startServer } from '../support/server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/waiting.js';

const COMMAND = ['dist/bin/jobs-server.js'];

type JobRow = { state: string; attempts: number; losses: number; fence: number; replica: string };

describe('jobs on built servers that are killed, stopped or hang', () => {
  let database: TestDatabase;
  let watch: Client;
  let tenantId: string;
  const servers: RunningServer[] = [];

  const options = (env: Record<string, string> = {}) => ({
    command: COMMAND,
    env: { DATABASE_URL: database.url, SAMPLE_DATA: 'false', JOBS_LEASE_MS: '1500', ...env },
  });
  const start = async (env?: Record<string, string>): Promise<RunningServer> => {
    const server = await startServer(options(env));
    servers.push(server);
    return server;
  };
  const enqueue = async (kind: string): Promise<string> => {
    const id = newId();
    await watch.query(`INSERT INTO jobs (id, tenant_id, kind, payload) VALUES ($1, $2, $3, '{}')`, [
      id,
      tenantId,
      kind,
    ]);
    await watch.query(`SELECT pg_notify('toolcrib_jobs', '')`);
    return id;
  };
  const rows = async <Row>(sql: string, id: string): Promise<Row[]> =>
    (await watch.query(sql, [id])).rows as Row[];
  const jobOf = async (id: string) => (await rows<JobRow>('SELECT * FROM jobs WHERE id = $1', id))[0];
  const effectsOf = async (id: string) =>
    (await rows<{ name: string }>('SELECT name FROM test_effects WHERE job_id = $1', id)).map(
      ({ name }) => name,
    );
  const callsOf = async (key: string) => (await rows('SELECT FROM test_calls WHERE key = $1', key)).length;
  const outcomesOf = async (id: string) =>
    (
      await rows<{ outcome: string }>(
        'SELECT outcome FROM job_attempts WHERE job_id = $1 ORDER BY number',
        id,
      )
    ).map(({ outcome }) => outcome);
  const isDone = (id: string) => eventually(async () => (await jobOf(id)).state === 'done');
  const openGate = (id: string) => watch.query('INSERT INTO test_gates (job_id) VALUES ($1)', [id]);

  beforeAll(async () => {
    database = await createTestDatabase();
    watch = new Client({ connectionString: database.adminUrl });
    await watch.connect();
    await watch.query(MORTAL_TABLES);
    tenantId = newId();
    await watch.query(`INSERT INTO tenants (id, name) VALUES ($1, 'mortal')`, [tenantId]);
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.kill9()));
  });
  afterAll(async () => {
    await watch?.end();
    await database?.drop();
  });

  it('end exactly once in effect, though their process dies by kill -9 at every place of every step', async () => {
    const id = await enqueue('mortal.greet');
    for (const place of PLACES_TO_DIE) {
      const victim = await spawnServer(options({ DIE_AT: place }));
      expect([place, await victim.exit]).toEqual([place, 'SIGKILL']);
      expect((await jobOf(id)).state).not.toBe('done');
    }
    await start();
    await isDone(id);
    expect((await effectsOf(id)).toSorted()).toEqual([`Welcome to of ${id}`, 'asked', 'conversation']);
    // It was killed after the call and before its result was stored: so it was sent again, with the same key.
    expect(await callsOf(`${id}:ask`)).toBe(2);
    expect(await outcomesOf(id)).toEqual([...PLACES_TO_DIE.map(() => 'lost'), 'done']);
    // No failed attempt was counted, and each step that was stored set back what counts for giving up.
    expect(await jobOf(id)).toMatchObject({ attempts: 0, losses: 1, fence: PLACES_TO_DIE.length + 1 });
  });

  it('are taken over from a process that hangs, whose late result is refused', async () => {
    const victim = await start({ REPLICA_NAME: 'victim' });
    const id = await enqueue('mortal.wait');
    await eventually(async () => (await callsOf(id)) === 1);
    victim.process.kill('SIGSTOP');
    await start({ REPLICA_NAME: 'heir' });
    await eventually(async () => (await callsOf(id)) === 2);
    await openGate(id);
    await isDone(id);
    victim.process.kill('SIGCONT');
    const lives = `SELECT FROM pg_stat_activity WHERE application_name = 'toolcrib' AND state LIKE 'idle in transaction%'
      AND datname = current_database() AND $1 <> ''`;
    await eventually(async () => (await rows(lives, id)).length === 0); // the victim has given up
    expect(await effectsOf(id)).toEqual(['waited']);
    expect(await outcomesOf(id)).toEqual(['lost', 'done']);
    expect(await jobOf(id)).toMatchObject({ state: 'done', fence: 2, replica: 'heir', attempts: 0 });
  });

  it('finish when their process is told to stop, and nothing new is begun', async () => {
    const server = await start({ SHUTDOWN_GRACE_MS: '20000' });
    const id = await enqueue('mortal.wait');
    await eventually(async () => (await callsOf(id)) === 1);
    const exit = server.stop();
    const refused = () =>
      fetch(`${server.url}/health/live`).then(
        () => false,
        () => true,
      );
    await eventually(refused); // so it has begun to stop
    const late = await enqueue('mortal.greet');
    await openGate(id);
    expect(await exit).toBe(0);
    expect((await jobOf(id)).state).toBe('done');
    expect(await jobOf(late)).toMatchObject({ state: 'queued', fence: 0 });
    await start();
    await isDone(late);
  });

  it('are put back when they do not finish in time, which costs no attempt', async () => {
    const server = await start({ SHUTDOWN_GRACE_MS: '200', JOBS_LEASE_MS: '600000' });
    const id = await enqueue('mortal.wait');
    await eventually(async () => (await callsOf(id)) === 1);
    expect(await server.stop()).toBe(0);
    expect(await jobOf(id)).toMatchObject({ state: 'queued', attempts: 0, losses: 0 });
    expect(await effectsOf(id)).toEqual([]);
    await openGate(id);
    await start(); // at once: no lease of ten minutes is waited for
    await isDone(id);
    expect(await effectsOf(id)).toEqual(['waited']);
    expect(await outcomesOf(id)).toEqual(['released', 'done']);
  });
});
