import { EventEmitter, once } from 'node:events';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { CallLog } from '../../src/call-logs/chain/call-log.entity.js';
import { CatalogStore } from '../../src/groups/catalog-store.js';
import { McpTool, type ToolContext } from '../../src/tools/mcp-tool.decorator.js';
import { createTestApp, type TestApp } from '../support/test-app.js';

@Injectable()
class GreetingTools {
  readonly runs = new EventEmitter();

  @McpTool({
    name: 'greet',
    description: 'Greets',
    category: 'test',
    version: '1.0.0',
    input: z.object({}),
    config: z.object({
      greeting: z.string().min(1).describe('The word'),
      mark: z.string().default('!').describe('The end'),
    }),
  })
  greet(_args: object, ctx: ToolContext<{ greeting: string; mark: string }>) {
    return ctx.config.greeting + ctx.config.mark;
  }

  @McpTool({ name: 'wait', description: 'Waits', category: 'test', version: '1.0.0', input: z.object({}) })
  async wait(_args: object, ctx: ToolContext) {
    this.runs.emit('run', ctx.signal);
    await once(ctx.signal, 'abort');
    return 'aborted';
  }
}

describe('admin REST of tools', () => {
  let t: TestApp;
  let token: string;
  let groupId: string;
  beforeAll(async () => {
    t = await createTestApp({ tools: [GreetingTools] });
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    token = (await t.newTenant()).adminToken;
    groupId = (await t.rest('POST', '/admin/groups', { token, body: { name: 'g' } })).body.data.id;
  });

  const add = (body: object) => t.rest('POST', `/admin/groups/${groupId}/tools`, { token, body });
  const put = (id: string, body: object) => t.rest('PUT', `/admin/tools/${id}`, { token, body });
  const test = (id: string, body: object) => t.rest('POST', `/admin/tools/${id}/test`, { token, body });
  const greet = (config: object | undefined) => add({ tool_name: 'greet', config_data: config });
  const fieldsOf = (answer: Awaited<ReturnType<typeof add>>) => [
    ...new Set(answer.body.error.details?.map(({ field }) => field)),
  ];
  const listedNames = () =>
    t.app
      .get(CatalogStore)
      .find(groupId)
      ?.listed.map(({ name }) => name);

  it('GET /admin/tools/registered lists the tools by category, with schemas', async () => {
    const answer = await t.rest('GET', '/admin/tools/registered', { token });
    expect(answer.status).toBe(200);
    const categories = answer.items.map((item) => item['category']);
    expect(categories).toEqual(categories.map(String).toSorted((a, b) => a.localeCompare(b)));
    const tools = answer.items.flatMap((item) => item['tools'] as Record<string, unknown>[]);
    expect(tools.find((tool) => tool['name'] === 'get_task')).toMatchObject({
      description: expect.any(String),
      version: expect.any(String),
      source: 'native',
      module: expect.stringMatching(/^\w+Tools\.\w+$/),
      registered_at: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T/),
      timeout_seconds: expect.any(Number),
      input_schema: { type: 'object', properties: { task_id: {} } },
      config_schema: null,
    });
  });

  describe('POST /admin/groups/:id/tools', () => {
    it('gives a tool to the group at once', async () => {
      const answer = await add({ tool_name: 'get_task' });
      expect(answer.status).toBe(201);
      expect(answer.body).toMatchObject({
        effective_immediately: true,
        data: {
          group_id: groupId,
          tool_name: 'get_task',
          source: 'native',
          description: null,
          effective_description: expect.stringMatching(/./),
          enabled: true,
          timeout_seconds: null,
          config_data: {},
          registered: true,
        },
      });
      expect(listedNames()).toEqual(['get_task']);
    });

    it('takes settings along', async () => {
      const settings = { description: 'Our own words', enabled: false, timeout_seconds: 5 };
      const answer = await add({ tool_name: 'get_task', ...settings });
      expect(answer.body.data).toMatchObject({
        ...settings,
        effective_description: 'Our own words',
        effective_timeout_seconds: 5,
      });
      expect(listedNames()).toEqual([]);
    });

    it('refuses a tool twice', async () => {
      await add({ tool_name: 'get_task' });
      const answer = await add({ tool_name: 'get_task' });
      expect([answer.status, fieldsOf(answer)]).toEqual([409, ['tool_name']]);
    });

    it.each([
      [{}, ['tool_name']],
      [{ tool_name: 'no_such_tool' }, ['tool_name']],
      [{ tool_name: 'get_task', enabled: null }, ['enabled']],
      [{ tool_name: 'get_task', timeout_seconds: 0 }, ['timeout_seconds']],
      [{ tool_name: 'get_task', timeout_seconds: 3601 }, ['timeout_seconds']],
      [{ tool_name: 'get_task', timeout_seconds: '5' }, ['timeout_seconds']],
      [{ tool_name: 'get_task', config_data: [] }, ['config_data']],
      [{ tool_name: 'get_task', config_data: { unknown: 1 } }, ['config_data']],
      [{ tool_name: 'get_task', group_id: 'x' }, ['group_id']],
    ])('names each wrong field of %j', async (body, fields) => {
      const answer = await add(body);
      expect([answer.status, fieldsOf(answer)]).toEqual([400, fields]);
    });
  });

  describe('config_data', () => {
    it('is checked against the schema of the tool, field by field', async () => {
      expect(fieldsOf(await greet(undefined))).toEqual(['config_data.greeting']);
      expect(fieldsOf(await greet({ greeting: '', mark: 1 }))).toEqual([
        'config_data.greeting',
        'config_data.mark',
      ]);
      const { id } = (await greet({ greeting: 'Hi' })).body.data;
      expect(fieldsOf(await put(id, { config_data: {} }))).toEqual(['config_data.greeting']);
    });

    it('is refused when a key is mistyped, also beside one that is wrong', async () => {
      const { id } = (await greet({ greeting: 'Hi' })).body.data;
      const answer = await put(id, { config_data: { greeting: '', markk: '?' } });
      expect(answer.body.error.details).toEqual([
        { field: 'config_data.greeting', message: expect.any(String) },
        {
          field: 'config_data.markk',
          message: 'is no setting of this tool; it has greeting, mark',
        },
      ]);
    });

    it('is stored as sent and reaches the tool with its defaults', async () => {
      const added = await greet({ greeting: 'Hi' });
      expect(added.body.data['config_data']).toEqual({ greeting: 'Hi' });
      const { id } = added.body.data;
      expect((await test(id, {})).body.data).toMatchObject({ result: { content: [{ text: 'Hi!' }] } });
      await put(id, { config_data: { greeting: 'Hello', mark: '?' } });
      expect((await test(id, {})).body.data).toMatchObject({ result: { content: [{ text: 'Hello?' }] } });
    });
  });

  describe('GET /admin/tools', () => {
    it('filters, searches and pages', async () => {
      for (const name of ['get_task', 'list_tasks', 'create_task', 'search_users'])
        await add({ tool_name: name });
      const names = async (query: string) =>
        (await t.rest('GET', `/admin/tools?${query}`, { token })).items.map((tool) => tool['tool_name']);
      expect(await names('')).toEqual(['get_task', 'list_tasks', 'create_task', 'search_users']);
      expect(await names(`group_id=${groupId}&q=TASK`)).toEqual(['get_task', 'list_tasks', 'create_task']);
      expect(await names('q=%25')).toEqual([]);
      const page = (await t.rest('GET', '/admin/tools?limit=3', { token })).body.page;
      expect(await names(`limit=3&cursor=${page.next_cursor}`)).toEqual(['search_users']);
      expect(fieldsOf(await t.rest('GET', '/admin/tools?group_id=7', { token }))).toEqual(['group_id']);
    });
  });

  describe('PUT /admin/tools/:id', () => {
    it('changes what is given, keeps the rest, and null goes back to the tool', async () => {
      const { id } = (await add({ tool_name: 'get_task', description: 'Mine', timeout_seconds: 5 })).body
        .data;
      const answer = await put(id, { enabled: false });
      expect(answer.body).toMatchObject({
        effective_immediately: true,
        data: { id, enabled: false, description: 'Mine', timeout_seconds: 5 },
      });
      expect(listedNames()).toEqual([]);
      const reset = await put(id, { enabled: true, description: null, timeout_seconds: null });
      expect(reset.body.data).toMatchObject({ enabled: true, description: null, timeout_seconds: null });
      expect(listedNames()).toEqual(['get_task']);
      expect((await t.rest('GET', `/admin/tools/${id}`, { token })).body.data).toEqual(reset.body.data);
    });

    it('names each wrong field', async () => {
      const { id } = (await add({ tool_name: 'get_task' })).body.data;
      const body = { tool_name: 'search_users', enabled: 1, config_data: { x: 1 } };
      expect(fieldsOf(await put(id, body))).toEqual(['tool_name', 'enabled']);
      expect(fieldsOf(await put(id, { config_data: { x: 1 } }))).toEqual(['config_data']);
    });
  });

  describe('PUT /admin/tools/:id with group_id', () => {
    const bodyOf = (group: string) => ({
      group_id: group,
      enabled: true,
      timeout_seconds: 30,
      description: '',
      config_data: {},
    });
    const newGroup = async (body: object = {}) =>
      (await t.rest('POST', '/admin/groups', { token, body: { name: `g-${Math.random()}`, ...body } })).body
        .data.id;
    const namesIn = (group: string) =>
      t.app
        .get(CatalogStore)
        .find(group)
        ?.listed.map(({ name }) => name);

    it('takes a body with the defaults of the requirements: an empty description is the own text of the tool', async () => {
      const { id } = (await add({ tool_name: 'get_task', description: 'Mine', enabled: false })).body.data;
      const answer = await put(id, bodyOf(groupId));
      expect([answer.status, answer.body.data]).toMatchObject([
        200,
        { enabled: true, timeout_seconds: 30, description: null, effective_description: expect.any(String) },
      ]);
    });

    it('moves the tool at once, with its id and its settings', async () => {
      const { id } = (await add({ tool_name: 'get_task', description: 'Mine' })).body.data;
      const other = await newGroup();
      const answer = await put(id, { group_id: other });
      expect([answer.status, answer.body]).toMatchObject([
        200,
        { effective_immediately: true, data: { id, group_id: other, description: 'Mine' } },
      ]);
      expect([listedNames(), namesIn(other)]).toEqual([[], ['get_task']]);
      const [entry] = (await t.rest('GET', `/admin/audit-logs?action=tool.update`, { token })).items;
      expect(entry).toMatchObject({ before: { groupId }, after: { groupId: other } });
    });

    it('refuses where the other group has a tool of that name, is not there or is narrower, and changes nothing', async () => {
      const { id } = (await add({ tool_name: 'get_task', user_tier_access: ['vip'] })).body.data;
      const [taken, narrow] = [await newGroup(), await newGroup({ user_tier_access: ['gold'] })];
      await t.rest('POST', `/admin/groups/${taken}/tools`, { token, body: { tool_name: 'get_task' } });
      const stranger = (await t.newTenant()).adminToken;
      const theirs = await t.rest('POST', '/admin/groups', { token: stranger, body: { name: 'theirs' } });
      const answers = [];
      for (const group of [taken, theirs.body.data.id, narrow]) {
        const answer = await put(id, { group_id: group, enabled: false });
        answers.push([answer.status, fieldsOf(answer)]);
      }
      expect(answers).toEqual([
        [409, ['group_id']],
        [404, []],
        [400, ['user_tier_access']],
      ]);
      const { body } = await t.rest('GET', `/admin/tools/${id}`, { token });
      expect(body.data).toMatchObject({ group_id: groupId, enabled: true });
    });
  });

  describe('POST /admin/tools/bulk', () => {
    const bulk = (body: object) => t.rest('POST', '/admin/tools/bulk', { token, body });
    const newGroup = async () =>
      (await t.rest('POST', '/admin/groups', { token, body: { name: `g-${Math.random()}` } })).body.data.id;

    it('adds, turns off and moves many tools at once, in force when it answers', async () => {
      const other = await newGroup();
      const ids = [];
      for (const name of ['get_task', 'list_tasks']) ids.push((await add({ tool_name: name })).body.data.id);
      const answer = await bulk({
        change: [
          { id: ids[0], group_id: other },
          { id: ids[1], enabled: false },
        ],
        add: [
          { group_id: groupId, tool_name: 'get_task', timeout_seconds: 5 },
          { group_id: other, tool_name: 'create_task' },
        ],
      });
      expect([answer.status, answer.body]).toMatchObject([200, { effective_immediately: true }]);
      expect(answer.body.data.tools).toMatchObject([
        { id: ids[0], group_id: other, tool_name: 'get_task' },
        { id: ids[1], group_id: groupId, enabled: false },
        { group_id: groupId, tool_name: 'get_task', timeout_seconds: 5 },
        { group_id: other, tool_name: 'create_task' },
      ]);
      expect(listedNames()).toEqual(['get_task']);
      expect(
        t.app
          .get(CatalogStore)
          .find(other)
          ?.listed.map(({ name }) => name),
      ).toEqual(['create_task', 'get_task']);
    });

    it('changes nothing when one of them cannot be done, and says which', async () => {
      const { id } = (await add({ tool_name: 'get_task' })).body.data;
      const off = { id, enabled: false };
      const stranger = (await t.newTenant()).adminToken;
      const theirs = await t.rest('POST', '/admin/groups', { token: stranger, body: { name: 'theirs' } });
      const answers = [];
      for (const wrong of [
        { group_id: groupId, tool_name: 'no_such_tool' },
        { group_id: groupId, tool_name: 'get_task' },
        { group_id: groupId, tool_name: 'greet', config_data: { greeting: 'Hi', markk: '!' } },
        { group_id: theirs.body.data.id, tool_name: 'get_task' },
      ]) {
        const answer = await bulk({
          change: [off],
          add: [{ group_id: groupId, tool_name: 'list_tasks' }, wrong],
        });
        answers.push([answer.status, fieldsOf(answer)]);
      }
      expect(answers).toEqual([
        [400, ['add.1.tool_name']],
        [409, ['add.1']],
        [400, ['add.1.config_data.markk']],
        [404, []],
      ]);
      expect(listedNames()).toEqual(['get_task']);
      const many = Array.from({ length: 201 }, () => off);
      expect((await bulk({ change: many })).status).toBe(400);
    });
  });

  it('POST /admin/groups/:id/copy makes a group with the same settings and tools, and a key of its own', async () => {
    await greet({ greeting: 'Hi' });
    await t.rest('PUT', `/admin/groups/${groupId}`, { token, body: { description: 'x', sessions: true } });
    const path = `/admin/groups/${groupId}/copy`;
    const copy = await t.rest('POST', path, { token, body: { name: 'Copy' } });
    expect([copy.status, copy.body.data]).toMatchObject([
      201,
      { name: 'Copy', description: 'x', sessions: true, tool_count: 1, api_key: expect.any(String) },
    ]);
    const { id } = copy.body.data;
    const { items } = await t.rest('GET', `/admin/tools?group_id=${id}`, { token });
    expect(items).toMatchObject([{ tool_name: 'greet', config_data: { greeting: 'Hi' }, row_version: 1 }]);
    expect(
      t.app
        .get(CatalogStore)
        .find(id)
        ?.listed.map(({ name }) => name),
    ).toEqual(['greet']);
    expect((await t.rest('POST', path, { token, body: { name: 'Copy' } })).status).toBe(409);
  });

  it('POST /admin/groups/:id/refresh has all replicas read the group anew, and changes nothing', async () => {
    const before = (await t.rest('GET', `/admin/groups/${groupId}`, { token })).body.data;
    const answer = await t.rest('POST', `/admin/groups/${groupId}/refresh`, { token });
    expect([answer.status, answer.body]).toMatchObject([
      200,
      { effective_immediately: true, data: before, replicas: [{ ms: expect.any(Number) }] },
    ]);
  });

  it('DELETE /admin/tools/:id takes the tool from its group at once', async () => {
    const { id } = (await add({ tool_name: 'get_task' })).body.data;
    const answer = await t.rest('DELETE', `/admin/tools/${id}`, { token });
    expect(answer.body).toMatchObject({ data: null, effective_immediately: true });
    expect(listedNames()).toEqual([]);
    expect((await t.rest('GET', `/admin/tools/${id}`, { token })).status).toBe(404);
  });

  describe('POST /admin/tools/:id/test', () => {
    const unknownTask = '01a1fc2e-cfb8-7648-9fcd-c4461f6942da';

    it('runs the tool and records it as a test', async () => {
      const { id } = (await add({ tool_name: 'search_users' })).body.data;
      const answer = await test(id, { arguments: { query: 'Test user' } });
      expect(answer.status).toBe(200);
      expect(answer.body.data).toMatchObject({
        ok: true,
        result: { content: [{ type: 'text' }] },
        duration_ms: expect.any(Number),
      });
      expect(await t.dataSource.getRepository(CallLog).findBy({ toolId: id })).toMatchObject([
        {
          isTest: true,
          era: 'rest',
          transport: 'rest',
          success: true,
          groupId,
          requestData: { query: 'Test user' },
        },
      ]);
    });

    it('shows a failure as the agent would see it', async () => {
      const { id } = (await add({ tool_name: 'get_task' })).body.data;
      const missing = await test(id, { arguments: { task_id: unknownTask } });
      expect(missing.body.data).toMatchObject({ ok: false, result: { isError: true } });
      const wrong = await test(id, {});
      expect(wrong.body.data).toMatchObject({
        ok: false,
        result: { isError: true, content: [{ text: expect.stringMatching(/task_id/) }] },
      });
    });

    it('also runs a tool that agents do not see yet', async () => {
      const { id } = (await add({ tool_name: 'search_users', enabled: false })).body.data;
      expect((await test(id, { arguments: { query: 'x' } })).body.data).toMatchObject({ ok: true });
    });

    it('passes the arguments on as they are', async () => {
      const { id } = (await add({ tool_name: 'get_task' })).body.data;
      await test(id, { arguments: { nested: { toString: [null, { a: {} }] } } });
      expect(await t.dataSource.getRepository(CallLog).findBy({ toolId: id })).toMatchObject([
        {
          requestData: { nested: { toString: [null, { a: {} }] } },
          errorKind: 'invalid_arguments',
        },
      ]);
    });

    it('stops the tool when the admin hangs up', async () => {
      const { id } = (await add({ tool_name: 'wait' })).body.data;
      const run = once(t.app.get(GreetingTools).runs, 'run') as Promise<[AbortSignal]>;
      const hangUp = new AbortController();
      const answer = fetch(`${t.url}/api/v1/admin/tools/${id}/test`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        signal: hangUp.signal,
      });
      const [signal] = await run;
      hangUp.abort();
      await expect(answer).rejects.toThrow(/aborted/);
      if (!signal.aborted) await once(signal, 'abort');
      const deadline = Date.now() + 5000;
      const calls = t.dataSource.getRepository(CallLog);
      while (!(await calls.existsBy({ toolId: id })) && Date.now() < deadline);
      expect(await calls.findBy({ toolId: id })).toMatchObject([{ success: false, errorKind: 'cancelled' }]);
    });

    it('names what is wrong with the request itself', async () => {
      const { id } = (await add({ tool_name: 'get_task' })).body.data;
      expect(fieldsOf(await test(id, { arguments: 'x' }))).toEqual(['arguments']);
      expect(fieldsOf(await test(id, { args: {} }))).toEqual(['args']);
      const deep = JSON.parse(`${'{"a":'.repeat(80)}1${'}'.repeat(80)}`) as object;
      expect((await test(id, { arguments: deep })).status).toBe(400);
    });
  });
});
