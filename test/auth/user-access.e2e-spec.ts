import { once } from 'node:events';
import { WebSocket } from 'ws';
import { User } from '../../src/access/user.entity.js';
import { TestTools } from '../fixtures/test.tools.js';
import { legacy, type McpRequest, modern, newGroup, send, type TestGroup } from '../support/mcp.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

type Request = (method: string, params?: Record<string, unknown>) => McpRequest;

/** People who call over MCP with the access token of their sign-in. */
describe.each([
  ['the fast lane', 'true'],
  ['the SDK lane', 'false'],
])('a person over MCP, %s', (_lane, MCP_FAST_LANE) => {
  let t: TestApp;
  let replica: TestApp;
  let tenant: TestTenant;
  let group: TestGroup;

  const admin = (method: string, path: string, body?: object) =>
    t.rest(method, path, { token: tenant.adminToken, ...(body && { body }) });
  const person = async (roles: readonly string[], tier = 'standard') => {
    const user = await t.newUser(tenant.tenantId, roles);
    await t.dataSource.getRepository(User).update(user.id, { tier });
    return { ...(await t.signIn(user.email)), id: user.id };
  };
  const as = (token: string, app = t): TestGroup => ({
    ...group,
    key: token,
    url: `${app.url}/mcp/${group.code}/mcp`,
  });
  const names = async (token: string, request: Request = legacy) => {
    const answer = await send(as(token), request('tools/list'));
    return answer.body.result?.tools?.map(({ name }) => name) ?? answer.status;
  };
  const setTool = async (name: string, body: object) => {
    const tools = (await admin('GET', `/admin/tools?group_id=${group.id}`)).items;
    const { id } = tools.find((tool) => tool['tool_name'] === name)!;
    return admin('PUT', `/admin/tools/${id}`, body);
  };
  const echo = (token: string, app = t, request: Request = legacy) =>
    send(as(token, app), request('tools/call', { name: 'echo', arguments: { message: 'hello' } }));

  beforeAll(async () => {
    t = await createTestApp({ tools: [TestTools], env: { MCP_FAST_LANE } });
    replica = await createTestApp({ tools: [TestTools], env: { MCP_FAST_LANE }, database: t.database });
  });
  afterAll(async () => {
    await replica?.close();
    await t?.close();
  });
  beforeEach(async () => {
    tenant = await t.newTenant();
    group = await newGroup(t, tenant, {
      tools: ['echo', 'data', 'list'],
      roles: ['admin', 'consultant', 'customer'],
    });
  });

  it.each<[string, Request]>([
    ['2025', legacy],
    ['2026-07-28', modern],
  ])('calls, and the record names the person (%s)', async (_era, request) => {
    const { access_token: token, id } = await person(['consultant']);
    expect((await echo(token, t, request)).body.result).toMatchObject({ content: [{ text: 'hello' }] });
    const rows = await t.dataSource.query('SELECT user_id, key_id FROM mcp_call_logs WHERE group_id = $1', [
      group.id,
    ]);
    expect(rows).toEqual([{ user_id: id, key_id: null }]);
  });

  it('sees what roles and tier of group and tool allow, in the list as in calls', async () => {
    const vip = await person(['customer'], 'vip');
    const consultant = await person(['consultant'], 'internal');
    await setTool('echo', { allowed_roles: ['consultant'] });
    await setTool('list', { user_tier_access: ['vip'] });
    expect(await names(vip.access_token)).toEqual(['data', 'list']);
    expect(await names(vip.access_token, modern)).toEqual(['data', 'list']);
    expect(await names(consultant.access_token)).toEqual(['data', 'echo']);
    expect(await names(group.key)).toEqual(['data', 'echo', 'list']); // a key is the application: the whole group
    const refused = await echo(vip.access_token);
    const missing = await send(
      as(vip.access_token),
      legacy('tools/call', { name: 'nothing_here', arguments: {} }),
    );
    expect(refused.body.error?.message).toBe(missing.body.error?.message.replace('nothing_here', 'echo'));
    expect((await echo(consultant.access_token)).body.result).toBeDefined();
  });

  it('is kept out of a group for others', async () => {
    await admin('PUT', `/admin/groups/${group.id}`, {
      allowed_roles: ['consultant'],
      user_tier_access: ['internal'],
    });
    const [inside, wrongRole, wrongTier] = [
      await person(['consultant'], 'internal'),
      await person(['customer'], 'internal'),
      await person(['consultant'], 'vip'),
    ];
    expect(await names(inside.access_token)).toHaveLength(3);
    for (const { access_token: token } of [wrongRole, wrongTier]) {
      const answer = await send(as(token), legacy('tools/list'));
      expect(answer).toMatchObject({ status: 403, body: { error: { data: { error: 'not_allowed' } } } });
      expect(answer.headers.get('www-authenticate')).toBeNull();
    }
    const stranger = await t.newTenant();
    expect((await send(as(stranger.adminToken), legacy('tools/list'))).status).toBe(404);
  });

  it('narrows only: a tool cannot be for people the group is not for', async () => {
    await admin('PUT', `/admin/groups/${group.id}`, { allowed_roles: ['consultant'] });
    const answer = await setTool('echo', { allowed_roles: ['consultant', 'customer'] });
    expect([answer.status, answer.body.error.details]).toEqual([
      400,
      [{ field: 'allowed_roles', message: expect.stringContaining('the group is not for customer') }],
    ]);
    expect((await setTool('echo', { allowed_roles: ['consultant'] })).status).toBe(200);
  });

  it('loses what it loses at once, on every replica', async () => {
    const { access_token: token, refresh_token: refresh, id } = await person(['consultant']);
    await setTool('echo', { allowed_roles: ['consultant'] });
    for (const app of [t, replica]) expect((await echo(token, app)).body.result).toBeDefined();
    await t.dataSource.getRepository(User).update(id, { roles: ['customer'] });
    for (const app of [t, replica])
      await eventually(async () => (await echo(token, app)).body.error !== undefined);
    await t.rest('POST', '/auth/logout', { body: { refresh_token: refresh } });
    for (const app of [t, replica]) await eventually(async () => (await echo(token, app)).status === 401);
  });

  it('is put out of a standing connection when its rights change', async () => {
    const { access_token: token, id } = await person(['consultant']);
    const url = `${replica.url.replace('http', 'ws')}/mcp/${group.code}/ws`;
    const socket = new WebSocket(url, 'mcp', { headers: { authorization: `Bearer ${token}` } });
    await once(socket, 'open');
    const closed = once(socket, 'close');
    await t.dataSource.getRepository(User).update(id, { enabled: false });
    await closed;
  });

  it('comes in with an access token of ours and nothing else', async () => {
    const { refresh_token: refresh, access_token: token } = await person(['consultant']);
    const [header, payload, signature] = token.split('.');
    const forged = `${header}.${payload}.${signature?.split('').toReversed().join('')}`;
    for (const credential of [refresh, forged, 'eyJ', 'eyJhbGciOiJub25lIn0.e30.']) {
      const answer = await send(as(credential), legacy('tools/list'));
      expect([credential.slice(0, 8), answer.status]).toEqual([credential.slice(0, 8), 401]);
    }
  });
});

describe('POST /admin/groups/:id/explain', () => {
  let t: TestApp;
  let tenant: TestTenant;
  let group: TestGroup;

  beforeAll(async () => {
    t = await createTestApp({ tools: [TestTools] });
    tenant = await t.newTenant();
    group = await newGroup(t, tenant, { tools: ['echo', 'data'] });
  });
  afterAll(() => t.close());

  const admin = (method: string, path: string, body?: object) =>
    t.rest(method, path, { token: tenant.adminToken, ...(body && { body }) });
  const explain = async (body: object) =>
    (await admin('POST', `/admin/groups/${group.id}/explain`, body)).body;
  const countCalls = async () => {
    const [{ count }] = await t.dataSource.query<[{ count: number }]>(
      'SELECT count(*)::int FROM mcp_call_logs',
    );
    return count;
  };

  it('says the same as real calls, over a table of callers and tools, and runs nothing', async () => {
    await admin('PUT', `/admin/groups/${group.id}`, {
      allowed_roles: ['consultant', 'admin'],
      user_tier_access: [],
    });
    const tools = (await admin('GET', `/admin/tools?group_id=${group.id}`)).items;
    const echo = tools.find((tool) => tool['tool_name'] === 'echo')!;
    await admin('PUT', `/admin/tools/${echo.id}`, {
      allowed_roles: ['consultant'],
      user_tier_access: ['vip'],
    });
    const keys = `/admin/groups/${group.id}/keys`;
    const all = (await admin('POST', keys, { name: 'all' })).body.data;
    const some = (await admin('POST', keys, { name: 'some', tools: ['data'] })).body.data;
    const gone = (await admin('POST', keys, { name: 'gone' })).body.data;
    await admin('DELETE', `/admin/keys/${gone.id}`);
    const decoy = (await admin('POST', keys, { name: 'decoy', decoy: true })).body.data;
    const credentials = [all, some, gone, decoy].map(({ id, api_key }) => ({
      body: { key_id: id },
      secret: api_key,
    }));
    for (const [roles, tier] of [
      [['consultant'], 'vip'],
      [['consultant'], 'standard'],
      [['admin'], 'vip'],
      [['customer'], 'vip'],
    ] as const) {
      const user = await t.newUser(tenant.tenantId, roles);
      await t.dataSource.getRepository(User).update(user.id, { tier });
      credentials.push({
        body: { user_id: user.id } as never,
        secret: (await t.signIn(user.email)).access_token,
      });
    }
    const before = await countCalls();
    const cases = credentials.flatMap(({ body, secret }) =>
      [
        { tool: 'echo', arguments: { message: 'x' } },
        { tool: 'echo', arguments: { message: 7 } },
        { tool: 'data', arguments: {} },
        { tool: 'no_such_tool', arguments: {} },
      ].map((asked) => ({ body, secret, asked })),
    );
    const said = [];
    for (const { body, asked } of cases) said.push((await explain({ ...body, ...asked })).data);
    expect(await countCalls()).toBe(before);
    for (const [index, { secret, asked }] of cases.entries()) {
      const answer = await send(
        { ...group, key: secret },
        legacy('tools/call', { name: asked.tool, arguments: asked.arguments }),
      );
      const [row] = await t.dataSource.query<{ error_kind: string | null; error_message: string | null }[]>(
        'SELECT error_kind, error_message FROM mcp_call_logs ORDER BY created_at DESC, id DESC LIMIT 1',
      );
      const ran =
        answer.status === 200 && answer.body.error === undefined && row?.error_kind !== 'invalid_arguments';
      const { allowed, record } = said[index] as never as { allowed: boolean; record: typeof row };
      expect([index, allowed]).toEqual([index, ran]);
      if (answer.status === 200) {
        expect(record).toMatchObject({ error_kind: row?.error_kind, error_message: row?.error_message });
      } else expect(record).toBeNull();
    }
  });

  it('names the rule that decides, and hides secrets of the arguments', async () => {
    const { data } = await explain({
      key_id: (await admin('GET', `/admin/groups/${group.id}/keys`)).items[0].id,
      tool: 'data',
      arguments: { password: 'hunter2' },
    });
    expect(data).toMatchObject({ record: { tool_name: 'data', request_data: { password: '[redacted]' } } });
    const user = await t.newUser(tenant.tenantId, ['customer']);
    const refused = (await explain({ user_id: user.id, tool: 'echo' })).data;
    expect(refused).toMatchObject({ allowed: false, decided_by: 'group_roles', record: null });
    expect(refused['rules']).toContainEqual({
      rule: 'group_roles',
      passed: false,
      reason: expect.stringContaining('other roles'),
    });
  });

  it('refuses what it cannot answer', async () => {
    const other = await t.newTenant();
    const foreign = await t.newUser(other.tenantId, ['owner']);
    expect((await admin('POST', `/admin/groups/${group.id}/explain`, { tool: 'echo' })).status).toBe(400);
    expect(
      (await admin('POST', `/admin/groups/${group.id}/explain`, { tool: 'echo', user_id: foreign.id }))
        .status,
    ).toBe(404);
    const answer = await t.rest('POST', `/admin/groups/${group.id}/explain`, {
      token: other.adminToken,
      body: { tool: 'echo', user_id: foreign.id },
    });
    expect(answer.status).toBe(404);
  });
});
