import { Controller, Get } from '@nestjs/common';
import { SignedIn } from '../../src/access/access.js';
import { isSpecType } from '@modelcontextprotocol/server';
import { WebSocket } from 'ws';
import { BROKEN, MENDED, OddTools, REFUSALS } from '../fixtures/odd.tools.js';
import {
  legacy,
  type McpAnswer,
  type McpRequest,
  modern,
  newGroup,
  send,
  type TestGroup,
} from '../support/mcp.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';

@Controller('api/v1/halves')
class HalvesController {
  @SignedIn()
  @Get()
  get() {
    return { text: 'x\ud83d' };
  }
}

const TOOLS = ['odd', 'odd_words', 'get_task'];
const BROKEN_TEXT = 'odd ran, but gave a result it should not return. Tell its owner.';
/** Half of a character, as JSON writes it. */
const HALF = /(?<!\\)(?:\\\\)*\\ud[89ab][0-9a-f]{2}/;
const withToken = (request: McpRequest): McpRequest => {
  const body = request.body as { params: { _meta?: object } };
  const _meta = { ...body.params._meta, progressToken: 'p' };
  return { ...request, body: { ...body, params: { ...body.params, _meta } } };
};

describe('odd results', () => {
  let fast: TestApp;
  let sdk: TestApp;
  let tenant: TestTenant;
  let group: TestGroup;
  let groups: readonly TestGroup[];

  beforeAll(async () => {
    fast = await createTestApp({ tools: [OddTools], controllers: [HalvesController] });
    tenant = await fast.newTenant();
    group = await newGroup(fast, tenant, { tools: TOOLS });
    sdk = await createTestApp({
      tools: [OddTools],
      database: fast.database,
      env: { MCP_FAST_LANE: 'false' },
    });
    groups = [
      group,
      { ...group, url: Object.assign(new URL(group.url), { port: new URL(sdk.url).port }).href },
    ];
  });
  afterAll(async () => {
    await sdk?.close();
    await fast?.close();
  });

  /** The same call over both lanes and both eras, and on a stream: one answer. */
  async function call(name: string, args: object) {
    const params = { name, arguments: args };
    const requests = [legacy, modern].flatMap((era) => [
      era('tools/call', params),
      withToken(era('tools/call', params)),
    ]);
    const answers = await Promise.all(
      groups.flatMap((each) => requests.map((request) => send(each, request))),
    );
    const results = answers.map(resultOf);
    for (const result of results) expect(result).toEqual(results[0]);
    for (const answer of answers) expect(answer.text).not.toMatch(HALF);
    expect(isSpecType.CallToolResult(results[0])).toBe(true);
    const recorded = await fast.dataSource.query<
      { error_kind: string | null; error_message: string | null }[]
    >('SELECT error_kind, error_message FROM mcp_call_logs ORDER BY created_at DESC, id DESC LIMIT $1', [
      answers.length,
    ]);
    for (const { error_kind } of recorded) expect(error_kind).toEqual(recorded[0]?.error_kind);
    return { result: results[0], record: recorded[0], text: answers.map(({ text }) => text).join('\n') };
  }

  it.each(Object.keys(BROKEN))('%s is not passed on: it is the fault of the tool', async (what) => {
    const { result, record, text } = await call('odd', { what });
    expect(result).toEqual({ content: [{ type: 'text', text: BROKEN_TEXT }], isError: true });
    expect(record).toMatchObject({ error_kind: 'result_invalid' });
    expect(record?.error_message).toMatch(/^odd ran, but .* It returned .{3,200}\.$/);
    expect(text + record?.error_message).not.toContain('hunter2');
  });

  it.each(Object.entries(MENDED))('%s is understood', async (what, [, expected]) => {
    const { result, record } = await call('odd', { what });
    expect(result).toEqual(expected);
    expect(record).toEqual({ error_kind: null, error_message: null });
  });

  it.each(Object.entries(REFUSALS))('%s is a failure told in words', async (what, [, words, kind]) => {
    const { result, record, text } = await call('odd', { what });
    expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringMatching(words) }] });
    expect(record).toMatchObject({ error_kind: kind });
    expect(text).not.toContain('hunter2');
  });

  it('what a tool says on its way is well formed, too', async () => {
    const { text } = await call('odd_words', {});
    expect(text).toContain('half \ufffd');
    expect(text).not.toContain('never');
    const messages = text.split('\n').flatMap((line) => (/^data: (\{.*)/.exec(line) ?? []).slice(1));
    const progress = messages.map((json) => JSON.parse(json) as { method?: string; params?: object });
    for (const { method, params } of progress)
      if (method === 'notifications/progress')
        expect(isSpecType.ProgressNotificationParams(params)).toBe(true);
  });

  it.each([
    [
      'a text cut within a character',
      { name: 'get_task', arguments: { task_id: `${'x'.repeat(59)}😀yyyy` } },
    ],
    ['half of a character in an argument', { name: 'get_task', arguments: { task_id: 'x\ud83d' } }],
    ['half of a character in the name of an argument', { name: 'get_task', arguments: { 'x\ud83d': 1 } }],
    ['half of a character in the name of a tool', { name: 'x\ud83d' }],
    ['a name cut within a character', { name: `${'x'.repeat(127)}😀` }],
  ])('%s comes back as text that every reader of JSON takes', async (_what, params) => {
    const answers = await Promise.all(
      groups.flatMap((each) => [
        send(each, legacy('tools/call', params)),
        send(each, withToken(legacy('tools/call', { ...params, _meta: {} }))),
      ]),
    );
    const [first] = answers;
    for (const answer of answers) {
      expect(answer.text).not.toMatch(HALF);
      expect(answer.body.result ?? answer.body.error).toEqual(first?.body.result ?? first?.body.error);
    }
  });

  it('answers over a WebSocket are well formed', async () => {
    const headers = { authorization: `Bearer ${group.key}` };
    const socket = new WebSocket(`${fast.url.replace('http', 'ws')}/mcp/${group.code}/ws`, 'mcp', {
      headers,
    });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    const answer = new Promise<string>((resolve) =>
      socket.once('message', (data: Buffer) => resolve(String(data))),
    );
    const what = 'half of a character in data';
    socket.send(JSON.stringify(legacy('tools/call', { name: 'odd', arguments: { what } }, 'x').body));
    expect(await answer).not.toMatch(HALF);
    socket.close();
  });

  it('a REST answer is well formed, whatever it is made of', async () => {
    const response = await fetch(`${fast.url}/api/v1/halves`, {
      headers: { authorization: `Bearer ${tenant.adminToken}` },
    });
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const text = await response.text();
    expect(text).toContain('x\ufffd');
    expect(text).not.toMatch(HALF);
  });
});

/** Without what only one of the eras or one of the calls has. */
function resultOf({ body }: McpAnswer): Record<string, unknown> {
  if (!body.result) throw new Error(JSON.stringify(body));
  const {
    _meta,
    resultType: _type,
    ...result
  } = JSON.parse(
    JSON.stringify(body.result).replace(/report error [0-9a-f-]{36}/, 'report error ID'),
  ) as Record<string, unknown>;
  return result;
}
