import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { join } from 'node:path';
import { ifLockIsFree } from '../../src/platform/database/advisory-locks.js';
import { inTenant } from '../../src/platform/request-scope.js';
import { generateSample } from '../../src/crm/sample/sample-data.js';
import { getDataSourceToken } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { v7 as newId } from 'uuid';
import { ownerDataSourceOptions } from '../../src/boot/database/database.js';
import { migrate, revertMigration } from '../../src/boot/database/migrate.js';
import { TestTools } from '../fixtures/test.tools.js';
import { legacy, newGroup, send, type TestGroup } from '../support/mcp.js';
import { DERIVED_TABLES } from '../support/derived-tables.js';
import { type RunningServer, startServer } from '../support/server.js';
import { createTestDatabase } from '../support/test-database.js';
import {
  createTestApp,
  type Fields,
  type RestRequest,
  TEST_PASSWORD,
  type TestApp,
  type TestTenant,
} from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

const BATCH = 25;

describe('/api/v1/admin/tenants', () => {
  let t: TestApp;
  let other: TestApp;
  let operator: TestTenant;

  beforeAll(async () => {
    const env = { TENANT_DELETE_BATCH_ROWS: String(BATCH) };
    t = await createTestApp({ env, tools: [TestTools] });
    other = await createTestApp({ env, tools: [TestTools], database: t.database });
    operator = await t.newTenant();
    await t.dataSource.query('UPDATE tenants SET is_operating = true WHERE id = $1', [operator.tenantId]);
  });
  afterAll(async () => {
    await other?.close();
    await t?.close();
  });

  const asOperator = (method: string, path: string, request: RestRequest = {}) =>
    t.rest(method, path, { token: operator.adminToken, ...request });
  const remove = (id: string, name: string, request: RestRequest = {}) =>
    asOperator('DELETE', `/admin/tenants/${id}?confirm=${encodeURIComponent(name)}`, request);
  const suspend = (id: string) => asOperator('POST', `/admin/tenants/${id}/suspend`);
  const call = (group: TestGroup, app = t) =>
    send({ ...group, url: `${app.url}/mcp/${group.code}/mcp` }, legacy('tools/list'));
  const auditOf = (tenantId: string) =>
    t.dataSource.query<
      { action: string; result: string; actor_kind: string; before: object; after: object }[]
    >(`SELECT * FROM admin_audit_logs WHERE tenant_id = $1 AND action <> 'session.begin' ORDER BY id`, [
      tenantId,
    ]);
  const jobDone = async (id: string): Promise<Fields> => {
    let job = {} as Fields;
    await eventually(async () => {
      job = (await asOperator('GET', `/admin/tenant-jobs/${id}`)).body.data;
      return ['done', 'failed'].includes(String(job['status']));
    });
    return job;
  };
  /** Rows of a tenant by table, in every table that has a tenant_id. */
  const rowsOf = async (tenantId: string): Promise<Record<string, number>> => {
    const tables = await t.dataSource.query<{ name: string }[]>(
      `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
       WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace`,
    );
    const counts: Record<string, number> = {};
    for (const { name } of tables.filter((table) => !DERIVED_TABLES.includes(table.name))) {
      const [{ count }] = await t.dataSource.query<[{ count: number }]>(
        `SELECT count(*)::int AS count FROM "${name}" WHERE tenant_id = $1`,
        [tenantId],
      );
      counts[name] = count;
    }
    return counts;
  };
  const fill = (tenantId: string, customers: number) =>
    inTenant(tenantId, () =>
      generateSample(t.app.get(DataSource), {
        tenantId,
        firstCustomer: 0,
        customers,
        messagesPerCustomer: 5,
      }),
    );

  describe('making and changing', () => {
    it('makes a tenant whose first owner can sign in with the password shown once', async () => {
      const body = { name: `Made ${newId()}`, owner_email: 'First.Owner@Made.example' };
      const made = await asOperator('POST', '/admin/tenants', { body });
      expect(made.status).toBe(201);
      expect(made.body.data).toMatchObject({ status: 'active', user_count: 1, group_count: 0, version: 2 });
      const { id, owner_email: email, owner_password: password } = made.body.data;
      const signedIn = await t.rest('POST', '/auth/login', { body: { email, password, tenant: body.name } });
      expect(signedIn.body.data['user']).toMatchObject({ tenant_id: id, roles: ['owner', 'admin'] });
      expect((await auditOf(operator.tenantId)).at(-1)).toMatchObject({
        action: 'tenant.create',
        after: { name: body.name },
      });
      expect(JSON.stringify(await auditOf(operator.tenantId))).not.toContain(password);
      expect(await auditOf(id)).toMatchObject([{ action: 'user.create' }]);
      const again = await asOperator('POST', '/admin/tenants', { body });
      expect([again.status, again.body.error.details]).toEqual([
        409,
        [{ field: 'name', message: 'is taken' }],
      ]);
    });

    it('renames one for whoever read it last', async () => {
      const { tenantId, tenantName } = await t.newTenant();
      const path = `/admin/tenants/${tenantId}`;
      const name = `Renamed ${tenantId}`;
      const stale = { body: { name }, headers: { 'if-match': '"7"' } };
      expect((await asOperator('PUT', path, stale)).status).toBe(412);
      const renamed = await asOperator('PUT', path, { body: { name }, headers: { 'if-match': '"1"' } });
      expect(renamed.body.data).toMatchObject({ name, version: 2 });
      expect((await auditOf(operator.tenantId)).at(-1)).toMatchObject({
        action: 'tenant.rename',
        before: { name: tenantName },
        after: { name },
      });
    });

    it('lists them page by page with counts and nothing of their content', async () => {
      const tenant = await t.newTenant();
      const group = await newGroup(t, tenant, { tools: [] });
      const found = await asOperator('GET', `/admin/tenants?limit=1&q=${tenant.tenantName}`);
      expect(found.items).toMatchObject([{ id: tenant.tenantId, group_count: 1, active_key_count: 1 }]);
      const text = JSON.stringify(found.body);
      for (const secret of [group.code, group.id, tenant.caller.email]) expect(text).not.toContain(secret);
      const first = await asOperator('GET', '/admin/tenants?limit=1');
      const next = await asOperator('GET', `/admin/tenants?limit=1&cursor=${first.body.page.next_cursor}`);
      expect(next.items[0].id > first.items[0].id).toBe(true);
    });
  });

  describe('an owner of another tenant', () => {
    it.each([
      ['GET', '/admin/tenants'],
      ['POST', '/admin/tenants'],
      ['GET', '/admin/tenants/{id}'],
      ['PUT', '/admin/tenants/{id}'],
      ['POST', '/admin/tenants/{id}/suspend'],
      ['POST', '/admin/tenants/{id}/resume'],
      ['DELETE', '/admin/tenants/{id}'],
      ['GET', '/admin/tenant-jobs'],
      ['GET', '/admin/tenant-jobs/{id}'],
    ])('may not %s %s, and the attempt is on record', async (method, route) => {
      const owner = await t.newTenant();
      const path = route.replace('{id}', operator.tenantId);
      const answer = await t.rest(method, path, { token: owner.adminToken });
      expect([answer.status, answer.body.error.code]).toEqual([403, 'forbidden']);
      expect(await auditOf(owner.tenantId)).toMatchObject([
        { action: `${method} /api/v1${path}`, result: 'refused', actor_kind: 'user' },
      ]);
    });

    it('may not either as another role of the operating tenant', async () => {
      const admin = await t.newUser(operator.tenantId, ['admin', 'operator', 'auditor']);
      const { access_token: token } = await t.signIn(admin.email);
      expect((await t.rest('GET', '/admin/tenants', { token })).status).toBe(403);
    });
  });

  describe('suspending', () => {
    it('stops keys, access tokens, refresh tokens and sign-ins on every replica, until the tenant is resumed', async () => {
      const tenant = await t.newTenant();
      const group = await newGroup(t, tenant, { tools: ['echo'] });
      const tokens = await t.signIn(tenant.caller.email);
      const suspended = await suspend(tenant.tenantId);
      // No polling: when the answer is there, it is in force.
      for (const app of [t, other]) expect((await call(group, app)).status).toBe(401);
      expect(suspended.body).toMatchObject({ effective_immediately: true, data: { status: 'suspended' } });
      for (const app of [t, other]) {
        expect((await app.rest('GET', '/auth/me', { token: tokens.access_token })).status).toBe(401);
        const refresh = { refresh_token: tokens.refresh_token };
        expect((await app.rest('POST', '/auth/refresh', { body: refresh })).status).toBe(401);
        const signIn = { email: tenant.caller.email, password: TEST_PASSWORD };
        expect((await app.rest('POST', '/auth/login', { body: signIn })).status).toBe(401);
      }
      const resumed = await asOperator('POST', `/admin/tenants/${tenant.tenantId}/resume`);
      expect(resumed.body.data).toMatchObject({ status: 'active' });
      for (const app of [t, other]) expect((await call(group, app)).status).toBe(200);
      expect((await t.rest('GET', '/auth/me', { token: tokens.access_token })).status).toBe(200);
    });

    it('aborts running calls when they are to be cut', async () => {
      const tenant = await t.newTenant();
      const group = await newGroup(t, tenant, { tools: ['wait'] });
      const name = `cut ${tenant.tenantId}`;
      const url = `${other.url}/mcp/${group.code}/mcp`;
      const running = send(
        { ...group, url },
        legacy('tools/call', { name: 'wait', arguments: { name, ms: 20_000 } }),
      );
      await eventually(() => other.app.get(TestTools).begun.includes(name));
      await asOperator('POST', `/admin/tenants/${tenant.tenantId}/suspend?in_flight=cut`);
      expect((await running).body.result).toMatchObject({ isError: true });
    });

    it('is not possible for the operating tenant', async () => {
      const answer = await suspend(operator.tenantId);
      expect([answer.status, answer.body.message]).toEqual([
        409,
        'This tenant runs the installation: it can be neither suspended nor deleted',
      ]);
    });
  });

  describe('deleting', () => {
    it('asks for the name, a suspended tenant, and not the operating one', async () => {
      const { tenantId, tenantName } = await t.newTenant();
      expect((await remove(tenantId, tenantName)).body).toMatchObject({
        message: 'Suspend the tenant first, then delete it',
      });
      await suspend(tenantId);
      for (const wrong of [tenantName.toLowerCase(), `${tenantName} `, '', operator.tenantName]) {
        const answer = await remove(tenantId, wrong);
        expect([answer.status, answer.body.error.details]).toEqual([
          400,
          [{ field: 'confirm', message: "must be the tenant's name" }],
        ]);
      }
      expect((await asOperator('DELETE', `/admin/tenants/${tenantId}`)).status).toBe(400);
      expect((await remove(tenantId, tenantName, { headers: { 'if-match': '"1"' } })).status).toBe(412);
      expect((await remove(operator.tenantId, operator.tenantName)).status).toBe(409);
      expect((await rowsOf(tenantId))['users']).toBe(1);
    });

    it('leaves no row of the tenant in any table, and every row of the others', async () => {
      const [tenant, neighbour] = [await t.newTenant(), await t.newTenant()];
      for (const { tenantId, adminToken } of [tenant, neighbour]) {
        await fill(tenantId, 12);
        await t.rest('PUT', '/admin/features/beta', { token: adminToken, body: { enabled: true } });
        await t.rest('GET', '/admin/tenants', { token: adminToken });
      }
      const groups = [
        await newGroup(t, tenant, { tools: ['echo'] }),
        await newGroup(t, neighbour, { tools: ['echo'] }),
      ];
      for (const group of groups) {
        await send(group, legacy('tools/call', { name: 'echo', arguments: { text: 'a' } }));
      }
      const [before, neighbours] = [await rowsOf(tenant.tenantId), await rowsOf(neighbour.tenantId)];
      const filled = Object.keys(before).filter((table) => before[table] > 0);
      for (const table of ['mcp_call_logs', 'admin_audit_logs', 'messages', 'refresh_tokens', 'features']) {
        expect(filled).toContain(table);
      }
      await suspend(tenant.tenantId);
      const begun = await remove(tenant.tenantId, tenant.tenantName);
      expect([begun.status, begun.body.data]).toMatchObject([
        202,
        { kind: 'delete', subject_id: tenant.tenantId },
      ]);
      const job = await jobDone(begun.body.data.id);
      expect(job).toMatchObject({ status: 'done', error: null });
      expect(job['total_rows']).toBeGreaterThan(100);
      expect(job['done_rows']).toBe(job['total_rows']);
      expect(Object.values(await rowsOf(tenant.tenantId)).every((count) => count === 0)).toBe(true);
      expect(await rowsOf(neighbour.tenantId)).toEqual(neighbours);
      expect((await call(groups[1])).status).toBe(200);
      expect((await asOperator('GET', `/admin/tenants/${tenant.tenantId}`)).status).toBe(404);
      const done = (await auditOf(operator.tenantId)).filter(({ action }) => action === 'tenant.deleted');
      expect(done).toMatchObject([{ actor_kind: 'job', after: { rows: job['done_rows'] } }]);
    });

    it('goes on where a step failed for a while, and says why', async () => {
      const { tenantId, tenantName } = await t.newTenant();
      await t.dataSource.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF old.tenant_id = '${tenantId}' THEN RAISE EXCEPTION 'no'; END IF; RETURN old; END $$`);
      await t.dataSource.query(
        'CREATE TRIGGER refuse BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION refuse()',
      );
      await suspend(tenantId);
      const { id } = (await remove(tenantId, tenantName)).body.data;
      const read = async () => (await asOperator('GET', `/admin/tenant-jobs/${id}`)).body.data;
      await eventually(async () => (await read())['error'] !== null);
      expect((await read())['error']).toBe(
        'The database refused a step (SQLSTATE P0001); the log of the service says why',
      );
      const resumed = await asOperator('POST', `/admin/tenants/${tenantId}/resume`);
      expect(resumed.status).toBe(409);
      expect((await remove(tenantId, tenantName)).body.message).toBe('This tenant is being deleted already');
      await t.dataSource.query('DROP TRIGGER refuse ON users');
      expect(await jobDone(id)).toMatchObject({ status: 'done', error: null });
    });

    it('is given up when its job is dead or cancelled, and goes on from there when it is asked for again', async () => {
      const { tenantId, tenantName } = await t.newTenant();
      await t.dataSource.query(
        'CREATE TRIGGER refuse BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION refuse()',
      );
      await t.dataSource.query(`CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF old.tenant_id = '${tenantId}' THEN RAISE EXCEPTION 'no'; END IF; RETURN old; END $$`);
      await suspend(tenantId);
      const plan = (seconds: readonly number[]) =>
        asOperator('PUT', '/admin/job-settings/tenants.delete', { body: { retry_seconds: seconds } });
      const begin = async () => (await remove(tenantId, tenantName)).body.data.id;
      expect((await plan([])).status).toBe(200);
      const dead = await begin();
      expect(await jobDone(dead)).toMatchObject({
        status: 'failed',
        error: 'The database refused a step (SQLSTATE P0001); the log of the service says why',
      });

      expect((await plan([3600])).status).toBe(200);
      const waiting = await begin();
      const read = async () => (await asOperator('GET', `/admin/tenant-jobs/${waiting}`)).body.data;
      await eventually(async () => (await read())['error'] !== null);
      const [{ job_id: jobId }] = await t.dataSource.query<{ job_id: string }[]>(
        'SELECT job_id FROM tenant_jobs WHERE id = $1',
        [waiting],
      );
      await eventually(async () => (await asOperator('POST', `/admin/jobs/${jobId}/cancel`)).status === 200);
      expect(await jobDone(waiting)).toMatchObject({ status: 'failed', error: 'Its job was cancelled' });

      await t.dataSource.query('DROP TRIGGER refuse ON users');
      expect(await jobDone(await begin())).toMatchObject({ status: 'done', error: null });
      expect((await asOperator('DELETE', '/admin/job-settings/tenants.delete')).status).toBe(200);
      expect((await rowsOf(tenantId))['users']).toBe(0);
    });

    it('goes on with what was under way before deletions were jobs', async () => {
      const database = await createTestDatabase();
      const owner = await new DataSource({
        ...ownerDataSourceOptions(t.config),
        url: database.url,
      } as DataSourceOptions).initialize();
      const admin = await new DataSource({
        ...ownerDataSourceOptions(t.config),
        url: database.adminUrl,
      } as DataSourceOptions).initialize();
      try {
        const ours = 'TenantDeletions1790002200000';
        for (let taken; taken !== ours;) taken = await revertMigration(owner);
        const [operating, going] = [newId(), newId()];
        await admin.query(
          `INSERT INTO tenants (id, name, enabled, is_operating, removing_at)
           VALUES ($1, 'operating', true, true, NULL), ($2, 'going', false, false, now())`,
          [operating, going],
        );
        await admin.query(
          `INSERT INTO users (id, tenant_id, username, email, display_name) VALUES ($1, $2, 'u', 'u@example.test', 'U')`,
          [newId(), going],
        );
        await admin.query(
          `INSERT INTO tenant_jobs (id, tenant_id, kind, subject_id, subject_name, status, total_rows, position)
           VALUES ($1, $2, 'delete', $3, 'going', 'running', 5, NULL), ($4, $2, 'delete', $4, 'gone', 'done', 1, NULL)`,
          [newId(), operating, going, newId()],
        );
        await migrate(owner);
        // A process of its own: strategies of sign-in are global, and this one's belong to the other database.
        const again = await startServer({ env: { DATABASE_URL: database.url, SAMPLE_DATA: 'false' } });
        try {
          const open = () =>
            admin.query<object[]>(
              `SELECT FROM tenant_jobs WHERE status <> 'done' UNION ALL SELECT FROM users`,
            );
          await eventually(async () => (await open()).length === 0);
          expect(await admin.query('SELECT name FROM tenants')).toEqual([{ name: 'operating' }]);
        } finally {
          await again.stop();
        }
      } finally {
        await owner.destroy();
        await admin.destroy();
        await database.drop();
      }
    });
  });

  describe('what the roles of the database may do', () => {
    it('is to delete rows of a tenant that is being removed, and of no other', async () => {
      const { tenantId } = await t.newTenant();
      const system = t.app.get<DataSource>(getDataSourceToken('system'));
      const tables = Object.keys(await rowsOf(tenantId));
      const withoutRight = await system.query<{ name: string }[]>(
        `SELECT name FROM unnest($1::text[]) AS name WHERE NOT has_table_privilege(quote_ident(name), 'DELETE')`,
        [tables],
      );
      expect(withoutRight).toEqual([]);
      for (const table of tables)
        await system.query(`DELETE FROM "${table}" WHERE tenant_id = $1`, [tenantId]);
      await system.query('DELETE FROM tenants WHERE id = $1', [tenantId]);
      expect((await rowsOf(tenantId))['users']).toBe(1);
      expect((await asOperator('GET', `/admin/tenants/${tenantId}`)).status).toBe(200);
    });

    it('is not to write another audit than that of the operating tenant', async () => {
      const { tenantId } = await t.newTenant();
      const system = t.app.get<DataSource>(getDataSourceToken('system'));
      const insert = `INSERT INTO admin_audit_logs (id, tenant_id, actor_kind, action, result)
        VALUES ($1, $2, 'system', 'forged', 'ok')`;
      await expect(system.query(insert, [newId(), tenantId])).rejects.toThrow('row-level security');
    });
  });

  describe('GET /admin/tenant/export', () => {
    const download = (token: string) =>
      fetch(`${t.url}/api/v1/admin/tenant/export`, { headers: { authorization: `Bearer ${token}` } });

    const unpack = async (answer: Response): Promise<Map<string, string>> => {
      const directory = mkdtempSync(join(tmpdir(), 'tenant-export-'));
      const file = join(directory, 'export.tar.gz');
      writeFileSync(file, Buffer.from(await answer.arrayBuffer()));
      const names = execFileSync('tar', ['tzf', file], { encoding: 'utf8' }).trim().split('\n');
      const text = (name: string) =>
        execFileSync('tar', ['xzOf', file, name], { encoding: 'utf8', maxBuffer: 100_000_000 });
      const files = new Map(names.map((name) => [name, text(name)]));
      rmSync(directory, { recursive: true });
      return files;
    };

    it('gives the owner all rows of the tenant, none of another one, and no secret', async () => {
      const [tenant, neighbour] = [await t.newTenant(), await t.newTenant()];
      for (const { tenantId } of [tenant, neighbour]) await fill(tenantId, 12);
      const group = await newGroup(t, tenant, { tools: ['echo'] });
      await send(group, legacy('tools/call', { name: 'echo', arguments: { text: 'exported' } }));
      const rows = await rowsOf(tenant.tenantId);
      const answer = await download(tenant.adminToken);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/gzip']);
      const files = await unpack(answer);
      expect([...files.keys()].at(-1)).toBe('manifest.json');
      const manifest = JSON.parse(files.get('manifest.json') ?? '') as {
        tables: { table: string; rows: number; omitted_columns: string[] }[];
      };
      for (const { table, rows: count } of manifest.tables) {
        const lines = [...files]
          .filter(([name]) => name.startsWith(`${table}/`))
          .flatMap(([, text]) => text.trim().split('\n'));
        expect([table, lines.length]).toEqual([table, count]);
        for (const line of lines) {
          const row = JSON.parse(line) as { id?: string; tenant_id?: string };
          expect(table === 'tenants' ? row.id : row.tenant_id).toBe(tenant.tenantId);
        }
        if (!['tenants', 'admin_audit_logs', ...DERIVED_TABLES].includes(table))
          expect([table, count]).toEqual([table, rows[table]]);
      }
      expect(manifest.tables.map(({ table }) => table)).toEqual(expect.arrayContaining(Object.keys(rows)));
      const text = [...files.values()].join('\n');
      expect(text).toContain('exported');
      expect(text).not.toContain(neighbour.tenantId);
      await expectNoSecrets(text, tenant, group);
      expect((await auditOf(tenant.tenantId)).at(-1)).toMatchObject({ action: 'tenant.export' });
    });

    /** Every secret of the tenant that the database knows, in the forms it could appear in. */
    const expectNoSecrets = async (text: string, tenant: TestTenant, group: TestGroup) => {
      const secrets = [group.key, tenant.adminToken, TEST_PASSWORD, '$argon2'];
      for (const [table, column] of [
        ['mcp_group_keys', 'hash'],
        ['mcp_group_keys', 'ciphertext'],
        ['refresh_tokens', 'token_hash'],
      ]) {
        const found = await t.dataSource.query<{ value: Buffer }[]>(
          `SELECT "${column}" AS value FROM "${table}" WHERE tenant_id = $1`,
          [tenant.tenantId],
        );
        expect(found.length).toBeGreaterThan(0);
        for (const { value } of found) {
          secrets.push(
            value.toString('hex'),
            value.toString('base64'),
            JSON.stringify([...value]).slice(1, -1),
          );
        }
      }
      for (const secret of secrets) expect(text.includes(secret)).toBe(false);
    };

    it('is for owners only, of their own tenant: an operator does not read another one', async () => {
      const { tenantId } = await t.newTenant();
      for (const role of ['admin', 'operator', 'auditor', 'consultant', 'customer']) {
        const user = await t.newUser(tenantId, [role]);
        const { access_token: token } = await t.signIn(user.email);
        expect([role, (await download(token)).status]).toEqual([role, 403]);
      }
      const files = await unpack(await download(operator.adminToken));
      expect([...files.values()].join('\n')).not.toContain(`"tenant_id":"${tenantId}"`);
    });

    it('takes no more memory for more data: 80 MB through a heap of 96 MB that holds the service, too', async () => {
      const tenant = await t.newTenant();
      const rows = 20_000;
      await t.dataSource.query(
        `INSERT INTO mcp_call_logs (id, created_at, tenant_id, group_id, tool_name, era, transport, request_data,
           success, duration_ms)
         SELECT gen_random_uuid(), now(), $1, $1, 'echo', 'rest', 'rest',
           jsonb_build_object('text', repeat(md5(n::text), 125)), true, 1 FROM generate_series(1, $2::int) n`,
        [tenant.tenantId, rows],
      );
      const server = await startServer({
        env: { DATABASE_URL: t.database.url, NODE_OPTIONS: '--max-old-space-size=96' },
      });
      const answer = await fetch(`${server.url}/api/v1/admin/tenant/export`, {
        headers: { authorization: `Bearer ${tenant.adminToken}` },
      });
      let bytes = 0;
      let end = '';
      for await (const piece of Readable.fromWeb(answer.body as never).pipe(createGunzip())) {
        bytes += (piece as Buffer).length;
        end = (end + (piece as Buffer).toString('latin1')).slice(-65_536);
      }
      await server.kill9();
      expect(bytes).toBeGreaterThan(80_000_000);
      expect(end.replaceAll(/\s/g, '')).toContain(`"table":"mcp_call_logs","rows":${rows},`);
    });

    it('runs once at a time, and a client that hangs up makes room for the next', async () => {
      const tenant = await t.newTenant();
      const running = { name: 'tenantExport', of: tenant.tenantId } as const;
      await ifLockIsFree(t.dataSource, running, async () => {
        expect((await download(tenant.adminToken)).status).toBe(409);
      });
      const controller = new AbortController();
      const url = `${t.url}/api/v1/admin/tenant/export`;
      const headers = { authorization: `Bearer ${tenant.adminToken}` };
      const hungUp = fetch(url, { headers, signal: controller.signal });
      await hungUp;
      controller.abort();
      await eventually(async () => (await download(tenant.adminToken)).status === 200);
    });
  });
});

describe('deleting a tenant while replicas are killed', () => {
  let servers: RunningServer[] = [];
  let t: TestApp;

  afterAll(async () => {
    for (const server of servers) await server.kill9();
    await t?.close();
  });

  it('is finished by another replica, from where the killed one was', async () => {
    t = await createTestApp({ env: { TENANT_DELETE_BATCH_ROWS: '5', JOBS_LEASE_MS: '3000' } });
    const operator = await t.newTenant();
    await t.dataSource.query('UPDATE tenants SET is_operating = true WHERE id = $1', [operator.tenantId]);
    const tenant = await t.newTenant();
    const { tenantId } = tenant;
    await inTenant(tenantId, () =>
      generateSample(t.app.get(DataSource), {
        tenantId,
        firstCustomer: 0,
        customers: 40,
        messagesPerCustomer: 60,
      }),
    );
    const { url: DATABASE_URL } = t.database;
    const start = () =>
      startServer({
        env: { DATABASE_URL, SAMPLE_DATA: 'false', TENANT_DELETE_BATCH_ROWS: '5', JOBS_LEASE_MS: '3000' },
      });
    const { adminToken: token } = operator;
    await t.rest('POST', `/admin/tenants/${tenantId}/suspend`, { token });
    const database = t.dataSource;
    // The replica in this process would work on it, too: the first killed process asks for it and this one stops.
    const first = await start();
    servers = [first];
    await t.app.close();
    const confirm = encodeURIComponent(tenant.tenantName);
    const begun = await fetch(`${first.url}/api/v1/admin/tenants/${tenantId}?confirm=${confirm}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${token}` },
    });
    expect(begun.status).toBe(202);
    const read = async () => {
      const [job] = await database.query<{ status: string; done_rows: string; total_rows: string }[]>(
        'SELECT status, done_rows, total_rows FROM tenant_jobs',
      );
      return { status: job.status, done: Number(job.done_rows), total: Number(job.total_rows) };
    };
    await eventually(async () => (await read()).done > 100);
    await first.kill9();
    const killed = await read();
    expect(killed.status).toBe('running');
    expect(killed.done).toBeLessThan(killed.total);
    servers = [await start()];
    await eventually(async () => (await read()).status === 'done');
    const finished = await read();
    // Nothing was counted twice: each step and its progress are one transaction.
    expect(finished.done).toBe(finished.total);
    const [{ left }] = await database.query<[{ left: number }]>(
      `SELECT (SELECT count(*) FROM users WHERE tenant_id = $1)::int + (SELECT count(*) FROM tenants WHERE id = $1)::int AS left`,
      [tenantId],
    );
    expect(left).toBe(0);
  });
});
