import { Logger } from '@nestjs/common';
import { v7 as newId } from 'uuid';
import { AGENT_ENV, newAgent, newOrder, newVersion } from '../support/agents.js';
import { type FormField, StandInDify } from '../support/stand-in-dify.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';

type Version = { id: string; [name: string]: unknown };

describe('the REST API of agents', () => {
  let t: TestApp;
  let dify: StandInDify;
  let tenant: TestTenant;

  beforeAll(async () => {
    dify = await StandInDify.start();
    t = await createTestApp({ env: { ...AGENT_ENV, AGENT_HARD_BUDGET_MS: '2000' } });
    tenant = await t.newTenant();
  });
  afterAll(async () => {
    await t?.close();
    await dify?.stop();
  });

  const rest = (method: string, path: string, body?: object, headers?: Record<string, string>) =>
    t.rest(method, path, { token: tenant.adminToken, ...(body && { body }), ...(headers && { headers }) });
  const versionsOf = async (id: string) =>
    (await rest('GET', `/admin/agents/${id}`)).body.data['versions'] as Version[];
  const auditOf = (targetId: string) =>
    t.dataSource.query<{ action: string; before: object; after: object }[]>(
      'SELECT action, before, after FROM admin_audit_logs WHERE target_id = $1 ORDER BY id',
      [targetId],
    );

  describe('POST /admin/agents', () => {
    it('finds out what kind of app it is and what its form asks for', async () => {
      const form: FormField[] = [
        { 'text-input': { variable: 'user_id', label: 'User', required: true, max_length: 48, default: '' } },
        {
          select: {
            variable: 'tone',
            label: 'Tone',
            required: false,
            options: ['warm', 'dry'],
            default: 'warm',
          },
        },
      ];
      const app = dify.addApp({ mode: 'agent-chat', name: 'Greeter', form });
      const body = {
        name: `Greeter ${app.id}`,
        base_url: `${dify.url.replace('/v1', '')}/`,
        api_key: app.key,
        app_id: app.id,
        label: 'first',
      };
      const made = await rest('POST', '/admin/agents', body);
      expect([made.status, made.headers.get('etag')]).toEqual([201, expect.stringMatching(/^"1\./)]);
      expect(made.body.data).toMatchObject({
        name: body.name,
        enabled: true,
        version: 1,
        versions: [
          {
            label: 'first',
            base_url: dify.url,
            app_id: app.id,
            key_prefix: app.key.slice(0, 8),
            weight: 1,
            mode: 'agent-chat',
            app_name: 'Greeter',
            problem: null,
            checked_at: expect.any(String),
            open_circuits: [],
            inputs: [
              { variable: 'user_id', type: 'text-input', required: true, max_length: 48, default: null },
              {
                variable: 'tone',
                type: 'select',
                required: false,
                options: ['warm', 'dry'],
                default: 'warm',
              },
            ],
          },
        ],
      });
    });

    it('keeps an agent that cannot be reached, and says why', async () => {
      const body = { name: 'Nowhere', base_url: 'http://127.0.0.1:1', api_key: 'app-somethingOrOther12345' };
      const made = await rest('POST', '/admin/agents', body);
      expect(made.body.data).toMatchObject({
        versions: [{ mode: null, inputs: [], problem: 'Dify cannot be reached (ECONNREFUSED)' }],
      });
    });

    it('refuses a name that is taken', async () => {
      const app = dify.addApp();
      const body = { name: 'Twice', base_url: dify.url, api_key: app.key };
      expect((await rest('POST', '/admin/agents', body)).status).toBe(201);
      const again = await rest('POST', '/admin/agents', body);
      expect([again.status, again.body.error.details]).toEqual([
        409,
        [{ field: 'name', message: 'is taken' }],
      ]);
    });

    it.each([
      ['ftp://dify.example.com', 'must begin with'],
      ['dify.example.com', 'must begin with'],
      ['https://user:secret@dify.example.com/v1', 'no user and no password'],
      ['https://dify.example.com/v1?key=secret', 'no query'],
      ['https://dify.example.com/v1#x', 'no fragment'],
      ['http://169.254.169.254/latest', 'private network'],
      ['http://[fe80::1]/v1', 'private network'],
    ])('refuses the base URL %s', async (base_url, said) => {
      const answer = await rest('POST', '/admin/agents', {
        name: newId(),
        base_url,
        api_key: 'app-secret123',
      });
      expect(answer.status).toBe(400);
      expect(answer.body.error.details).toEqual([
        { field: 'base_url', message: expect.stringContaining(said) },
      ]);
    });

    it('refuses a key that no header can carry', async () => {
      const body = { name: newId(), base_url: dify.url, api_key: 'app-1234\r\nX-Evil: 1' };
      expect((await rest('POST', '/admin/agents', body)).body.error.details?.[0]?.field).toBe('api_key');
    });
  });

  describe('the key', () => {
    it('is stored sealed, and is in no answer, audit row or log line', async () => {
      const written: string[] = [];
      const note = (...args: unknown[]) => void written.push(JSON.stringify(args));
      Logger.overrideLogger({ log: note, error: note, warn: note, debug: note, verbose: note });
      try {
        const app = dify.addApp({ scenario: 'not_published' });
        const agent = await newAgent(t, tenant, dify, app);
        await rest('PUT', `/admin/agent-versions/${agent.versionId}`, { api_key: app.key, label: 'again' });
        const answers = [
          await rest('GET', '/admin/agents'),
          await rest('GET', `/admin/agents/${agent.id}`),
          await rest('GET', `/admin/agent-versions/${agent.versionId}`),
          await rest('POST', `/admin/agents/${agent.id}/test`, { query: 'Hello' }),
        ];
        const audit = await t.dataSource.query<object[]>('SELECT * FROM admin_audit_logs');
        expect(JSON.stringify([answers.map(({ body }) => body), audit, written])).not.toContain(
          app.key.slice(9),
        );
        const [row] = await t.dataSource.query<{ box: Buffer }[]>(
          'SELECT ciphertext AS box FROM agent_versions WHERE id = $1',
          [agent.versionId],
        );
        expect(row.box.includes(app.key.slice(4))).toBe(false);
      } finally {
        Logger.overrideLogger(['fatal']);
      }
    });

    it('is shown to whoever may see keys, and that is on record', async () => {
      const app = dify.addApp();
      const { versionId } = await newAgent(t, tenant, dify, app);
      const shown = await rest('POST', `/admin/agent-versions/${versionId}/reveal`);
      expect(shown.body.data.api_key).toBe(app.key);
      expect((await auditOf(versionId)).map(({ action }) => action)).toEqual([
        'agent_version.create',
        'agent_version.reveal',
      ]);
      const operator = await t.newUser(tenant.tenantId, ['operator']);
      const { access_token: token } = await t.signIn(operator.email);
      expect((await t.rest('POST', `/admin/agent-versions/${versionId}/reveal`, { token })).status).toBe(403);
      expect((await t.rest('GET', `/admin/agent-versions/${versionId}`, { token })).status).toBe(200);
    });

    it('that does not open any more is told as such, and can be given anew', async () => {
      const app = dify.addApp();
      const { id, versionId } = await newAgent(t, tenant, dify, app);
      await t.dataSource.query(`UPDATE agent_versions SET ciphertext = sha256('x') WHERE id = $1`, [
        versionId,
      ]);
      const ask = async () => (await rest('POST', `/admin/agents/${id}/test`, { query: 'Hello' })).body.data;
      expect((await rest('POST', `/admin/agent-versions/${versionId}/reveal`)).status).toBe(409);
      expect(await ask()).toMatchObject({ ok: false, failure: { kind: 'no_key' } });
      await rest('PUT', `/admin/agent-versions/${versionId}`, { api_key: app.key });
      expect(await ask()).toMatchObject({ ok: true });
    });

    it('must be given anew when the version moves to another server', async () => {
      const app = dify.addApp();
      const { versionId } = await newAgent(t, tenant, dify, app);
      const path = `/admin/agent-versions/${versionId}`;
      const moved = await rest('PUT', path, { base_url: 'http://127.0.0.1:2/v1' });
      expect([moved.status, moved.body.error.details?.[0]?.field]).toEqual([400, 'api_key']);
      const same = await rest('PUT', path, { base_url: dify.url.replace('/v1', '/') });
      expect([same.status, same.body.data['base_url']]).toEqual([200, dify.url]);
    });
  });

  describe('changes', () => {
    it('of an agent need its version when one is given, and are on record', async () => {
      const agent = await newAgent(t, tenant, dify, dify.addApp());
      const path = `/admin/agents/${agent.id}`;
      const etag = (await rest('GET', path)).headers.get('etag') ?? '';
      const first = await rest('PUT', path, { description: 'Greets' }, { 'if-match': etag });
      expect([first.status, first.body.data['version']]).toEqual([200, 2]);
      expect((await rest('PUT', path, { description: 'No' }, { 'if-match': etag })).status).toBe(412);
      expect((await auditOf(agent.id)).at(-1)).toMatchObject({
        action: 'agent.update',
        before: { description: '' },
        after: { description: 'Greets' },
      });
    });

    it('of a version, too; another key shows by its beginning only', async () => {
      const { versionId } = await newAgent(t, tenant, dify, dify.addApp());
      const path = `/admin/agent-versions/${versionId}`;
      const other = dify.addApp({ mode: 'workflow' });
      const changed = await rest('PUT', path, { api_key: other.key, weight: 5 }, { 'if-match': '"1"' });
      expect(changed.body.data).toMatchObject({ mode: 'workflow', weight: 5, version: 2 });
      expect((await auditOf(versionId)).at(-1)).toMatchObject({
        action: 'agent_version.update',
        after: { weight: 5, keyPrefix: other.key.slice(0, 8) },
      });
      expect((await rest('PUT', path, { weight: 1 }, { 'if-match': '"1"' })).status).toBe(412);
    });

    it('keep at least one version of an agent', async () => {
      const agent = await newAgent(t, tenant, dify, dify.addApp());
      const second = await newVersion(t, tenant, dify, { agentId: agent.id, app: dify.addApp(), weight: 2 });
      expect((await rest('DELETE', `/admin/agent-versions/${agent.versionId}`)).status).toBe(200);
      expect((await rest('DELETE', `/admin/agent-versions/${second}`)).status).toBe(409);
      expect((await versionsOf(agent.id)).map(({ id }) => id)).toEqual([second]);
    });

    it('of the app in Dify are seen by a check', async () => {
      const app = dify.addApp({ mode: 'chat' });
      const { versionId } = await newAgent(t, tenant, dify, app);
      Object.assign(app, { mode: 'completion', name: 'Now another' });
      const path = `/admin/agent-versions/${versionId}/check`;
      expect((await rest('POST', path)).body.data).toMatchObject({
        mode: 'completion',
        app_name: 'Now another',
      });
      app.isApiEnabled = false;
      expect((await rest('POST', path)).body.data['problem']).toContain(
        "The app's API service has been disabled.",
      );
    });
  });

  describe('orders', () => {
    it('are made, changed, listed and removed; an agent that goes leaves its place', async () => {
      const agents = [
        await newAgent(t, tenant, dify, dify.addApp()),
        await newAgent(t, tenant, dify, dify.addApp()),
      ];
      const ids = agents.map(({ id }) => id);
      const made = await newOrder(t, tenant, 'orders-test', agents);
      expect(made.status).toBe(201);
      expect(made.body.data['agents']).toMatchObject(ids.map((id) => ({ id, enabled: true })));
      expect((await newOrder(t, tenant, 'orders-test', agents)).status).toBe(409);
      const path = `/admin/agent-orders/${made.body.data.id}`;
      const body = { agent_ids: ids.toReversed() };
      const changed = await rest('PUT', path, body, { 'if-match': '"1"' });
      expect(changed.body.data).toMatchObject({ version: 2, agents: [{ id: ids[1] }, { id: ids[0] }] });
      expect((await rest('PUT', path, body, { 'if-match': '"1"' })).status).toBe(412);
      await rest('DELETE', `/admin/agents/${ids[1]}`);
      expect((await rest('GET', path)).body.data['agents']).toMatchObject([{ id: ids[0] }]);
      expect((await rest('DELETE', path)).status).toBe(200);
      expect((await rest('GET', '/admin/agent-orders')).items.map(({ id }) => id)).not.toContain(
        made.body.data.id,
      );
    });

    it('name no agent that is not there', async () => {
      const answer = await newOrder(t, tenant, 'nobody', [{ id: newId(), versionId: '' }]);
      expect(answer.status).toBe(404);
    });
  });

  describe('POST /admin/agents/{id}/test', () => {
    it('asks the version that is named, also a disabled one, and tells how it answered', async () => {
      const agent = await newAgent(t, tenant, dify, dify.addApp());
      const app = dify.addApp({ mode: 'agent', answer: 'From the second' });
      const version_id = await newVersion(t, tenant, dify, { agentId: agent.id, app, weight: 0 });
      await rest('PUT', `/admin/agent-versions/${version_id}`, { enabled: false });
      const body = { query: 'Hello', version_id, user: 'customer-17', language: 'de', inputs: { a: 1 } };
      const answer = await rest('POST', `/admin/agents/${agent.id}/test`, body);
      expect(answer.body.data).toMatchObject({
        ok: true,
        text: 'From the second',
        failure: null,
        version_id,
        mode: 'agent',
        usage: { total: 1168 },
        conversation_id: expect.any(String),
        first_text_ms: expect.any(Number),
      });
      expect(dify.asked(app)[0].body).toMatchObject({
        user: 'customer-17',
        inputs: { a: 1, language: 'de' },
      });
      expect((await auditOf(agent.id)).at(-1)).toMatchObject({ action: 'agent.test' });
    });

    it('tells why there is no answer', async () => {
      const app = dify.addApp({ scenario: 'not_published' });
      const agent = await newAgent(t, tenant, dify, app);
      const ask = async () =>
        (await rest('POST', `/admin/agents/${agent.id}/test`, { query: 'Hello' })).body.data;
      expect(await ask()).toMatchObject({
        ok: false,
        text: null,
        failure: { kind: 'not_ready', code: 'agent_not_published', status: 400 },
      });
      app.scenario = 'hanging';
      expect(await ask()).toMatchObject({ ok: false, failure: { kind: 'timeout' } });
      expect(dify.asked(app)).toHaveLength(2);
    });
  });

  it("hides another tenant's agents, versions and orders", async () => {
    const agent = await newAgent(t, tenant, dify, dify.addApp());
    const order = await newOrder(t, tenant, 'hidden', [agent]);
    const { adminToken: token } = await t.newTenant();
    const tried: [string, string, object?][] = [
      ['GET', `/admin/agents/${agent.id}`],
      ['PUT', `/admin/agents/${agent.id}`, { enabled: false }],
      ['DELETE', `/admin/agents/${agent.id}`],
      ['POST', `/admin/agents/${agent.id}/test`, { query: 'x' }],
      [
        'POST',
        `/admin/agents/${agent.id}/versions`,
        { label: 'x', base_url: dify.url, api_key: 'app-123456' },
      ],
      ['GET', `/admin/agent-versions/${agent.versionId}`],
      ['PUT', `/admin/agent-versions/${agent.versionId}`, { weight: 0 }],
      ['DELETE', `/admin/agent-versions/${agent.versionId}`],
      ['POST', `/admin/agent-versions/${agent.versionId}/check`],
      ['POST', `/admin/agent-versions/${agent.versionId}/reveal`],
      ['POST', `/admin/agent-versions/${agent.versionId}/circuit/reset`],
      ['GET', `/admin/agent-orders/${order.body.data.id}`],
      ['PUT', `/admin/agent-orders/${order.body.data.id}`, { agent_ids: [agent.id] }],
      ['DELETE', `/admin/agent-orders/${order.body.data.id}`],
      ['POST', '/admin/agent-orders', { purpose: 'mine', agent_ids: [agent.id] }],
    ];
    for (const [method, path, body] of tried) {
      const { status } = await t.rest(method, path, { token, ...(body && { body }) });
      expect([method, path, status]).toEqual([method, path, 404]);
    }
    for (const path of ['/admin/agents', '/admin/agent-orders'])
      expect((await t.rest('GET', path, { token })).items).toEqual([]);
  });

  describe('where private networks are not allowed', () => {
    let strict: TestApp;
    beforeAll(async () => {
      strict = await createTestApp({ database: t.database });
    });
    afterAll(() => strict?.close());

    it.each(['http://127.0.0.1:8080/v1', 'http://10.0.0.5', 'http://[::1]:1/v1', 'http://2130706433/v1'])(
      'refuses the address %s',
      async (base_url) => {
        const body = { name: newId(), base_url, api_key: 'app-12345678' };
        const answer = await strict.rest('POST', '/admin/agents', { token: tenant.adminToken, body });
        expect(answer.body.error.details).toEqual([
          { field: 'base_url', message: expect.stringContaining('AGENT_PRIVATE_NETWORKS') },
        ]);
      },
    );

    it('connects to no private address that a name leads to, nor to one that was stored before', async () => {
      const app = dify.addApp();
      const body = { name: newId(), base_url: dify.url.replace('127.0.0.1', 'localhost'), api_key: app.key };
      const before = dify.requests.length;
      const made = await strict.rest('POST', '/admin/agents', { token: tenant.adminToken, body });
      expect(made.body.data['versions']).toMatchObject([
        { mode: null, problem: expect.stringContaining('private network') },
      ]);
      const { id } = await newAgent(t, tenant, dify, app);
      const after = dify.requests.length;
      const tested = await strict.rest('POST', `/admin/agents/${id}/test`, {
        token: tenant.adminToken,
        body: { query: 'Hello' },
      });
      expect(tested.body.data).toMatchObject({ ok: false, failure: { kind: 'forbidden_address' } });
      expect([after - before, dify.requests.length - after]).toEqual([2, 0]);
    });
  });
});
