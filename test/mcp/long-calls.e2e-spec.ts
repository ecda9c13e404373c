import { TestTools } from '../fixtures/test.tools.js';
import { legacy, type McpRequest, modern, newGroup, send, type TestGroup } from '../support/mcp.js';
import { ask, openSse, openWebSocket } from '../support/standing.js';
import { createTestApp, type TestApp } from '../support/test-app.js';

const WAIT = { name: 'wait', arguments: { name: 'long', ms: 1600 } };
const STREAMS = 'application/json, text/event-stream';

/** Calls whose tool says nothing for long: neither clients nor proxies may take them for dead. */
describe('calls that run long', () => {
  let t: TestApp;
  let group: TestGroup;

  beforeAll(async () => {
    t = await createTestApp({
      tools: [TestTools],
      env: { MCP_KEEPALIVE_MS: '1000', MCP_PROGRESS_INTERVAL_MS: '200' },
    });
    group = await newGroup(t, await t.newTenant(), { tools: ['wait', 'backwards', 'fail'], sessions: true });
  });
  afterAll(() => t?.close());

  const accepting = (request: McpRequest, accept: string, session?: string): McpRequest => ({
    ...request,
    headers: { ...request.headers, accept, ...(session !== undefined && { 'mcp-session-id': session }) },
  });
  const progressIn = (messages: readonly { readonly params?: { readonly progress?: number } }[]) =>
    messages.flatMap(({ params }) => params?.progress ?? []);
  const newSession = async () => {
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'c', version: '1' },
    };
    return (await send(group, legacy('initialize', params))).headers.get('mcp-session-id') ?? '';
  };

  it.each([
    ['2025', () => legacy('tools/call', { ...WAIT, _meta: { progressToken: 'p' } })],
    ['2026-07-28', () => modern('tools/call', WAIT, { progressToken: 'p' })],
  ])('tell a client of %s that asked for progress', async (_era, request) => {
    const { messages, body } = await send(group, accepting(request(), STREAMS));
    const told = progressIn(messages);
    expect(told.length).toBeGreaterThanOrEqual(3);
    expect(told).toEqual([...new Set(told)].toSorted((one, other) => one - other));
    expect(messages[1]).toMatchObject({
      params: { message: expect.stringMatching(/^Still running after \d+ s$/) },
    });
    expect(body.result?.content).toEqual([{ type: 'text', text: 'waited' }]);
  });

  it.each([
    ['WebSocket', openWebSocket],
    ['HTTP+SSE', openSse],
  ])('tell one that asked for it on a standing connection: %s', async (_name, open) => {
    const client = await open(group);
    const answer = await ask(client, 'tools/call', { ...WAIT, _meta: { progressToken: 7 } });
    expect(answer.result?.content?.[0]?.text).toBe('waited');
    expect(progressIn(client.messages()).length).toBeGreaterThanOrEqual(3);
    client.close();
  });

  it('do not pass on progress that goes backwards', async () => {
    const request = legacy('tools/call', { name: 'backwards', _meta: { progressToken: 'p' } });
    expect(progressIn((await send(group, request)).messages)).toEqual([1, 3, 4]);
  });

  it.each([
    ['2025', () => legacy('tools/call', WAIT)],
    ['2026-07-28', () => modern('tools/call', WAIT)],
  ])('begin the answer to a client of %s that asked for nothing, with a comment', async (_era, request) => {
    for (const session of [undefined, await newSession()]) {
      const answer = await send(group, accepting(request(), STREAMS, session));
      expect(answer.headers.get('content-type')).toBe('text/event-stream');
      expect(answer.text).toMatch(/^: keepalive\n\n/);
      expect(answer.body.result?.content).toEqual([{ type: 'text', text: 'waited' }]);
    }
  });

  it.each(['application/json', '*/*', ''])(
    'begin it with a blank, to one that accepts %p',
    async (accept) => {
      const answer = await send(group, accepting(legacy('tools/call', WAIT), accept));
      expect(answer.headers.get('content-type')).toBe('application/json');
      expect(answer.text).toMatch(/^ +\{/);
      expect(answer.body.result?.content).toEqual([{ type: 'text', text: 'waited' }]);
    },
  );

  it('begin a batch with a blank, too', async () => {
    const batch = { body: [legacy('tools/call', WAIT).body, legacy('ping', undefined, 2).body] };
    const answer = await send(group, accepting(batch, 'application/json'));
    expect(answer.text).toMatch(/^ +\[/);
    expect(JSON.parse(answer.text)).toMatchObject([{ id: 1 }, { id: 2, result: {} }]);
  });

  it('send nothing beforehand to who is answered at once', async () => {
    const answer = await send(group, accepting(legacy('tools/call', { name: 'fail' }), STREAMS));
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('content-length')).not.toBeNull();
  });

  it('send no progress to a client that does not read event streams', async () => {
    const request = legacy('tools/call', { name: 'backwards', _meta: { progressToken: 'p' } });
    const answer = await send(group, accepting(request, 'application/json'));
    expect(answer.headers.get('content-type')).toBe('application/json');
  });
});
