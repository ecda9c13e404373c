import { DataSource } from 'typeorm';
import { v7 as newId } from 'uuid';
import { migrations } from '../../migrations/index.js';
import { loadConfig } from '../../src/platform/config.js';
import { ownerDataSourceOptions } from '../../src/boot/database/database.js';
import { migrate, revertMigration } from '../../src/boot/database/migrate.js';
import { TEST_MASTER_KEY } from '../support/server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

describe('the schema', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeEach(async () => {
    database = await createTestDatabase();
    const config = loadConfig({ DATABASE_URL: database.url, TOOLCRIB_MASTER_KEY: TEST_MASTER_KEY });
    dataSource = await new DataSource(ownerDataSourceOptions(config)).initialize();
  });

  afterEach(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  it('is what the entities say: a change of one needs a migration', async () => {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('can be taken back step by step and built again', async () => {
    for (const migration of migrations.toReversed())
      expect(await revertMigration(dataSource)).toBe(migration.name);
    expect(await revertMigration(dataSource)).toBeUndefined();
    expect(await listTables(dataSource)).toEqual(['migrations']);
    expect(await migrate(dataSource)).toEqual(migrations.map((migration) => migration.name));
    expect(await migrate(dataSource)).toEqual([]);
  });

  it('is built once by processes that start together', async () => {
    for (const _ of migrations) await revertMigration(dataSource);
    const ran = await Promise.all([migrate(dataSource), migrate(dataSource), migrate(dataSource)]);
    expect(ran.flat()).toEqual(migrations.map((migration) => migration.name));
  });

  it('leaves what was stored before anything acted on events alone, so that nobody is greeted years late', async () => {
    while ((await revertMigration(dataSource)) !== 'Automation1790001700000');
    const admin = await new DataSource({ type: 'postgres', url: database.adminUrl }).initialize();
    try {
      const tenant = newId();
      await admin.query(`INSERT INTO tenants (id, name) VALUES ($1, 'before')`, [tenant]);
      await admin.query(
        `INSERT INTO domain_events (id, tenant_id, kind, payload) VALUES ($1, $2, 'user.registered', '{}')`,
        [newId(), tenant],
      );
      await migrate(dataSource);
      const events = 'SELECT picked_up_at IS NOT NULL AS "isOver" FROM domain_events WHERE tenant_id = $1';
      expect(await admin.query(events, [tenant])).toEqual([{ isOver: true }]);
      const forced = `SELECT relforcerowsecurity AS forced FROM pg_class WHERE relname = 'domain_events'`;
      expect(await admin.query(forced)).toEqual([{ forced: true }]);
    } finally {
      await admin.destroy();
    }
  });

  it('keeps call records of every time, also where no partition was made', async () => {
    const [{ strategy }] = await dataSource.query(
      `SELECT partstrat AS strategy FROM pg_partitioned_table WHERE partrelid = 'mcp_call_logs'::regclass`,
    );
    expect(strategy).toBe('r');
    expect(await listTables(dataSource)).toContain('mcp_call_logs_default');
  });
});

async function listTables(dataSource: DataSource): Promise<string[]> {
  const rows = await dataSource.query<{ name: string }[]>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}
