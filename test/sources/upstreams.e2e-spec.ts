import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { EVERYTHING, administrate, newJournal, type UpstreamAdmin } from '../support/upstreams.js';
import { legacy, modern, newGroup, send, type TestGroup } from '../support/mcp.js';
import { findFreePort } from '../support/server.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

const call = (name: string, args: object = {}) => legacy('tools/call', { name, arguments: args });

describe('upstreams', () => {
  let t: TestApp;
  let tenant: TestTenant;
  let admin: UpstreamAdmin;
  let everything: ChildProcess;
  let everythingUrl: string;
  beforeAll(async () => {
    const port = await findFreePort();
    everything = spawn(process.execPath, [EVERYTHING, 'streamableHttp'], {
      env: { PATH: process.env['PATH'], PORT: String(port) },
      stdio: 'ignore',
    });
    everythingUrl = `http://127.0.0.1:${port}/mcp`;
    t = await createTestApp({
      env: { UPSTREAM_STDIO: 'all', UPSTREAM_PRIVATE_NETWORKS: 'true', UPSTREAM_CONNECT_SECONDS: '20' },
    });
  });
  afterAll(async () => {
    everything.kill('SIGKILL');
    await t.close();
  });
  beforeEach(async () => {
    tenant = await t.newTenant();
    admin = administrate(t, tenant);
  });

  const textOf = async (group: TestGroup, name: string, args: object = {}) => {
    const { body } = await send(group, call(name, args));
    return body.result?.content?.[0]?.text ?? JSON.stringify(body);
  };
  const alive = (pid: number) => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };
  const pidOf = (line = '') => Number(line.split(' ')[1]);

  describe('over stdio', () => {
    it('serve the tools of a real server through the one pipe', async () => {
      const upstream = await admin.add({
        name: 'everything',
        prefix: 'ev',
        transport: 'stdio',
        command: process.execPath,
        args: [EVERYTHING, 'stdio'],
      });
      expect(upstream).toMatchObject({ state: 'ready', era: 'legacy', state_reason: null, waiting_tools: 0 });
      const group = await newGroup(t, tenant, { tools: ['ev_echo', 'ev_get-sum', 'ev_get-tiny-image'] });
      expect(await textOf(group, 'ev_echo', { message: 'hello' })).toContain('hello');
      expect(await textOf(group, 'ev_get-sum', { a: 2, b: 3 })).toContain('5');
      const image = await send(group, modern('tools/call', { name: 'ev_get-tiny-image', arguments: {} }));
      expect(image.body.result?.content?.some(({ type }) => type === 'image')).toBe(true);
      const tested = await admin.rest('POST', `/upstreams/${upstream.id}/test`);
      expect(tested.body.data).toMatchObject({ ok: true, tools: expect.arrayContaining(['echo']) });
      const logs = await admin.rest('GET', `/upstreams/${upstream.id}/logs`);
      expect(logs.body.data).toMatchObject({ connected: true, stderr: expect.any(String) });
      const tools = await admin.rest('GET', `/upstreams/${upstream.id}/tools?limit=100`);
      expect(tools.items.length).toBe(upstream['active_tools']);
    });

    it('pitfall 6: end with all that they started when they are turned off, also one that ignores SIGTERM', async () => {
      const journal = newJournal();
      const { id } = await admin.rough('stubborn', { journal: journal.path, ignoreTerm: true });
      const pid = pidOf(journal.lines().find((line) => line.startsWith('started')));
      expect(alive(pid)).toBe(true);
      const off = await admin.rest('PUT', `/upstreams/${id}`, { enabled: false });
      expect(off.body.data).toMatchObject({ state: 'off', active_tools: 0 });
      await eventually(() => !alive(pid));
    });

    it('pitfall 7: a call in flight when the program dies ends at once, is on record, and is not run again', async () => {
      const journal = newJournal();
      await admin.rough('dying', { journal: journal.path, tools: ['die', 'whoami'] });
      const group = await newGroup(t, tenant, { tools: ['r_die', 'r_whoami'] });
      expect(await textOf(group, 'r_die')).toMatch(/went away; the call may have taken effect/);
      expect(journal.lines().filter((line) => line === 'call die')).toHaveLength(1);
      // Pitfall 3: the list never shrinks because the program is down, and the next call starts it anew.
      const { body } = await send(group, legacy('tools/list'));
      expect(body.result?.tools).toHaveLength(2);
      expect(await textOf(group, 'r_whoami')).toBe('');
    });

    it('pitfalls 8, 9: much on standard error does not stop them, and noise on standard output is counted', async () => {
      const { id, ...upstream } = await admin.rough('loud', {
        flood: 10_000_000,
        stderr: 'token=abc password: hunter2hunter2 said-last\n',
        noise: ['Welcome to the server!', '{"level":"info"}', '{broken'],
        env: { SECRET_KEY: 'said-last' },
      });
      expect(upstream).toMatchObject({ state: 'ready' });
      const log = async () => (await admin.rest('GET', `/upstreams/${id}/logs`)).body.data;
      await eventually(async () => String((await log())['stderr']).includes('[redacted]'));
      expect((await log())['noise_lines']).toBe(3);
      const stderr = String((await log())['stderr']);
      expect(stderr.length).toBeLessThanOrEqual(65_536);
      expect(stderr).not.toContain('said-last'); // a secret of its own, as its name says
    });

    it('pitfall 11: a program sees the allow-list and its own variables, and nothing of ours', async () => {
      process.env['TOOLCRIB_TEST_SECRET'] = 'ours';
      await admin.rough(
        'curious',
        {
          tools: ['environment'],
          env: { OWN: '${GREETING:-hello}', TOKEN: '${TOKEN}' },
        },
        { secrets: { TOKEN: 'sealed-value' } },
      );
      const group = await newGroup(t, tenant, { tools: ['r_environment'] });
      const seen = JSON.parse(await textOf(group, 'r_environment')) as Record<string, string>;
      expect(seen).toMatchObject({ OWN: 'hello', TOKEN: 'sealed-value' });
      const allowed = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'OWN', 'TOKEN', 'WAYS', 'PWD'];
      expect(Object.keys(seen).filter((name) => !allowed.includes(name))).toEqual([]);
      const unset = await admin.rest('POST', '/upstreams', {
        name: 'unset',
        transport: 'stdio',
        command: 'x',
        env: { A: '${NOT_SET}' },
      });
      expect(unset.status).toBe(400);
      expect(unset.body.message).toContain('${NOT_SET}');
      const { body } = await admin.rest('GET', '/upstreams');
      expect(JSON.stringify(body)).not.toContain('sealed-value');
    });

    it('pitfall 19: a client that hangs up cancels the call at the upstream', async () => {
      const journal = newJournal();
      await admin.rough('slow', { journal: journal.path, tools: ['hang'] });
      const group = await newGroup(t, tenant, { tools: ['r_hang'] });
      const hangUp = new AbortController();
      const request = send(group, { ...call('r_hang'), signal: hangUp.signal }).catch(() => undefined);
      await eventually(() => journal.lines().some((line) => line.startsWith('hang')));
      hangUp.abort();
      await request;
      await eventually(() => journal.lines().some((line) => line.startsWith('cancelled')));
      expect(journal.lines().filter((line) => line.startsWith('cancelled'))).toHaveLength(1);
    });

    it('pitfall 20: progress is relayed under the token of the client', async () => {
      await admin.rough('stepping', { tools: ['steps'] });
      const group = await newGroup(t, tenant, { tools: ['r_steps'] });
      const answer = await send(
        group,
        modern('tools/call', { name: 'r_steps', arguments: {} }, { progressToken: 'mine' }),
      );
      const progress = answer.messages.filter(({ method }) => method === 'notifications/progress');
      expect(progress[0]?.params).toMatchObject({ progressToken: 'mine', progress: 1, total: 3 });
    });

    it('pitfall 17: all pages are read, and a cursor that repeats ends the list', async () => {
      expect(await admin.rough('paged', { pages: 3, repeat: true })).toMatchObject({ active_tools: 3 });
    });

    it('pitfall 16: changes are taken over by themselves, and many at once are few notices', async () => {
      const { id } = await admin.rough('flapping', { tools: ['flap'] });
      const group = await newGroup(t, tenant, { tools: ['r_flap'] });
      await textOf(group, 'r_flap');
      await eventually(async () => {
        const { body } = await admin.rest('GET', `/upstreams/${id}`);
        return body.data['active_tools'] === 21;
      });
    });

    it('pitfall 25: a definition that may not be served is quarantined alone', async () => {
      const bad = {
        inputSchema: { type: 'object', properties: { a: { type: 'string', pattern: '(a+)+(?=b)' } } },
      };
      const { id } = await admin.rough('hazard', {
        more: [
          { name: 'bad', description: 'x', ...bad },
          { name: 'odd', inputSchema: 7 },
        ],
      });
      const tools = (await admin.rest('GET', `/upstreams/${id}/tools`)).items;
      expect(tools.map(({ own_name, state }) => [own_name, state])).toEqual([
        ['whoami', 'active'],
        ['bad', 'quarantined'],
        ['odd', 'quarantined'],
      ]);
    });

    it('hold what is new, tell administrators of it, and serve it once it is approved', async () => {
      const { id, ...upstream } = await admin.rough(
        'held',
        { tools: ['whoami', 'refuse'], env: { WHO: 'me' } },
        { policy: 'hold' },
      );
      expect(upstream).toMatchObject({ active_tools: 0, waiting_tools: 2 });
      const alerts = (await admin.rest('GET', '/alerts')).items;
      expect(alerts).toMatchObject([{ kind: 'upstream_tools', detail: expect.stringContaining('r_whoami') }]);
      const [waiting] = (await admin.rest('GET', `/upstreams/${id}/approvals`)).items;
      const tools = [{ id: waiting.id, digest: waiting['digest'] }];
      expect((await admin.rest('POST', `/upstreams/${id}/approvals`, { tools })).items).toMatchObject([
        { state: 'active' },
      ]);
      expect((await admin.rest('POST', `/upstreams/${waiting.id}/approvals`, { tools })).status).toBe(404);
      const group = await newGroup(t, tenant, { tools: ['r_whoami'] });
      expect(await textOf(group, 'r_whoami')).toBe('me');
    });

    it('pitfall 18: two tenants with upstreams of one name get what is theirs', async () => {
      const other = await t.newTenant();
      const groups: { readonly group: TestGroup; readonly who: string }[] = [];
      for (const [owner, who] of [
        [tenant, 'one'],
        [other, 'two'],
      ] as const) {
        await administrate(t, owner).rough('same', { env: { WHO: who } });
        groups.push({ group: await newGroup(t, owner, { tools: ['r_whoami'] }), who });
      }
      const answers = await Promise.all(
        Array.from({ length: 200 }, async (_, turn) => {
          const { group, who } = groups[turn % 2];
          return (await textOf(group, 'r_whoami')) === who;
        }),
      );
      expect(answers.every(Boolean)).toBe(true);
      const [foreign] = (await admin.rest('GET', '/upstreams')).items;
      const stranger = administrate(t, other);
      for (const [method, path] of [
        ['GET', ''],
        ['PUT', ''],
        ['DELETE', ''],
        ['POST', '/test'],
        ['POST', '/reload'],
        ['GET', '/logs'],
        ['GET', '/tools'],
      ] as const)
        expect(
          (await stranger.rest(method, `/upstreams/${foreign.id}${path}`, method === 'PUT' ? {} : undefined))
            .status,
        ).toBe(404);
    });

    it('refusals and failures are told in words, without secrets or addresses, and are not run again', async () => {
      const journal = newJournal();
      await admin.rough('rude', {
        journal: journal.path,
        tools: ['refuse', 'failing'],
        leak: 'k3y-of-ours',
        env: { API_KEY: 'k3y-of-ours' },
      });
      const group = await newGroup(t, tenant, { tools: ['r_refuse', 'r_failing'] });
      const refused = await textOf(group, 'r_refuse');
      expect(refused).toMatch(/The upstream 'rude' refused: no: \[redacted\] see \[address\]/);
      expect(await textOf(group, 'r_failing')).toBe('it did not work');
      expect(journal.lines().filter((line) => line.startsWith('call'))).toHaveLength(2);
    });
  });

  describe('over HTTP', () => {
    it('serve the tools of a real server, with progress and structured content', async () => {
      await eventually(async () => (await fetch(everythingUrl).catch(() => undefined)) !== undefined);
      const upstream = await admin.add({
        name: 'everything',
        transport: 'http',
        url: everythingUrl,
        prefix: 'http',
      });
      expect(upstream).toMatchObject({ state: 'ready', era: 'legacy' });
      const group = await newGroup(t, tenant, {
        tools: ['http_echo', 'http_get-structured-content', 'http_trigger-long-running-operation'],
      });
      expect(await textOf(group, 'http_echo', { message: 'over http' })).toContain('over http');
      const structured = await send(group, call('http_get-structured-content', { location: 'New York' }));
      expect(structured.body.result).toMatchObject({
        structuredContent: { temperature: expect.any(Number) },
      });
      const steps = await send(
        group,
        modern(
          'tools/call',
          { name: 'http_trigger-long-running-operation', arguments: { duration: 1, steps: 3 } },
          { progressToken: 7 },
        ),
      );
      expect(steps.messages.filter(({ method }) => method === 'notifications/progress')).toHaveLength(3);
    });

    it('speak the modern era where the server does: a group of ours behind a group of another tenant', async () => {
      const owner = await t.newTenant();
      const inner = await newGroup(t, owner, { tools: ['search_users'] });
      const upstream = await admin.add({
        name: 'toolcrib',
        transport: 'http',
        url: inner.url,
        prefix: 'inner',
        headers: { Authorization: `Bearer ${inner.key}` },
      });
      expect(upstream).toMatchObject({ state: 'ready', era: 'modern', secret_names: ['AUTHORIZATION'] });
      const outer = await newGroup(t, tenant, { tools: ['inner_search_users'] });
      expect(
        (
          await send(
            outer,
            modern('tools/call', { name: 'inner_search_users', arguments: { query: 'emma' } }),
          )
        ).body.result,
      ).toMatchObject({
        structuredContent: expect.any(Object),
      });
      await t.rest('POST', `/admin/groups/${inner.id}/regenerate-key`, { token: owner.adminToken });
      expect(await textOf(outer, 'inner_search_users', { query: 'emma' })).toMatch(/wants credentials/);
      await admin.rest('POST', `/upstreams/${upstream.id}/reload`);
      expect((await admin.rest('GET', `/upstreams/${upstream.id}`)).body.data).toMatchObject({
        state: 'needs_sign_in',
      });
    });

    it.each(['sse', 'ws'] as const)('speak %s with servers that know nothing else', async (transport) => {
      const owner = await t.newTenant();
      const inner = await newGroup(t, owner, { tools: ['search_users'], sessions: true });
      const base = `${t.url}/mcp/${inner.code}/${transport}`;
      const upstream = await admin.add({
        name: 'old',
        transport,
        url: transport === 'ws' ? base.replace(/^http/, 'ws') : base,
        prefix: 'old',
        headers: { Authorization: `Bearer ${inner.key}` },
      });
      expect(upstream).toMatchObject({ state: 'ready', state_reason: null, active_tools: 1 });
      const outer = await newGroup(t, tenant, { tools: ['old_search_users'] });
      const answer = await send(outer, call('old_search_users', { query: 'emma' }));
      expect(answer.body.result).toMatchObject({ structuredContent: expect.any(Object) });
      // It is a client of this very process, which waits for its clients when it ends.
      await admin.rest('DELETE', `/upstreams/${upstream.id}`);
    });

    it('pitfall 5: a server that forgot the session is spoken to anew, once for many calls', async () => {
      let initialized = 0;
      let session = 'a';
      const server: Server = createServer((request, response) => {
        void (async () => {
          let text = '';
          for await (const piece of request) text += String(piece);
          if (request.method !== 'POST') return response.writeHead(405).end();
          const { id, method } = JSON.parse(text) as { id?: number; method: string };
          const answer = (result: object) =>
            response
              .writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': session })
              .end(JSON.stringify({ jsonrpc: '2.0', id, result }));
          if (method === 'initialize') {
            initialized++;
            return answer({
              protocolVersion: '2025-06-18',
              capabilities: { tools: {} },
              serverInfo: { name: 's', version: '1' },
            });
          }
          if (method === 'server/discover') return response.writeHead(400).end('{}');
          if (id === undefined) return response.writeHead(202).end();
          if (request.headers['mcp-session-id'] !== session)
            return response.writeHead(404).end('Session not found');
          if (method === 'tools/list')
            return answer({ tools: [{ name: 'ok', inputSchema: { type: 'object' } }] });
          return answer({ content: [{ type: 'text', text: 'fine' }] });
        })();
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      await admin.add({
        name: 'forgetful',
        transport: 'http',
        url: `http://127.0.0.1:${port}/mcp`,
        prefix: 'f',
      });
      const group = await newGroup(t, tenant, { tools: ['f_ok'] });
      expect(await textOf(group, 'f_ok')).toBe('fine');
      const before = initialized;
      session = 'b';
      const answers = await Promise.all(Array.from({ length: 50 }, () => textOf(group, 'f_ok')));
      expect(new Set(answers)).toEqual(new Set(['fine']));
      expect(initialized - before).toBe(1);
      server.closeAllConnections();
      server.close();
    });

    it('pitfall 1: what refuses, hangs or crashes takes nothing else with it, and says why', async () => {
      const silent = createServer(() => undefined).listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const { port } = silent.address() as { port: number };
      const create = async (body: object) =>
        (await admin.rest('POST', '/upstreams', { policy: 'take', ...body })).body.data;
      await admin.rough('well', { env: { WHO: 'well' } });
      const refusing = await create({ name: 'refusing', transport: 'http', url: 'http://127.0.0.1:1/mcp' });
      const crashing = await create({
        name: 'crashing',
        transport: 'stdio',
        command: process.execPath,
        args: ['-e', 'process.exit(3)'],
      });
      const missing = await create({ name: 'missing', transport: 'stdio', command: '/no/such/program' });
      await create({ name: 'hanging', transport: 'http', url: `http://127.0.0.1:${port}/mcp` });
      const group = await newGroup(t, tenant, { tools: ['r_whoami'] });
      expect(await textOf(group, 'r_whoami')).toBe('well');
      for (const [upstream, reason] of [
        [refusing, /ECONNREFUSED/],
        [crashing, /cannot be used/],
        [missing, /no such program/],
      ] as const) {
        await admin.rest('POST', `/upstreams/${upstream.id}/reload`);
        expect((await admin.rest('GET', `/upstreams/${upstream.id}`)).body.data).toMatchObject({
          state: 'failed',
          state_reason: expect.stringMatching(reason),
          next_try_at: expect.any(String),
        });
      }
      silent.closeAllConnections();
      silent.close();
    });
  });
});

describe('upstreams of an installation that fences them', () => {
  let t: TestApp;
  let admin: UpstreamAdmin;
  beforeAll(async () => {
    t = await createTestApp();
    admin = administrate(t, await t.newTenant());
  });
  afterAll(() => t.close());

  it('pitfall 24: lead into no private network, however the address is written', async () => {
    for (const host of ['127.0.0.1', '169.254.169.254', '10.1.2.3', '[::1]', '2130706433', '0x7f000001'])
      expect(
        (
          await admin.rest('POST', '/upstreams', {
            name: 'x',
            transport: 'http',
            url: `http://${host}:1/mcp`,
          })
        ).status,
      ).toBe(400);
    const created = await admin.rest('POST', '/upstreams', {
      name: 'named',
      transport: 'http',
      url: 'http://localhost:1/mcp',
    });
    const tested = await admin.rest('POST', `/upstreams/${created.body.data.id}/test`);
    expect(tested.body.data).toMatchObject({
      ok: false,
      message: expect.stringContaining('UPSTREAM_PRIVATE_NETWORKS'),
    });
  });

  it('come from an mcp.json, each by itself', async () => {
    const config = {
      mcpServers: {
        'My Server!': { url: 'https://mcp.invalid/mcp' },
        remote: {
          url: 'https://mcp.invalid/mcp',
          headers: { Authorization: 'Bearer ${input:the-token}' },
          disabled: true,
        },
        unset: { url: 'https://mcp.invalid/mcp?x=${NOT_GIVEN}' },
        program: { command: 'npx', args: ['-y', 'x'] },
      },
    };
    const { items } = await admin.rest('POST', '/upstreams/import', {
      config,
      secrets: { THE_TOKEN: 'sealed' },
    });
    expect(items).toMatchObject([
      { name: 'My Server!', id: null, message: expect.stringContaining('name') },
      { name: 'remote', id: expect.any(String), message: null },
      { name: 'unset', id: null, message: expect.stringContaining('${NOT_GIVEN}') },
      { name: 'program', id: null, message: expect.stringContaining('UPSTREAM_STDIO') },
    ]);
    expect((await admin.rest('GET', `/upstreams/${items[1].id}`)).body.data).toMatchObject({
      state: 'off',
      prefix: 'remote',
      secret_names: ['THE_TOKEN'],
      headers: { Authorization: 'Bearer ${THE_TOKEN}' },
    });
    expect((await admin.rest('POST', '/upstreams/import', { config: {} })).status).toBe(400);
  });

  it('are refused where their settings do not go together', async () => {
    const url = 'https://mcp.example.com';
    for (const body of [
      { name: 'x', url },
      { transport: 'http', url },
      { name: 'x', transport: 'ws', url },
    ])
      expect((await admin.rest('POST', '/upstreams', body)).status).toBe(400);
  });

  it('start programs for nobody but the tenant that runs the installation', async () => {
    const refused = await admin.rest('POST', '/upstreams', { name: 'x', transport: 'stdio', command: 'x' });
    expect(refused.status).toBe(403);
  });
});
