import { v7 as newId } from 'uuid';
import { AutomationWorld } from '../support/automation.js';
import { newGroup } from '../support/mcp.js';
import { createTestApp, type TestApp } from '../support/test-app.js';

const SETTINGS = '/admin/automation/settings';
const TEMPLATES = '/admin/automation/templates';

describe('settings of the registration automation', () => {
  let t: TestApp;
  let world: AutomationWorld;

  beforeAll(async () => {
    t = await createTestApp();
  });
  beforeEach(async () => {
    world = await AutomationWorld.create(t);
  });
  afterAll(() => t?.close());

  const auditOf = (action: string) =>
    t.dataSource.query<{ before: object; after: object }[]>(
      'SELECT before, after FROM admin_audit_logs WHERE tenant_id = $1 AND action = $2 ORDER BY id',
      [world.tenant.tenantId, action],
    );

  describe(SETTINGS, () => {
    it('are the defaults until somebody sets them, and say what the agent lacks', async () => {
      const { status, body, headers } = await world.rest('GET', SETTINGS);
      expect([status, headers.get('etag')?.startsWith('"0.')]).toEqual([200, true]);
      expect(body.data).toEqual({
        strategy: 'agent',
        default_language: 'en',
        conversation_channel: 'app',
        conversation_title: 'Welcome',
        conversation_ai_enabled: true,
        required_tools: ['get_user_profile', 'analyze_customer'],
        group_id: null,
        tools_problem: 'There is no tool group',
        retry_seconds: [5, 15, 60],
        catch_up_hours: 72,
        alert_after_minutes: 10,
        version: 0,
      });
    });

    it('are set, on record, by whoever read the last version', async () => {
      const group = await newGroup(t, world.tenant, { tools: ['get_user_profile'] });
      const all = {
        strategy: 'agent',
        default_language: 'zh-cn',
        conversation_channel: 'wechat',
        conversation_title: '  新客户  ',
        conversation_ai_enabled: false,
        required_tools: ['get_user_profile'],
        group_id: group.id,
      };
      const set = await world.rest('PUT', SETTINGS, all, { 'if-match': '"0"' });
      expect(set.status).toBe(200);
      const stored = { ...all, default_language: 'zh-CN', conversation_title: '新客户', tools_problem: null };
      expect(set.body).toMatchObject({ effective_immediately: true, data: stored });
      expect((await world.rest('GET', SETTINGS)).body.data).toEqual(set.body.data);
      expect((await world.rest('PUT', SETTINGS, all, { 'if-match': '"0"' })).status).toBe(412);
      await world.set('PUT', '/admin/job-settings/automation.greet', { retry_seconds: [1, 2] });
      const bare = await world.rest('PUT', SETTINGS, { strategy: 'off' });
      expect(bare.body.data).toMatchObject({
        strategy: 'off',
        default_language: 'zh-CN',
        group_id: group.id,
        retry_seconds: [1, 2],
      });
      const audit = await auditOf('automation_settings.put');
      expect(audit).toHaveLength(2);
      expect(audit[1].before).toEqual({ strategy: 'agent' });
    });

    it.each([
      [{ strategy: null }],
      [{ strategy: 'shout' }],
      [{ strategy: 'off', default_language: 'not a language' }],
      [{ strategy: 'off', default_language: 'en-1' }],
      [{ strategy: 'off', conversation_title: '' }],
      [{ strategy: 'off', conversation_title: 'two\nlines' }],
      [{ strategy: 'off', conversation_channel: 'pigeon' }],
      [{ strategy: 'off', required_tools: ['no tool'] }],
      [{ strategy: 'off', group_id: 'none' }],
      [{ strategy: 'off', colour: 'red' }],
    ])('refuse %j', async (body) => {
      expect((await world.rest('PUT', SETTINGS, body)).status).toBe(400);
      expect((await world.rest('GET', SETTINGS)).body.data['version']).toBe(0);
    });

    it("refuse another tenant's group", async () => {
      const stranger = await AutomationWorld.create(t);
      const group = await newGroup(t, stranger.tenant, { tools: [] });
      const refused = await world.rest('PUT', SETTINGS, { strategy: 'agent', group_id: group.id });
      expect([refused.status, refused.body.message]).toEqual([404, `No group ${group.id}`]);
    });
  });

  describe(TEMPLATES, () => {
    it('come with the product in English and Chinese, and give way to those of the tenant', async () => {
      const listed = await world.rest('GET', TEMPLATES);
      expect(listed.items).toMatchObject([
        { language: 'en', source: 'built_in', version: 0 },
        { language: 'zh', source: 'built_in', version: 0 },
      ]);
      const put = await world.rest('PUT', `${TEMPLATES}/zh-cn`, { body: '你好，{{ display_name }}！' });
      expect(put.body.data).toMatchObject({ language: 'zh-CN', source: 'tenant', version: 1 });
      expect((await world.rest('GET', `${TEMPLATES}/zh-CN`)).body.data).toEqual(put.body.data);
      const changed = await world.rest('PUT', `${TEMPLATES}/zh-CN`, { body: '欢迎' }, { 'if-match': '"1"' });
      expect(changed.body.data).toMatchObject({ body: '欢迎', version: 2 });
      const late = await world.rest('PUT', `${TEMPLATES}/zh-CN`, { body: 'late' }, { 'if-match': '"1"' });
      expect(late.status).toBe(412);
      expect((await world.rest('GET', TEMPLATES)).items.map(({ language }) => language)).toEqual([
        'en',
        'zh',
        'zh-CN',
      ]);
      expect(
        (await world.rest('DELETE', `${TEMPLATES}/zh-CN`, undefined, { 'if-match': '"2"' })).status,
      ).toBe(200);
      expect((await world.rest('GET', `${TEMPLATES}/zh-CN`)).status).toBe(404);
      expect((await world.rest('DELETE', `${TEMPLATES}/zh`)).status).toBe(404);
      expect(await auditOf('welcome_template.put')).toMatchObject([
        { after: { body: '你好，{{ display_name }}！' } },
        { before: { body: '你好，{{ display_name }}！' }, after: { body: '欢迎' } },
      ]);
      expect(await auditOf('welcome_template.delete')).toMatchObject([{ before: { body: '欢迎' } }]);
    });

    it('refuse unknown variables, naming each, in the language of whoever asks', async () => {
      const body = { body: 'Hi {{first_name}} of {{company}}, {{display_name}}' };
      const refused = await world.rest('PUT', `${TEMPLATES}/en`, body);
      expect(refused.status).toBe(400);
      expect(refused.body.error.details).toEqual([
        { field: 'body', message: 'names {{first_name}}, which is none of display_name, business_name' },
        { field: 'body', message: 'names {{company}}, which is none of display_name, business_name' },
      ]);
      const chinese = await world.rest('PUT', `${TEMPLATES}/en`, body, { 'accept-language': 'zh' });
      expect(chinese.body.message).toBe('此模板无法使用');
      expect((await world.rest('PUT', `${TEMPLATES}/en`, { body: ' \n ' })).status).toBe(400);
      expect((await world.rest('PUT', `${TEMPLATES}/en`, { body: 'a'.repeat(3001) })).status).toBe(400);
      expect((await world.rest('PUT', `${TEMPLATES}/no%20tag`, { body: 'Hi' })).status).toBe(400);
      expect((await world.rest('GET', `${TEMPLATES}/en`)).body.data).toMatchObject({ source: 'built_in' });
    });

    it('are shown as a customer would read them', async () => {
      const preview = async (input: object) => (await world.rest('POST', `${TEMPLATES}/preview`, input)).body;
      const { tenantName, tenantId } = world.tenant;
      const customer = await t.newUser(tenantId, ['customer']);
      await t.dataSource.query(`UPDATE users SET display_name = '{{business_name}} 小明' WHERE id = $1`, [
        customer.id,
      ]);
      expect((await preview({ body: 'Hi {{display_name}}, {{business_name}}' })).data).toEqual({
        text: `Hi Emma, ${tenantName}`,
        language: null,
      });
      expect((await preview({ body: 'Hi {{display_name}}', user_id: customer.id })).data['text']).toBe(
        'Hi {{business_name}} 小明',
      );
      expect((await preview({ language: 'zh-TW' })).data).toMatchObject({ language: 'zh' });
      expect((await preview({ language: 'fr' })).data).toMatchObject({ language: 'en' });
      expect((await preview({ body: '{{x}}' })).error.code).toBe('invalid_input');
      expect((await preview({ user_id: newId() })).error.code).toBe('not_found');
      const stranger = await t.newTenant();
      const foreign = await t.newUser(stranger.tenantId, ['customer']);
      expect((await preview({ user_id: foreign.id })).error.code).toBe('not_found');
    });
  });
});
