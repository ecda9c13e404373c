import { checkDatabase } from '../src/database-check.js';
import { startTcpProxy, type TcpProxy } from './support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';

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
    setTimeout(() => line.restore(), 3 * CONNECT_LIMIT_MS);
    await expect(checkDatabase(line.url, CONNECT_LIMIT_MS)).resolves.toBeUndefined();
  });

  it('ends at once with what will not mend itself, and names no password', async () => {
    const url = Object.assign(new URL(line.url), { password: 'wrong-hidden' }).href;
    const failure = await checkDatabase(url).catch((error: Error) => error);
    expect(failure).toMatchObject({ name: 'StartError' });
    expect(String(failure)).not.toContain('wrong-hidden');
  });
});
