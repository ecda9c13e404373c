import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { v7 as newId } from 'uuid';
import { inTenant } from '../../src/platform/request-scope.js';
import { openApiDocument } from '../../src/platform/rest/rest.js';
import { TestTools } from '../fixtures/test.tools.js';
import { CHANGES, READS, worldOf } from '../support/admin-changes.js';
import { DERIVED_TABLES } from '../support/derived-tables.js';
import { newGroup } from '../support/mcp.js';
import { startServer } from '../support/server.js';
import { createTestDatabase } from '../support/test-database.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';

type Entry = { action: string; result: string; target_id: string | null; request_id: string } & Record<
  string,
  unknown
>;

describe('the admin audit', () => {
  let t: TestApp;
  let operator: TestTenant;

  beforeAll(async () => {
    // No job runs, so that nothing changes but by the routes.
    t = await createTestApp({ tools: [TestTools], env: { JOBS_CONCURRENCY: '0' } });
    operator = await t.newTenant();
    await t.dataSource.query('UPDATE tenants SET is_operating = true WHERE id = $1', [operator.tenantId]);
  });
  afterAll(() => t?.close());

  const entries = (where: string, value: unknown) =>
    t.dataSource.query<Entry[]>(`SELECT * FROM admin_audit_logs WHERE ${where} = $1 ORDER BY id`, [value]);
  const call = async (route: string) => {
    const { path, body, prepare } = CHANGES[route];
    const world = await worldOf(t, operator);
    await prepare?.(t, world);
    const requestId = newId();
    return {
      requestId,
      send: () =>
        t.rest(route.split(' ')[0], path(world), {
          token: operator.adminToken,
          headers: { 'x-request-id': requestId },
          ...(body && { body: body(world) }),
        }),
    };
  };

  describe('every route that changes something', () => {
    it('is called below', async () => {
      const { paths } = await openApiDocument(t.app);
      const changing = Object.entries(paths).flatMap(([path, methods]) =>
        Object.keys(methods)
          .filter((method) => method !== 'get' && path.startsWith('/api/v1/admin/'))
          .map((method) => `${method.toUpperCase()} ${path.slice('/api/v1'.length)}`),
      );
      expect(changing.filter((route) => !CHANGES[route] && !READS.includes(route))).toEqual([]);
      expect(Object.keys(CHANGES).filter((route) => !changing.includes(route))).toEqual([]);
    });

    it.each(Object.keys(CHANGES))('%s is on record', async (route) => {
      const { requestId, send } = await call(route);
      const answer = await send();
      expect([route, answer.status, answer.body.message, answer.status < 300]).toContain(true);
      const found = (await entries('request_id', requestId)).filter(({ result }) => result === 'ok');
      expect(found.length).toBeGreaterThan(0);
      for (const entry of found) {
        expect(entry).toMatchObject({
          actor_kind: 'user',
          actor_id: operator.caller.userId,
          actor_name: operator.caller.email,
          ip: expect.stringContaining('127.0.0.1'),
        });
        expect(entry.action).toMatch(/^[a-z_]+\.[a-z_]+$/);
      }
    });

    it.each(Object.keys(CHANGES))('%s changes nothing when it cannot be recorded', async (route) => {
      const { send } = await call(route);
      await t.dataSource.query(
        `ALTER TABLE admin_audit_logs ADD CONSTRAINT unwritable CHECK (false) NOT VALID`,
      );
      const before = await everything();
      const answer = await send();
      await t.dataSource.query('ALTER TABLE admin_audit_logs DROP CONSTRAINT unwritable');
      expect(answer.status).toBe(500);
      expect(await everything()).toEqual(before);
    });

    /** A hash of every table, but for what changes by itself and what counts attempts, failed ones, too. */
    const everything = async () => {
      const tables = await t.dataSource.query<{ name: string }[]>(
        `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL ($1)`,
        [['replicas', 'sign_in_attempts', ...DERIVED_TABLES]],
      );
      const hashes: Record<string, string> = {};
      for (const { name } of tables) {
        const [{ hash }] = await t.dataSource.query<[{ hash: string }]>(
          `SELECT md5(coalesce(string_agg(row, '' ORDER BY row), '')) AS hash
           FROM (SELECT (to_jsonb(x) - ARRAY['last_used_at', 'last_seen_at'])::text AS row FROM "${name}" x) rows`,
        );
        hashes[name] = hash;
      }
      return hashes;
    };
  });

  describe('GET /admin/audit-logs', () => {
    let tenant: TestTenant;
    const read = (query: string, { adminToken: token } = tenant) =>
      t.rest('GET', `/admin/audit-logs${query}`, { token });
    /** Without the sign-ins of the test's own people. */
    const readActs = async (query: string, of = tenant) =>
      (await read(query, of)).items.filter(({ action }) => action !== 'session.begin');

    beforeEach(async () => {
      tenant = await t.newTenant();
    });

    it('has before and after of the changed fields only, and where it came from', async () => {
      const group = await newGroup(t, tenant, { tools: [] });
      const { adminToken: token } = tenant;
      const body = { description: 'new', enabled: true };
      const headers = { 'x-request-id': `request-${group.id}`, 'user-agent': 'the test' };
      await t.rest('PUT', `/admin/groups/${group.id}`, { token, body, headers });
      const { items } = await read('?action=group.update');
      expect(items).toMatchObject([
        {
          action: 'group.update',
          target_kind: 'group',
          target_id: group.id,
          before: { description: '' },
          after: { description: 'new' },
          result: 'ok',
          request_id: `request-${group.id}`,
          user_agent: 'the test',
        },
      ]);
      expect(Object.keys(items[0]['after'] as object)).toEqual(['description']);
      expect((await t.rest('GET', `/admin/audit-logs/${items[0].id}`, { token })).body.data).toEqual(
        items[0],
      );
    });

    it('has refused attempts: what somebody may not do, not what was wrong or too late', async () => {
      const auditor = await t.newUser(tenant.tenantId, ['auditor']);
      const { access_token: token } = await t.signIn(auditor.email);
      const body = { name: 'refused' };
      expect((await t.rest('POST', '/admin/groups', { token, body })).status).toBe(403);
      const { adminToken } = tenant;
      expect((await t.rest('POST', '/admin/groups', { token: adminToken, body: {} })).status).toBe(400);
      expect((await t.rest('DELETE', `/admin/groups/${newId()}`, { token: adminToken })).status).toBe(404);
      const items = await readActs('');
      expect(items).toMatchObject([
        {
          action: 'POST /api/v1/admin/groups',
          result: 'refused',
          actor_name: auditor.email,
          reason: expect.stringContaining('groups.write'),
        },
      ]);
    });

    it('is filtered by actor, action, target, result, time and text', async () => {
      const first = await newGroup(t, tenant, { tools: ['echo'] });
      const between = new Date().toISOString();
      const second = await newGroup(t, tenant, { tools: [] });
      const count = async (query: string) => (await readActs(query)).length;
      const { userId, email } = tenant.caller;
      expect(await count('')).toBe(3);
      expect(await count('?action=group.create')).toBe(2);
      expect(await count('?action=tool.*')).toBe(1);
      expect(await count(`?target_id=${first.id}`)).toBe(1);
      expect(await count('?target_kind=tool')).toBe(1);
      expect(await count(`?actor_id=${userId}&actor=${encodeURIComponent(email)}`)).toBe(3);
      expect(await count(`?actor_id=${newId()}`)).toBe(0);
      expect(await count('?result=refused')).toBe(0);
      expect(await count(`?from=${between}`)).toBe(1);
      expect(await count(`?to=${between}`)).toBe(2);
      expect(await count(`?q=${second.code}`)).toBe(1);
      expect(await count('?q=%25')).toBe(0);
      expect((await read('?result=maybe')).status).toBe(400);
    });

    it('pages newest first', async () => {
      for (let i = 0; i < 3; i += 1) await newGroup(t, tenant, { tools: [] });
      const seen: string[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const page = await read(`?limit=2${cursor && `&cursor=${cursor}`}`);
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.body.page.next_cursor;
      }
      expect(seen).toEqual(seen.toSorted().toReversed());
      expect(new Set(seen).size).toBe(4); // and the sign-in
    });

    it("is the tenant's own, for owners, admins and auditors", async () => {
      await newGroup(t, tenant, { tools: [] });
      const [{ id }] = (await read('')).items;
      const other = await t.newTenant();
      expect(await readActs('', other)).toEqual([]);
      expect((await read(`/${id}`, other)).status).toBe(404);
      const operatorUser = await t.newUser(tenant.tenantId, ['operator']);
      const { access_token: token } = await t.signIn(operatorUser.email);
      expect((await t.rest('GET', '/admin/audit-logs', { token })).status).toBe(403);
      expect((await t.rest('GET', '/admin/audit-logs/export', { token })).status).toBe(403);
    });

    const download = async (query: string) => {
      const response = await fetch(`${t.url}/api/v1/admin/audit-logs/export${query}`, {
        headers: { authorization: `Bearer ${tenant.adminToken}` },
      });
      return { response, text: await response.text() };
    };

    it('is exported whole, as JSON Lines and as CSV that no spreadsheet runs', async () => {
      await t.dataSource.query(
        `INSERT INTO admin_audit_logs (id, tenant_id, created_at, actor_kind, actor_name, action, result)
         SELECT gen_random_uuid(), $1, now() - interval '1 hour', 'user', '=cmd|''/c calc''!A1', 'made.up', 'ok'
         FROM generate_series(1, 1234)`,
        [tenant.tenantId],
      );
      const lines = await download('?action=made.up');
      const rows = lines.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { id: string });
      expect(new Set(rows.map(({ id }) => id)).size).toBe(1234);
      expect(lines.response.headers.get('content-disposition')).toMatch(/filename="audit-[\d-]+\.jsonl"/);
      const csv = await download('?action=made.up&format=csv');
      expect(csv.response.headers.get('content-type')).toContain('text/csv');
      expect(csv.text.split('\r\n')).toHaveLength(1234 + 2);
      const path = `${t.url}/api/v1/admin/audit-logs/export?action=made.up&format=csv&bom=`;
      for (const [bom, first] of [
        ['true', '\uFEFFi'],
        ['false', 'id'],
      ]) {
        const answer = await fetch(path + bom, { headers: { authorization: `Bearer ${tenant.adminToken}` } });
        const text = Buffer.from(await answer.arrayBuffer()).toString('utf8');
        expect(text.slice(0, 2)).toBe(first);
      }
      expect(csv.text).toContain(`,"'=cmd|'/c calc'!A1",`);
      expect(csv.text).not.toMatch(/(^|,)"?[=+@-]/m);
      expect((await read('?action=audit.export')).items).toHaveLength(4);
      expect((await download('?format=xlsx')).response.status).toBe(400);
    });
  });

  describe('the record', () => {
    it.each([
      `UPDATE admin_audit_logs SET action = 'nothing'`,
      'DELETE FROM admin_audit_logs',
      'TRUNCATE admin_audit_logs',
      'ALTER TABLE admin_audit_logs DISABLE ROW LEVEL SECURITY',
      'DROP TABLE admin_audit_logs',
    ])('can only grow, for the role of the service: %s', async (statement) => {
      const app = t.app.get<DataSource>(getDataSourceToken());
      await inTenant(operator.tenantId, () =>
        expect(app.query(statement)).rejects.toThrow(/permission denied|must be owner/),
      );
    });

    it('has the first start, done by nobody who signed in', async () => {
      const database = await createTestDatabase();
      const server = await startServer({ env: { DATABASE_URL: database.url, SAMPLE_DATA: 'false' } });
      const email = 'admin@toolcrib.local';
      const password = /^Password +(\S+)/m.exec(server.stdout())?.[1] ?? '';
      const signIn = await fetch(`${server.url}/api/v1/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email, password }),
      });
      const { data } = (await signIn.json()) as { data: { access_token: string } };
      const answer = await fetch(`${server.url}/api/v1/admin/audit-logs`, {
        headers: { authorization: `Bearer ${data.access_token}` },
      });
      const { data: found } = (await answer.json()) as { data: Entry[] };
      await server.stop();
      await database.drop();
      expect(found.filter(({ action }) => action !== 'session.begin')).toMatchObject([
        {
          action: 'installation.first_start',
          actor_kind: 'system',
          actor_name: 'first start',
          actor_id: null,
        },
      ]);
      expect(JSON.stringify(found)).not.toContain(password);
    });
  });
});
