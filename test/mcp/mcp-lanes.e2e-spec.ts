import { TestTools } from '../fixtures/test.tools.js';
import {
  legacy,
  type McpAnswer,
  type McpMessage,
  type McpRequest,
  modern,
  MODERN,
  newGroup,
  send,
  type TestGroup,
} from '../support/mcp.js';
import { createTestApp, type TestApp } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

const TOOLS = [
  'echo',
  'data',
  'list',
  'picture',
  'nothing',
  'fail',
  'hang',
  'huge',
  'liar',
  'unserialisable',
  'headed',
  'configured',
  'sampler',
];
const call = (name: unknown, args?: unknown) => ({
  name,
  ...(args === undefined ? {} : { arguments: args }),
});
const modernCall = (name: string, args?: unknown) => modern('tools/call', call(name, args));
const client = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'c', version: '1' } };
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const rpc = (text: string): McpRequest => ({ body: text });
const without = (request: McpRequest, header: string): McpRequest => ({
  ...request,
  headers: Object.fromEntries(Object.entries(request.headers ?? {}).filter(([name]) => name !== header)),
});
const withHeaders = (request: McpRequest, headers: Record<string, string>): McpRequest => ({
  ...request,
  headers: { ...request.headers, ...headers },
});

/** One table for both lanes: well-formed, malformed and hostile requests of both eras. */
const REQUESTS: readonly (readonly [string, McpRequest])[] = [
  // well-formed, before 2026
  ['initialize', legacy('initialize', client, 0)],
  ['initialize of 2024-11-05', legacy('initialize', { ...client, protocolVersion: '2024-11-05' })],
  ['initialize of 2025-03-26', legacy('initialize', { ...client, protocolVersion: '2025-03-26' })],
  ['initialize of 2025-11-25', legacy('initialize', { ...client, protocolVersion: '2025-11-25' })],
  [
    'initialize of a revision nobody knows',
    legacy('initialize', { ...client, protocolVersion: '1999-01-01' }),
  ],
  ['ping', legacy('ping')],
  ['a text id', legacy('ping', undefined, 'abc')],
  ['tools/list without params', legacy('tools/list')],
  ['tools/list with empty params', legacy('tools/list', {})],
  ['tools/list with a _meta', legacy('tools/list', { _meta: { vendor: 1 } })],
  ['tools/call', legacy('tools/call', call('echo', { message: 'hi' }))],
  ['tools/call with a default', legacy('tools/call', call('echo', { message: 'hi', times: 3 }))],
  ['tools/call of non-ASCII text', legacy('tools/call', call('echo', { message: '你好 🙂 \u2028 "\\' }))],
  ['tools/call that returns data', legacy('tools/call', call('data'))],
  ['tools/call that returns a list', legacy('tools/call', call('list', {}))],
  ['tools/call that returns an image', legacy('tools/call', call('picture'))],
  ['tools/call that returns nothing', legacy('tools/call', call('nothing'))],
  ['tools/call with settings', legacy('tools/call', call('configured'))],
  [
    'tools/call under 2025-11-25',
    withHeaders(legacy('tools/call', call('data')), { 'mcp-protocol-version': '2025-11-25' }),
  ],
  ['a notification', rpc('{"jsonrpc":"2.0","method":"notifications/initialized"}')],
  ['a notification nobody knows', rpc('{"jsonrpc":"2.0","method":"notifications/whatever","params":{}}')],
  ['a posted response', rpc('{"jsonrpc":"2.0","id":1,"result":{}}')],
  ['a batch', rpc(JSON.stringify([legacy('ping').body, legacy('tools/call', call('data'), 2).body]))],
  ['a batch of notifications', rpc('[{"jsonrpc":"2.0","method":"notifications/initialized"}]')],
  // tools that fail
  ['a tool that says no', legacy('tools/call', call('fail'))],
  ['a tool that hangs', legacy('tools/call', call('hang'))],
  ['a result that is too large', legacy('tools/call', call('huge', { bytes: 2_000_000 }))],
  ['a tool that breaks its output schema', legacy('tools/call', call('liar'))],
  // refused
  ['an unknown tool', legacy('tools/call', call('nope', {}))],
  ['a tool of no group', legacy('tools/call', call('crash', {}))],
  ['a missing argument', legacy('tools/call', call('echo', {}))],
  ['an argument of the wrong type', legacy('tools/call', call('echo', { message: 7 }))],
  ['a number out of range', legacy('tools/call', call('echo', { message: 'x', times: 9 }))],
  ['a call without params', legacy('tools/call')],
  ['a call without a name', legacy('tools/call', { arguments: {} })],
  ['a call with a number for a name', legacy('tools/call', call(7))],
  ['a call with a list for arguments', legacy('tools/call', call('echo', []))],
  ['a call with null arguments', legacy('tools/call', call('echo', null))],
  ['a call with params in a list', legacy('tools/call', ['echo'])],
  ['a _meta that is text', legacy('tools/call', { ...call('data'), _meta: 'x' })],
  [
    'a progress token that is an object',
    legacy('tools/call', { ...call('data'), _meta: { progressToken: {} } }),
  ],
  ['names of the prototype', legacy('tools/call', call('__proto__', {}))],
  ['a name of the prototype', legacy('tools/call', call('constructor', {}))],
  [
    'arguments with __proto__',
    rpc(
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"x","__proto__":{"times":2}}}}',
    ),
  ],
  ['a cursor that is not ours', legacy('tools/list', { cursor: 'garbage' })],
  ['an empty cursor', legacy('tools/list', { cursor: '' })],
  ['a cursor that is null', legacy('tools/list', { cursor: null })],
  ['a cursor that is null, 2026-07-28', modern('tools/list', { cursor: null })],
  ['arguments that are null', legacy('tools/call', { name: 'data', arguments: null })],
  ['arguments that are null, 2026-07-28', modern('tools/call', { name: 'data', arguments: null })],
  ['an optional argument that is null', legacy('tools/call', call('echo', { message: 'hi', times: null }))],
  ['a needed argument that is null', legacy('tools/call', call('echo', { message: null }))],
  ['a cursor that is a number', legacy('tools/list', { cursor: 5 })],
  ['an initialize without params', legacy('initialize')],
  [
    'an initialize without clientInfo',
    legacy('initialize', { protocolVersion: '2025-06-18', capabilities: {} }),
  ],
  ['an unknown method', legacy('tools/destroy', {})],
  ['a method of the prototype', legacy('constructor')],
  ['a method with no name', legacy('')],
  ['resources/list', legacy('resources/list')],
  ['logging/setLevel', legacy('logging/setLevel', { level: 'info' })],
  ['logging/setLevel to no level', legacy('logging/setLevel', { level: 'loud' })],
  ['logging/setLevel to nothing', legacy('logging/setLevel', {})],
  ['server/discover without its envelope', legacy('server/discover')],
  ['a tool that needs what the client cannot do', legacy('tools/call', call('sampler'))],
  ['capabilities that are not', legacy('initialize', { ...client, capabilities: { roots: 7 } })],
  [
    'a title that is a number',
    legacy('initialize', { ...client, clientInfo: { ...client.clientInfo, title: 5 } }),
  ],
  ['a task that is a number', legacy('tools/call', { ...call('data'), task: 5 })],
  ['a request state that is a number', legacy('tools/call', { ...call('data'), requestState: 5 })],
  ['a request state that is a number, 2026-07-28', modern('tools/call', { name: 'data', requestState: 5 })],
  // not JSON-RPC
  ['an empty body', rpc('')],
  ['text that is not JSON', rpc('{"jsonrpc":')],
  ['JSON that is not a message', rpc('42')],
  ['null', rpc('null')],
  ['an object without jsonrpc', rpc('{"id":1,"method":"ping"}')],
  ['another JSON-RPC version', rpc('{"jsonrpc":"1.0","id":1,"method":"ping"}')],
  ['an id that is null', rpc('{"jsonrpc":"2.0","id":null,"method":"ping"}')],
  ['an id that is an object', rpc('{"jsonrpc":"2.0","id":{},"method":"ping"}')],
  ['an id that is a fraction', rpc('{"jsonrpc":"2.0","id":1.5,"method":"ping"}')],
  ['an empty batch', rpc('[]')],
  ['a batch with rubbish in it', rpc('[{"jsonrpc":"2.0","id":1,"method":"ping"},7]')],
  ['a batch that initializes', rpc(JSON.stringify([legacy('initialize', client).body]))],
  ['a batch with a bad call', rpc(JSON.stringify([legacy('tools/call', call(7)).body]))],
  [
    'a batch that is too long',
    rpc(JSON.stringify(Array.from({ length: 51 }, (_, id) => legacy('ping', undefined, id).body))),
  ],
  [
    'a batch under 2025-06-18',
    withHeaders(rpc(JSON.stringify([legacy('ping').body])), { 'mcp-protocol-version': '2025-06-18' }),
  ],
  [
    'JSON of a depth nobody needs',
    rpc(
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":${nested(100)}}}}`,
    ),
  ],
  ['brackets without end', rpc('['.repeat(100_000))],
  [
    'a body that is too large',
    rpc(`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"${'x'.repeat(5_000_000)}"}}`),
  ],
  ['a wrong content type', withHeaders(legacy('ping'), { 'content-type': 'text/plain' })],
  ['a revision that does not exist', withHeaders(legacy('ping'), { 'mcp-protocol-version': '2020-01-01' })],
  ['GET', { method: 'GET' }],
  ['DELETE', { method: 'DELETE' }],
  ['PUT', { method: 'PUT', body: '{}' }],
  ['a session id nobody asked for', withHeaders(legacy('ping'), { 'mcp-session-id': 'abc' })],
  // well-formed, 2026-07-28
  ['server/discover', modern('server/discover')],
  ['tools/list of 2026-07-28', modern('tools/list')],
  ['tools/call of 2026-07-28', modernCall('echo', { message: 'hi' })],
  ['data of 2026-07-28', modernCall('data')],
  ['a list of 2026-07-28', modernCall('list')],
  ['an image of 2026-07-28', modernCall('picture')],
  [
    'a name in Base64',
    withHeaders(modernCall('data'), { 'mcp-name': `=?base64?${Buffer.from('data').toString('base64')}?=` }),
  ],
  ['a repeated argument', withHeaders(modernCall('headed', { region: 'eu' }), { 'mcp-param-region': 'eu' })],
  [
    'a notification of 2026-07-28',
    withHeaders(rpc('{"jsonrpc":"2.0","method":"notifications/x"}'), { 'mcp-protocol-version': MODERN }),
  ],
  [
    'a tool that needs what the client can do, 2026-07-28',
    modern(
      'tools/call',
      { name: 'sampler' },
      { 'io.modelcontextprotocol/clientCapabilities': { sampling: {} } },
    ),
  ],
  // refused, 2026-07-28
  ['a tool that needs what the client cannot do, 2026-07-28', modernCall('sampler')],
  ['a tool that says no, 2026-07-28', modernCall('fail')],
  ['an unknown tool, 2026-07-28', modernCall('nope')],
  ['a missing argument, 2026-07-28', modernCall('echo', {})],
  ['a call without a name, 2026-07-28', modern('tools/call', { arguments: {} })],
  ['a list for arguments, 2026-07-28', modern('tools/call', { name: 'echo', arguments: [] })],
  ['a cursor that is not ours, 2026-07-28', modern('tools/list', { cursor: 'garbage' })],
  ['initialize in 2026-07-28', modern('initialize', client)],
  ['ping in 2026-07-28', modern('ping')],
  ['logging/setLevel in 2026-07-28', modern('logging/setLevel', { level: 'info' })],
  ['an unknown method, 2026-07-28', modern('tools/destroy')],
  ['no version header', without(modern('tools/list'), 'mcp-protocol-version')],
  ['no method header', without(modern('tools/list'), 'mcp-method')],
  ['no name header', without(modernCall('data'), 'mcp-name')],
  ['another method in the header', withHeaders(modern('tools/list'), { 'mcp-method': 'tools/call' })],
  ['another name in the header', withHeaders(modernCall('data'), { 'mcp-name': 'echo' })],
  ['a name in broken Base64', withHeaders(modernCall('data'), { 'mcp-name': '=?base64?%%%?=' })],
  [
    'another version in the header',
    withHeaders(modern('tools/list'), { 'mcp-protocol-version': '2025-11-25' }),
  ],
  [
    'a version nobody has',
    withHeaders(modern('tools/list', {}, { 'io.modelcontextprotocol/protocolVersion': '2099-01-01' }), {
      'mcp-protocol-version': '2099-01-01',
    }),
  ],
  [
    'no client capabilities',
    modern('tools/list', {}, { 'io.modelcontextprotocol/clientCapabilities': undefined }),
  ],
  [
    'client capabilities that are text',
    modern('tools/list', {}, { 'io.modelcontextprotocol/clientCapabilities': 'all' }),
  ],
  ['a modern header on a legacy body', withHeaders(legacy('tools/list'), { 'mcp-protocol-version': MODERN })],
  ['a repeated argument that is not', modernCall('headed', { region: 'eu' })],
  [
    'a repeated argument that differs',
    withHeaders(modernCall('headed', { region: 'eu' }), { 'mcp-param-region': 'us' }),
  ],
  ['a batch with a modern element', rpc(JSON.stringify([modern('tools/list').body]))],
  ['a progress token that is a list', modern('tools/call', call('data'), { progressToken: [] })],
];

/** One table for sessions: what their lane takes, and what it must leave to the SDK. */
const SESSION_REQUESTS: readonly (readonly [string, McpRequest])[] = [
  ['ping', legacy('ping')],
  ['a text id', legacy('ping', undefined, 'abc')],
  ['tools/list', legacy('tools/list')],
  ['tools/list with a bad cursor', legacy('tools/list', { cursor: 'nonsense' })],
  ['tools/call', legacy('tools/call', call('echo', { message: '你好 🙂' }))],
  ['tools/call that returns data', legacy('tools/call', call('data'))],
  ['tools/call that returns an image', legacy('tools/call', call('picture'))],
  ['tools/call with wrong arguments', legacy('tools/call', call('echo', { message: 1 }))],
  ['tools/call of no tool', legacy('tools/call', call('nobody'))],
  ['a tool that says no', legacy('tools/call', call('fail'))],
  ['a tool that writes log messages', legacy('tools/call', call('steps', { count: 2 }))],
  ['a tool that needs what the client cannot do', legacy('tools/call', call('sampler'))],
  [
    'progress',
    legacy('tools/call', { ...call('steps', { count: 2 }), _meta: { progressToken: 'session-progress' } }),
  ],
  ['a method that is not there', legacy('prompts/list')],
  ['a cursor that is null', legacy('tools/list', { cursor: null })],
  ['arguments that are null', legacy('tools/call', { name: 'data', arguments: null })],
  ['a level that is none', legacy('logging/setLevel', { level: 'loud' })],
  ['a level that is a number', legacy('logging/setLevel', { level: 3 })],
];

/** All that an answer says, on a stream or in one body. */
function heardOf(answer: McpAnswer | undefined): readonly McpMessage[] {
  if (!answer) throw new Error('There is no answer');
  return answer.messages.length > 0 ? answer.messages : [answer.body];
}

/** Opens a stream; `first` is the first piece of its text. */
async function openStream(group: TestGroup, { body, headers }: McpRequest, signal: AbortSignal) {
  const response = await fetch(group.url, {
    method: 'POST',
    headers: { authorization: `Bearer ${group.key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal,
  });
  const reader = response.body?.getReader();
  if (!reader) throw new Error('The answer has no body');
  const read = async () => new TextDecoder().decode((await reader.read()).value);
  return { response, first: read() };
}

async function firstMessage(group: TestGroup, request: McpRequest): Promise<unknown> {
  const stop = new AbortController();
  const { response, first } = await openStream(group, request, stop.signal);
  const text = await first;
  stop.abort();
  const data = /^data: (.*)$/m.exec(text)?.[1] ?? text;
  return { status: response.status, message: JSON.parse(data) as unknown };
}

/** @returns The id of a new session, its handshake done. */
async function openSession(group: TestGroup): Promise<string> {
  const { headers } = await send(group, legacy('initialize', client));
  const id = headers.get('mcp-session-id') ?? '';
  await send(group, {
    headers: { 'mcp-session-id': id },
    body: { jsonrpc: '2.0', method: 'notifications/initialized' },
  });
  return id;
}

describe('the two lanes', () => {
  let fast: TestApp;
  let sdk: TestApp;
  let fastGroup: TestGroup;
  let sdkGroup: TestGroup;

  beforeAll(async () => {
    fast = await createTestApp({ tools: [TestTools] });
    sdk = await createTestApp({
      tools: [TestTools],
      database: fast.database,
      env: { MCP_FAST_LANE: 'false' },
    });
    fastGroup = await newGroup(fast, await fast.newTenant(), { tools: TOOLS });
    sdkGroup = toSdk(fastGroup);
  });

  /** The same group on the replica without the fast lane. */
  function toSdk(group: TestGroup): TestGroup {
    const { port } = new URL(sdk.url);
    return { ...group, url: Object.assign(new URL(group.url), { port }).href };
  }
  afterAll(async () => {
    await sdk?.close();
    await fast?.close();
  });

  it.each(REQUESTS)('answer alike: %s', async (_name, request) => {
    const [one, other] = await Promise.all([send(fastGroup, request), send(sdkGroup, request)]);
    expect({ status: other.status, body: other.body }).toEqual({ status: one.status, body: one.body });
    expect(other.headers.get('content-type')).toBe(one.headers.get('content-type'));
    expect(one.status).not.toBe(500);
    expect(one.text).not.toMatch(/hunter2|\/src\/|node_modules/);
  });

  it('take null for what is left out, and know no level that is none', async () => {
    const first = (await send(fastGroup, legacy('tools/list'))).body.result;
    for (const cursor of ['', null])
      expect((await send(sdkGroup, legacy('tools/list', { cursor }))).body.result).toEqual(first);
    for (const group of [fastGroup, sdkGroup]) {
      const said = await send(group, legacy('tools/call', call('echo', { message: 'hi', times: null })));
      expect(said.body.result).toEqual({ content: [{ type: 'text', text: 'hi' }] });
    }
    const loud = await send(sdkGroup, legacy('logging/setLevel', { level: 'loud' }));
    expect(loud.body.error).toMatchObject({ code: -32602, message: expect.stringContaining('debug, info') });
  });

  it('record alike', async () => {
    const rows = await fast.dataSource.query<{ era: string; n: string }[]>(
      `SELECT tool_name, era, success, error_kind, error_message, request_data::jsonb, response_data::jsonb, count(*) % 2 AS odd
         FROM mcp_call_logs WHERE group_id = $1 GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING count(*) % 2 = 1`,
      [fastGroup.id],
    );
    expect(rows).toEqual([]);
    const [counted] = await fast.dataSource.query<{ n: string }[]>(
      'SELECT count(*) AS n FROM mcp_call_logs WHERE group_id = $1',
      [fastGroup.id],
    );
    expect(Number(counted?.n)).toBeGreaterThan(60);
  });

  describe('in sessions', () => {
    let groups: readonly TestGroup[];
    let sessions: readonly string[];

    beforeAll(async () => {
      const group = await newGroup(fast, await fast.newTenant(), {
        tools: [...TOOLS, 'steps'],
        sessions: true,
      });
      await eventually(async () => (await send(toSdk(group), legacy('ping'))).status === 200);
      groups = [group, toSdk(group)];
      sessions = await Promise.all(groups.map(openSession));
    });

    it.each(SESSION_REQUESTS)('answer alike: %s', async (_name, request) => {
      const [one, other] = await Promise.all(
        groups.map((group, index) =>
          send(group, withHeaders(request, { 'mcp-session-id': sessions[index] ?? '' })),
        ),
      );
      expect({ status: other?.status, heard: heardOf(other) }).toEqual({
        status: one?.status,
        heard: heardOf(one),
      });
    });

    it('hear log messages from the level on that they set', async () => {
      const say = legacy('tools/call', call('steps', { count: 1 }));
      for (const [level, count] of [
        ['error', 1],
        ['debug', 2],
      ] as const) {
        for (const [index, group] of groups.entries()) {
          const headers = { 'mcp-session-id': sessions[index] ?? '' };
          await send(group, withHeaders(legacy('logging/setLevel', { level }), headers));
          expect(heardOf(await send(group, withHeaders(say, headers)))).toHaveLength(count);
        }
      }
    });
  });

  it.each([
    ['for tools', { toolsListChanged: true }],
    ['for what groups do not have', { promptsListChanged: true, resourceSubscriptions: ['x://y'] }],
    ['for nothing', {}],
    ['with a filter that is none', { toolsListChanged: 'yes' }],
    ['without a filter', undefined],
  ])('open alike: subscriptions/listen %s', async (_name, notifications) => {
    const request = modern('subscriptions/listen', notifications && { notifications });
    const [one, other] = await Promise.all(
      [fastGroup, sdkGroup].map((group) => firstMessage(group, request)),
    );
    expect(other).toEqual(one);
    expect(one).toMatchObject({ status: 200, message: { jsonrpc: '2.0' } });
  });

  it('hold more streams of a group than the SDK would', async () => {
    const request = modern('subscriptions/listen', { notifications: { toolsListChanged: true } });
    const stop = new AbortController();
    const opened = await Promise.all(
      Array.from({ length: 1100 }, () => openStream(fastGroup, request, stop.signal)),
    );
    const texts = new Set(
      (await Promise.all(opened.map(({ first }) => first))).map((text) => text.replace(/^: .*\n\n/gm, '')), // how slow the machine is
    );
    stop.abort();
    expect([...texts]).toEqual([expect.stringContaining('notifications/subscriptions/acknowledged')]);
  });

  it('are both in use: only the SDK lane builds servers', async () => {
    const answers = await Promise.all([send(fastGroup, legacy('ping')), send(sdkGroup, legacy('ping'))]);
    // The SDK writes the members of an answer in another order; that is how this test can tell the lanes apart.
    expect(answers.map(({ text }) => text)).toEqual([
      '{"jsonrpc":"2.0","id":1,"result":{}}',
      expect.stringMatching(/^\{"result"/),
    ]);
  });
});
