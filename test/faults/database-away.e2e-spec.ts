import { Client } from 'pg';
import { checkDatabase } from '../../src/boot/database/database-check.js';
import { createTestApp } from '../support/test-app.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/waiting.js';

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
