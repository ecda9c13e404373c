import { CallLog } from '../src/call-logs/call-log.entity.js';
import { createTestApp, type TestApp, type TestTenant } from './support/test-app.js';

type Ids = { readonly group: string; readonly tool: string; readonly call: string };
type Access = 'anyone' | 'signed_in' | 'readers' | 'admins';

type Row = {
  readonly route: `${string} /${string}`;
  readonly access: Access;
  readonly path?: (ids: Ids) => string;
  readonly body?: object;
  readonly creates?: true;
};

/** Every route of the REST API. A route without a row fails the test below. */
const ROUTES: readonly Row[] = [
  { route: 'POST /auth/login', access: 'anyone' },
  { route: 'POST /auth/refresh', access: 'anyone' },
  { route: 'POST /auth/logout', access: 'anyone' },
  { route: 'GET /auth/me', access: 'signed_in' },
  { route: 'GET /admin/groups', access: 'readers' },
  { route: 'POST /admin/groups', access: 'admins', body: { name: 'another' }, creates: true },
  { route: 'GET /admin/groups/{id}', access: 'readers', path: ({ group }) => `/admin/groups/${group}` },
  {
    route: 'PUT /admin/groups/{id}',
    access: 'admins',
    path: ({ group }) => `/admin/groups/${group}`,
    body: { name: 'x' },
  },
  { route: 'DELETE /admin/groups/{id}', access: 'admins', path: ({ group }) => `/admin/groups/${group}` },
  {
    route: 'GET /admin/groups/{id}/api-key',
    access: 'admins',
    path: ({ group }) => `/admin/groups/${group}/api-key`,
  },
  {
    route: 'POST /admin/groups/{id}/regenerate-key',
    access: 'admins',
    path: ({ group }) => `/admin/groups/${group}/regenerate-key`,
  },
  {
    route: 'GET /admin/groups/{id}/server-url',
    access: 'readers',
    path: ({ group }) => `/admin/groups/${group}/server-url`,
  },
  {
    route: 'GET /admin/groups/{id}/connect',
    access: 'readers',
    path: ({ group }) => `/admin/groups/${group}/connect`,
  },
  {
    route: 'POST /admin/groups/{id}/tools',
    access: 'admins',
    path: ({ group }) => `/admin/groups/${group}/tools`,
    body: { tool_name: 'search_users' },
    creates: true,
  },
  { route: 'GET /admin/tools', access: 'readers' },
  { route: 'GET /admin/tools/registered', access: 'readers' },
  { route: 'GET /admin/tools/{id}', access: 'readers', path: ({ tool }) => `/admin/tools/${tool}` },
  {
    route: 'PUT /admin/tools/{id}',
    access: 'admins',
    path: ({ tool }) => `/admin/tools/${tool}`,
    body: { enabled: false },
  },
  { route: 'DELETE /admin/tools/{id}', access: 'admins', path: ({ tool }) => `/admin/tools/${tool}` },
  {
    route: 'POST /admin/tools/{id}/test',
    access: 'admins',
    path: ({ tool }) => `/admin/tools/${tool}/test`,
    body: {},
  },
  { route: 'GET /admin/call-logs', access: 'readers' },
  { route: 'GET /admin/call-logs/{id}', access: 'readers', path: ({ call }) => `/admin/call-logs/${call}` },
  { route: 'GET /admin/server/status', access: 'readers' },
];
const ofOneThing = ROUTES.filter((row) => row.path);
const guarded = ROUTES.filter((row) => row.access !== 'anyone');
const UNKNOWN = '01a1fc2e-cfb8-7648-9fcd-c4461f6942da';

const isDelete = ({ route }: Row) => Number(route.startsWith('DELETE'));

describe('tenant isolation', () => {
  let t: TestApp;
  let victim: TestTenant;
  let stranger: TestTenant;
  let ids: Ids;
  /** Of the victim's people who are no admins, by role. */
  const tokens = new Map<string, string>();

  const call = (row: Row, target: Ids, token?: string) => {
    const [method, path] = row.route.split(' ');
    return t.rest(method, row.path?.(target) ?? path, { token, body: row.body });
  };
  /** All that the victim has, as the database knows it. */
  const possessions = async () =>
    JSON.stringify(
      await Promise.all(
        ['mcp_tool_groups', 'mcp_group_keys', 'mcp_tools', 'mcp_call_logs'].map((table) =>
          t.dataSource.query(`SELECT * FROM ${table} WHERE tenant_id = $1 ORDER BY id`, [victim.tenantId]),
        ),
      ),
    );

  beforeAll(async () => {
    t = await createTestApp();
    [victim, stranger] = [await t.newTenant(), await t.newTenant()];
    const token = victim.adminToken;
    const group = (await t.rest('POST', '/admin/groups', { token, body: { name: 'Their group' } })).body.data
      .id;
    const body = { tool_name: 'get_task' };
    const tool = (await t.rest('POST', `/admin/groups/${group}/tools`, { token, body })).body.data.id;
    await t.rest('POST', `/admin/tools/${tool}/test`, { token, body: {} });
    const { id } = await t.dataSource.getRepository(CallLog).findOneByOrFail({ tenantId: victim.tenantId });
    ids = { group, tool, call: id };
    for (const role of ['auditor', 'operator', 'consultant', 'customer']) {
      const user = await t.newUser(victim.tenantId, [role]);
      tokens.set(role, (await t.signIn(user.email)).access_token);
    }
  });
  afterAll(() => t.close());

  it('has a row for every route', async () => {
    const document = (await (await fetch(`${t.url}/api/docs-json`)).json()) as {
      paths: Record<string, object>;
    };
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace('/api/v1', '')}`),
    );
    expect(routes.toSorted()).toEqual(ROUTES.map((row) => row.route as string).toSorted());
  });

  it.each(ofOneThing)("$route does not find another tenant's", async (row) => {
    const before = await possessions();
    const foreign = await call(row, ids, stranger.adminToken);
    const unknown = await call(row, { group: UNKNOWN, tool: UNKNOWN, call: UNKNOWN }, stranger.adminToken);
    expect([foreign.status, foreign.body.error.code]).toEqual([404, 'not_found']);
    expect(unknown.status).toBe(404);
    // The same words for what is not there and what is somebody else's.
    expect(foreign.body.message.replaceAll(/[0-9a-f-]{36}/g, 'ID')).toBe(
      unknown.body.message.replaceAll(/[0-9a-f-]{36}/g, 'ID'),
    );
    expect(await possessions()).toBe(before);
  });

  it.each(ofOneThing)('$route refuses what is no id', async (row) => {
    const answer = await call(row, { group: 'x', tool: 'x', call: 'x' }, stranger.adminToken);
    expect([answer.status, answer.body.error.details?.[0].field]).toEqual([400, 'id']);
  });

  it.each(guarded)('$route needs a token', async (row) => {
    expect((await call(row, ids)).status).toBe(401);
    expect((await call(row, ids, 'x.y.z')).status).toBe(401);
  });

  it.each(guarded)('$route lets in $access and nobody else', async (row) => {
    for (const [role, token] of tokens) {
      const allowed = row.access === 'signed_in' || (row.access === 'readers' && role === 'auditor');
      expect([role, (await call(row, ids, token)).status]).toEqual([role, allowed ? 200 : 403]);
    }
  });

  it("keeps the lists to the tenant's own", async () => {
    const token = stranger.adminToken;
    for (const path of [
      '/admin/groups',
      '/admin/tools',
      `/admin/tools?group_id=${ids.group}`,
      '/admin/call-logs',
    ]) {
      expect([path, (await t.rest('GET', path, { token })).items]).toEqual([path, []]);
    }
    const filtered = await t.rest('GET', `/admin/call-logs?group_id=${ids.group}`, { token });
    expect(filtered.items).toEqual([]);
    expect((await t.rest('GET', '/admin/server/status', { token })).body.data['counts']).toMatchObject({
      groups: 0,
    });
  });

  it("does not page into another tenant with that tenant's cursor", async () => {
    const token = victim.adminToken;
    await t.rest('POST', '/admin/groups', { token, body: { name: 'Second' } });
    const { next_cursor: cursor } = (await t.rest('GET', '/admin/groups?limit=1', { token })).body.page;
    const answer = await t.rest('GET', `/admin/groups?cursor=${cursor}`, { token: stranger.adminToken });
    expect(answer.items).toEqual([]);
  });

  it('shows auditors no key', async () => {
    const token = tokens.get('auditor');
    const plain = await t.rest('GET', `/admin/groups/${ids.group}/connect`, { token });
    expect([plain.status, JSON.stringify(plain.body)]).toEqual([
      200,
      expect.not.stringContaining('mcp_key_'),
    ]);
    const withKey = await t.rest('GET', `/admin/groups/${ids.group}/connect?include_key=true`, { token });
    expect(withKey.status).toBe(403);
  });

  it('lets the owner do all of it', async () => {
    const rows = guarded.toSorted((a, b) => isDelete(a) - isDelete(b) || b.route.localeCompare(a.route));
    for (const row of rows) {
      const { status } = await call(row, ids, victim.adminToken);
      expect([row.route, status]).toEqual([row.route, row.creates ? 201 : 200]);
    }
  });
});
