import { Client } from 'pg';
import { v4, v7 } from 'uuid';
import { CallLogWriter } from '../../src/call-logs/writing/call-log.writer.js';
import { getDataSourceToken } from '@nestjs/typeorm';
import { MonthMergeJob } from '../../src/call-logs/storage/month-merge-job.js';
import { Housekeeping } from '../../src/call-logs/storage/housekeeping.js';
import { Partitions } from '../../src/call-logs/storage/partitions.js';
import { SYSTEM_DATABASE } from '../../src/platform/database/system-database.js';
import { verifyLog } from '../../src/call-logs/evidence/verify.js';
import { DataDir } from '../../src/boot/data-dir.js';
import { ownerDataSourceOptions } from '../../src/boot/database/database.js';
import { migrate } from '../../src/boot/database/migrate.js';
import { EmbeddedPostgres } from '../../src/boot/postgres/embedded-postgres.js';
import { urlOf } from '../../src/boot/postgres/embedded-roles.js';
import { examine } from '../../src/operations/doctor/doctor.js';
import {
  fingerprint,
  listGuardedTables,
  onlyReadable,
} from '../../src/operations/isolation/guarded-tables.js';
import { inTenant } from '../../src/platform/request-scope.js';
import { beginningsOfPartitions, stretchesOf } from '../../src/call-logs/storage/stretches.js';
import { type Config, loadConfig } from '../../src/platform/config.js';
import { DataSource } from 'typeorm';
import { eventually } from '../support/waiting.js';
import { makeDataDir, removeDataDir, TEST_MASTER_KEY } from '../support/server.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';

const DAY_MS = 86_400_000;
const PARTITIONS = 1500;
/** Days ago of which there are calls. */
const DAYS = [0, 1, 40, 400, 900, 1499, 1600];
/** Statements that come at once: each of them alone would take more locks than there are. */
const AT_ONCE = 4;
/** SQLSTATE of NOWAIT */
const LOCK_NOT_AVAILABLE = '55P03';

/** Four years of days, on a server that has room for as many locks as PostgreSQL gives by default. */
describe('a call log of years', () => {
  const directory = makeDataDir();
  let server: EmbeddedPostgres;
  let t: TestApp;
  let tenant: TestTenant;
  const userId = v7();
  const calls: { id: string; createdAt: Date }[] = [];
  const foreignId = v4();
  /** Of them, those that no word finds any more. */
  let erased = 0;

  beforeAll(async () => {
    const dataDir = DataDir.open(directory);
    dataDir.own();
    const settings = [
      'fsync=off',
      'synchronous_commit=off',
      'full_page_writes=off',
      'max_locks_per_transaction=64',
    ];
    server = await EmbeddedPostgres.start(dataDir, { settings });
    const url = server.urls.owner;
    const { port, password } = new URL(url);
    const superuserPassword = dataDir.secret('postgres.password', 32).toString('base64url');
    const adminUrl = urlOf(Number(port), superuserPassword, new URL(url).pathname.slice(1), 'postgres');
    const config = loadConfig({ DATABASE_URL: url, TOOLCRIB_MASTER_KEY: TEST_MASTER_KEY });
    const owner = await new DataSource(ownerDataSourceOptions(config)).initialize();
    await migrate(owner);
    await makePartitions(owner);
    await owner.destroy();
    const admin = await new DataSource({ type: 'postgres', url: adminUrl }).initialize();
    for (const role of ['toolcrib_app', 'toolcrib_system', 'toolcrib_log'])
      await admin.query(`ALTER ROLE ${role} PASSWORD '${password}'`);
    await admin.destroy();
    t = await createTestApp({
      database: { url, adminUrl, drop: async () => undefined },
      env: { CHECKPOINT_EVERY_SECONDS: '86400', CALL_LOG_MERGE_AFTER_DAYS: '3650' }, // merged when a test says so
    });
    tenant = await t.newTenant();
    for (const ago of DAYS) await record(v7({ msecs: timeOf(ago).getTime() }), ago);
    await record(foreignId, 700);
  });
  afterAll(async () => {
    await t?.close();
    await server?.stop();
    removeDataDir(directory);
  });

  const record = async (id: string, ago: number) => {
    const call = { id, createdAt: timeOf(ago) };
    const writer = t.app.get(CallLogWriter);
    await writer.admit(tenant.tenantId);
    await writer.record({
      ...call,
      tenantId: tenant.tenantId,
      groupId: tenant.tenantId,
      toolName: 'look',
      toolId: null,
      callerAppId: null,
      keyId: null,
      userId,
      era: 'rest',
      transport: 'rest',
      isTest: false,
      request: { note: `quicksilver ${ago}` },
      response: null,
      success: true,
      errorKind: null,
      errorMessage: null,
      durationMs: 1,
    });
    calls.push(call);
  };
  const get = (path: string) => t.rest('GET', `/admin${path}`, { token: tenant.adminToken });
  /** Page by page: on a busy machine one ends before it is full. */
  const listAll = async (query: string) => {
    const ids: string[] = [];
    for (let cursor: string | null | undefined = ''; typeof cursor === 'string';) {
      const { status, items, body } = await get(
        `/call-logs?limit=200${query}${cursor && `&cursor=${cursor}`}`,
      );
      if (status === 503) continue; // the same page again
      expect(status).toBe(200);
      ids.push(...items.map(({ id }) => id));
      cursor = body.page?.next_cursor;
    }
    return ids;
  };
  const atOnce = <T>(work: () => Promise<T>) => Promise.all(Array.from({ length: AT_ONCE }, work));

  describe('of days', () => {
    itIsRead();
  });

  describe('of days that are merged into months', () => {
    const merge = (afterDays = 7) =>
      new MonthMergeJob(
        t.app.get<DataSource>(getDataSourceToken(SYSTEM_DATABASE)),
        t.app.get(Partitions),
        Object.assign(Object.create(t.config) as Config, {
          env: { ...t.config.env, CALL_LOG_MERGE_AFTER_DAYS: afterDays },
        }),
      );
    const steps = ['begin_call_log_merge($1)', 'go_on_with_call_log_merge(10)', 'end_call_log_merge()'];
    /** A process that dies: its connection ends before the step is committed. */
    const die = async (step: string, month: string) => {
      const process = new Client({ connectionString: t.config.databaseUrls.system });
      process.on('error', () => undefined);
      await process.connect();
      await process.query('BEGIN');
      const { rows } = await process.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await process.query(`SELECT ${step}`, step.includes('$1') ? [month] : []).catch(() => undefined);
      await t.dataSource.query('SELECT pg_terminate_backend($1, 60000)', [rows[0].pid]);
    };
    const merging = async () => {
      const rows = await t.dataSource.query<{ compared: string | null; state: string }[]>(
        `SELECT compared::text, CASE WHEN copying IS NOT NULL THEN 'copied' WHEN compared IS NULL THEN 'to be compared'
           WHEN compared < (SELECT max(d) FROM unnest(days) AS d) THEN 'compared' ELSE 'ready' END AS state FROM call_log_merge`,
      );
      return rows.at(0);
    };

    it('loses and changes none when every step dies once, and what changes meanwhile is in the month', async () => {
      const late = timeOf(1498);
      const month = `${late.toISOString().slice(0, 7)}-01`;
      await die(steps[0], month);
      expect(await merging()).toBeUndefined();
      const replica = merge();
      expect(await replica.step()).toBe(true);
      let isChanged = false;
      let digest = '';
      let last = '';
      await eventually(async () => {
        const { state } = (await merging()) ?? { state: '' };
        if (state !== last) for (const step of steps) await die(step, month);
        last = state;
        if (!isChanged && (await merging())?.compared) {
          isChanged = true;
          await record(v7({ msecs: late.getTime() }), 1498);
          const body = {
            record_ids: [calls.find(({ createdAt }) => createdAt < late)!.id],
            reason: 'asked for it',
          };
          const answer = await t.rest('POST', '/admin/call-logs/erase', { token: tenant.adminToken, body });
          expect(answer.body.data).toMatchObject({ erased: 1 });
          erased = 1;
          digest = await digestOfAll();
          expect((await examine(t.config)).filter(({ status }) => status === 'problem')).toEqual([]);
          const tables = await listGuardedTables(t.dataSource);
          expect(tables.find(({ name }) => name === monthOf(late))).toMatchObject({
            isPartition: true,
            rlsEnabled: true,
            rlsForced: true,
          });
        }
        await replica.step();
        return (await merging()) === undefined;
      });
      expect(isChanged).toBe(true);
      expect(await partitionWith(calls.at(-1)!.id, late)).toBe(monthOf(late));
      expect(await digestOfAll()).toBe(digest);
    });

    it('leaves some fifty partitions and those of the last days, two replicas at once', async () => {
      const digest = await digestOfAll();
      await eventually(async () => {
        await Promise.all([merge().run(), merge().run()]);
        return (await merging()) === undefined && (await partitions()).length < 50 + 62 + 12;
      });
      expect(await digestOfAll()).toBe(digest);
      const [{ triggers }] = await t.dataSource.query<[{ triggers: number }]>(
        `SELECT count(*)::int AS triggers FROM pg_trigger WHERE tgname = 'note_change'`,
      );
      expect(triggers).toBe(0);
      expect(
        (await partitions()).filter((name) => name.startsWith('mcp_call_logs_m')).length,
      ).toBeGreaterThan(45);
    });

    it('is merged again by nobody, and a month that is not over never', async () => {
      expect(await merge(1).step()).toBe(false);
      const [{ begun }] = await t.dataSource.query<[{ begun: boolean }]>(
        `SELECT begin_call_log_merge(now()::date) AS begun`,
      );
      expect(begun).toBe(false);
    });

    itIsRead();

    it('goes by retention: what has expired within a month, and the month when all of it has', async () => {
      const old = calls.find(({ createdAt }) => createdAt.getTime() === timeOf(900).getTime())!;
      const month = await partitionWith(old.id, old.createdAt);
      expect(month).toBe(monthOf(old.createdAt));
      const [young, kept] = [timeOf(399), timeOf(400)];
      await record(v7({ msecs: young.getTime() }), 399);
      const body = { keep: 'days', days: 399 };
      const set = await t.rest('PUT', '/admin/call-logs/retention', { token: tenant.adminToken, body });
      expect(set.status).toBe(200);
      await eventually(() => t.app.get(Housekeeping).keepHouse());
      const left = await listAll('');
      const expected = calls.filter(({ createdAt }) => createdAt > kept).map(({ id }) => id);
      expect(left.toSorted()).toEqual(expected.toSorted());
      expect(await partitions()).not.toContain(month);
      expect(await partitions()).toContain(monthOf(young));
      const { reports } = await verifyLog(t.config, { from: null, to: null });
      expect(reports.flatMap(({ findings }) => findings)).toEqual([]);
      for (const gone of calls.filter(({ createdAt }) => createdAt <= kept))
        calls.splice(calls.indexOf(gone), 1);
    });

    it('erases a person', async () => {
      const body = { user_id: userId, reason: 'asked for it' };
      const answer = await t.rest('POST', '/admin/call-logs/erase', { token: tenant.adminToken, body });
      expect(answer.body.data).toMatchObject({ erased: calls.length });
      for (const { id } of calls)
        expect((await get(`/call-logs/${id}`)).body.data).toMatchObject({ erased: true });
    });
  });

  function itIsRead(): void {
    it('gives single records to many at once, whoever made their ids', async () => {
      for (const { id } of calls)
        for (const { status, body } of await atOnce(() => get(`/call-logs/${id}`)))
          expect([status, body.data?.id]).toEqual([200, id]);
      expect((await get(`/call-logs/${v4()}`)).status).toBe(404);
    });

    it('looks at one partition for an id that tells its day', async () => {
      const own = calls[3];
      const partition = await partitionWith(own.id, own.createdAt);
      const others = (await partitions()).filter((name) => name !== partition);
      const holder = t.dataSource.createQueryRunner();
      // Whoever looked at one would wait. It waits for nobody itself: else the service's own work and this could wait for each other.
      await eventually(async () => {
        await holder.startTransaction();
        try {
          await holder.query(`LOCK TABLE ${others.join(', ')} IN ACCESS EXCLUSIVE MODE NOWAIT`);
          return true;
        } catch (error) {
          await holder.rollbackTransaction();
          if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error;
          return false;
        }
      });
      try {
        expect((await get(`/call-logs/${own.id}`)).status).toBe(200);
      } finally {
        await holder.rollbackTransaction();
        await holder.release();
      }
    });

    it('lists, searches and exports all of it', async () => {
      for (const query of ['', '&tool=look'])
        for (const found of await atOnce(() => listAll(query))) expect(found).toHaveLength(calls.length);
      for (const found of await atOnce(() => listAll('&q=quicksilver')))
        expect(found).toHaveLength(calls.length - erased);
      const lines = await atOnce(async () => {
        const url = `${t.url}/api/v1/admin/call-logs/export?format=jsonl`;
        const answer = await fetch(url, { headers: { authorization: `Bearer ${tenant.adminToken}` } });
        return (await answer.text()).trim().split('\n').length;
      });
      expect(lines).toEqual(Array.from({ length: AT_ONCE }, () => calls.length));
    });

    it('is followed, statistics and guide', async () => {
      await eventually(async () => {
        const positions = await t.dataSource.query<{ follower: string }[]>(
          `SELECT follower FROM call_log_positions WHERE recorded_in > 0 AND follower IN ('statistics', 'guide')`,
        );
        return positions.length === 2;
      });
    });

    it('is verified, and the installation looked over', async () => {
      const [first] = await Promise.all([
        verifyLog(t.config, { from: null, to: null }),
        atOnce(() => get('/call-logs')),
      ]);
      expect(first.findings).toEqual([]);
      expect(first.reports.flatMap(({ findings }) => findings)).toEqual([]);
      expect(first.reports.find(({ tenantId }) => tenantId === tenant.tenantId)?.records).toBe(calls.length);
      const checks = await examine(t.config);
      expect(checks.filter(({ status }) => status === 'problem')).toEqual([]);
    });

    it('is attacked without a look at its years', async () => {
      const tables = await onlyReadable(
        t.app.get(DataSource),
        await listGuardedTables(t.app.get(DataSource)),
      );
      const locks = await inTenant(tenant.tenantId, () =>
        t.app.get(DataSource).transaction(async (manager) => {
          const before = await fingerprint(manager, tables, tenant.tenantId);
          expect(before.has('mcp_call_logs')).toBe(true);
          const [{ count }] = await manager.query<[{ count: number }]>(
            `SELECT count(DISTINCT relation)::int AS count FROM pg_locks JOIN pg_inherits ON inhrelid = relation
             WHERE pid = pg_backend_pid() AND inhparent = 'mcp_call_logs'::regclass`,
          );
          return count;
        }),
      );
      expect(locks).toBeGreaterThan(0);
      expect(locks).toBeLessThan(50); // of 1,500: those of the last days and those that are ready for the next
    });

    it('gives a tenant all its data as one archive', async () => {
      const answer = await fetch(`${t.url}/api/v1/admin/tenant/export`, {
        headers: { authorization: `Bearer ${tenant.adminToken}` },
      });
      expect(answer.status).toBe(200);
      expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(1000);
    });
  }

  /** The table in which a record lies. */
  async function partitionWith(id: string, at: Date): Promise<string> {
    const [{ name }] = await t.dataSource.query<[{ name: string }]>(
      'SELECT tableoid::regclass::text AS name FROM mcp_call_logs WHERE id = $1 AND created_at = $2',
      [id, at],
    );
    return name;
  }

  async function partitions(): Promise<string[]> {
    const rows = await t.dataSource.query<{ name: string }[]>(
      `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'mcp_call_logs'::regclass`,
    );
    return rows.map(({ name }) => name);
  }

  /** Every column of every record, a few partitions at a time. */
  async function digestOfAll(): Promise<string> {
    const found: string[] = [];
    for (const { from, before } of stretchesOf(await beginningsOfPartitions(t.dataSource)).toReversed()) {
      const rows = await t.dataSource.query<{ record: string }[]>(
        `SELECT md5(l::text) AS record FROM mcp_call_logs l WHERE created_at >= $1 AND created_at < $2 ORDER BY created_at, id`,
        [from, before],
      );
      found.push(...rows.map(({ record: one }) => one));
    }
    return found.join();
  }
});

/** Of another day than today at noon: its neighbours are far. */
function timeOf(ago: number): Date {
  if (ago === 0) return new Date();
  return new Date(Math.floor(Date.now() / DAY_MS - ago) * DAY_MS + DAY_MS / 2);
}

function partitionOf(at: Date): string {
  return `mcp_call_logs_p${at.toISOString().slice(0, 10).replaceAll('-', '')}`;
}

function monthOf(at: Date): string {
  return `mcp_call_logs_m${at.toISOString().slice(0, 7).replace('-', '')}`;
}

async function makePartitions(owner: DataSource): Promise<void> {
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  for (let first = 0; first < PARTITIONS; first += 50)
    await owner.transaction(async (manager) => {
      for (let ago = first; ago < first + 50; ago += 1) {
        const [from, to] = [0, 1].map((more) => new Date(today - (ago - more) * DAY_MS));
        const name = partitionOf(from);
        await manager.query(`CREATE TABLE ${name} PARTITION OF mcp_call_logs
          FOR VALUES FROM ('${from.toISOString()}') TO ('${to.toISOString()}')`);
        await manager.query(`ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`);
      }
    });
}
