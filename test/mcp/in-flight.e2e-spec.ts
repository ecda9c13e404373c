import { once } from 'node:events';
import { WebSocket } from 'ws';
import { TestTools } from '../fixtures/test.tools.js';
import { legacy, type McpRequest, modern, newGroup, send, type TestGroup } from '../support/mcp.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

type Request = (method: string, params?: Record<string, unknown>) => McpRequest;

/** What becomes of calls that run while an administrator takes their key, tool or group away. */
describe('calls in flight at a change', () => {
  let t: TestApp;
  let other: TestApp;
  let tenant: TestTenant;
  let group: TestGroup;

  beforeAll(async () => {
    t = await createTestApp({ tools: [TestTools] });
    other = await createTestApp({ tools: [TestTools], database: t.database });
    tenant = await t.newTenant();
  });
  afterAll(async () => {
    await other?.close();
    await t?.close();
  });
  beforeEach(async () => {
    group = await newGroup(t, tenant, { tools: ['wait', 'echo'] });
  });

  const on = (app: TestApp): TestGroup => ({ ...group, url: `${app.url}/mcp/${group.code}/mcp` });
  /** Begins a call that waits; resolves when the tool is running. */
  const begin = async (app: TestApp, name: string, ms: number, request: Request = legacy) => {
    const answer = send(on(app), request('tools/call', { name: 'wait', arguments: { name, ms } }));
    await eventually(() => app.app.get(TestTools).begun.includes(name));
    return answer.then((done) => done.body.result ?? done.body.error);
  };
  const admin = (method: string, path: string, body?: object) =>
    t.rest(method, path, { token: tenant.adminToken, ...(body && { body }) });
  const kindsOf = async (name: string) => {
    const rows = await t.dataSource.query<{ error_kind: string | null }[]>(
      `SELECT error_kind FROM mcp_call_logs WHERE request_data->>'name' = $1`,
      [name],
    );
    return rows.map((row) => row.error_kind);
  };
  const cutResult = {
    isError: true,
    content: [{ type: 'text', text: expect.stringContaining('An administrator ended the call') }],
  };

  it.each<[string, Request]>([
    ['2025', legacy],
    ['2026-07-28', modern],
  ])('finish and are answered when their key is revoked (%s)', async (era, request) => {
    const name = `drained-${era}`;
    const [here, there] = [begin(t, name, 400, request), begin(other, `${name}-there`, 400, request)];
    await eventually(
      () =>
        t.app.get(TestTools).begun.includes(name) && other.app.get(TestTools).begun.includes(`${name}-there`),
    );
    expect((await admin('POST', `/admin/groups/${group.id}/regenerate-key`)).status).toBe(200);
    expect((await send(group, request('tools/list'))).status).toBe(401);
    for (const call of [here, there]) expect(await call).toMatchObject({ content: [{ text: 'waited' }] });
    expect(await kindsOf(name)).toEqual([null]);
  });

  it.each([
    ['its key', () => admin('POST', `/admin/groups/${group.id}/regenerate-key?in_flight=cut`)],
    ['its group', () => admin('PUT', `/admin/groups/${group.id}?in_flight=cut`, { enabled: false })],
    ['the group itself', () => admin('DELETE', `/admin/groups/${group.id}?in_flight=cut`)],
  ])('are aborted on every replica when %s is taken away and they are to be cut', async (what, change) => {
    const names = [`cut here: ${what}`, `cut there: ${what}`];
    const calls = [begin(t, names[0], 20_000), begin(other, names[1], 20_000)];
    await eventually(
      () =>
        t.app.get(TestTools).begun.includes(names[0]) && other.app.get(TestTools).begun.includes(names[1]),
    );
    expect((await change()).status).toBe(200);
    for (const call of calls) expect(await call).toMatchObject(cutResult);
    for (const name of names) expect(await kindsOf(name)).toEqual(['cancelled']);
  });

  it('are aborted for the tool that is disabled, and go on for the others', async () => {
    const token = tenant.adminToken;
    const tools = (await t.rest('GET', `/admin/tools?group_id=${group.id}`, { token })).items;
    const idOf = (name: string) => tools.find((tool) => tool['tool_name'] === name)!.id;
    const call = begin(t, 'the tool is cut', 800);
    await eventually(() => t.app.get(TestTools).begun.includes('the tool is cut'));
    await admin('PUT', `/admin/tools/${idOf('echo')}?in_flight=cut`, { enabled: false });
    const second = begin(t, 'the tool is cut, too', 20_000);
    expect(await call).toMatchObject({ content: [{ text: 'waited' }] });
    await eventually(() => t.app.get(TestTools).begun.includes('the tool is cut, too'));
    await admin('PUT', `/admin/tools/${idOf('wait')}?in_flight=cut`, { enabled: false });
    expect(await second).toMatchObject(cutResult);
  });

  it('are answered over a WebSocket, which takes no more of them and ends then', async () => {
    const headers = { authorization: `Bearer ${group.key}` };
    const url = `${t.url.replace('http', 'ws')}/mcp/${group.code}/ws`;
    const socket = new WebSocket(url, 'mcp', { headers });
    const answers: { id: number; result?: object; error?: object }[] = [];
    socket.on('message', (data) => answers.push(JSON.parse((data as Buffer).toString('utf8')) as never));
    await once(socket, 'open');
    const ask = (id: number, method: string, params: object) =>
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    const clientInfo = { name: 'test', version: '1' };
    ask(1, 'initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo });
    await eventually(() => answers.length === 1);
    ask(2, 'tools/call', { name: 'wait', arguments: { name: 'over a socket', ms: 500 } });
    await eventually(() => t.app.get(TestTools).begun.includes('over a socket'));
    await admin('POST', `/admin/groups/${group.id}/regenerate-key`);
    ask(3, 'tools/call', { name: 'echo', arguments: { text: 'too late' } });
    await once(socket, 'close');
    expect(answers.find(({ id }) => id === 2)?.result).toMatchObject({ content: [{ text: 'waited' }] });
    expect(answers.find(({ id }) => id === 3)?.error).toBeDefined();
  });

  it('may be drained or cut, nothing else', async () => {
    const answer = await admin('DELETE', `/admin/groups/${group.id}?in_flight=kill`);
    expect([answer.status, answer.body.error.details]).toEqual([
      400,
      [{ field: 'in_flight', message: 'must be one of drain, cut' }],
    ]);
  });
});
