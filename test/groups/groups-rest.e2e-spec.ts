import { GroupKey } from '../../src/groups/keys/group-key.entity.js';
import { isWellFormedKey } from '../../src/groups/keys/key-format.js';
import { CatalogStore } from '../../src/groups/catalog-store.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';

const UNKNOWN = '01a1fc2e-cfb8-7648-9fcd-c4461f6942da';

/** Whether a key opens the group's MCP server: its HTTP status. */
const knock = async (url: string, key: string) => {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
  });
  await response.body?.cancel();
  return response.status;
};

describe('admin REST of groups', () => {
  let t: TestApp;
  let tenant: TestTenant;
  let token: string;
  beforeAll(async () => {
    t = await createTestApp();
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    tenant = await t.newTenant();
    token = tenant.adminToken;
  });

  const create = (body: object = { name: 'Customer service' }) =>
    t.rest('POST', '/admin/groups', { token, body });
  const namesOf = async (q: string) =>
    (await get(`?q=${encodeURIComponent(q)}`)).items.map((group) => group['name']);
  const get = (path: string) => t.rest('GET', `/admin/groups${path}`, { token });
  const put = (id: string, body: object) => t.rest('PUT', `/admin/groups/${id}`, { token, body });
  const fieldsOf = (answer: Awaited<ReturnType<typeof create>>) => [
    ...new Set(answer.body.error.details?.map(({ field }) => field)),
  ];
  describe('POST /admin/groups', () => {
    it('makes a group with a key that opens it at once', async () => {
      const code = `crm-${Date.now().toString(36)}`;
      const answer = await create({
        name: '  Customer service ',
        server_code: code,
        description: 'For the Dify app',
        user_tier_access: ['vip'],
        allowed_roles: ['consultant'],
        sessions: true,
      });
      expect(answer.status).toBe(201);
      expect(answer.body).toMatchObject({
        success: true,
        effective_immediately: true,
        data: {
          name: 'Customer service',
          server_code: code,
          description: 'For the Dify app',
          user_tier_access: ['vip'],
          allowed_roles: ['consultant'],
          enabled: true,
          sessions: true,
          tool_count: 0,
          created_by: tenant.caller.userId,
          server_url: `${t.url}/mcp/${code}/mcp`,
        },
      });
      const { api_key: key, server_url: url } = answer.body.data;
      expect(isWellFormedKey(key)).toBe(true);
      expect(answer.body.data['api_key_prefix']).toBe(key.slice(0, 12));
      expect(await knock(url, key)).toBe(200);
    });

    it('keeps the key only encrypted and hashed', async () => {
      const { id, api_key: key } = (await create()).body.data;
      const [{ row }]: { row: string }[] = await t.dataSource.query(
        'SELECT k::text AS row FROM mcp_group_keys k WHERE group_id = $1',
        [id],
      );
      expect(row).not.toContain(key);
      expect(row).not.toContain(Buffer.from(key).toString('hex'));
    });

    it('generates a server code', async () => {
      expect((await create()).body.data.server_code).toMatch(/^[a-z]+-[a-z]+-[a-z0-9]{5}$/);
    });

    it('refuses a name that the tenant has, not one that another has', async () => {
      await create();
      const again = await create();
      expect(again.status).toBe(409);
      expect(fieldsOf(again)).toEqual(['name']);
      token = (await t.newTenant()).adminToken;
      expect((await create()).status).toBe(201);
    });

    it("refuses another tenant's server code and tells nothing of it", async () => {
      const { server_code: code } = (await create({ name: 'Secret project' })).body.data;
      token = (await t.newTenant()).adminToken;
      const answer = await create({ name: 'x', server_code: code });
      expect(answer.status).toBe(409);
      expect(answer.body).toEqual({
        success: false,
        message: 'The server_code is taken; choose another or leave it out',
        error: { code: 'conflict', details: [{ field: 'server_code', message: 'is taken' }] },
      });
    });

    it.each([
      [{}, ['name']],
      [{ name: ' ' }, ['name']],
      [{ name: 'x'.repeat(101) }, ['name']],
      [{ name: 7 }, ['name']],
      [{ name: 'x', server_code: 'AB' }, ['server_code']],
      [{ name: 'x', server_code: 'admin' }, ['server_code']],
      [{ name: 'x', server_code: null }, ['server_code']],
      [{ name: 'x', description: null }, ['description']],
      [{ name: 'x', enabled: 'true', sessions: 1 }, ['enabled', 'sessions']],
      [
        { name: 'x', allowed_roles: 'admin', user_tier_access: ['VIP'] },
        ['user_tier_access', 'allowed_roles'],
      ],
      [{ name: 'x', allowed_roles: ['a', 'a'] }, ['allowed_roles']],
      [{ name: 'x', tenant_id: UNKNOWN }, ['tenant_id']],
      [{ name: 'x\u0000' }, ['name']],
    ])('names each wrong field of %j', async (body, fields) => {
      const answer = await create(body);
      expect(answer.status).toBe(400);
      expect(fieldsOf(answer)).toEqual(fields);
    });
  });

  describe('GET /admin/groups', () => {
    it('pages through all groups, oldest first, each once', async () => {
      for (const name of ['a', 'b', 'c', 'd', 'e']) await create({ name });
      const names: unknown[] = [];
      let cursor: string | null = '';
      let pages = 0;
      while (cursor !== null) {
        const answer = await get(`?limit=2${cursor && `&cursor=${cursor}`}`);
        expect(answer.body.page.limit).toBe(2);
        names.push(...answer.items.map((group) => group['name']));
        cursor = answer.body.page.next_cursor;
        pages += 1;
      }
      expect([names, pages]).toEqual([['a', 'b', 'c', 'd', 'e'], 3]);
    });

    it('searches literally', async () => {
      await create({ name: '100% sales' });
      await create({ name: '100 sales', description: 'x_y' });
      expect(await namesOf('100%')).toEqual(['100% sales']);
      expect(await namesOf('SALES')).toEqual(['100% sales', '100 sales']);
      expect(await namesOf('x_y')).toEqual(['100 sales']);
      expect(await namesOf('xzy')).toEqual([]);
    });

    it.each([
      'limit=0',
      'limit=201',
      'limit=x',
      'limit=1&limit=2',
      'cursor=nonsense',
      'cursor=WzFd',
      'page=2',
    ])('refuses ?%s', async (query) => {
      const answer = await get(`?${query}`);
      expect([answer.status, fieldsOf(answer)]).toEqual([400, [query.split('=')[0]]]);
    });

    it('shows no key', async () => {
      const { api_key: key, id } = (await create()).body.data;
      const shown = JSON.stringify([await get(''), await get(`/${id}`), await get(`/${id}/connect`)]);
      expect(shown).not.toContain(key);
    });
  });

  describe('PUT /admin/groups/:id', () => {
    it('changes what is given and keeps the rest', async () => {
      const { id } = (await create({ name: 'a', description: 'd', allowed_roles: ['x'] })).body.data;
      const answer = await put(id, { name: 'b', allowed_roles: [] });
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({
        effective_immediately: true,
        data: { id, name: 'b', description: 'd', allowed_roles: [], enabled: true },
      });
      expect((await get(`/${id}`)).body.data).toEqual(answer.body.data);
    });

    it('rules the next call', async () => {
      const { id, api_key: key, server_url: url } = (await create()).body.data;
      await put(id, { enabled: false });
      expect(await knock(url, key)).toBe(403);
      await put(id, { enabled: true });
      expect(await knock(url, key)).toBe(200);
    });

    it('raises the epoch by one each time', async () => {
      const { id } = (await create()).body.data;
      const catalogs = t.app.get(CatalogStore);
      expect(catalogs.find(id)?.epoch).toBe(1);
      await put(id, { description: 'x' });
      await Promise.all([
        put(id, { description: 'y' }),
        put(id, { enabled: true }),
        put(id, { sessions: true }),
      ]);
      expect(catalogs.find(id)?.epoch).toBe(5);
    });

    it('says that a server code never changes', async () => {
      const { id, server_code: code } = (await create()).body.data;
      const answer = await put(id, { server_code: 'another-one' });
      expect([answer.status, answer.body.error.details]).toMatchObject([
        400,
        [{ field: 'server_code', message: expect.stringMatching(/never changes/) }],
      ]);
      expect((await get(`/${id}`)).body.data.server_code).toBe(code);
    });

    it('refuses a taken name and wrong fields, and then changes nothing', async () => {
      await create({ name: 'a' });
      const { id } = (await create({ name: 'b' })).body.data;
      expect((await put(id, { name: 'a', description: 'new' })).status).toBe(409);
      expect(fieldsOf(await put(id, { name: null, enabled: 'x', id: UNKNOWN }))).toEqual([
        'id',
        'name',
        'enabled',
      ]);
      expect((await get(`/${id}`)).body.data).toMatchObject({ name: 'b', description: '' });
    });
  });

  describe('keys', () => {
    it('are shown on request', async () => {
      const { id, api_key: key } = (await create()).body.data;
      expect((await get(`/${id}/api-key`)).body.data).toMatchObject({
        api_key: key,
        prefix: key.slice(0, 12),
      });
    });

    it('are replaced in one step', async () => {
      const { id, api_key: old, server_url: url } = (await create()).body.data;
      const answer = await t.rest('POST', `/admin/groups/${id}/regenerate-key`, { token });
      expect([answer.status, answer.body]).toMatchObject([200, { effective_immediately: true }]);
      const { api_key: key } = answer.body.data;
      expect(await knock(url, old)).toBe(401);
      expect(await knock(url, key)).toBe(200);
      expect((await get(`/${id}/api-key`)).body.data.api_key).toBe(key);
    });

    it('stay one per group when replaced at the same time', async () => {
      const { id } = (await create()).body.data;
      await Promise.all([1, 2, 3].map(() => t.rest('POST', `/admin/groups/${id}/regenerate-key`, { token })));
      const keys = t.dataSource.getRepository(GroupKey);
      expect([
        await keys.countBy({ groupId: id, status: 'active' }),
        await keys.countBy({ groupId: id }),
      ]).toEqual([1, 4]);
    });
  });

  it('GET /admin/groups/:id/server-url gives every URL', async () => {
    const { id, server_code: code } = (await create()).body.data;
    expect((await get(`/${id}/server-url`)).body.data).toEqual({
      server_code: code,
      server_url: `${t.url}/mcp/${code}/mcp`,
      short_url: `${t.url}/mcp/${code}`,
      sse_url: `${t.url}/mcp/${code}/sse`,
      ws_url: `${t.url.replace('http', 'ws')}/mcp/${code}/ws`,
    });
  });

  it('GET /admin/groups/:id/connect has a placeholder unless the key is asked for', async () => {
    const { id, api_key: key } = (await create()).body.data;
    const plain = JSON.stringify((await get(`/${id}/connect`)).body.data);
    expect(plain).toContain('Bearer YOUR_KEY');
    const withKey = JSON.stringify((await get(`/${id}/connect?include_key=true`)).body.data);
    expect(withKey).toContain(`Bearer ${key}`);
    expect(withKey).not.toContain('YOUR_KEY');
    expect(fieldsOf(await get(`/${id}/connect?include_key=yes`))).toEqual(['include_key']);
  });

  it('DELETE /admin/groups/:id takes keys and tools along and closes the URL', async () => {
    const { id, api_key: key, server_url: url } = (await create()).body.data;
    await t.rest('POST', `/admin/groups/${id}/tools`, { token, body: { tool_name: 'get_task' } });
    const answer = await t.rest('DELETE', `/admin/groups/${id}`, { token });
    expect([answer.status, answer.body]).toMatchObject([200, { data: null, effective_immediately: true }]);
    expect(await knock(url, key)).toBe(401);
    expect((await get(`/${id}`)).status).toBe(404);
    expect((await t.rest('GET', `/admin/tools?group_id=${id}`, { token })).items).toEqual([]);
    expect(await t.dataSource.getRepository(GroupKey).countBy({ groupId: id })).toBe(0);
  });

  it('changes reach another replica', async () => {
    const replica = await createTestApp({ database: t.database });
    try {
      const { id, api_key: key, server_code: code } = (await create()).body.data;
      const url = `${replica.url}/mcp/${code}/mcp`;
      const settle = async (status: number) => {
        const deadline = Date.now() + 5000;
        while ((await knock(url, key)) !== status && Date.now() < deadline);
        expect(await knock(url, key)).toBe(status);
      };
      await settle(200);
      await put(id, { enabled: false });
      await settle(403);
      await t.rest('POST', `/admin/groups/${id}/regenerate-key`, { token });
      await settle(401);
    } finally {
      await replica.close();
    }
  });
});
