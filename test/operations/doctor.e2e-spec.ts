import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { ownRowsRule } from '../../migrations/person-owned.js';
import { type Check, toText } from '../../src/operations/doctor/check.js';
import { examine } from '../../src/operations/doctor/doctor.js';
import { checkAddresses } from '../../src/operations/doctor/service-checks.js';
import { type Config, loadConfig } from '../../src/platform/config.js';
import { ownerDataSourceOptions } from '../../src/boot/database/database.js';
import { revertMigration, withOwner } from '../../src/boot/database/migrate.js';
import { ADVISORY_LOCKS } from '../../src/platform/database/advisory-locks.js';
import { analyzeUnknownTables } from '../../src/platform/database/statistics.js';
import { TEST_MASTER_KEY } from '../support/server.js';
import { createTestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const problems = (checks: readonly Check[]) => checks.filter(({ status }) => status === 'problem');
const told = (checks: readonly Check[]) => problems(checks).map(({ name, message }) => `${name}: ${message}`);

describe('toolcrib doctor', () => {
  let database: TestDatabase;
  let admin: DataSource;
  const configOf = (env: Record<string, string> = {}): Config =>
    loadConfig({ DATABASE_URL: database.url, TOOLCRIB_MASTER_KEY: TEST_MASTER_KEY, ...env });
  /** Breaks the installation, looks, and mends it again. */
  const after = async (breaking: string, mending: string) => {
    await admin.query(breaking);
    try {
      return told(await examine(configOf()));
    } finally {
      await admin.query(mending);
    }
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    admin = await new DataSource({
      ...ownerDataSourceOptions(configOf()),
      url: database.adminUrl,
    } as DataSourceOptions).initialize();
  });
  afterAll(async () => {
    await admin.destroy();
    await database.drop();
  });

  it('finds a fresh installation well, and says what it looked at', async () => {
    const checks = await examine(configOf());
    expect(problems(checks)).toEqual([]);
    expect(new Set(checks.map(({ name }) => name))).toEqual(
      new Set([
        'role owner',
        'role app',
        'role system',
        'role log',
        'session settings',
        'database',
        'pg_trgm',
        'fsync', // of the test run's server
        'clock',
        'pooler',
        'primary',
        'connections',
        'migration lock',
        'old snapshots',
        'news of changes',
        'autovacuum',
        'rights of toolcrib_app',
        'rights of toolcrib_system',
        'rights of toolcrib_log',
        'schema',
        'statistics',
        'partitions',
        'clock of the database',
        'row-level security',
        'grants',
        'trials',
        'master key',
        'people in groups',
        'addresses of people',
        'tenants',
        'PUBLIC_URL',
        'TLS to the database',
        'ALLOWED_HOSTS',
      ]),
    );
    expect(toText(checks)).toMatch(/^ok +role owner: connects as .*\n[^]*\d+ ok, 1 warnings, 0 problems\n$/);
  });

  it.each([
    [
      'a table that shows customers the rows of others',
      'ALTER POLICY own_rows ON tasks USING (true)',
      `ALTER POLICY own_rows ON tasks USING (${ownRowsRule('user_id')})`,
      "table tasks: has no policy that keeps a customer's calls to their own rows",
    ],
    [
      'a table whose row-level security is not forced',
      'ALTER TABLE tasks NO FORCE ROW LEVEL SECURITY',
      'ALTER TABLE tasks FORCE ROW LEVEL SECURITY',
      'table tasks: row-level security is not forced',
    ],
    [
      'a partition without it',
      'ALTER TABLE mcp_call_logs_default DISABLE ROW LEVEL SECURITY',
      'ALTER TABLE mcp_call_logs_default ENABLE ROW LEVEL SECURITY',
      'table mcp_call_logs_default: row-level security is off',
    ],
    [
      'a new table that went around the migrations’ helper',
      'CREATE TABLE forgotten (tenant_id uuid)',
      'DROP TABLE forgotten',
      'table forgotten: row-level security is off',
    ],
    [
      'a policy that compares with something else',
      'ALTER POLICY tenant_isolation ON tasks USING (true)',
      'ALTER POLICY tenant_isolation ON tasks USING (tenant_id = (SELECT current_tenant_id()))',
      'table tasks: has no policy that keeps toolcrib_app to its tenant',
    ],
    [
      'one policy too many',
      'CREATE POLICY all_of_it ON tasks USING (true)',
      'DROP POLICY all_of_it ON tasks',
      'table tasks: the policy all_of_it is for the service, too',
    ],
    [
      'a right too many',
      'GRANT UPDATE ON admin_audit_logs TO toolcrib_app',
      'REVOKE UPDATE ON admin_audit_logs FROM toolcrib_app',
      'rights of toolcrib_app: has more on admin_audit_logs than the migrations give: UPDATE',
    ],
    [
      'a right of everybody',
      'GRANT SELECT ON users TO PUBLIC',
      'REVOKE SELECT ON users FROM PUBLIC',
      'rights of PUBLIC: has more on users than the migrations give: SELECT',
    ],
    [
      'a right too few',
      'REVOKE UPDATE (last_used_at) ON mcp_group_keys FROM toolcrib_system',
      'GRANT UPDATE (last_used_at) ON mcp_group_keys TO toolcrib_system',
      'rights of toolcrib_system: lacks on mcp_group_keys: UPDATE (last_used_at)',
    ],
    [
      'a role that may create',
      'GRANT CREATE ON SCHEMA public TO toolcrib_log',
      'REVOKE CREATE ON SCHEMA public FROM toolcrib_log',
      'rights of toolcrib_log: may create objects in the database',
    ],
    [
      'a role that owns something',
      'GRANT CREATE ON SCHEMA public TO toolcrib_app; ALTER TABLE projects OWNER TO toolcrib_app; REVOKE CREATE ON SCHEMA public FROM toolcrib_app',
      'ALTER TABLE projects OWNER TO toolcrib; GRANT SELECT, INSERT, UPDATE, DELETE ON projects TO toolcrib_app',
      'rights of toolcrib_app: owns projects',
    ],
    [
      'a foreign key without the tenant',
      'ALTER TABLE tasks ADD CONSTRAINT loose FOREIGN KEY (user_id) REFERENCES users (id)',
      'ALTER TABLE tasks DROP CONSTRAINT loose',
      'table tasks: foreign key loose to users does not carry the tenant: a row may refer to another tenant’s',
    ],
  ])('finds %s', async (_what, breaking, mending, expected) => {
    expect(await after(breaking, mending)).toContain(expected.replace('’', "'"));
  });

  it('finds a service role that no policy binds, and what it then can do', async () => {
    const role = `doctor_${randomBytes(6).toString('hex')}`;
    const { password } = new URL(database.url);
    await admin.query(`CREATE ROLE ${role} LOGIN BYPASSRLS PASSWORD '${decodeURIComponent(password)}'`);
    try {
      await admin.query(`GRANT toolcrib_app TO ${role}`);
      await admin.query(`INSERT INTO tenants (id, name) VALUES (gen_random_uuid(), 'somebody')`);
      const app = Object.assign(new URL(database.url), { username: role }).href;
      const found = told(await examine(configOf({ DATABASE_APP_URL: app })));
      expect(found).toContain(`rights of ${role}: may bypass row-level security: no policy binds it`);
      expect(found).toContain(`trial as ${role}: tenants shows rows though no tenant is set`);
    } finally {
      await admin.query(`DELETE FROM tenants; DROP ROLE ${role}`);
    }
  });

  it('finds a role that cannot sign in, and never shows its password', async () => {
    const app = Object.assign(new URL(database.url), { username: 'nobody_here', password: 'hunter2hunter2' });
    const checks = await examine(configOf({ DATABASE_APP_URL: app.href }));
    expect(told(checks).join()).toMatch(/^role app: cannot connect: /);
    expect(JSON.stringify(checks)).not.toContain('hunter2');
  });

  it('warns of a clock here that differs from the database’s', async () => {
    const now = Date.now;
    const ahead = jest.spyOn(Date, 'now').mockImplementation(() => now() + 3_600_000);
    try {
      expect((await examine(configOf())).find(({ name }) => name === 'clock')).toMatchObject({
        status: 'warning',
        message: expect.stringMatching(/^differs from the database's by -\d{7} ms$/) as string,
      });
    } finally {
      ahead.mockRestore();
    }
  });

  it('finds a clock of the database that leapt ahead', async () => {
    const leap = `UPDATE clock_mark SET reached_at = database_clock() - interval '40 days'`;
    expect(await after(leap, 'UPDATE clock_mark SET reached_at = database_clock()')).toEqual([
      expect.stringMatching(/^clock of the database: .* nothing is removed for good$/),
    ]);
  });

  it('warns of who keeps the server from clearing away what is gone', async () => {
    const held = async () => (await examine(configOf())).find(({ name }) => name === 'old snapshots');
    await admin.query(`SELECT pg_create_physical_replication_slot('forgotten', true)`);
    try {
      expect(await held()).toMatchObject({
        status: 'warning',
        message: expect.stringContaining('replication slot forgotten, which nobody uses') as string,
      });
    } finally {
      await admin.query(`SELECT pg_drop_replication_slot('forgotten')`);
    }
    expect(await held()).toMatchObject({ status: 'ok' });
  });

  it('names who keeps a start waiting', async () => {
    const holder = admin.createQueryRunner();
    await holder.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCKS.migrate]);
    const found = (await examine(configOf())).find(({ name }) => name === 'migration lock');
    await holder.query('SELECT pg_advisory_unlock($1)', [ADVISORY_LOCKS.migrate]);
    await holder.release();
    expect(found).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(/^process \d+ of the database .* holds it: a start waits/) as string,
    });
  });

  it('has a line in docs/operations.md for all that it looks at', async () => {
    const page = readFileSync('docs/operations.md', 'utf8');
    const [, table = ''] = page.split('| line | what it sees beforehand |');
    const listed = new Set(
      [...(table.split('\n\n', 1)[0] ?? '').matchAll(/`([^`]+)`(?=[^|]*\|[^|]*\|$)/gm)].map(
        ([, name]) => name,
      ),
    );
    const names = (await examine(configOf({ PUBLIC_URL: 'https://tools.example' }))).map(({ name }) => name);
    expect([...names, 'fitness', 'disk', 'ALLOWED_ORIGINS'].filter((name) => !listed.has(name))).toEqual([]);
  });

  it('finds an old schema', async () => {
    const old = await createTestDatabase();
    const config = loadConfig({ DATABASE_URL: old.url, TOOLCRIB_MASTER_KEY: TEST_MASTER_KEY });
    const reverted = await withOwner(config, revertMigration);
    expect(told(await examine(config))).toEqual([`schema: lacks ${reverted}`]);
    await old.drop();
  });

  it('finds large tables that the planner knows nothing of, as after a restore, and toolcrib migrate makes it known', async () => {
    const restored = await createTestDatabase();
    const config = loadConfig({ DATABASE_URL: restored.url, TOOLCRIB_MASTER_KEY: TEST_MASTER_KEY });
    const owner = await new DataSource(ownerDataSourceOptions(config)).initialize();
    try {
      await owner.query('ALTER TABLE call_log_positions SET (autovacuum_enabled = false)'); // it would come first, now and then
      await owner.query(
        `INSERT INTO call_log_positions (follower) SELECT 'follower ' || n FROM generate_series(1, 20000) AS n`,
      );
      const warned = (await examine(config)).filter(
        ({ name, status }) => status === 'warning' && name !== 'fsync',
      );
      expect(warned).toMatchObject([
        { name: 'statistics', message: 'PostgreSQL has none of call_log_positions' },
      ]);
      expect(await analyzeUnknownTables(owner)).toContain('call_log_positions');
      expect(await analyzeUnknownTables(owner)).toEqual([]);
      expect(
        (await examine(config)).filter(({ name, status }) => status !== 'ok' && name !== 'fsync'),
      ).toEqual([]);
    } finally {
      await owner.destroy();
      await restored.drop();
    }
  });

  it('finds a master key that opens nothing', async () => {
    const t = await createTestApp();
    const { adminToken: token } = await t.newTenant();
    await t.rest('POST', '/admin/groups', { token, body: { name: 'Has a key' } });
    expect(told(await examine(t.config))).toEqual([]);
    const other = loadConfig({
      DATABASE_URL: t.database.url,
      TOOLCRIB_MASTER_KEY: randomBytes(32).toString('base64'),
    });
    expect(told(await examine(other))).toEqual(['master key: does not open 1 of the newest 1 stored keys']);
    await t.close();
  });

  it('finds accounts whose addresses are one to whoever types them', async () => {
    const t = await createTestApp();
    const [tenant, other] = [await t.newTenant(), await t.newTenant()];
    const written = [
      'jos\u00e9@b\u00fccher.example',
      'jose\u0301@xn--bcher-kva.example',
      'jose@b\u00fccher.example',
    ];
    const ids = [];
    const asAdmin = await new DataSource({ type: 'postgres', url: t.database.adminUrl }).initialize();
    for (const [index, email] of [...written, written[0]].entries()) {
      const { id } = await t.newUser((index < 3 ? tenant : other).tenantId, ['customer']);
      await asAdmin.query('UPDATE users SET email = $2 WHERE id = $1', [id, email]);
      ids.push(id);
    }
    await asAdmin.destroy();
    const check = (await examine(t.config)).find(({ name }) => name === 'addresses of people');
    expect(check).toMatchObject({ status: 'warning', message: expect.stringContaining(ids[0]) });
    expect(check?.message).toContain(ids[1]);
    for (const id of ids.slice(2)) expect(check?.message).not.toContain(id);
    await t.close();
  });

  it('compares the addresses that clients are told with those that are served', () => {
    const statuses = (env: Record<string, string>) =>
      checkAddresses(configOf(env)).map(({ name, status }) => `${name} ${status}`);
    expect(statuses({})).toEqual(['PUBLIC_URL ok', 'ALLOWED_HOSTS ok']);
    expect(statuses({ HOST: '0.0.0.0' })).toEqual(['PUBLIC_URL warning', 'ALLOWED_HOSTS warning']);
    expect(statuses({ PUBLIC_URL: 'http://tools.example.com' })).toEqual([
      'PUBLIC_URL warning',
      'ALLOWED_HOSTS ok',
    ]);
    expect(statuses({ PUBLIC_URL: 'https://tools.example.com', ALLOWED_HOSTS: 'other.example.com' })).toEqual(
      ['PUBLIC_URL ok', 'ALLOWED_HOSTS problem'],
    );
  });
});
