import { Injectable } from '@nestjs/common';
import { getDataSourceToken, InjectDataSource } from '@nestjs/typeorm';
import { Client, type Pool, type PoolClient } from 'pg';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { checkDatabase } from '../../src/boot/database/database-check.js';
import { CallLogWriter } from '../../src/call-logs/writing/call-log.writer.js';
import { CatalogStore } from '../../src/groups/catalog-store.js';
import { SYSTEM_DATABASE } from '../../src/platform/database/system-database.js';
import { storeEvent } from '../../src/platform/replicas/domain-events.js';
import { inTenant } from '../../src/platform/request-scope.js';
import { McpTool } from '../../src/tools/mcp-tool.decorator.js';
import { Jobs } from '../../src/jobs/jobs.js';
import { EventJobs } from '../fixtures/event-jobs.js';
import { onJob, runsOf, TestJobs } from '../fixtures/test-jobs.js';
import { legacy, newGroup, send, type TestGroup } from '../support/mcp.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually, eventuallyFound } from '../support/waiting.js';

const CONNECT_LIMIT_MS = 100;

describe('the look at the database before the start', () => {
  let database: TestDatabase;
  let line: TcpProxy;

  beforeAll(async () => {
    database = await createTestDatabase();
    line = await startTcpProxy(database.url);
  });
  afterAll(async () => {
    await line.close();
    await database.drop();
  });

  it('waits for a server that takes connections and does not answer yet', async () => {
    line.freeze();
    const looking = checkDatabase(line.url, CONNECT_LIMIT_MS);
    await eventually(() => line.attempts > 2);
    line.restore();
    await expect(looking).resolves.toBeUndefined();
  });

  it('ends at once with what will not mend itself, and names no password', async () => {
    const url = Object.assign(new URL(line.url), { password: 'wrong-hidden' }).href;
    const failure = await checkDatabase(url).catch((error: Error) => error);
    expect(failure).toMatchObject({ name: 'StartError' });
    expect(String(failure)).not.toContain('wrong-hidden');
  });
});

describe('a request whose line to the database breaks', () => {
  it('says that the database is away, and nothing of how it is built', async () => {
    const database = await createTestDatabase();
    const line = await startTcpProxy(database.url);
    const t = await createTestApp({ database: { ...database, url: line.url } });
    const blocker = new Client({ connectionString: database.adminUrl });
    await blocker.connect();
    const tenant = await t.newTenant();
    await blocker.query('BEGIN; LOCK TABLE features IN ACCESS EXCLUSIVE MODE');
    const answer = t.rest('GET', '/admin/features', { token: tenant.adminToken });
    await eventually(async () => {
      const { rows } = await blocker.query(
        `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
      );
      return rows.length > 0;
    });
    line.cut();
    expect(await answer).toMatchObject({
      status: 503,
      body: { success: false, error: { code: 'unavailable' } },
    });
    line.restore();
    await blocker.end();
    await t.close();
    await line.close();
  });
});

/** What is told while the database hangs: by the database, by the call log before and after the run, of the tool's own time. */
const HELD_UP = /try again|check before you repeat it|did not finish within 1 s/i;
const IN_DATABASE = { category: 'test', version: '1.0.0', input: z.object({}) };

@Injectable()
class DatabaseTools {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  @McpTool({
    ...IN_DATABASE,
    name: 'read_row',
    description: 'Reads a row.',
    annotations: { readOnlyHint: true },
  })
  async read() {
    const [row] = await this.dataSource.query<{ n: number }[]>('SELECT 1 AS n');
    return row;
  }

  @McpTool({
    ...IN_DATABASE,
    name: 'long_read',
    description: 'Reads for long.',
    timeoutSeconds: 600,
    annotations: { readOnlyHint: true },
  })
  async readForLong() {
    const [row] = await this.dataSource.query<{ n: number }[]>('SELECT 1 AS n FROM pg_sleep(6)');
    return row;
  }

  @McpTool({
    ...IN_DATABASE,
    name: 'hasty_read',
    description: 'Reads, and has little time for it.',
    timeoutSeconds: 1,
    annotations: { readOnlyHint: true },
  })
  readInHaste() {
    return this.read();
  }

  @McpTool({
    ...IN_DATABASE,
    name: 'endless_read',
    description: 'Reads for ever.',
    timeoutSeconds: 600,
    annotations: { readOnlyHint: true },
  })
  endless() {
    return this.dataSource.query('SELECT pg_sleep(100000)');
  }
}

describe('a database that is replaced', () => {
  const BREAKER_FAILURES = 3;
  let database: TestDatabase;
  let line: TcpProxy;
  let t: TestApp;
  let admin: Client;
  let tenant: TestTenant;
  let group: TestGroup;

  beforeAll(async () => {
    database = await createTestDatabase();
    line = await startTcpProxy(database.url);
    t = await createTestApp({
      tools: [DatabaseTools, EventJobs, TestJobs],
      database: { ...database, url: line.url },
      env: { TOOL_BREAKER_FAILURES: String(BREAKER_FAILURES), REPLICA_LEASE_MS: '600000' },
    });
    admin = new Client({ connectionString: database.adminUrl });
    await admin.connect();
    tenant = await t.newTenant();
    group = await newGroup(t, tenant, {
      tools: ['read_row', 'long_read', 'hasty_read', 'endless_read'],
    });
  });
  afterAll(async () => {
    await admin?.end();
    await t?.close();
    await line?.close();
    await database?.drop();
  });

  const call = (name: string) => send(group, legacy('tools/call', { name, arguments: {} }));
  const textOf = async (name: string) => (await call(name)).body.result?.content?.[0]?.text ?? '';
  const works = async () => (await textOf('read_row')) === '{"n":1}';
  const write = () =>
    t.rest('POST', '/admin/groups', { token: tenant.adminToken, body: { name: `Group ${Math.random()}` } });
  const canWrite = async () => (await write()).status === 201;
  const runsJobs = async () => {
    const { tenantId } = tenant;
    const userId = crypto.randomUUID();
    await inTenant(tenantId, () =>
      t.app
        .get(DataSource)
        .transaction((manager) =>
          storeEvent(manager, { tenantId, kind: 'user.password_forgotten', payload: { user_id: userId } }),
        ),
    );
    await eventually(async () => {
      const { rows } = await admin.query(
        `SELECT FROM jobs WHERE payload->>'user_id' = $1 AND kind = 'test.first' AND state = 'done'`,
        [userId],
      );
      return rows.length === 1;
    });
  };
  const backendOf = (condition: string) =>
    eventuallyFound(async () => {
      const { rows } = await admin.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND ${condition}`,
      );
      return rows[0]?.pid;
    });
  const pools = () => [
    (t.app.get(DataSource).driver as unknown as { master: Pool }).master,
    (t.app.get<DataSource>(getDataSourceToken(SYSTEM_DATABASE)).driver as unknown as { master: Pool }).master,
    t.app.get(CallLogWriter)['pool'] as Pool,
  ];

  it('is found by calls, writes and jobs when its host vanished without a word and a successor answers', async () => {
    expect(await works()).toBe(true);
    const hung = call('endless_read');
    await backendOf(`query = 'SELECT pg_sleep(100000)'`);
    line.freeze();
    const held = [call('read_row'), write()];
    // The successor knows none of the sessions.
    await admin.query(
      `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
         AND application_name LIKE 'toolcrib%'`,
    );
    line.replace();
    await Promise.all(held); // whatever they get, they get it
    await eventually(works);
    await eventually(canWrite);
    await runsJobs();
    expect((await hung).body.result).toMatchObject({
      isError: true,
      content: [{ text: 'The database cannot be reached at the moment; try again later' }],
    });
  });

  it('hangs: whoever waits is told to try again, no tool is blamed, and all is well when it answers again', async () => {
    const told = async (answer: ReturnType<typeof call> | ReturnType<typeof write>) => {
      const { status, headers, body } = await answer;
      if (status === 503) expect(headers.get('retry-after')).toBe('1');
      if ('message' in body) return body.message;
      return 'jsonrpc' in body ? (body.result?.content?.[0]?.text ?? body.error?.message) : undefined;
    };
    const many = (name: string) => Array.from({ length: 2 * BREAKER_FAILURES }, () => told(call(name)));
    expect(await textOf('hasty_read')).toBe('{"n":1}');
    line.freeze();
    const held = await Promise.all([told(write()), ...many('read_row'), ...many('hasty_read')]);
    line.restore();
    for (const text of held) expect(text).toMatch(HELD_UP);
    for (const name of ['read_row', 'hasty_read'])
      await eventually(async () => {
        const text = await textOf(name);
        expect(text).not.toMatch(/failed too often/);
        return text === '{"n":1}';
      });
    await eventually(canWrite);
    await runsJobs();
  });

  it('costs a job that meets it no attempt, unless it does so again and again', async () => {
    const { tenantId } = tenant;
    const enqueue = (id: string) =>
      inTenant(tenantId, () =>
        t.app.get(DataSource).transaction((manager) => t.app.get(Jobs).enqueue(manager, 'test.once', { id })),
      );
    const stateOf = async (id: string) => {
      const { rows } = await admin.query<{ state: string; attempts: number; outcomes: string[] }>(
        `SELECT state, attempts, (SELECT array_agg(outcome::text ORDER BY number) FROM job_attempts WHERE job_id = j.id) AS outcomes
         FROM jobs j WHERE payload->>'id' = $1 AND kind = 'test.once' AND state IN ('done', 'dead')`,
        [id],
      );
      return rows[0];
    };
    const [once, always] = [crypto.randomUUID(), crypto.randomUUID()];
    const breakLine = () => t.app.get(DataSource).query('SELECT pg_terminate_backend(pg_backend_pid())');
    onJob(once, async () => {
      if (runsOf(once) === 1) await breakLine();
    });
    onJob(always, breakLine);
    await enqueue(once);
    await enqueue(always);
    expect(await eventuallyFound(() => stateOf(once))).toEqual({
      state: 'done',
      attempts: 0,
      outcomes: ['released', 'done'],
    });
    expect(await eventuallyFound(() => stateOf(always))).toEqual({
      state: 'dead',
      attempts: 1,
      outcomes: [...Array.from({ length: 4 }, () => 'released'), 'failed'],
    });
  });

  it('has no room on its disk: what writes gets 503, and works at once when there is room', async () => {
    await admin.query(`CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$`);
    await admin.query(
      'CREATE TRIGGER full_disk BEFORE INSERT ON mcp_tool_groups FOR EACH ROW EXECUTE FUNCTION full_disk()',
    );
    const refused = await write();
    expect(refused).toMatchObject({
      status: 503,
      body: { message: 'The database has no room for more work at the moment; try again in a few seconds' },
    });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await works()).toBe(true);
    await admin.query('DROP TRIGGER full_disk ON mcp_tool_groups');
    expect(await canWrite()).toBe(true);
  });

  it('leaves a statement alone that takes long', async () => {
    expect(await textOf('long_read')).toBe('{"n":1}');
  });

  it('refuses one write after a fail-over that left the sessions with a server that only reads', async () => {
    const failOver = async () => {
      for (const pool of pools()) {
        const count = Math.max(2, pool.totalCount);
        const clients: PoolClient[] = await Promise.all(Array.from({ length: count }, () => pool.connect()));
        for (const client of clients)
          await client.query('SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY');
        for (const client of clients) client.release();
      }
      return write();
    };
    let refused = await failOver();
    while (refused.status === 201) refused = await failOver(); // a write of the service itself was the one that met it
    expect(refused).toMatchObject({
      status: 503,
      body: {
        message: 'The database takes no changes at the moment; try again in a few seconds',
        error: { code: 'unavailable' },
      },
    });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await canWrite()).toBe(true);
    await eventually(works); // the call log has sessions of its own
    await runsJobs();
  });

  it('has no connection to spare: says when to come again, and blames no tool', async () => {
    const { pathname } = new URL(database.url);
    await admin.query(`ALTER DATABASE ${pathname.slice(1)} CONNECTION LIMIT 0`);
    await admin.query(
      `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'toolcrib'`,
    );
    for (let n = 0; n < 2 * BREAKER_FAILURES; n++) {
      const { status, body } = await call('read_row');
      const told = body.result?.content?.[0]?.text ?? body.error?.message ?? '';
      expect([200, 503]).toContain(status);
      expect(told).toMatch(/try again/i);
      expect(told).not.toMatch(/failed too often|failed inside/);
    }
    const refused = await write();
    expect(refused).toMatchObject({ status: 503, body: { error: { code: 'unavailable' } } });
    expect(refused.headers.get('retry-after')).toBe('1');
    await admin.query(`ALTER DATABASE ${pathname.slice(1)} CONNECTION LIMIT -1`);
    await eventually(works);
    expect(await canWrite()).toBe(true);
  });

  it('holds up the catalog of one group, and not that of another', async () => {
    const store = t.app.get(CatalogStore);
    const other = await newGroup(t, tenant, { tools: ['read_row'] });
    await admin.query('BEGIN; LOCK TABLE mcp_group_keys IN ACCESS EXCLUSIVE MODE');
    const hanging = store.refresh(group.id);
    const backend = await backendOf(`wait_event_type = 'Lock' AND query LIKE '%mcp_group_keys%'`);
    process.kill(backend, 'SIGSTOP');
    try {
      await admin.query('COMMIT');
      await store.refresh(other.id);
    } finally {
      process.kill(backend, 'SIGCONT');
    }
    await hanging;
  });
});
