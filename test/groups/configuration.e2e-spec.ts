import { Client } from '@modelcontextprotocol/client';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import type { Permission } from '../../src/access/permissions.js';
import { inTenant } from '../../src/platform/request-scope.js';
import { ConfigurationService } from '../../src/groups/configuration/configuration.service.js';
import { TestTools } from '../fixtures/test.tools.js';
import { legacy, newGroup, send } from '../support/mcp.js';
import { type Answer, createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

type Diff = {
  readonly etag: string;
  readonly applied?: boolean;
  readonly keys?: readonly { readonly group: string; readonly name: string; readonly api_key: string }[];
  readonly changes: readonly {
    readonly action: string;
    readonly kind: string;
    readonly group: string;
    readonly name: string | null;
    readonly fields: readonly { field: string; before?: unknown; after: unknown }[];
  }[];
};
type Problem = {
  readonly field: string;
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
};

describe('configuration as code', () => {
  let t: TestApp;
  let tenant: TestTenant;
  let replica: TestApp | undefined;
  let count = 0;
  const newCode = () => `code-${Date.now().toString(36)}-${(count += 1)}`;

  beforeAll(async () => {
    t = await createTestApp({ tools: [TestTools] });
  });
  afterAll(async () => {
    await replica?.close();
    await t.close();
  });
  beforeEach(async () => {
    tenant = await t.newTenant();
  });

  const post = async (
    path: string,
    file: string,
    { token = tenant.adminToken, headers = {} }: { token?: string; headers?: Record<string, string> } = {},
  ) => {
    const response = await fetch(`${t.url}/api/v1/admin/config/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/yaml', ...headers },
      body: file,
    });
    const body = (await response.json()) as Answer['body'];
    return {
      status: response.status,
      headers: response.headers,
      message: body.message,
      diff: body.data as unknown as Diff,
      problems: (body.error?.details ?? []) as readonly Problem[],
    };
  };
  const diff = (file: string) => post('diff', file);
  const apply = (file: string, headers: Record<string, string> = {}) => post('apply', file, { headers });
  const exportOf = async (token = tenant.adminToken, accept = '*/*') => {
    const response = await fetch(`${t.url}/api/v1/admin/config/export`, {
      headers: { authorization: `Bearer ${token}`, accept },
    });
    return { response, text: await response.text(), etag: response.headers.get('etag') ?? '' };
  };
  /** All that the tenant has, as the database holds it. */
  const stateOf = async ({ tenantId }: TestTenant) => ({
    groups: await t.dataSource.query('SELECT * FROM mcp_tool_groups WHERE tenant_id = $1 ORDER BY id', [
      tenantId,
    ]),
    tools: await t.dataSource.query('SELECT * FROM mcp_tools WHERE tenant_id = $1 ORDER BY id', [tenantId]),
    keys: await t.dataSource.query(
      'SELECT id, hash, status FROM mcp_group_keys WHERE tenant_id = $1 ORDER BY id',
      [tenantId],
    ),
  });
  const auditOf = async ({ tenantId }: TestTenant) =>
    t.dataSource.query<
      { action: string; target_name: string; before: object; after: object; actor_kind: string }[]
    >(`SELECT * FROM admin_audit_logs WHERE tenant_id = $1 AND action <> 'session.begin' ORDER BY id`, [
      tenantId,
    ]);
  const stepsOf = ({ changes }: Diff) =>
    changes.map(({ action, kind, group, name }) => [action, kind, name ?? group].join(' '));

  const sample = (code: string) => `version: 1
groups:
  ${code}:
    name: Customer service
    description: For the Dify app
    allowed_roles: [consultant, admin]
    tools:
      configured:
        description: Says hello
        timeout_seconds: 5
        config: { greeting: moin }
      echo:
`;

  describe('POST /admin/config/apply', () => {
    it('makes what the file says, and says nothing to do the second time', async () => {
      const code = newCode();
      const first = await apply(sample(code));
      expect(first).toMatchObject({ status: 200, message: 'Configuration applied', diff: { applied: true } });
      expect(stepsOf(first.diff)).toEqual([
        `create group ${code}`,
        'create tool configured',
        'create tool echo',
        'create key default',
      ]);
      const before = await stateOf(tenant);
      expect(before.groups).toMatchObject([
        {
          server_code: code,
          name: 'Customer service',
          allowed_roles: ['admin', 'consultant'],
          enabled: true,
        },
      ]);
      const second = await apply(sample(code));
      expect(second).toMatchObject({
        status: 200,
        message: 'Nothing to do',
        diff: { applied: false, changes: [] },
      });
      expect(await stateOf(tenant)).toEqual(before); // epochs and times, too
      expect((await auditOf(tenant)).filter(({ action }) => action === 'config.apply')).toHaveLength(1);
    });

    it('takes what it exported as nothing to do, as YAML and as JSON', async () => {
      const group = await newGroup(t, tenant, { tools: ['configured', 'echo'] });
      await apply(sample(newCode()));
      for (const accept of ['application/yaml', 'application/json']) {
        const { text, response } = await exportOf(tenant.adminToken, accept);
        expect(response.headers.get('content-type')).toContain(accept);
        expect(text).toContain(group.code);
        expect(await apply(text, { 'content-type': accept })).toMatchObject({
          status: 200,
          diff: { changes: [] },
        });
      }
    });

    it("makes one tenant's groups in another under other codes", async () => {
      const code = newCode();
      await apply(sample(code));
      const other = await t.newTenant();
      const file = (await exportOf()).text.replaceAll(code, `${code}-b`);
      const applied = await post('apply', file, { token: other.adminToken });
      expect(applied).toMatchObject({ status: 200, diff: { applied: true } });
      expect((await exportOf(other.adminToken)).text).toBe(file);
    });

    it('changes only what differs: settings, tools given and taken', async () => {
      const code = newCode();
      await apply(sample(code));
      const [{ id: echoBefore }] = await t.dataSource.query<[{ id: string }]>(
        `SELECT id FROM mcp_tools WHERE tenant_id = $1 AND tool_name = 'echo'`,
        [tenant.tenantId],
      );
      const file = `version: 1
groups:
  ${code}:
    name: Customer service
    enabled: false
    tools: { echo: { enabled: false }, data: {} }
`;
      const { diff: planned } = await diff(file);
      expect(planned.changes).toEqual([
        {
          action: 'update',
          kind: 'group',
          group: code,
          name: null,
          fields: [
            { field: 'description', before: 'For the Dify app', after: '' },
            { field: 'enabled', before: true, after: false },
            { field: 'allowed_roles', before: ['admin', 'consultant'], after: [] },
          ],
        },
        { action: 'delete', kind: 'tool', group: code, name: 'configured', fields: [] },
        expect.objectContaining({ action: 'create', kind: 'tool', name: 'data' }),
        {
          action: 'update',
          kind: 'tool',
          group: code,
          name: 'echo',
          fields: [{ field: 'enabled', before: true, after: false }],
        },
      ]);
      expect((await apply(file)).diff.changes).toEqual(planned.changes);
      const { groups, tools } = await stateOf(tenant);
      expect(groups).toMatchObject([{ description: '', enabled: false, allowed_roles: [] }]);
      expect(tools).toMatchObject([
        { id: echoBefore, tool_name: 'echo', enabled: false },
        { tool_name: 'data', enabled: true },
      ]);
    });

    it('leaves groups that are not listed and sections that are left out, unless it is told to prune', async () => {
      const kept = await newGroup(t, tenant, { tools: ['echo'] });
      const listed = await newGroup(t, tenant, { tools: ['echo', 'data'] });
      const file = `version: 1\ngroups:\n  ${listed.code}:\n    name: Renamed\n`;
      expect(stepsOf((await apply(file)).diff)).toEqual([`update group ${listed.code}`]);
      expect((await stateOf(tenant)).tools).toHaveLength(3);
      expect(stepsOf((await apply(`prune: true\n${file}`)).diff)).toEqual([`delete group ${kept.code}`]);
      expect((await stateOf(tenant)).groups).toHaveLength(1);
      expect((await send(kept, legacy('ping'))).status).toBe(401);
    });

    it('lets groups exchange their names', async () => {
      const [a, b, c] = [newCode(), newCode(), newCode()];
      const file = (names: Record<string, string>) =>
        JSON.stringify({
          version: 1,
          groups: Object.fromEntries(Object.entries(names).map(([code, name]) => [code, { name }])),
        });
      await apply(file({ [a]: 'One', [b]: 'Two' }));
      const exchanged = await apply(file({ [a]: 'Two', [b]: 'Three', [c]: 'One' }));
      expect(exchanged).toMatchObject({ status: 200, diff: { applied: true } });
      const { groups } = await stateOf(tenant);
      expect(groups).toMatchObject([
        { server_code: a, name: 'Two' },
        { server_code: b, name: 'Three' },
        { server_code: c, name: 'One' },
      ]);
    });

    it('makes, ends and revokes keys by name, and shows the value of a new one once', async () => {
      const code = newCode();
      const file = (keys: string) => `version: 1\ngroups: { ${code}: { name: Keys, keys: ${keys} } }`;
      expect((await apply(file('{}'))).diff.keys).toEqual([]);
      expect((await stateOf(tenant)).keys).toEqual([]);

      const made = await apply(file('{ default: }'));
      expect(stepsOf(made.diff)).toEqual(['create key default']);
      expect(made.diff.keys).toMatchObject([{ group: code, name: 'default' }]);
      const key = made.diff.keys?.[0]?.api_key ?? '';
      const group = { id: '', code, key, url: `${t.url}/mcp/${code}/mcp` };
      expect((await send(group, legacy('ping'))).status).toBe(200);
      expect((await exportOf()).text).not.toContain(key);
      const records = JSON.stringify(await auditOf(tenant));
      expect(records).not.toContain(key);
      expect(records).toContain('key.reveal');

      expect(await apply(file('{ default: }'))).toMatchObject({ diff: { changes: [], keys: [] } });
      const later = '{ default: { expires_at: 2031-01-01T01:00:00+01:00 } }';
      expect(stepsOf((await apply(file(later))).diff)).toEqual(['update key default']);
      expect((await apply(file(later))).diff.changes).toEqual([]);
      expect((await exportOf()).text).toContain('expires_at: 2031-01-01T00:00:00.000Z');
      for (const impossible of ['2026-02-30T00:00:00Z', '2026-01-31T25:00:00Z', '0000-01-01T00:00:00Z'])
        expect(await apply(file(`{ default: { expires_at: ${impossible} } }`))).toMatchObject({
          status: 400,
        });
      await apply(file('{ default: { expires_at: 2020-01-01T00:00:00Z } }'));
      expect((await send(group, legacy('ping'))).status).toBe(401);
      await apply(file('{ default: { expires_at: null } }'));
      expect((await send(group, legacy('ping'))).status).toBe(200);

      expect((await apply(`version: 1\ngroups: { ${code}: { name: Keys } }`)).diff.changes).toEqual([]);
      expect(stepsOf((await apply(file('{}'))).diff)).toEqual(['delete key default']);
      expect((await send(group, legacy('ping'))).status).toBe(401);
      expect((await stateOf(tenant)).keys).toMatchObject([{ status: 'revoked' }]);

      const ci =
        '{ ci: { owner: Build, allowed_networks: [10.0.0.0/8, 192.0.2.7, "2001:db8::/32"], tools: [b, a], decoy: true } }';
      expect(stepsOf((await apply(file(ci))).diff)).toEqual(['create key ci']);
      expect((await apply(file(ci))).diff.changes).toEqual([]);
      const { text } = await exportOf();
      expect((await apply(text)).diff.changes).toEqual([]);
      expect((await diff(file('{ ci: { allowed_networks: [home] } }'))).problems).toMatchObject([
        { message: expect.stringContaining('an address or a CIDR block') },
      ]);
    });

    it('is in force when it answers, and tells the clients that are connected', async () => {
      const group = await newGroup(t, tenant, { tools: ['echo'], sessions: true });
      const { text } = await exportOf();
      const { client, changes } = await connect(group);
      const names = async () => (await client.listTools()).tools.map(({ name }) => name);
      expect(await names()).toEqual(['echo']);
      await apply(text.replace('echo: {}', 'echo: {}\n      data: {}'));
      expect(await names()).toEqual(['data', 'echo']);
      await eventually(() => changes() > 0);
      await client.close();
    });

    it('answers for another replica, too', async () => {
      replica = await createTestApp({ database: t.database, tools: [TestTools] });
      const group = await newGroup(t, tenant, { tools: ['echo'] });
      const there = { ...group, url: `${replica.url}/mcp/${group.code}/mcp` };
      expect((await send(there, legacy('ping'))).status).toBe(200);
      const { text } = await exportOf();
      await apply(text.replace(/( +)(name: .*)/, '$1$2\n$1enabled: false'));
      expect((await send(there, legacy('ping'))).status).toBe(403);
    });

    it('writes nothing on a dry run, and refuses to begin when something changed since the diff', async () => {
      const code = newCode();
      const planned = await diff(sample(code));
      const etag = planned.headers.get('etag') ?? '';
      expect(etag).toBe(planned.diff.etag);
      const tried = await post('apply?dry_run=true', sample(code));
      expect(tried).toMatchObject({
        status: 200,
        message: 'Dry run: nothing was changed',
        diff: { applied: false },
      });
      expect(tried.diff.changes).toEqual(planned.diff.changes);
      expect((await stateOf(tenant)).groups).toEqual([]);

      await newGroup(t, tenant, { tools: [] });
      const before = await stateOf(tenant);
      expect(await apply(sample(code), { 'if-match': etag })).toMatchObject({ status: 412 });
      expect(await stateOf(tenant)).toEqual(before);
      const again = await exportOf();
      const applied = await apply(sample(code), { 'if-match': `"another", W/${again.etag}` });
      expect(applied).toMatchObject({ status: 200, diff: { applied: true } });
      expect((await exportOf()).etag).toBe(applied.diff.etag);
      expect(await apply(sample(code), { 'if-match': 'W/1' })).toMatchObject({ status: 400 });
    });

    it('knows names by one writing, as REST does: a Mac sends é as two characters', async () => {
      const code = newCode();
      const file = (name: string, keyName: string) =>
        `version: 1\ngroups: { ${code}: { name: ${name}, keys: { ${keyName}: } } }`;
      await apply(file('Cafe\u0301', 'cle\u0301'));
      expect((await apply(file('Caf\u00e9', 'cl\u00e9'))).diff.changes).toEqual([]);
    });

    it('does one of two applies after the other', async () => {
      const code = newCode();
      const applied = await Promise.all([apply(sample(code)), apply(sample(code)), apply(sample(code))]);
      expect(applied.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(applied.filter(({ diff: { applied: wrote } }) => wrote)).toHaveLength(1);
      expect((await stateOf(tenant)).tools).toHaveLength(2);
    });

    it('leaves nothing behind when it ends in the middle', async () => {
      const [a, b] = [newCode(), newCode()].toSorted();
      await apply(`version: 1\ngroups: { ${a}: { name: A }, ${b}: { name: B, tools: { echo: } } }`);
      const before = await stateOf(tenant);
      const holder = t.dataSource.createQueryRunner();
      await holder.startTransaction();
      await holder.query(`SELECT FROM mcp_tools WHERE tenant_id = $1 FOR UPDATE`, [tenant.tenantId]);
      const file = `version: 1\ngroups: { ${a}: { name: AA, tools: { data: } }, ${b}: { name: B, tools: { data: } } }`;
      const applying = apply(file);
      const waiting = `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'DELETE%mcp_tools%'
        AND datname = current_database()`;
      await eventually(async () => (await t.dataSource.query<object[]>(waiting)).length === 1);
      await t.dataSource.query(`SELECT pg_terminate_backend(pid) FROM (${waiting}) AS stuck`);
      expect((await applying).status).toBe(503);
      await holder.rollbackTransaction();
      await holder.release();
      expect(await stateOf(tenant)).toEqual(before);
      expect(await apply(file)).toMatchObject({ status: 200, diff: { applied: true } });
    });

    it('is on record as one act and step by step', async () => {
      const code = newCode();
      await apply(sample(code));
      await apply(sample(code).replace('moin', 'salut'));
      const entries = (await auditOf(tenant)).filter(({ actor_kind: kind }) => kind === 'user');
      expect(entries.map(({ action }) => action)).toEqual([
        'config.apply',
        'group.create',
        'tool.add',
        'tool.add',
        'key.create',
        'key.reveal',
        'config.apply',
        'tool.update',
      ]);
      expect(entries.at(-1)).toMatchObject({
        target_name: 'configured',
        before: { group: code, config: { greeting: 'moin' } },
        after: { config: { greeting: 'salut' } },
      });
    });
  });

  describe('what is refused, with all problems at once and nothing changed', () => {
    const refused = async (file: string) => {
      const before = await stateOf(tenant);
      const answers = [await diff(file), await apply(file)];
      expect(answers.map(({ status }) => status)).toEqual([400, 400]);
      expect(await stateOf(tenant)).toEqual(before);
      expect(answers[0]?.problems).toEqual(answers[1]?.problems);
      return answers[1]?.problems.map(
        ({ field, message, line, column }) => `${line}:${column} ${field} ${message}`,
      );
    };

    it('more lines and entries than are read while others wait', async () => {
      const file = Array.from({ length: 15_002 }, (_, n) => `u${n}: 1`).join('\n');
      for (const answer of [await diff(file), await apply(file)])
        expect([answer.status, answer.message]).toEqual([
          400,
          'The file has more than 15000 lines and entries; apply it with toolcrib config apply',
        ]);
    });

    it('unknown fields and values that do not fit, by line', async () => {
      const file = `version: 2
colour: red
groups:
  crm-one:
    nam: CRM
    tools:
      echo: { timeout_seconds: 0, retries: 3 }
  Bad Code: { name: x }
  admin: { name: y }
  other: { name: z, allowed_roles: [consultant, Not OK] }
`;
      expect(await refused(file)).toEqual([
        '1:1 version must be 1: the only version there is',
        '2:1 colour is not a known field here; known are version, prune, groups',
        '4:3 groups.crm-one.name is missing',
        expect.stringContaining(
          '5:5 groups.crm-one.nam is not a known field here; known are name, description',
        ),
        expect.stringContaining('7:15 groups.crm-one.tools.echo.timeout_seconds too small'),
        expect.stringContaining('7:35 groups.crm-one.tools.echo.retries is not a known field here'),
        '8:3 groups.Bad Code must be 3 to 32 of a-z, 0-9 and -, and begin with a letter or digit',
        '9:3 groups.admin is reserved; so are mcp, sse, ws, server, oauth, admin',
        '10:49 groups.other.allowed_roles.1 must be 1 to 32 of a-z, 0-9, _ and -',
      ]);
    });

    it("tools that are not there, settings that do not fit them, codes of another tenant's, names used twice", async () => {
      const other = await newGroup(t, await t.newTenant(), { tools: [] });
      const own = await newGroup(t, tenant, { tools: [] });
      const [{ name: ownName }] = await t.dataSource.query<[{ name: string }]>(
        'SELECT name FROM mcp_tool_groups WHERE id = $1',
        [own.id],
      );
      const file = `version: 1
groups:
  ${other.code}:
    name: Mine
    tools:
      no_such_tool:
      configured:
        config: { greeting: 7 }
  aaa-one: { name: Same }
  aaa-two: { name: Same }
  aaa-three: { name: ${ownName} }
`;
      const problems = await refused(file);
      expect(problems).toEqual([
        `3:3 groups.${other.code} is taken; choose another server_code`,
        expect.stringContaining(`6:7 groups.${other.code}.tools.no_such_tool is not a registered tool`),
        expect.stringContaining(`8:19 groups.${other.code}.tools.configured.config.greeting`),
        '10:14 groups.aaa-two.name is the name of group aaa-one already',
        `11:16 groups.aaa-three.name is the name of group ${own.code} already`,
      ]);
    });

    it.each([
      ['text that is not YAML', 'version: 1\ngroups: [', /not valid YAML/],
      ['a name that is there twice', 'version: 1\ngroups: {}\ngroups: {}', /3:1 .*groups twice/],
      ['two documents', 'version: 1\n---\nversion: 1', /not valid YAML/],
      ['no groups', 'version: 1', /groups/],
      ['a list', '- version: 1', /./],
      ['a scalar', 'hello', /./],
      ['tags of other languages', 'version: 1\ngroups: !!js/function "x"', /./],
      [
        'numbers that JSON lacks',
        'version: 1\ngroups: { abc: { name: x, tools: { echo: { config: { a: .inf } } } } }',
        /JSON/,
      ],
      ['characters that cannot be stored', 'version: 1\ngroups: { abc: { name: "a\\0b" } }', /stored/],
      ['a name that objects are made by', 'version: 1\ngroups: { __proto__: { name: x } }', /__proto__/],
      ['deep brackets', `version: 1\ngroups: ${'['.repeat(14_000)}`, /nested too deeply/],
      ['deep lists', `version: 1\ngroups:\n${'- '.repeat(14_000)}`, /nested too deeply/],
      [
        'deep indentation',
        Array.from({ length: 900 }, (_, n) => `${' '.repeat(n)}a:`).join('\n'),
        /nested too deeply/,
      ],
      ['an alias bomb', bomb(), /anchors/],
      [
        'more anchors than anyone needs',
        Array.from({ length: 14_000 }, (_, n) => `g${n}: &a${n} x`).join('\n'),
        /anchors/,
      ],
      [
        'names without end',
        Array.from({ length: 14_000 }, (_, n) => `u${n}: 1`).join('\n'),
        /not a known field/,
      ],
      ['an endless alias', 'version: 1\ngroups: &a { abc: *a }', /./],
    ])('%s', async (_what, file, wanted) => {
      const begun = process.cpuUsage(); // the service is in this process; how busy others keep the machine does not count
      expect((await refused(file))?.join('\n')).toMatch(wanted);
      const { user, system } = process.cpuUsage(begun);
      expect((user + system) / 1000).toBeLessThan(10_000); // a minute and more, for some, without our limits
    });

    it('an empty body, another type, too much', async () => {
      expect((await apply('')).status).toBe(400);
      expect((await apply('a', { 'content-type': 'text/plain' })).status).toBe(415);
      expect((await apply(`#${'x'.repeat(1_048_576)}`)).status).toBe(413);
      const elsewhere = await fetch(`${t.url}/api/v1/admin/groups`, {
        method: 'POST',
        headers: { authorization: `Bearer ${tenant.adminToken}`, 'content-type': 'application/yaml' },
        body: 'name: x',
      });
      expect(elsewhere.status).toBe(415);
    });

    it('whoever may not', async () => {
      const code = newCode();
      const auditor = await t.newUser(tenant.tenantId, ['auditor']);
      const consultant = await t.newUser(tenant.tenantId, ['consultant']);
      const token = (await t.signIn(auditor.email)).access_token;
      expect((await exportOf(token)).response.status).toBe(200);
      expect((await post('diff', sample(code), { token })).status).toBe(200);
      expect((await post('apply', sample(code), { token })).status).toBe(403);
      expect((await post('apply?dry_run=true', sample(code), { token })).status).toBe(403);
      const low = (await t.signIn(consultant.email)).access_token;
      expect((await exportOf(low)).response.status).toBe(403);
      expect((await stateOf(tenant)).groups).toEqual([]);
    });
  });

  describe('a token that was narrowed to the configuration', () => {
    const applyAs = (scopes: readonly Permission[], file: string) =>
      inTenant(tenant.tenantId, () =>
        t.app.get(ConfigurationService).apply({ ...tenant.caller, scopes }, file),
      );

    it('changes groups, but makes no keys without keys.write and sees none without keys.reveal', async () => {
      const code = newCode();
      const file = (keys: string) => `version: 1\ngroups: { ${code}: { name: Narrow, keys: ${keys} } }`;
      await expect(applyAs(['config.write'], file('{ default: }'))).rejects.toThrow('keys.write');
      expect((await stateOf(tenant)).groups).toEqual([]);
      const [refusal] = (await auditOf(tenant)).filter(({ action }) => action === 'config.apply');
      expect(refusal).toMatchObject({ result: 'refused', actor_kind: 'token' });
      expect(await applyAs(['config.write'], file('{}'))).toMatchObject({ applied: true });
      const scopes = ['config.write', 'keys.write'] as const;
      expect(await applyAs(scopes, file('{ default: }'))).toMatchObject({ applied: true, newKeys: [] });
    });
  });

  describe('GET /admin/config/export', () => {
    it('is the same text for the same configuration, and shows what was decided only', async () => {
      const code = newCode();
      await apply(sample(code));
      const { text, etag, response } = await exportOf();
      expect(text).toBe(`# yaml-language-server: $schema=${t.url}/api/v1/admin/config/schema
# The tool groups of one tenant. What is left out has its default:
#   of a group: description: "", enabled: true, sessions: false, allowed_roles: [], user_tier_access: [], policy: {}
#   of a tool:  enabled: true, description: null, timeout_seconds: null, allowed_roles: [], user_tier_access: [], policy: {}, config: {}
#   of a key:   expires_at: null, owner: null, app_id: null, allowed_networks: [], tools: null, limits: {}, decoy: false
# Keys are named; their values are never here.
# A listed group is managed wholly; groups that are not listed stay, unless the file says prune: true.

version: 1
groups:
  ${code}:
    name: Customer service
    description: For the Dify app
    allowed_roles:
      - admin
      - consultant
    tools:
      configured:
        description: Says hello
        timeout_seconds: 5
        config:
          greeting: moin
      echo: {}
    keys:
      default: {}
`);
      expect(response.headers.get('vary')).toContain('Accept');
      expect(await exportOf()).toMatchObject({ text, etag });
    });

    it("has nothing of another tenant's, and never a key", async () => {
      const group = await newGroup(t, tenant, { tools: ['echo'] });
      const [{ ciphertext, hash }] = await t.dataSource.query<[{ ciphertext: Buffer; hash: Buffer }]>(
        'SELECT ciphertext, hash FROM mcp_group_keys WHERE group_id = $1',
        [group.id],
      );
      for (const accept of ['application/yaml', 'application/json']) {
        const { text } = await exportOf(tenant.adminToken, accept);
        expect(text).not.toContain('mcp_key_');
        for (const secret of [ciphertext, hash]) {
          for (const encoding of ['hex', 'base64'] as const)
            expect(text).not.toContain(secret.toString(encoding));
        }
        expect((await exportOf((await t.newTenant()).adminToken, accept)).text).not.toContain(group.code);
      }
    });
  });

  describe('GET /admin/config/schema', () => {
    it('says of a file what the service says', async () => {
      const response = await fetch(`${t.url}/api/v1/admin/config/schema`);
      expect(response.headers.get('content-type')).toContain('application/schema+json');
      const schema = (await response.json()) as Record<string, unknown>;
      expect(schema).toMatchObject({
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        $id: `${t.url}/api/v1/admin/config/schema`,
      });
      const ajv = new Ajv2020({ strict: false });
      addFormats.default(ajv);
      const validate = ajv.compile(schema);
      const code = newCode();
      expect(validate(parse(sample(code)))).toBe(true);
      await apply(sample(code));
      expect(validate(parse((await exportOf()).text))).toBe(true);
      for (const wrong of [
        sample(code).replace('version: 1', 'version: 2'),
        sample(code).replace('description: For', 'colour: For'),
        sample(code).replace('timeout_seconds: 5', 'timeout_seconds: 0'),
        sample(code).replace(code, 'Bad Code'),
        sample(code).replace('configured:\n', 'configured:\n        retries: 3\n'),
      ]) {
        expect(validate(parse(wrong))).toBe(false);
      }
    });
  });

  async function connect(group: { url: string; key: string }) {
    const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
    let changes = 0;
    const client = new Client({ name: 'test', version: '1.0.0' });
    client.setNotificationHandler('notifications/tools/list_changed', () => {
      changes += 1;
    });
    const transport = new StreamableHTTPClientTransport(new URL(group.url), {
      requestInit: { headers: { authorization: `Bearer ${group.key}` } },
    });
    await client.connect(transport);
    return { client, changes: () => changes };
  }
});

/** Some lines that would become a billion items. */
function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, n) => {
    const item = n === 0 ? 'x' : `*l${n - 1}`;
    return `l${n}: &l${n} [${Array.from({ length: 10 }, () => item).join(', ')}]`;
  });
  return ['version: 1', 'groups: {}', ...levels].join('\n');
}
