import { getDataSourceToken } from '@nestjs/typeorm';
import { DataSource, QueryFailedError } from 'typeorm';
import { v7 as newId } from 'uuid';
import { inTenant, seeingOnly } from '../../src/platform/request-scope.js';
import { SYSTEM_DATABASE } from '../../src/platform/database/system-database.js';
import { generateSample } from '../../src/crm/sample/sample-data.js';
import {
  isAboutPeople,
  isOfNoTenant,
  listLooseForeignKeys,
  listGuardedTables,
  onlyReadable,
  ownRowsRule,
  type GuardedTable,
} from '../../src/operations/isolation/guarded-tables.js';
import { createTestApp, type TestApp } from '../support/test-app.js';
import { newGroup } from '../support/mcp.js';
import { eventually } from '../support/waiting.js';

/** insufficient_privilege: also what a policy's WITH CHECK says. */
const DENIED = '42501';
const BROKEN_FOREIGN_KEY = '23503';

const codeOf = (work: Promise<unknown>): Promise<string | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => ((error as QueryFailedError).driverError as { code?: string }).code,
  );

describe('row-level security', () => {
  let t: TestApp;
  let app: DataSource;
  let a: string;
  let b: string;
  let tables: readonly GuardedTable[];
  let readable: readonly GuardedTable[];

  /** As the service's role, in a transaction that is taken back. */
  const undone = async (
    tenantId: string | null,
    sql: string,
    parameters: unknown[] = [],
  ): Promise<number> => {
    const work = async () => {
      const runner = app.createQueryRunner();
      await runner.startTransaction();
      try {
        const result = await runner.query(sql, parameters, true);
        return result.affected ?? result.records?.length ?? 0;
      } finally {
        await runner.rollbackTransaction();
        await runner.release();
      }
    };
    return tenantId === null ? work() : inTenant(tenantId, work);
  };
  const countIn = async (tenantId: string | null, { name, column }: GuardedTable) => {
    const count = () => app.query<[{ n: number }]>(`SELECT count("${column}")::int AS n FROM "${name}"`);
    const [{ n }] = await (tenantId === null ? count() : inTenant(tenantId, count));
    return n;
  };
  const may = async (right: string, { name }: GuardedTable) => {
    const [{ has }] = await app.query<[{ has: boolean }]>('SELECT has_any_column_privilege($1, $2) AS has', [
      name,
      right,
    ]);
    return has;
  };

  beforeAll(async () => {
    t = await createTestApp();
    app = t.app.get(DataSource);
    const [tenantA, tenantB] = [await t.newTenant(), await t.newTenant()];
    [a, b] = [tenantA.tenantId, tenantB.tenantId];
    for (const tenant of [tenantA, tenantB]) {
      await generateSample(app, { tenantId: tenant.tenantId, customers: 3, messagesPerCustomer: 4 });
      await newGroup(t, tenant, { tools: ['get_task'] });
    }
    tables = await listGuardedTables(t.dataSource);
    readable = await onlyReadable(app, tables);
  });
  afterAll(() => t.close());

  describe('covers the catalogue of tables', () => {
    it('which this test reads, so that a new one counts without being listed here', () => {
      const names = tables.map(({ name }) => name);
      expect(names).toEqual(
        expect.arrayContaining(['tenants', 'users', 'mcp_call_logs', 'mcp_call_logs_default']),
      );
      expect(names.length).toBeGreaterThan(15);
    });

    it('enabled and forced on each, partitions included', () => {
      const open = tables.filter(({ rlsEnabled, rlsForced }) => !rlsEnabled || !rlsForced);
      expect(open.map(({ name }) => name)).toEqual([]);
    });

    it('with one policy for the service, which compares with the tenant of the unit of work', () => {
      for (const { name, column, policies } of tables.filter(({ isPartition }) => !isPartition)) {
        const forService = policies.filter(
          (policy) =>
            !isOfNoTenant(policy) &&
            !policy.isRestrictive &&
            policy.roles.some((role) => ['toolcrib_app', '-'].includes(role)),
        );
        const condition = `(${column} = (NULLIF(current_setting('toolcrib.tenant_id'::text, true), ''::text))::uuid)`;
        expect([name, forService]).toEqual([
          name,
          [
            {
              name: 'tenant_isolation',
              isRestrictive: false,
              roles: ['toolcrib_app'],
              using: condition,
              check: condition,
            },
          ],
        ]);
      }
    });

    it('with one more where rows are about people, which keeps work for one person to that one', () => {
      const about = tables.filter(isAboutPeople);
      expect(about.length).toBeGreaterThan(20);
      for (const { name, person, policies } of about) {
        const rule = ownRowsRule(person!);
        expect([
          name,
          policies.filter(({ isRestrictive, roles }) => isRestrictive && roles.includes('toolcrib_app')),
        ]).toEqual([
          name,
          [{ name: 'own_rows', isRestrictive: true, roles: ['toolcrib_app'], using: rule, check: rule }],
        ]);
      }
    });

    it('and foreign keys that carry the tenant, since their checks see all rows', async () => {
      expect(await listLooseForeignKeys(t.dataSource)).toEqual([]);
    });
  });

  describe('with no tenant set', () => {
    it('shows every table as empty', async () => {
      for (const table of readable) expect([table.name, await countIn(null, table)]).toEqual([table.name, 0]);
    });

    it('lets no row be written, changed or removed', async () => {
      for (const table of readable) {
        if (await may('UPDATE', table)) {
          const [{ column }] = await app.query<[{ column: string }]>(
            `SELECT attname AS "column" FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0
             AND has_column_privilege($1::regclass, attname, 'UPDATE') LIMIT 1`,
            [table.name],
          );
          expect(await undone(null, `UPDATE "${table.name}" SET "${column}" = "${column}"`)).toBe(0);
        }
      }
      const task = `INSERT INTO tasks (id, tenant_id, user_id, title) SELECT $1, $2, $1, 'x'`;
      expect(await codeOf(undone(null, task, [newId(), a]))).toBe(DENIED);
      expect(await undone(null, 'DELETE FROM tasks')).toBe(0);
    });

    it('the same in the search view', async () => {
      expect(await app.query('SELECT FROM user_search LIMIT 1')).toEqual([]);
    });
  });

  describe('with one person set', () => {
    const asPerson = <T>(work: (person: string) => Promise<T>) =>
      inTenant(a, async () => {
        const [{ id }] = await app.query<[{ id: string }]>('SELECT user_id AS id FROM messages LIMIT 1');
        return seeingOnly(id, () => inTenant(a, () => work(id))); // also in work that begins another
      });

    it('shows no row about anybody else, in any table and the search view', async () => {
      await asPerson(async (id) => {
        for (const { name, person } of readable.filter(isAboutPeople)) {
          const others = await app.query(`SELECT FROM "${name}" WHERE "${person}" <> $1`, [id]);
          expect([name, others.length]).toEqual([name, 0]);
        }
        expect(await app.query('SELECT FROM messages')).toHaveLength(4);
        expect(await app.query('SELECT FROM users')).toHaveLength(1);
        expect(await app.query('SELECT FROM user_search')).toEqual([]);
      });
    });

    it('takes no row about anybody else, and gives none away', async () => {
      const [other] = await t.dataSource.query(
        `SELECT max(id::text) AS id FROM users WHERE tenant_id = $1 AND 'owner' = ANY (roles)`,
        [a],
      );
      await asPerson(async (id) => {
        const task = `INSERT INTO tasks (id, tenant_id, user_id, title) VALUES ($1, $2, $3, 'x')`;
        expect(await codeOf(app.query(task, [newId(), a, other.id]))).toBe(DENIED);
        expect(await codeOf(app.query('UPDATE messages SET user_id = $1', [other.id]))).toBe(DENIED);
        expect(await codeOf(app.query(task, [newId(), a, id]))).toBeUndefined();
      });
    });

    it('leaves no connection to the next one as it was', async () => {
      await asPerson(() => app.query('SELECT 1'));
      const all = await Promise.all(
        [1, 2, 3, 4].map(() => inTenant(a, () => app.query('SELECT FROM users'))),
      );
      for (const rows of all) expect(rows.length).toBeGreaterThan(1);
    });
  });

  describe('with one tenant set', () => {
    it('shows that one’s rows and no other’s, in every table and the search view', async () => {
      for (const { name, column } of readable) {
        const rows = await inTenant(a, () =>
          app.query<{ owner: string }[]>(
            `SELECT DISTINCT "${column}" AS owner FROM "${name}" WHERE "${column}" IS NOT NULL`,
          ),
        );
        expect([name, rows.filter(({ owner }) => owner !== a)]).toEqual([name, []]);
      }
      const found = await inTenant(a, () => app.query(`SELECT DISTINCT tenant_id FROM user_search`));
      expect(found).toEqual([{ tenant_id: a }]);
      expect(await inTenant(a, () => app.query('SELECT FROM user_search WHERE tenant_id = $1', [b]))).toEqual(
        [],
      );
    });

    it('touches none of another’s by UPDATE or DELETE', async () => {
      for (const table of readable) {
        const where = `WHERE "${table.column}" = '${b}'`;
        const [{ granted }] = await app.query<[{ granted: boolean }]>(
          `SELECT has_table_privilege($1, 'DELETE') AS granted`,
          [table.name],
        );
        if (granted) expect(await undone(a, `DELETE FROM "${table.name}" ${where}`)).toBe(0);
      }
      expect(await undone(a, `UPDATE users SET display_name = 'x' WHERE tenant_id = $1`, [b])).toBe(0);
      expect(await undone(a, `UPDATE tenants SET name = 'x' WHERE id = $1`, [b])).toBe(0);
    });

    it('inserts no row for another, and moves none there', async () => {
      const insert = `INSERT INTO projects (id, tenant_id, code, name, category, price_min_cents, price_max_cents, duration_minutes)
        VALUES ($1, $2, 'x', 'x', 'x', 1, 1, 1)`;
      expect(await codeOf(undone(a, insert, [newId(), b]))).toBe(DENIED);
      expect(await undone(a, insert, [newId(), a])).toBe(1);
      expect(await codeOf(undone(a, 'UPDATE projects SET tenant_id = $1', [b]))).toBe(DENIED);
      const upsert = `${insert} ON CONFLICT (id) DO UPDATE SET name = 'taken over'`;
      const [{ id }] = await t.dataSource.query('SELECT id FROM projects WHERE tenant_id = $1 LIMIT 1', [b]);
      expect(await codeOf(undone(a, upsert, [id, a]))).toBe(DENIED);
    });

    it('tells no existing id from a guessed one: a row refers to rows of its own tenant only', async () => {
      const [theirs] = await t.dataSource.query(`SELECT id FROM users WHERE tenant_id = $1 LIMIT 1`, [b]);
      const [own] = await t.dataSource.query(`SELECT id FROM users WHERE tenant_id = $1 LIMIT 1`, [a]);
      const [talk] = await t.dataSource.query('SELECT id FROM conversations WHERE tenant_id = $1 LIMIT 1', [
        b,
      ]);
      const [group] = await t.dataSource.query('SELECT id FROM mcp_tool_groups WHERE tenant_id = $1', [b]);
      const task = `INSERT INTO tasks (id, tenant_id, user_id, assignee_id, title) VALUES ($1, $2, $3, $4, 'x')`;
      const message = `INSERT INTO messages (id, tenant_id, user_id, conversation_id, sender_kind, content) VALUES ($1, $2, $3, $4, 'customer', 'x')`;
      const tool = `INSERT INTO mcp_tools (id, tenant_id, group_id, tool_name) VALUES ($1, $2, $3, 'x')`;
      const tries: [string, unknown[]][] = [
        [task, [theirs.id, null]],
        [task, [own.id, theirs.id]],
        [message, [own.id, talk.id]],
        [tool, [group.id]],
      ];
      for (const [sql, ids] of tries) {
        expect(await codeOf(undone(a, sql, [newId(), a, ...ids]))).toBe(BROKEN_FOREIGN_KEY);
        const guessed = ids.map((id) => (id === null || id === own.id ? id : newId()));
        expect(await codeOf(undone(a, sql, [newId(), a, ...guessed]))).toBe(BROKEN_FOREIGN_KEY);
      }
      expect(await undone(a, task, [newId(), a, own.id, own.id])).toBe(1);
    });

    it('keeps its tenant when the row it refers to goes away', async () => {
      const [kept] = await t.dataSource.query(
        `SELECT c.id, c.project_id FROM consultations c WHERE tenant_id = $1 AND project_id IS NOT NULL LIMIT 1`,
        [a],
      );
      await inTenant(a, () => app.query('DELETE FROM projects WHERE id = $1', [kept.project_id]));
      const [row] = await t.dataSource.query(
        'SELECT tenant_id, project_id FROM consultations WHERE id = $1',
        [kept.id],
      );
      expect(row).toEqual({ tenant_id: a, project_id: null });
    });
  });

  describe('the roles', () => {
    it('own nothing, bypass nothing and change no schema', async () => {
      const roles = await t.dataSource.query(
        `SELECT rolname FROM pg_roles r WHERE rolname LIKE 'toolcrib\\_%' AND rolname IN ('toolcrib_app', 'toolcrib_system', 'toolcrib_log')
         AND NOT rolsuper AND NOT rolbypassrls AND NOT EXISTS (SELECT FROM pg_class WHERE relowner = r.oid AND relpersistence <> 't')`,
      );
      expect(roles).toHaveLength(3);
      expect(await codeOf(undone(a, 'CREATE TABLE mine (id int)'))).toBe(DENIED);
      expect(await codeOf(undone(a, 'ALTER TABLE users DISABLE ROW LEVEL SECURITY'))).toBe(DENIED);
      expect(await codeOf(undone(a, 'SET ROLE toolcrib'))).toBe(DENIED);
    });

    it('have no way to run anything as the owner: its functions look up no name that a session can make', async () => {
      const functions = await t.dataSource.query<{ name: string; path: string | null; open: boolean }[]>(
        `SELECT p.proname AS name, (SELECT c FROM unnest(p.proconfig) c WHERE c LIKE 'search_path=%') AS path,
           has_function_privilege('public', p.oid, 'EXECUTE') AS open
         FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef`,
      );
      expect(functions.length).toBeGreaterThan(5);
      // Left out, pg_temp is searched first: https://www.postgresql.org/docs/current/sql-createfunction.html
      expect(
        functions.filter(({ path, open }) => open || !/^search_path=.*, pg_temp$/.test(path ?? '')),
      ).toEqual([]);
    });

    it('leave records alone: the service adds to the audit and reads calls, and changes neither', async () => {
      for (const sql of [
        'UPDATE admin_audit_logs SET action = action',
        'DELETE FROM admin_audit_logs',
        'TRUNCATE admin_audit_logs',
        'INSERT INTO mcp_call_logs SELECT * FROM mcp_call_logs',
        'UPDATE mcp_call_logs SET success = success',
        'DELETE FROM mcp_call_logs',
        'SELECT FROM mcp_call_logs_default',
      ]) {
        expect([sql, await codeOf(undone(a, sql))]).toEqual([sql, DENIED]);
      }
    });

    it('system: looks across tenants, and changes users and contents in none', async () => {
      const system = t.app.get<DataSource>(getDataSourceToken(SYSTEM_DATABASE));
      expect(await codeOf(system.query('UPDATE users SET enabled = enabled'))).toBe(DENIED);
      expect(await codeOf(system.query('SELECT content FROM messages LIMIT 1'))).toBe(DENIED);
      expect(await codeOf(system.query('SELECT request_data FROM mcp_call_logs LIMIT 1'))).toBe(DENIED);
    });
  });

  describe('a pooled connection', () => {
    const whose = () => app.query<[{ id: string | null }]>('SELECT current_tenant_id() AS id');
    /** A connection that is going away may still be given out; its query fails. */
    const lost = (error: unknown) => {
      expect(String(error)).toMatch(
        /Connection terminated|terminating connection|not queryable|cannot be reached/,
      );
      return null;
    };
    const tenantNow = async () => (await whose())[0].id;

    it('shows each unit of work its own tenant, however they take turns', async () => {
      const turns = Array.from({ length: 200 }, (_, n) => [a, b, null][n % 3] ?? null);
      const seen = await Promise.all(
        turns.map((tenant) => (tenant === null ? tenantNow() : inTenant(tenant, tenantNow))),
      );
      expect(seen).toEqual(turns);
    });

    it.each([
      ['a failed statement', 'SELECT 1/0'],
      ['a cancelled query', `SET statement_timeout = 20; SELECT pg_sleep(5)`],
      ['a lost connection', 'SELECT pg_terminate_backend(pg_backend_pid())'],
    ])('shows nobody’s rows to the next one after %s', async (_what, sql) => {
      for (let n = 0; n < 8; n += 1) {
        await inTenant(a, () => app.query(sql)).catch(() => undefined);
        expect(await tenantNow().catch(lost)).toBeNull();
        expect([b, null]).toContain(await inTenant(b, tenantNow).catch(lost));
      }
      await eventually(() =>
        inTenant(b, tenantNow).then(
          (seen) => seen === b,
          () => false,
        ),
      );
      await inTenant(a, () => app.query('RESET statement_timeout'));
    });

    it('shows nobody’s rows to the next one after an aborted transaction', async () => {
      for (let n = 0; n < 8; n += 1) {
        const aborted = inTenant(a, () =>
          app.transaction(async (manager) => {
            await manager.query('UPDATE users SET display_name = display_name');
            await manager.query('SELECT 1/0');
          }),
        );
        expect(await codeOf(aborted)).toBe('22012');
        expect(await tenantNow()).toBeNull();
        expect(await inTenant(b, tenantNow)).toBe(b);
      }
    });

    it('keeps the tenant that a transaction began with, also where another unit of work begins inside', async () => {
      await inTenant(a, () =>
        app.transaction(async (manager) => {
          const inner = await inTenant(b, () => manager.query('SELECT current_tenant_id() AS id'));
          expect(inner).toEqual([{ id: a }]);
          expect(await inTenant(b, tenantNow)).toBe(b); // on a connection of its own
          expect(await manager.query('SELECT current_tenant_id() AS id')).toEqual([{ id: a }]);
        }),
      );
    });
  });
});
