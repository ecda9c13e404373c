import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../src/boot/database/database.js';
import { migrateAsOwner } from '../../src/boot/database/migrate.js';
import { checkTls } from '../../src/operations/doctor/tls-checks.js';
import { examine } from '../../src/operations/doctor/doctor.js';
import { loadConfig } from '../../src/platform/config.js';
import { withAdvisoryLock } from '../../src/platform/database/advisory-locks.js';
import { DatabaseClient } from '../../src/platform/database/database-client.js';
import { findTlsProblem, tlsModeOf } from '../../src/platform/database/tls-mode.js';
import { newCertificate } from '../support/certificate.js';
import { inTenant } from '../../src/platform/request-scope.js';
import { OwnPostgres } from '../faults/chaos/own-postgres.js';
import {
  makeDataDir,
  removeDataDir,
  type RunningServer,
  spawnServer,
  startServer,
  TEST_MASTER_KEY,
} from '../support/server.js';
import { eventually } from '../support/waiting.js';
import { startTransactionPooler, type TransactionPooler } from '../support/transaction-pooler.js';

/** What somebody may have set there, each with a value for which something of ours would not hold. */
const ADVERSE: Readonly<Record<string, string>> = {
  synchronous_commit: 'off',
  default_transaction_read_only: 'on',
  default_transaction_deferrable: 'on',
  default_transaction_isolation: 'serializable',
  search_path: 'nowhere',
  client_encoding: 'LATIN1',
  bytea_output: 'escape',
  standard_conforming_strings: 'off',
  backslash_quote: 'off',
  array_nulls: 'off',
  transform_null_equals: 'on',
  quote_all_identifiers: 'on',
  extra_float_digits: '-15',
  DateStyle: 'SQL, DMY',
  IntervalStyle: 'sql_standard',
  TimeZone: 'Pacific/Kiritimati',
  timezone_abbreviations: 'India',
  xmlbinary: 'hex',
  xmloption: 'document',
  gin_fuzzy_search_limit: '1',
  plan_cache_mode: 'force_generic_plan',
  enable_partition_pruning: 'off',
  statement_timeout: '1h',
  lock_timeout: '1ms',
  idle_in_transaction_session_timeout: '10ms',
  idle_session_timeout: '1s',
  transaction_timeout: '2h',
  jit: 'on',
  log_parameter_max_length_on_error: '-1',
  exit_on_error: 'on',
  row_security: 'off',
  restrict_nonsystem_relation_kind: 'view',
  'plpgsql.extra_errors': 'all',
  'toolcrib.tenant_id': '00000000-0000-7000-8000-000000000000',
};

describe('a database as it is found', () => {
  let directory: string;
  let postgres: OwnPostgres;
  const servers: RunningServer[] = [];

  const urlOf = (database: string) => Object.assign(new URL(postgres.url), { pathname: database }).href;
  const configOf = (url: string, env: Record<string, string> = {}) =>
    loadConfig({ DATABASE_URL: url, TOOLCRIB_MASTER_KEY: TEST_MASTER_KEY, ...env });
  const create = async (name: string, options = '') => {
    await postgres.query(`CREATE DATABASE ${name} OWNER toolcrib ${options}`, 'postgres');
    return urlOf(name);
  };
  const start = async (env: Record<string, string>) => {
    const server = await startServer({ env: { SAMPLE_DATA: 'false', ...env } });
    servers.push(server);
    return server;
  };
  const startToFail = async (env: Record<string, string>) => {
    const server = await spawnServer({ env });
    servers.push(server);
    return { code: await server.exit, stderr: server.stderr() };
  };
  const tablesIn = (database: string) =>
    postgres.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace`,
      database,
    );

  beforeAll(async () => {
    directory = makeDataDir();
    postgres = await OwnPostgres.create(directory);
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) if (server.process.exitCode === null) await server.kill9();
  });
  afterAll(() => {
    postgres?.destroy();
    removeDataDir(directory);
  });

  describe('with other settings', () => {
    beforeAll(async () => {
      for (const [name, value] of Object.entries(ADVERSE))
        await postgres.query(
          `ALTER DATABASE toolcrib SET ${name} = ${name === 'search_path' ? value : `'${value}'`}`,
          'postgres',
        );
    });

    it('serves as ever: every session is brought to what we rely on', async () => {
      const ADMIN_PASSWORD = 'correct horse battery';
      const env = { DATABASE_URL: postgres.url, ADMIN_PASSWORD, SAMPLE_DATA: 'true' };
      const server = await start(env);
      const key = /^Key +(\S+)/m.exec(server.stdout())?.[1] ?? '';
      const call = (id: number) =>
        fetch(`${server.url}/mcp/sample/mcp`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${key}`,
            'content-type': 'application/json',
            accept: 'application/json, text/event-stream',
          },
          body: JSON.stringify({
            jsonrpc: '2.0',
            id,
            method: 'tools/call',
            params: { name: 'search_users', arguments: { query: 'a' } },
          }),
        });
      const answers = await Promise.all(Array.from({ length: 12 }, (_, id) => call(id)));
      const texts = await Promise.all(answers.map((answer) => answer.text()));
      // Before the server's own writer comes by.
      postgres.kill9();
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
      expect(texts.filter((text) => text.includes('"isError":true'))).toEqual([]);
      await server.kill9();
      await postgres.start();
      const [{ count }] = await postgres.query<{ count: string }>(
        `SELECT count(*) FROM public.mcp_call_logs WHERE tool_name = 'search_users'`,
      );
      expect(Number(count)).toBe(answers.length);
    });

    it('says beforehand which they are (doctor), and that they do not reach us', async () => {
      const checks = await examine(configOf(postgres.url));
      expect(checks.find(({ name }) => name === 'session settings')).toMatchObject({
        status: 'ok',
        message: expect.stringMatching(/synchronous_commit=off.*bytea_output=escape/) as string,
      });
      expect(checks.filter(({ status }) => status === 'problem')).toEqual([]);
    });

    it('each of them reads as ours in a session', async () => {
      const names = Object.keys(ADVERSE);
      const read = async (client: DatabaseClient) =>
        (
          await client.query('SELECT name, current_setting(name) AS value FROM unnest($1::text[]) AS name', [
            names,
          ])
        ).rows;
      const found = new DatabaseClient({ connectionString: postgres.url });
      await found.connect();
      const clean = new DatabaseClient({ connectionString: urlOf('postgres') });
      await clean.connect();
      try {
        expect(await read(found)).toEqual(await read(clean));
        const told = names.filter((name) => name !== 'client_encoding'); // which the driver asks for
        expect(found.changedSettings.map(({ name }) => name)).toEqual(expect.arrayContaining(told));
      } finally {
        await found.end();
        await clean.end();
      }
    });

    it('keeps a stricter one: what standbys have applied', async () => {
      const url = await create('strict');
      await postgres.query('ALTER DATABASE strict SET synchronous_commit = remote_apply', 'postgres');
      const client = new DatabaseClient({ connectionString: url });
      await client.connect();
      expect((await client.query('SHOW synchronous_commit')).rows).toEqual([
        { synchronous_commit: 'remote_apply' },
      ]);
      await client.end();
    });

    it('is refused by the name of what only an administrator may set', async () => {
      const url = await create('replicating');
      await postgres.query('ALTER DATABASE replicating SET session_replication_role = replica', 'postgres');
      const { code, stderr } = await startToFail({ DATABASE_URL: url });
      expect(code).toBe(1);
      expect(stderr).toContain('session_replication_role is replica');
      expect(await tablesIn('replicating')).toEqual([]);
      const [first] = await examine(configOf(url));
      expect(first).toMatchObject({
        status: 'problem',
        message: expect.stringContaining('session_replication_role') as string,
      });
    });
  });

  describe('before anything in it is changed', () => {
    const refused = async (url: string, words: RegExp) => {
      const name = new URL(url).pathname.slice(1);
      await expect(migrateAsOwner(configOf(url))).rejects.toThrow(words);
      expect(await tablesIn(name)).toEqual([]);
    };

    it('is refused with another encoding than UTF-8', async () => {
      await refused(
        await create('latin', `ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`),
        /encoding is LATIN1.*ENCODING 'UTF8'/s,
      );
    });

    it('is refused with a locale in which I and i are two letters', async () => {
      const url = await create(
        'turkish',
        `LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR' LOCALE 'C' TEMPLATE template0`,
      );
      await refused(url, /locale is tr-TR.*LOCALE 'C.UTF-8'/s);
    });

    it('is refused with pg_trgm in a schema where it is not found', async () => {
      const url = await create('elsewhere');
      await postgres.query(
        'CREATE SCHEMA extensions; CREATE EXTENSION pg_trgm SCHEMA extensions',
        'elsewhere',
      );
      await refused(url, /pg_trgm is in the schema extensions.*ALTER EXTENSION pg_trgm SET SCHEMA public/s);
    });

    it('is refused where the role may not make what it needs', async () => {
      await postgres.query(`CREATE DATABASE foreign_owned`, 'postgres');
      await refused(urlOf('foreign_owned'), /may not make tables in the schema public.*pg_trgm is missing/s);
    });

    it.each([
      ['may bypass row-level security', 'BYPASSRLS'],
      ['is a superuser', 'SUPERUSER'],
    ])('is refused where a role that serves %s', async (power, attribute) => {
      await postgres.query(`ALTER ROLE toolcrib_app ${attribute}`, 'postgres');
      const { code, stderr } = await startToFail({ DATABASE_URL: postgres.url });
      await postgres.query(`ALTER ROLE toolcrib_app NO${attribute}`, 'postgres');
      expect([code, stderr]).toEqual([1, expect.stringContaining(`, ${power}: no row-level security binds`)]);
    });

    it.each([
      ['REVOKE CONNECT ON DATABASE toolcrib FROM PUBLIC', 'GRANT CONNECT ON DATABASE toolcrib TO'],
      ['ALTER ROLE toolcrib_system NOLOGIN', 'ALTER ROLE toolcrib_system LOGIN'],
      [
        `ALTER ROLE toolcrib_system VALID UNTIL '2020-01-01'`,
        `ALTER ROLE toolcrib_system PASSWORD '…' VALID`,
      ],
      ['ALTER ROLE toolcrib_system CONNECTION LIMIT 0', 'ALTER ROLE toolcrib_system CONNECTION LIMIT -1'],
    ])('is refused where a role that serves is not let in: %s', async (take, fix) => {
      await postgres.query(take, 'postgres');
      const { code, stderr } = await startToFail({ DATABASE_URL: postgres.url });
      await postgres.query('GRANT CONNECT ON DATABASE toolcrib TO PUBLIC', 'postgres');
      await postgres.query(
        `ALTER ROLE toolcrib_system LOGIN CONNECTION LIMIT -1 VALID UNTIL 'infinity'`,
        'postgres',
      );
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/cannot be used as toolcrib_\w+, one of the roles/),
      ]);
      expect(stderr).toContain(`As an administrator: ${fix}`);
    });

    it('is refused at the very first start, too, where no role is let in', async () => {
      const url = await create('closed');
      await postgres.query('REVOKE CONNECT ON DATABASE closed FROM PUBLIC', 'postgres');
      const { stderr } = await startToFail({ DATABASE_URL: url });
      expect(stderr).toContain('As an administrator: GRANT CONNECT ON DATABASE closed TO toolcrib_app');
      expect(await tablesIn('closed')).toEqual([]);
    });

    it('is refused where the owner serves', async () => {
      const { stderr } = await startToFail({ DATABASE_URL: postgres.url, DATABASE_LOG_URL: postgres.url });
      expect(stderr).toContain(', owns the tables: no row-level security binds');
    });

    it('makes its tables in public also where a schema is named like the owner', async () => {
      const url = await create('namesake');
      await postgres.query('CREATE SCHEMA toolcrib AUTHORIZATION toolcrib', 'namesake');
      await migrateAsOwner(configOf(url));
      expect((await tablesIn('namesake')).length).toBeGreaterThan(20);
    });

    it('is refused while another process holds the lock, which is named', async () => {
      const url = await create('locked');
      const other = await new DataSource({ type: 'postgres', url }).initialize();
      let letGo: () => void = () => undefined;
      const isHeld = new Promise<void>((held) => {
        void withAdvisoryLock(
          other,
          'migrate',
          () => new Promise<void>((resolve) => ((letGo = resolve), held())),
        );
      });
      await isHeld;
      try {
        const { code, stderr } = await startToFail({ DATABASE_URL: url, MIGRATE_WAIT_SECONDS: '1' });
        expect(code).toBe(1);
        expect(stderr).toMatch(
          /lock 'migrate'.*process \d+ of the database \(toolcrib-migrate\), connected as toolcrib from 127\.0\.0\.1 since 20.*pg_terminate_backend\(\d+\)/s,
        );
      } finally {
        letGo();
        await other.destroy();
      }
    });
  });

  describe('behind a pooler that deals sessions out per transaction', () => {
    let pooler: TransactionPooler;
    let url: string;

    beforeAll(async () => {
      url = await create('pooled');
      await migrateAsOwner(configOf(url));
      pooler = await startTransactionPooler(url);
    });
    afterAll(() => pooler?.close());

    it('is refused at start, and found by the doctor', async () => {
      const { code, stderr } = await startToFail({ DATABASE_URL: pooler.of(url) });
      expect(code).toBe(1);
      expect(stderr).toMatch(/gives connections no sessions of their own.*session mode/s);
      const { app } = configOf(url).databaseUrls;
      const serving = await startToFail({ DATABASE_URL: url, DATABASE_APP_URL: pooler.of(app) });
      expect(serving.stderr).toMatch(/as toolcrib_app, gives connections no sessions of their own/);
      const checks = await examine(configOf(url, { DATABASE_APP_URL: pooler.of(app) }));
      expect(checks.find(({ name }) => name === 'pooler')).toMatchObject({ status: 'problem' });
    });

    it('shows nobody the rows of another tenant all the same', async () => {
      const tenants = ['a', 'b', 'c', 'd'].map((letter) => `01900000-0000-7000-8000-00000000000${letter}`);
      for (const id of tenants)
        await postgres.query(
          `INSERT INTO tenants (id, name) VALUES ('${id}', '${id}');
           INSERT INTO users (id, tenant_id, username, email, display_name) VALUES (gen_random_uuid(), '${id}', '${id}', '${id}@x.example', '${id}')`,
          'pooled',
        );
      const { app } = configOf(url).databaseUrls;
      const options = dataSourceOptions(configOf(url, { DATABASE_APP_URL: pooler.of(app) }));
      const service = await new DataSource(options).initialize();
      const seenBy = (id: string, parameters?: unknown[]) =>
        inTenant(id, () =>
          service.query<{ tenant_id: string }[]>(
            `SELECT tenant_id FROM users WHERE true${parameters ? ' AND $1' : ''}`,
            parameters,
          ),
        );
      const inTransaction = (id: string) =>
        inTenant(id, () =>
          service.transaction('REPEATABLE READ', (manager) =>
            manager.query<{ tenant_id: string }[]>('SELECT tenant_id FROM users'),
          ),
        );
      try {
        for (let round = 0; round < 20; round++) {
          const seen = await Promise.all(
            tenants.flatMap((id) =>
              [seenBy(id), seenBy(id, [true]), inTransaction(id)].map(
                async (rows) => [id, await rows] as const,
              ),
            ),
          );
          for (const [id, rows] of seen) expect(rows).toEqual([{ tenant_id: id }]);
          expect(await service.query('SELECT tenant_id FROM users')).toEqual([]);
        }
      } finally {
        await service.destroy();
      }
    });
  });

  describe('over TLS', () => {
    const MODES = [
      '',
      'ssl=true',
      'ssl=0',
      'sslnegotiation=direct&ssl=true',
      ...['disable', 'no-verify', 'require', 'verify-ca', 'verify-full'].map((mode) => `sslmode=${mode}`),
      ...['disable', 'require', 'verify-ca', 'verify-full'].map(
        (mode) => `uselibpqcompat=true&sslmode=${mode}`,
      ),
    ];
    const url = 'postgres://toolcrib:secret@db.example.com/toolcrib';
    let withoutTls: string;
    let authorities: Readonly<Record<string, string | undefined>>;

    beforeAll(async () => {
      const own = newCertificate('db.example');
      authorities = { none: undefined, own: join(directory, 'own.crt'), other: join(directory, 'other.crt') };
      writeFileSync(authorities['own']!, own.cert);
      writeFileSync(authorities['other']!, newCertificate('db.example').cert);
      withoutTls = await connectsBy(`${urlOf('postgres')}?sslmode=no-verify`);
      postgres.kill9();
      postgres.speakTls(own);
      await eventually(async () => {
        await postgres.start(); // what was killed may look alive for a moment
        return postgres.isAnswering();
      });
    });

    /** `tls` or `plain`; else why not. */
    const connectsBy = async (address: string): Promise<string> => {
      const client = new DatabaseClient({ connectionString: address });
      try {
        await client.connect();
        const { rows } = await client.query<{ ssl: boolean }>(
          'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
        );
        return rows[0]?.ssl ? 'tls' : 'plain';
      } catch (error) {
        return String((error as { code?: string }).code ?? error);
      } finally {
        await client.end().catch(() => undefined);
      }
    };

    it('goes on without it in no mode', () => {
      expect(withoutTls).toMatch(/does not support SSL/);
    });

    it.each(MODES)('checks what the documentation says: %j', async (parameters) => {
      for (const [authority, file] of Object.entries(authorities))
        for (const host of ['127.0.0.1', 'localhost']) {
          const address = new URL(`${urlOf('postgres')}?${parameters}`);
          if (file !== undefined) address.searchParams.set('sslrootcert', file);
          address.hostname = host; // the certificate is for 127.0.0.1
          if (findTlsProblem(address.href) !== undefined) continue;
          const { isEncrypted, isAuthorityChecked, isNameChecked } = tlsModeOf(address.href);
          const isLetIn =
            (!isAuthorityChecked || authority === 'own') && (!isNameChecked || host === '127.0.0.1');
          const expected = isLetIn ? (isEncrypted ? 'tls' : 'plain') : expect.stringMatching(/CERT|VERIFY/);
          expect([authority, host, await connectsBy(address.href)]).toEqual([authority, host, expected]);
        }
    });

    it('as the table of docs/operations.md has it', () => {
      const [, table = ''] = readFileSync('docs/operations.md', 'utf8').split('| `sslmode` | encrypted |');
      const rows = [
        ...(table.split('\n\n', 1)[0] ?? '').matchAll(/^\| (.*) \| (\w+) \| (.*) \| (\w+) \|$/gm),
      ];
      expect(rows.length).toBeGreaterThan(5);
      for (const [, modes = '', ...said] of rows)
        for (const [, mode = ''] of modes.matchAll(/(none|`(?!use)[\w-]+`)/g)) {
          const compatible = modes.includes('uselibpqcompat') ? '&uselibpqcompat=true&sslrootcert=x' : '';
          const read = mode === 'none' ? '' : `sslmode=${mode.replaceAll('`', '')}`;
          const { isEncrypted, isAuthorityChecked, isNameChecked } = tlsModeOf(`${url}?${read}${compatible}`);
          const words = [isEncrypted, isAuthorityChecked, isNameChecked].map((is) =>
            is ? /yes|only with/ : /no/,
          );
          for (const [index, word] of words.entries())
            expect([mode, said[index]]).toEqual([mode, expect.stringMatching(word)]);
        }
    });

    it('refuses at start what is not understood', () => {
      for (const wrong of [
        'sslmode=prefer',
        'sslmode=allow',
        'sslmode=on',
        'ssl=yes',
        'ssl=false',
        'sslmode=',
      ])
        expect(() => configOf(`${url}?${wrong}`)).toThrow(/DATABASE_URL.*ssl/);
      for (const right of ['sslmode=verify-full', 'sslmode=disable', 'ssl=true'])
        expect(configOf(`${url}?${right}`).databaseUrls.app).toContain(right);
    });

    it('is told by doctor, by its weakest connection', () => {
      const told = (parameters: string, env: Record<string, string> = {}) => {
        const { status, message } = checkTls(configOf(`${url}?${parameters}`, env));
        return `${status} ${message}`;
      };
      expect(told('sslmode=require')).toBe(
        "ok require: encrypted, the authority and the server's name are checked",
      );
      expect(told('sslmode=require&uselibpqcompat=true')).toMatch(/^warning require: encrypted, .* anybody/);
      expect(told('')).toMatch(/^warning disable: none/);
      expect(told('sslmode=verify-full', { DATABASE_LOG_URL: url })).toMatch(/^warning disable: none/);
      expect(checkTls(configOf(postgres.url)).status).toBe('ok'); // on this machine
    });
  });

  // The last one: the server stays a standby.
  describe('on a standby', () => {
    it('is refused at start, and found by the doctor', async () => {
      const url = await create('followed');
      await migrateAsOwner(configOf(url));
      await postgres.stop();
      postgres.becomeStandby();
      await postgres.start();
      for (const MIGRATE_ON_START of ['true', 'false']) {
        const { code, stderr } = await startToFail({ DATABASE_URL: url, MIGRATE_ON_START });
        expect(code).toBe(1);
        expect(stderr).toMatch(/is a standby, which cannot be written to. Connect to the primary/);
      }
      const checks = await examine(configOf(url));
      expect(checks.find(({ name }) => name === 'primary')).toMatchObject({ status: 'problem' });
    });
  });
});
