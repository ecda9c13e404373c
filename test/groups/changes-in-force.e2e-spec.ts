import { v7 as newId } from 'uuid';
import { type RunningServer, startServer } from '../support/server.js';
import { legacy } from '../support/mcp.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually, HANG_MS } from '../support/waiting.js';

/** Longer than a busy machine keeps a process waiting: else a replica loses its lease, or confirms too late. */
const LEASE_MS = 6000;
const CHANGE_WAIT_MS = 4000;
const ROUNDS = 6;
const ADMIN = { email: 'admin@example.org', password: 'a long enough password' };

type Json = { [name: string]: any }; // oxlint-disable-line typescript/no-explicit-any

/** Three replicas as they run in production: processes of the built service on one database. */
describe('a change on three replicas', () => {
  let database: TestDatabase;
  let proxy: TcpProxy;
  let replicas: RunningServer[] = [];
  let token: string;

  const rest = async (replica: RunningServer, method: string, path: string, body?: object): Promise<Json> => {
    const response = await fetch(`${replica.url}/api/v1${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, ...((await response.json()) as Json) };
  };
  const call = (replica: RunningServer, code: string, key: string, limitMs = HANG_MS) =>
    fetch(`${replica.url}/mcp/${code}/mcp`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(limitMs),
      body: JSON.stringify(legacy('tools/call', { name: 'get_project_info', arguments: { limit: 1 } }).body),
    });
  const newGroup = async (): Promise<{ id: string; code: string; key: string }> => {
    const name = `group ${Math.random()}`;
    const { data } = await rest(replicas[0], 'POST', '/admin/groups', { name });
    await rest(replicas[0], 'POST', `/admin/groups/${data.id}/tools`, { tool_name: 'get_project_info' });
    return { id: data.id, code: data.server_code, key: data.api_key };
  };
  const ready = async (replica: RunningServer) => {
    const response = await fetch(`${replica.url}/health/ready`);
    return { status: response.status, body: (await response.json()) as Json };
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    proxy = await startTcpProxy(database.url);
    const start = (name: string, url: string) =>
      startServer({
        env: {
          DATABASE_URL: url,
          REPLICA_NAME: name,
          REPLICA_LEASE_MS: String(LEASE_MS),
          CHANGE_WAIT_MS: String(CHANGE_WAIT_MS),
          CALL_LOG_WAIT_MS: '1000',
          ADMIN_EMAIL: ADMIN.email,
          ADMIN_PASSWORD: ADMIN.password,
          LOG_LEVEL: 'error',
        },
      });
    replicas = [await start('one', database.url)];
    replicas.push(...(await Promise.all([start('two', database.url), start('three', proxy.url)])));
    token = (await rest(replicas[0], 'POST', '/auth/login', ADMIN)).data.access_token;
  });

  afterAll(async () => {
    proxy?.restore();
    await Promise.all(replicas.map((replica) => replica.stop()));
    await proxy?.close();
    await database?.drop();
  });

  it('is in force on all of them before the API answers: no call with a revoked key begins after that', async () => {
    const { id, code, key: firstKey } = await newGroup();
    let key = firstKey;
    const latest: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const accepted: number[] = [];
      let answers = 0;
      const stop = new AbortController();
      const loops = replicas.flatMap((replica) =>
        [1, 2, 3].map(async () => {
          while (!stop.signal.aborted) {
            const startedAtMs = performance.now();
            const response = await call(replica, code, key);
            await response.text();
            answers++;
            if (response.ok) accepted.push(startedAtMs);
          }
        }),
      );
      await eventually(() => accepted.length > 20);
      const answer = await rest(replicas[round % 3], 'POST', `/admin/groups/${id}/regenerate-key`);
      const answeredAtMs = performance.now();
      const answersSoFar = answers;
      await eventually(() => answers > answersSoFar + 30); // one that is late would let some of these through
      stop.abort();
      await Promise.all(loops);
      expect(answer).toMatchObject({ status: 200, effective_immediately: true, message: 'Key replaced' });
      expect(answer.replicas.map(({ name }: Json) => name)).toEqual(['one', 'three', 'two']);
      expect(accepted.filter((startedAtMs) => startedAtMs > answeredAtMs)).toEqual([]);
      latest.push(Math.max(...answer.replicas.map(({ ms }: Json) => ms)));
      key = answer.data.api_key;
    }
    expect(Math.max(...latest)).toBeLessThan(CHANGE_WAIT_MS);
  });

  it('raises the epoch of the group', async () => {
    const { id } = await newGroup();
    const { epoch } = await rest(replicas[1], 'PUT', `/admin/groups/${id}`, { description: 'x' });
    expect(epoch).toBe(3); // made, given a tool, described
    expect((await rest(replicas[2], 'PUT', `/admin/groups/${id}`, { description: 'y' })).epoch).toBe(4);
  });

  it('names a replica that is cut from the database, which stops serving by itself and comes back up to date', async () => {
    const { id, code, key } = await newGroup();
    expect((await call(replicas[2], code, key)).status).toBe(200);
    proxy.freeze();
    const answer = await rest(replicas[0], 'POST', `/admin/groups/${id}/regenerate-key`);
    expect(answer).toMatchObject({ status: 200, effective_immediately: false });
    expect(answer.message).toMatch(/not confirmed.*: three\..*REPLICA_LEASE_MS/);
    expect(answer.replicas).toEqual([
      { id: expect.any(String), name: 'one', ms: expect.any(Number) },
      { id: expect.any(String), name: 'three', ms: null },
      { id: expect.any(String), name: 'two', ms: expect.any(Number) },
    ]);

    // A call that the lease still lets in hangs with the database.
    const isRefused = () =>
      call(replicas[2], code, key, 300).then(
        ({ status }) => status === 503,
        () => false,
      );
    await eventually(isRefused);
    const refused = await call(replicas[2], code, answer.data.api_key);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(((await refused.json()) as Json).error.message).toMatch(/lost touch with the database/);
    expect(await ready(replicas[2])).toMatchObject({
      status: 503,
      body: {
        ready: false,
        replica: 'three',
        checks: { changes: { ok: false, reason: expect.stringMatching(/lease/) } },
      },
    });
    expect((await fetch(`${replicas[2].url}/health/live`)).status).toBe(200);
    expect((await ready(replicas[0])).status).toBe(200);

    // Once its lease is over, nobody waits for it any more.
    const next = await rest(replicas[0], 'PUT', `/admin/groups/${id}`, { description: 'later' });
    expect(next).toMatchObject({ effective_immediately: true, replicas: [{ name: 'one' }, { name: 'two' }] });

    proxy.restore();
    await eventually(async () => (await ready(replicas[2])).status === 200);
    expect((await call(replicas[2], code, key)).status).toBe(401);
    expect((await call(replicas[2], code, answer.data.api_key)).status).toBe(200);
  });

  it('reaches a replica that was stopped before it serves again', async () => {
    const { id, code, key } = await newGroup();
    replicas[1].process.kill('SIGSTOP');
    try {
      // Once its lease is over, nobody waits for it any more.
      await eventually(async () => {
        const { replicas: told } = await rest(replicas[0], 'PUT', `/admin/groups/${id}`, {
          description: newId(),
        });
        return told.every(({ name }: Json) => name !== 'two');
      });
      const answer = await rest(replicas[0], 'POST', `/admin/groups/${id}/regenerate-key`);
      expect(answer).toMatchObject({
        effective_immediately: true,
        replicas: [{ name: 'one' }, { name: 'three' }],
      });
      const early = Promise.all(Array.from({ length: 10 }, () => call(replicas[1], code, key)));
      replicas[1].process.kill('SIGCONT');
      const statuses = (await early).map(({ status }) => status);
      expect(statuses.filter((status) => status !== 401 && status !== 503)).toEqual([]);
    } finally {
      replicas[1].process.kill('SIGCONT');
    }
    await eventually(async () => (await ready(replicas[1])).status === 200);
    expect((await call(replicas[1], code, key)).status).toBe(401);
  });
});
