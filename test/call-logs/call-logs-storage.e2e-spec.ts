import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { v7 as newId } from 'uuid';
import { CallLogWriter } from '../../src/call-logs/writing/call-log.writer.js';
import { CallLogRemovals } from '../../src/call-logs/chain/removals.js';
import { Housekeeping } from '../../src/call-logs/storage/housekeeping.js';
import { SYSTEM_DATABASE } from '../../src/platform/database/system-database.js';
import { listGuardedTables } from '../../src/operations/isolation/guarded-tables.js';
import { newGroup } from '../support/mcp.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

const DAY_MS = 86_400_000;
const dayOf = (ago: number) => new Date(Date.now() - ago * DAY_MS).toISOString().slice(0, 10);
/** Of the tenant, or of a group: `/groups/<id>`. */
const retentionAt = (path: string) =>
  path === '' ? '/admin/call-logs/retention' : `/admin${path}/call-log-retention`;
const partitionOf = (ago: number) => `mcp_call_logs_p${dayOf(ago).replaceAll('-', '')}`;

describe('the store of the call log', () => {
  let t: TestApp;
  let tenant: TestTenant;
  beforeAll(async () => {
    t = await createTestApp();
    tenant = await t.newTenant();
    await eventually(async () => (await partitions()).includes(partitionOf(-7)));
  });
  afterAll(() => t.close());

  const partitions = async () => {
    const rows = await t.dataSource.query<{ name: string }[]>(
      `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'mcp_call_logs'::regclass ORDER BY 1`,
    );
    return rows.map(({ name }) => name);
  };
  const add = async (ago: number, { count = 1, tenantId = tenant.tenantId, groupId = newId() } = {}) => {
    await t.dataSource.query(
      `INSERT INTO mcp_call_logs (id, created_at, tenant_id, group_id, tool_name, era, transport, success, duration_ms)
       SELECT gen_random_uuid(), ($1 || 'T10:00:00Z')::timestamptz + n * interval '1 second', $2, $3, 'x', 'rest', 'rest', true, 1
       FROM generate_series(1, $4::int) n`,
      [dayOf(ago), tenantId, groupId, count],
    );
    return groupId;
  };
  const countBy = async (where: string, values: unknown[] = []) => {
    const [{ n }] = await t.dataSource.query<[{ n: number }]>(
      `SELECT count(*)::int AS n FROM mcp_call_logs WHERE ${where}`,
      values,
    );
    return n;
  };
  const keepHouse = async () => eventually(() => t.app.get(Housekeeping).keepHouse()); // another run may be under way
  const setRetention = (body: object, path = '', token = tenant.adminToken) =>
    t.rest('PUT', retentionAt(path), { token, body });

  describe('the role that removes what has expired', () => {
    const remove = (sql: string, values: unknown[]) =>
      t.app
        .get<DataSource>(getDataSourceToken(SYSTEM_DATABASE))
        .query<Record<string, unknown>[]>(sql, values);

    it('removes nothing of today, and nothing whose removal is not on record, whatever it says of the default', async () => {
      const today = await add(0);
      const old = await add(40);
      await keepHouse();
      await t.app.get(CallLogRemovals).recordRetention(t.dataSource, {
        tenantId: tenant.tenantId,
        before: new Date(Date.now() - 39 * DAY_MS),
      });
      for (const [ago, groupId] of [
        [0, today],
        [40, old],
      ] as const) {
        const values = [dayOf(ago), tenant.tenantId, groupId, -1, 10];
        await remove('SELECT remove_expired_call_logs($1, $2, $3, $4, $5) AS removed', values);
        await remove('SELECT drop_call_log_partition($1, $2) AS dropped', [dayOf(ago), -1]);
      }
      expect(await countBy('group_id = ANY($1)', [[today, old]])).toBe(1); // the one whose removal is on record is gone
      expect(await countBy('group_id = $1', [today])).toBe(1);
      const unnoted = await add(20);
      await keepHouse();
      await remove('SELECT remove_expired_call_logs($1, $2, $3, 0, 10)', [
        dayOf(20),
        tenant.tenantId,
        unnoted,
      ]);
      await remove('SELECT drop_call_log_partition($1, 0)', [dayOf(20)]);
      expect(await countBy('group_id = $1', [unnoted])).toBe(1);
    });
  });

  describe('partitions', () => {
    it('are made at the start, from yesterday until a week ahead', async () => {
      const made = await partitions();
      for (let ago = 1; ago >= -7; ago -= 1) expect(made).toContain(partitionOf(ago));
      expect(made).toContain('mcp_call_logs_default');
    });

    it('have row-level security, forced, and no rights of their own', async () => {
      const tables = await listGuardedTables(t.dataSource);
      const made = tables.filter(({ name }) => name.startsWith('mcp_call_logs_p'));
      expect(made.length).toBeGreaterThanOrEqual(9);
      expect(made.filter(({ rlsEnabled, rlsForced }) => !rlsEnabled || !rlsForced)).toEqual([]);
      const granted = await t.dataSource.query(
        `SELECT FROM pg_class c, aclexplode(c.relacl) a WHERE c.relname LIKE 'mcp_call_logs_p%' AND a.grantee <> c.relowner`,
      );
      expect(granted).toEqual([]);
    });

    it('take over what the default one has of their day, each record once', async () => {
      const groupId = await add(40, { count: 25 });
      const where = 'group_id = $1';
      expect(await countBy(`${where} AND tableoid = 'mcp_call_logs_default'::regclass`, [groupId])).toBe(25);
      await keepHouse();
      expect(await countBy(`${where} AND tableoid = '${partitionOf(40)}'::regclass`, [groupId])).toBe(25);
      expect(await countBy(where, [groupId])).toBe(25);
    });

    it('are made while calls are written into that very day: none is lost, doubled or refused', async () => {
      const name = partitionOf(0);
      await t.dataSource.query(`ALTER TABLE mcp_call_logs DETACH PARTITION ${name}`);
      await t.dataSource.query(`DROP TABLE ${name}`);
      const writer = t.app.get(CallLogWriter);
      const groupId = newId();
      const ids: string[] = [];
      const over = new AbortController();
      const call = async () => {
        while (!over.signal.aborted) {
          const id = newId();
          await writer.admit(tenant.tenantId);
          await writer.record({
            id,
            createdAt: new Date(),
            tenantId: tenant.tenantId,
            groupId,
            toolName: 'x',
            toolId: null,
            callerAppId: null,
            keyId: null,
            userId: null,
            era: 'rest',
            transport: 'rest',
            isTest: true,
            request: {},
            response: null,
            success: true,
            errorKind: null,
            errorMessage: null,
            durationMs: 1,
          });
          ids.push(id);
        }
      };
      const calls = Array.from({ length: 8 }, call);
      await eventually(() => ids.length > 300);
      await keepHouse();
      const written = ids.length;
      await eventually(() => ids.length > written + 100);
      over.abort();
      await Promise.all(calls);
      expect(await partitions()).toContain(name);
      expect(await countBy(`tableoid = 'mcp_call_logs_default'::regclass`)).toBe(0);
      const rows = await t.dataSource.query<{ id: string }[]>(
        'SELECT id FROM mcp_call_logs WHERE group_id = $1',
        [groupId],
      );
      expect(rows.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    });

    it('can be made and dropped by the system role only, and nothing else by it', async () => {
      const may = async (role: string, what: string) => {
        const [row] = await t.dataSource.query<[{ may: boolean }]>(
          `SELECT has_function_privilege($1, oid, 'EXECUTE') AS may FROM pg_proc WHERE proname = $2`,
          [role, what],
        );
        return row.may;
      };
      for (const what of [
        'make_call_log_partition',
        'drop_call_log_partition',
        'remove_expired_call_logs',
        'list_call_log_holdings',
        'begin_call_log_merge',
        'go_on_with_call_log_merge',
        'end_call_log_merge',
        'give_up_call_log_merge',
        'drop_call_log_month',
      ]) {
        expect([what, await may('toolcrib_system', what)]).toEqual([what, true]);
        expect([what, await may('toolcrib_app', what), await may('toolcrib_log', what)]).toEqual([
          what,
          false,
          false,
        ]);
      }
    });
  });

  describe('retention', () => {
    it('keeps everything until somebody decides', async () => {
      const groupId = await add(3000);
      await keepHouse();
      expect(await countBy('group_id = $1', [groupId])).toBe(1);
    });

    it('drops the partition of a day that nobody keeps, and says so in a removal', async () => {
      const other = await t.newTenant();
      expect((await setRetention({ keep: 'days', days: 30 }, '', other.adminToken)).status).toBe(200);
      const groupId = await add(60, { tenantId: other.tenantId });
      await eventually(async () => {
        await keepHouse();
        return !(await partitions()).includes(partitionOf(60));
      });
      expect(await countBy('group_id = $1', [groupId])).toBe(0);
      const removals = await t.dataSource.query(
        'SELECT DISTINCT kind, group_id, before::text FROM call_log_removals WHERE tenant_id = $1 AND group_id IS NOT NULL',
        [other.tenantId],
      );
      expect(removals).toEqual([
        { kind: 'retention', group_id: groupId, before: expect.stringContaining(dayOf(59)) as string },
      ]);
    });

    describe('dropping a partition', () => {
      /** A day whose only record nobody keeps, and whose removal is on record; housekeeping has not come by yet. */
      const expiredDay = async (ago: number) => {
        const { tenantId } = await t.newTenant();
        const groupId = await add(ago, { tenantId });
        await eventually(() =>
          t.dataSource.query('SELECT make_call_log_partition($1)', [dayOf(ago)]).then(
            () => true,
            () => false,
          ),
        );
        await t.app
          .get(CallLogRemovals)
          .recordRetention(t.dataSource, { tenantId, groupId, before: new Date() });
        return { tenantId, groupId };
      };
      const drop = async (ago: number) => {
        const dropping = t.app.get<DataSource>(getDataSourceToken(SYSTEM_DATABASE)).createQueryRunner();
        await dropping.startTransaction();
        const [{ pid }] = (await dropping.query('SELECT pg_backend_pid() AS pid')) as [{ pid: number }];
        const run = async () => {
          try {
            const sql = 'SELECT drop_call_log_partition($1, 1) AS dropped';
            const [row] = (await dropping.query(sql, [dayOf(ago)])) as { dropped: boolean }[];
            return row.dropped;
          } finally {
            await dropping.rollbackTransaction();
            await dropping.release();
          }
        };
        const dropped = run();
        return { pid, dropped };
      };
      const locksOf = (pid: number) =>
        t.dataSource.query<{ mode: string; granted: boolean }[]>(
          `SELECT mode, granted FROM pg_locks WHERE pid = $1 AND relation = 'mcp_call_logs'::regclass`,
          [pid],
        );

      it('looks at what is in it before calls have to wait, and is given up when a record comes meanwhile', async () => {
        const { tenantId, groupId } = await expiredDay(82);
        const late = t.dataSource.createQueryRunner();
        const waitFor = (time: string) =>
          t.dataSource.query(`ALTER FUNCTION drop_call_log_partition SET lock_timeout = '${time}'`);
        await waitFor('20s'); // the machine may be busy
        await late.startTransaction();
        await late.query(
          `INSERT INTO mcp_call_logs (id, created_at, tenant_id, group_id, tool_name, era, transport, success, duration_ms)
           VALUES (gen_random_uuid(), ($1 || 'T11:00:00Z')::timestamptz, $2, $3, 'late', 'rest', 'rest', true, 1)`,
          [dayOf(82), tenantId, groupId],
        );
        const { pid, dropped } = await drop(82);
        await eventually(async () => (await locksOf(pid)).some(({ granted }) => !granted));
        const locks = await locksOf(pid);
        await late.commitTransaction();
        expect(await dropped).toBe(false);
        await waitFor('300ms');
        expect(locks).toContainEqual({ mode: 'AccessShareLock', granted: true }); // it has looked
        expect(locks).toContainEqual({ mode: 'AccessExclusiveLock', granted: false });
        await late.release();
        expect(await countBy('group_id = $1', [groupId])).toBeGreaterThan(1);
      });
    });

    it('removes within a day what some keep and others do not, and leaves the rest', async () => {
      const [short, long] = [await t.newTenant(), await t.newTenant()];
      const group = await newGroup(t, short, { tools: ['get_task'] });
      await setRetention({ keep: 'days', days: 10 }, '', short.adminToken);
      await setRetention({ keep: 'days', days: 100 }, `/groups/${group.id}`, short.adminToken);
      const mine = { tenantId: short.tenantId };
      const gone = await add(20, { ...mine, count: 4500 });
      await add(20, { ...mine, groupId: group.id, count: 3 });
      const theirs = await add(20, { tenantId: long.tenantId, count: 2 });
      const young = await add(9, { ...mine, count: 2 });
      await keepHouse();
      const left = async (groupId: string) => countBy('group_id = $1', [groupId]);
      expect(await Promise.all([gone, group.id, theirs, young].map(left))).toEqual([0, 3, 2, 2]);
      expect(await partitions()).toContain(partitionOf(20));
    });

    it('removes nothing for whoever calls the functions with a day that is kept', async () => {
      const groupId = await add(15, { count: 2 });
      await keepHouse();
      const [removal] = await t.dataSource.query(
        'SELECT remove_expired_call_logs($1, $2, $3, NULL, 10) AS removed',
        [dayOf(15), tenant.tenantId, groupId],
      );
      expect(removal).toEqual({ removed: 0 });
      await eventually(async () => {
        const drop = t.dataSource.query('SELECT drop_call_log_partition($1, NULL) AS dropped', [dayOf(15)]);
        const rows = await drop.catch(() => []); // somebody reads: it does not wait for long
        return rows.length === 1 && rows[0].dropped === false;
      });
      expect(await countBy('group_id = $1', [groupId])).toBe(2);
    });
  });

  describe('GET and PUT /admin/call-logs/retention', () => {
    const get = (token: string, path = '') => t.rest('GET', retentionAt(path), { token });

    it('inherits from group to tenant to installation', async () => {
      const own = await t.newTenant();
      const group = await newGroup(t, own, { tools: ['get_task'] });
      const path = `/groups/${group.id}`;
      expect((await get(own.adminToken)).body.data).toMatchObject({ keep: 'inherit', effective_days: null });
      await setRetention({ keep: 'days', days: 90 }, '', own.adminToken);
      expect((await get(own.adminToken, path)).body.data).toMatchObject({
        keep: 'inherit',
        effective_days: 90,
      });
      await setRetention({ keep: 'forever' }, path, own.adminToken);
      expect((await get(own.adminToken, path)).body.data).toMatchObject({
        keep: 'forever',
        effective_days: null,
      });
    });

    it('refuses a change of what somebody else changed since', async () => {
      const own = await t.newTenant();
      const read = await get(own.adminToken);
      const headers = { 'if-match': read.headers.get('etag') ?? '' };
      const put = (days: number) =>
        t.rest('PUT', '/admin/call-logs/retention', {
          token: own.adminToken,
          body: { keep: 'days', days },
          headers,
        });
      expect((await put(30)).status).toBe(200);
      expect((await put(40)).status).toBe(412);
    });

    it('is for owners and admins, on record, and knows no other tenant’s group', async () => {
      const own = await t.newTenant();
      const operator = await t.newUser(own.tenantId, ['operator']);
      const { access_token: token } = await t.signIn(operator.email ?? '');
      expect((await setRetention({ keep: 'forever' }, '', token)).status).toBe(403);
      expect((await get(token)).status).toBe(200);
      const group = await newGroup(t, tenant, { tools: ['get_task'] });
      expect((await setRetention({ keep: 'forever' }, `/groups/${group.id}`, own.adminToken)).status).toBe(
        404,
      );
      await setRetention({ keep: 'days', days: 7 }, '', own.adminToken);
      const audit = await t.rest('GET', '/admin/audit-logs?action=call_log_retention.set', {
        token: own.adminToken,
      });
      expect(audit.items).toMatchObject([{ result: 'ok', after: { keep: 'days', days: 7 } }]);
    });

    it.each([
      [{ keep: 'days' }],
      [{ keep: 'days', days: 0 }],
      [{ keep: 'forever', days: 3 }],
      [{ keep: 'x' }],
    ])('refuses %j', async (body) => {
      expect((await setRetention(body)).status).toBe(400);
    });
  });
});
