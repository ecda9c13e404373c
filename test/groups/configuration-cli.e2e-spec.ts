import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { legacy, send } from '../support/mcp.js';
import { COMPILE_CACHE, TEST_MASTER_KEY } from '../support/server.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

const CLI = resolve(__dirname, '../../dist/bin/toolcrib.js');
const TOOL = 'get_user_profile'; // the built service has no tools of the tests

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** The built command, beside a running service on the same database. */
describe('toolcrib config', () => {
  let t: TestApp;
  let tenant: TestTenant;
  let folder: string;
  let code: string;
  let count = 0;

  beforeAll(async () => {
    t = await createTestApp();
    folder = mkdtempSync(join(tmpdir(), 'toolcrib-config-'));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await t.close();
  });
  beforeEach(async () => {
    tenant = await t.newTenant();
    code = `cli-${Date.now().toString(36)}-${(count += 1)}`;
  });

  const start = (args: readonly string[], stdin = '') => {
    const { PATH = '' } = process.env;
    const env = {
      PATH,
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      DATABASE_URL: t.database.url,
      TOOLCRIB_MASTER_KEY: TEST_MASTER_KEY,
      PUBLIC_URL: t.url,
    };
    const child = spawn(process.execPath, [CLI, 'config', ...args], { cwd: folder, env, stdio: 'pipe' });
    child.stdin.end(stdin);
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const ended = once(child, 'close').then((): Ended => ({ code: child.exitCode, stdout, stderr }));
    return { child, ended };
  };
  const run = (...args: string[]) => start([...args, '--tenant', tenant.tenantName]).ended;
  const write = (text: string) => {
    const file = join(folder, `${code}.yaml`);
    writeFileSync(file, text);
    return file;
  };
  const sample = (settings = '{}') =>
    `version: 1\ngroups:\n  ${code}:\n    name: From a file\n    tools:\n      ${TOOL}: ${settings}\n`;
  const exportOf = async () => {
    const headers = { authorization: `Bearer ${tenant.adminToken}` };
    return (await fetch(`${t.url}/api/v1/admin/config/export`, { headers })).text();
  };

  it('shows the changes, makes them, and has nothing to do the second time', async () => {
    const file = write(sample('{ timeout_seconds: 5 }'));
    expect(await run('diff', file)).toEqual({
      code: 2,
      stdout:
        `+ group ${code}\n    name: "From a file"\n+ tool ${TOOL} of group ${code}\n    timeout_seconds: 5\n` +
        `+ key default of group ${code}\n\n3 to create, 0 to change, 0 to delete\n`,
      stderr: '',
    });
    const applied = await run('apply', file, '--yes');
    expect(applied).toMatchObject({ code: 0, stderr: '' });
    expect(applied.stdout).toContain('Applied, and in force on every running replica');
    for (const args of [['diff'], ['apply'], ['apply', '--yes']]) {
      expect(await run(...args, file)).toEqual({
        code: 0,
        stdout: 'Nothing to do: everything is as the file says\n',
        stderr: '',
      });
    }
    const { stdout } = await run('export');
    expect(stdout).toBe(await exportOf());
    const [entry] = await t.dataSource.query<object[]>(
      `SELECT * FROM admin_audit_logs WHERE tenant_id = $1 AND action = 'config.apply'`,
      [tenant.tenantId],
    );
    expect(entry).toMatchObject({ actor_kind: 'system', actor_name: 'toolcrib config apply', result: 'ok' });
  });

  it('rules the next call of the service that runs beside it', async () => {
    const body = { name: 'Live', server_code: code };
    const made = await t.rest('POST', '/admin/groups', { token: tenant.adminToken, body });
    const key = made.body.data.api_key;
    const group = { id: made.body.data.id, code, key, url: `${t.url}/mcp/${code}/mcp` };
    const listed = async () =>
      (await send(group, legacy('tools/list'))).body.result?.tools?.map(({ name }) => name);
    expect(await listed()).toEqual([]);
    expect((await run('apply', write(sample()), '--yes')).code).toBe(0);
    expect(await listed()).toEqual([TOOL]);
    expect(
      (await run('apply', write(sample().replace('    tools', '    enabled: false\n    tools')), '--yes'))
        .code,
    ).toBe(0);
    expect((await send(group, legacy('ping'))).status).toBe(403);
  });

  it('changes nothing without --yes when nobody can be asked, and on a dry run', async () => {
    const file = write(sample());
    const unasked = await run('apply', file);
    expect(unasked).toMatchObject({
      code: 2,
      stderr: 'Nothing was changed. Confirm on a terminal, or say --yes\n',
    });
    expect(await run('apply', file, '--dry-run', '--yes')).toMatchObject({ code: 2, stdout: unasked.stdout });
    expect(await exportOf()).not.toContain(code);
    const piped = start(['apply', '-', '--yes', '--tenant', tenant.tenantName], sample());
    expect((await piped.ended).code).toBe(0);
    expect(await exportOf()).toContain(code);
  });

  it('names every problem by file, line and column', async () => {
    const file = write(`${sample('{ retries: 3 }')}  Bad Code: { name: x }\n`);
    const { code: exitCode, stdout, stderr } = await run('apply', file, '--yes');
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringContaining(`${file}:6:27: groups.${code}.tools.${TOOL}.retries is not a known field here`),
      expect.stringContaining(`${file}:7:3: groups.Bad Code must be 3 to 32 of a-z, 0-9 and -`),
    ]);
  });

  it.each([
    [['diff'], /needs one FILE/],
    [['export', 'file'], /takes no FILE/],
    [['diff', 'file', '--yes'], /belong to config apply/],
    [['destroy'], /export, diff, apply, schema/],
    [['diff', 'no-such-file'], /no-such-file cannot be read \(ENOENT\)/],
    [['export', '--tenant', 'Nobody'], /There is no tenant Nobody/],
  ])('%j fails with 1, for 2 has a meaning', async (args, message) => {
    const ended = await start(args).ended;
    expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(message);
  });

  it('prints the schema that the service publishes', async () => {
    const { stdout } = await start(['schema']).ended;
    const published = await fetch(`${t.url}/api/v1/admin/config/schema`);
    expect(JSON.parse(stdout)).toEqual(await published.json());
  });

  it('leaves nothing behind when it is killed in the middle', async () => {
    await run('apply', write(sample()), '--yes');
    const before = await exportOf();
    const holder = t.dataSource.createQueryRunner();
    await holder.startTransaction();
    await holder.query('SELECT FROM mcp_tools WHERE tenant_id = $1 FOR UPDATE', [tenant.tenantId]);
    const file = write(sample('{ enabled: false }').replace('From a file', 'Another name'));
    const { child, ended } = start(['apply', file, '--yes', '--tenant', tenant.tenantName]);
    const waiting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE%mcp_tools%'
      AND datname = current_database()`;
    await eventually(async () => (await t.dataSource.query<object[]>(waiting)).length === 1);
    child.kill('SIGKILL');
    await ended;
    await holder.rollbackTransaction();
    await holder.release();
    await eventually(async () => (await t.dataSource.query<object[]>(waiting)).length === 0);
    expect(await exportOf()).toBe(before);
    expect((await run('apply', file, '--yes')).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toContain('Another name');
  });
});
