import childProcess from 'node:child_process';
import { legacy, modern, newGroup, send, type TestGroup } from '../support/mcp.js';
import { createTestApp, type TestApp } from '../support/test-app.js';
import { TestTools } from '../fixtures/test.tools.js';
import { ThreadTools } from '../fixtures/thread.tools.js';
import { ToolThreads } from '../../src/tools/native/tool-threads.js';
import { eventually } from '../support/waiting.js';

const THREADS = 2;
const WAITING_MAX = 3;
const MEMORY_MIB = 64;
const NAMES = ['sum', 'context', 'picture', 'wait', 'loop', 'refuse', 'crash'].map(
  (name) => `thread_${name}`,
);

describe("tools with isolation: 'worker'", () => {
  let t: TestApp;
  let group: TestGroup;

  beforeAll(async () => {
    t = await createTestApp({
      tools: [TestTools, ThreadTools],
      env: {
        TOOL_THREADS_MAX: String(THREADS),
        TOOL_THREAD_MEMORY_MIB: String(MEMORY_MIB),
        TOOL_BREAKER_FAILURES: '0',
        TOOL_THREAD_QUEUE_MAX: String(WAITING_MAX),
      },
    });
    group = await newGroup(t, await t.newTenant(), { tools: ['echo', ...NAMES] });
  });
  afterAll(() => t.close());
  beforeEach(() => eventually(() => state().running === 0));

  const state = () => t.app.get(ToolThreads).state;
  const call = (name: string, args: object = {}, signal?: AbortSignal) =>
    send(group, { ...legacy('tools/call', { name, arguments: args }), ...(signal && { signal }) });
  const textOf = (answer: Awaited<ReturnType<typeof send>>) => answer.body.result?.content?.[0]?.text;
  const kindOf = async (tool: string) => {
    const [row] = await t.dataSource.query(
      'SELECT error_kind FROM mcp_call_logs WHERE tool_name = $1 ORDER BY id DESC LIMIT 1',
      [tool],
    );
    return row?.error_kind as string | null | undefined;
  };
  const expectServing = async () => {
    const answer = await call('thread_sum', { numbers: [1, 2, 3] });
    expect(answer.body.result).toMatchObject({ structuredContent: { sum: 6, main: false } });
  };

  it('starts nothing before such a tool is called', async () => {
    await call('echo', { message: 'hello' });
    expect(state()).toEqual({ started: false, running: 0, waiting: 0 });
  });

  it('tries anew after a process that could not be started', async () => {
    const { fork } = childProcess;
    jest
      .spyOn(childProcess, 'fork')
      .mockImplementationOnce((file, args, options) =>
        fork(file, args, { ...options, execPath: '/nowhere/node' }),
      );
    expect(textOf(await call('thread_sum', { numbers: [1] }))).toMatch(/^thread_sum failed inside/);
    await expectServing();
  });

  it('calls the method in a thread and checks what it returns', expectServing);

  it('gives it the settings and the caller, and nothing of our environment', async () => {
    const { body } = await call('thread_context');
    expect(body.result).toMatchObject({
      structuredContent: { greeting: 'hello', caller: 'group_key', environment: [] },
    });
  });

  it('passes progress and log messages on', async () => {
    const meta = { progressToken: 'p', 'io.modelcontextprotocol/logLevel': 'info' };
    const { messages } = await send(
      group,
      modern('tools/call', { name: 'thread_context', arguments: {} }, meta),
    );
    expect(messages.map(({ method }) => method)).toEqual([
      'notifications/progress',
      'notifications/message',
      undefined,
    ]);
  });

  it('takes content blocks back', async () => {
    expect((await call('thread_picture')).body.result).toMatchObject({
      content: [{ type: 'image', data: 'AAAA' }],
      structuredContent: { width: 1 },
    });
  });

  it("tells an expected failure in the tool's words", async () => {
    const answer = await call('thread_refuse');
    expect(answer.body.result).toMatchObject({ isError: true });
    expect(textOf(answer)).toBe('No such shop; ask for another');
    expect(await kindOf('thread_refuse')).toBe('tool_error');
  });

  it.each(['throw', 'throw_text', 'exit', 'reject', 'late_throw'])(
    'survives a tool that ends with %s, and tells nothing of its inside',
    async (how) => {
      const answer = await call('thread_crash', { how });
      expect(answer.body.result).toMatchObject({ isError: true });
      expect(textOf(answer)).toMatch(/^thread_crash failed inside\./);
      expect(await kindOf('thread_crash')).toBe('internal');
      await expectServing();
    },
  );

  it('takes what cannot leave a thread for a result that no client could be given', async () => {
    const answer = await call('thread_crash', { how: 'function' });
    expect(textOf(answer)).toMatch(/^thread_crash ran, but gave a result it should not return/);
    expect(await kindOf('thread_crash')).toBe('result_invalid');
  });

  it.each(['heap', 'array', 'strings'])('ends a tool that hoards %s at its limit', async (how) => {
    const answer = await call('thread_crash', { how });
    expect(textOf(answer)).toBe(
      `It needed more than the ${MEMORY_MIB} MiB of memory it may have. Ask for less.`,
    );
    expect(await kindOf('thread_crash')).toBe('tool_error');
    await expectServing();
  });

  it('loses the process of the threads to an allocation that V8 ends a process for, not the service', async () => {
    const neighbour = call('thread_wait');
    await eventually(() => state().running === 1);
    const [fatal, beside] = await Promise.all([call('thread_crash', { how: 'fatal' }), neighbour]);
    expect(textOf(fatal)).toMatch(/^thread_crash failed inside\./);
    expect(textOf(beside)).toMatch(/^thread_wait failed inside\./);
    await expectServing();
  });

  it("opens no circuit of a tool that ran beside one that ended the process, but the latter's when alone", async () => {
    const tenant = await t.newTenant();
    const theirs = await newGroup(t, tenant, { tools: ['thread_wait', 'thread_crash'] });
    const { items } = await t.rest('GET', `/admin/tools?group_id=${theirs.id}`, { token: tenant.adminToken });
    for (const { id } of items) {
      const body = { policy: { breaker: { failures: 1, reset_seconds: 600 } } };
      await t.rest('PUT', `/admin/tools/${id}`, { token: tenant.adminToken, body });
    }
    const ask = (name: string, args: object, signal?: AbortSignal) =>
      send(theirs, { ...legacy('tools/call', { name, arguments: args }), ...(signal && { signal }) });
    const beside = ask('thread_wait', {});
    await eventually(() => state().running === 1);
    await call('thread_crash', { how: 'fatal' });
    expect(textOf(await beside)).toMatch(/^thread_wait failed inside\./);
    const hangUp = new AbortController();
    const again = ask('thread_wait', {}, hangUp.signal).catch(() => undefined);
    await eventually(() => state().running === 1);
    hangUp.abort();
    await again;
    await eventually(() => state().running === 0);
    await ask('thread_crash', { how: 'fatal' });
    expect(textOf(await ask('thread_crash', { how: 'throw' }))).toMatch(/failed too often of late/);
  });

  it('lets no huge result into the main thread', async () => {
    expect(textOf(await call('thread_crash', { how: 'bytes' }))).toMatch(/^The result is 12000\d+ bytes/);
  });

  it('ends loops without end, while neighbours are answered', async () => {
    const loops = Promise.all(Array.from({ length: THREADS }, () => call('thread_loop')));
    await eventually(() => state().running === THREADS);
    let echoes = 0;
    while (state().running === THREADS) {
      expect(textOf(await call('echo', { message: 'still here' }))).toBe('still here');
      echoes++;
    }
    for (const answer of await loops) expect(textOf(answer)).toMatch(/did not finish within 1 s/);
    expect(echoes).toBeGreaterThan(10);
    expect(await kindOf('thread_loop')).toBe('timeout');
    await expectServing();
  });

  it('passes a hang-up on, and frees the thread', async () => {
    const gone = new AbortController();
    const calls = Array.from({ length: THREADS }, () => call('thread_wait', {}, gone.signal));
    const settled = Promise.allSettled(calls);
    await eventually(() => state().running === THREADS);
    gone.abort();
    for (const { status } of await settled) expect(status).toBe('rejected');
    await expectServing();
    await eventually(async () => (await kindOf('thread_wait')) === 'cancelled');
  });

  it('lets so many wait, refuses the rest, and answers all', async () => {
    const calls = THREADS + WAITING_MAX + 4;
    const loops = Array.from({ length: calls }, () => call('thread_loop'));
    await eventually(() => state().waiting === WAITING_MAX);
    const texts = (await Promise.all(loops)).map(textOf);
    expect(texts.filter((text) => text?.startsWith('Too many calls wait for a thread'))).toHaveLength(4);
    expect(texts.filter((text) => text?.startsWith('No thread became free in time'))).toHaveLength(
      WAITING_MAX,
    );
    expect(texts.filter((text) => text?.includes('did not finish within 1 s'))).toHaveLength(THREADS);
    expect(state().waiting).toBe(0);
    await expectServing();
  });

  it('serves another tenant between the calls of one that floods the line, and opens no circuit of theirs', async () => {
    const quiet = await t.newTenant();
    const theirs = await newGroup(t, quiet, { tools: ['thread_sum', 'thread_loop'] });
    const { items } = await t.rest('GET', `/admin/tools?group_id=${theirs.id}`, { token: quiet.adminToken });
    for (const { id } of items) {
      const body = { policy: { breaker: { failures: 1, reset_seconds: 600 } } };
      await t.rest('PUT', `/admin/tools/${id}`, { token: quiet.adminToken, body });
    }
    const hangUp = new AbortController();
    const flood = Array.from({ length: THREADS + WAITING_MAX }, () => call('thread_wait', {}, hangUp.signal));
    const settled = Promise.allSettled(flood);
    await eventually(() => state().waiting === WAITING_MAX);
    const ask = (name: string, args: object) => send(theirs, legacy('tools/call', { name, arguments: args }));
    const late = await ask('thread_loop', {});
    expect(textOf(late)).toMatch(/^No thread became free in time\. The call was not run/);
    const [row] = await t.dataSource.query(
      'SELECT error_kind FROM mcp_call_logs WHERE group_id = $1 ORDER BY id DESC LIMIT 1',
      [theirs.id],
    );
    expect(row).toEqual({ error_kind: 'busy' });
    const sum = ask('thread_sum', { numbers: [1, 2] });
    await eventually(() => state().waiting === WAITING_MAX);
    hangUp.abort();
    await settled;
    expect((await sum).body.result).toMatchObject({ structuredContent: { sum: 3 } });
    expect(textOf(await ask('thread_loop', {}))).toMatch(/did not finish within 1 s/);
  });

  it('answers many calls at once, crashing ones among them', async () => {
    const sums = async () => {
      for (let n = 0; n < 20; n++) {
        const answer = await call('thread_sum', { numbers: [n, 1] });
        expect(answer.body.result).toMatchObject({ structuredContent: { sum: n + 1 } });
      }
    };
    const crashes = async () => {
      for (let n = 0; n < 5; n++)
        expect(textOf(await call('thread_crash', { how: 'exit' }))).toMatch(/failed inside/);
    };
    await Promise.all([sums(), sums(), sums(), crashes()]);
  });
});
