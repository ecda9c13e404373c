import { once } from 'node:events';
import { request } from 'node:http';
import { Client } from 'pg';
import { legacy } from '../support/mcp.js';
import { makeDataDir, removeDataDir, type RunningServer, spawnServer } from '../support/server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually, HANG_MS } from '../support/waiting.js';

const PASSWORD = 'a long enough password';
/** Connections, so many that the kernel gives each process some. */
const ROUNDS = 24;

type Answered = { readonly status: number; readonly sessionId: string | undefined; readonly text: string };

/** The built service with two processes behind one port. */
describe('WORKERS=2', () => {
  let database: TestDatabase;
  let admin: Client;
  let server: RunningServer;
  let token: string;
  let key: string;

  const rest = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${server.url}/api/v1${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return (await response.json()) as { effective_immediately?: boolean; data: any }; // oxlint-disable-line typescript/no-explicit-any
  };
  /** On a connection of its own, so that either process may get it. */
  const post = (
    body: object | undefined,
    more: Readonly<Record<string, string>> = {},
    method = 'POST',
    apiKey = key,
  ) =>
    new Promise<Answered>((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...more,
      };
      const options = { method, headers, agent: false };
      const sent = request(`${server.url}/mcp/sample/mcp`, options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          const sessionId = response.headers['mcp-session-id'] as string | undefined;
          resolve({ status: response.statusCode ?? 0, sessionId, text });
        });
        response.on('error', reject);
      });
      sent.on('error', reject);
      sent.end(body && JSON.stringify(body));
    });
  const list = (apiKey?: string) => post(legacy('tools/list').body as object, {}, 'POST', apiKey);
  const many = <T>(work: () => Promise<T>) => Promise.all(Array.from({ length: ROUNDS }, work));
  const replicas = async () =>
    (
      await admin.query<{ id: string; name: string }>(
        `SELECT id, name FROM replicas WHERE last_seen_at > clock_timestamp() - interval '5 seconds' ORDER BY name`,
      )
    ).rows;
  /** The log tells which process is which. */
  const workers = () =>
    [...server.stdout().matchAll(/"message":"Worker (\d+) serves".*?"pid":(\d+)/g)].map(([, id, pid]) => ({
      id: Number(id),
      pid: Number(pid),
    }));

  beforeAll(async () => {
    database = await createTestDatabase();
    admin = new Client({ connectionString: database.adminUrl });
    await admin.connect();
    server = await spawnServer({
      env: {
        DATABASE_URL: database.url,
        WORKERS: '2',
        SAMPLE_DATA: 'true',
        ADMIN_PASSWORD: PASSWORD,
        DATABASE_POOL_MAX: '4',
        AUTH_RATE_LIMIT: '10000',
      },
    });
    await eventually(async () => server.stdout().includes('"message":"Serving on'));
    token = (await rest('POST', '/auth/login', { email: 'admin@toolcrib.local', password: PASSWORD })).data
      .access_token;
    const [group] = (await rest('GET', '/admin/groups')).data;
    key = (await rest('POST', `/admin/groups/${group.id}/keys`, { name: 'test' })).data.api_key;
  }, HANG_MS * 2);
  afterAll(async () => {
    await server?.kill9();
    await admin?.end();
    await database?.drop();
  });

  it('starts once: one welcome, one schema, two replicas with names of their own', async () => {
    const welcomes = server.stdout().split('Toolcrib is ready').length - 1;
    expect(welcomes).toBe(1);
    expect(
      workers()
        .map(({ id }) => id)
        .toSorted((a, b) => a - b),
    ).toEqual([1, 2]);
    const names = (await replicas()).map(({ name }) => name);
    expect(names).toHaveLength(2);
    expect(names.map((name) => name.split('#')[1])).toEqual(['1', '2']);
    const { rows } = await admin.query('SELECT count(*)::int AS tenants FROM tenants');
    expect(rows).toEqual([{ tenants: 1 }]);
  });

  it(
    'serves with both, and either finds the sessions and streams of the other',
    async () => {
      const [group] = (await rest('GET', '/admin/groups')).data;
      await rest('PUT', `/admin/groups/${group.id}`, { sessions: true });
      const initialize = {
        jsonrpc: '2.0',
        id: 1,
        method: 'initialize',
        params: {
          protocolVersion: '2025-06-18',
          capabilities: {},
          clientInfo: { name: 'test', version: '1' },
        },
      };
      const opened = await many(() => post(initialize));
      const ids = opened.map(({ sessionId }) => sessionId ?? '');
      expect(new Set(ids.map((id) => id.split('.')[0]))).toEqual(new Set(['1', '2']));
      for (const id of ids) {
        const session = { 'mcp-session-id': id, 'mcp-protocol-version': '2025-06-18' };
        const listed = await many(() => post(legacy('tools/list').body as object, session));
        expect(listed.map(({ status }) => status)).toEqual(listed.map(() => 200));
        expect(listed.every(({ text }) => text.includes('get_user_profile'))).toBe(true);
      }
      const [id] = ids;
      const ended = await post(undefined, { 'mcp-session-id': id }, 'DELETE');
      expect(ended.status).toBeLessThan(300);
      const gone = await many(() => post(legacy('tools/list').body as object, { 'mcp-session-id': id }));
      expect(new Set(gone.map(({ status }) => status))).toEqual(new Set([404]));

      // HTTP+SSE: messages come on other connections than the stream.
      const stream = request(`${server.url}/mcp/sample/sse`, {
        headers: { authorization: `Bearer ${key}` },
        agent: false,
      }).end();
      const [response] = (await once(stream, 'response')) as [import('node:http').IncomingMessage];
      let heard = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (heard += chunk));
      await eventually(async () => heard.includes('endpoint'));
      const endpoint = /data: (\S+)/.exec(heard)![1];
      const say = (body: object) =>
        fetch(new URL(endpoint, server.url), {
          method: 'POST',
          headers: {
            authorization: `Bearer ${key}`,
            'content-type': 'application/json',
            connection: 'close',
          },
          body: JSON.stringify(body),
        });
      expect((await say(initialize)).status).toBe(202);
      await say({ jsonrpc: '2.0', method: 'notifications/initialized' });
      for (let n = 0; n < ROUNDS; n += 1)
        expect((await say({ jsonrpc: '2.0', id: `ping-${n}`, method: 'ping' })).status).toBe(202);
      await eventually(async () => heard.includes(`ping-${ROUNDS - 1}`));
      stream.destroy();
    },
    HANG_MS * 2,
  );

  it(
    'goes on when one is killed: the other serves, a new one appears, and a revoked key is refused by both',
    async () => {
      const before = workers();
      const known = await replicas();
      const underWay = Array.from({ length: 100 }, () => list());
      process.kill(before[0].pid, 'SIGKILL');
      await Promise.allSettled(underWay); // none waits for ever, answered or not
      // A connection that the dead one had taken is lost; the next one is answered.
      await eventually(async () => (await list().catch(() => undefined))?.status === 200);
      await eventually(async () => workers().length === before.length + 1);
      const added = workers().at(-1)!;
      expect(added.id).toBe(3);
      const isNew = async () => (await replicas()).some(({ id }) => !known.some((one) => one.id === id));
      await eventually(isNew);
      const served = await many(() => list());
      expect(served.map(({ status }) => status)).toEqual(served.map(() => 200));
      // The lease of the dead one is over by then: nobody waits for it.
      await eventually(async () => (await replicas()).length === 2);

      const [group] = (await rest('GET', '/admin/groups')).data;
      const { id, api_key: doomed } = (
        await rest('POST', `/admin/groups/${group.id}/keys`, { name: 'doomed' })
      ).data;
      expect(new Set((await many(() => list(doomed))).map(({ status }) => status))).toEqual(new Set([200]));
      const revoked = await rest('DELETE', `/admin/keys/${id}`);
      expect(revoked).toMatchObject({ effective_immediately: true });
      expect(new Set((await many(() => list(doomed))).map(({ status }) => status))).toEqual(new Set([401]));
    },
    HANG_MS * 3,
  );

  it(
    'stops in order: all end with what they have under way, and nobody is left',
    async () => {
      const pids = workers().map(({ pid }) => pid);
      expect(await server.stop()).toBe(0);
      for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
      expect(await replicas()).toEqual([]);
    },
    HANG_MS,
  );
});

describe('WORKERS=2 on an embedded installation', () => {
  it(
    'has one process that owns the database, and leaves nobody behind when that one is killed',
    async () => {
      const dataDir = makeDataDir();
      try {
        const server = await spawnServer({ env: { DATA_DIR: dataDir, WORKERS: '2', SAMPLE_DATA: 'false' } });
        const workers = () =>
          [...server.stdout().matchAll(/"message":"Worker \d+ serves".*?"pid":(\d+)/g)].map(([, pid]) =>
            Number(pid),
          );
        await eventually(() => workers().length === 2);
        const pids = workers();
        await server.kill9();
        const isGone = (pid: number) => {
          try {
            return !process.kill(pid, 0);
          } catch {
            return true;
          }
        };
        await eventually(async () => pids.every(isGone));
        const again = await spawnServer({ env: { DATA_DIR: dataDir, WORKERS: '2', SAMPLE_DATA: 'false' } });
        await eventually(async () => again.stdout().includes('"message":"Serving on'));
        expect(await again.stop()).toBe(0);
      } finally {
        removeDataDir(dataDir);
      }
    },
    HANG_MS * 3,
  );
});
