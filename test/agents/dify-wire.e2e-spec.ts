import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { AgentFailure } from '../../src/agents/agent-failure.js';
import type { AgentMode } from '../../src/agents/agent-modes.js';
import { DifyClient } from '../../src/agents/dify-client.js';
import { loadConfig } from '../../src/platform/config.js';
import { eventually } from '../support/waiting.js';

type Handler = (response: ServerResponse, path: string, headers: IncomingHttpHeaders) => Promise<void> | void;

/** What a server, or something on the way to it, may send although Dify itself never does. */
describe('what comes over the line from an agent', () => {
  const client = new DifyClient(
    loadConfig({
      AGENT_PRIVATE_NETWORKS: 'true',
      AGENT_ANSWER_MAX_BYTES: '1000',
    }),
  );
  let server: Server;
  let handle: Handler;

  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume();
      void handle(response, request.url ?? '', request.headers);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const ask = (limitMs = 5000, mode: AgentMode = 'chat') => {
    const { port } = server.address() as AddressInfo;
    const app = { baseUrl: `http://127.0.0.1:${port}/v1`, apiKey: 'app-AbCdEfGhIjKlMnOpQrStUvWx' };
    const question = { user: 'emma', query: 'x', inputs: {}, reasoning: 'removed' } as const;
    return client.ask(app, mode, question, AbortSignal.timeout(limitMs));
  };
  const failed = (limitMs?: number) =>
    ask(limitMs).then(
      () => Promise.reject(new Error('it answered')),
      (error: AgentFailure) => error,
    );
  /** Answers with these events. */
  const stream = (
    text: string | Buffer,
    { type = 'text/event-stream', headers = {}, pieceBytes = 0 }: StreamOptions = {},
  ) => {
    handle = async (response, path) => {
      if (path.endsWith('/stop')) {
        response.end('{}');
        return;
      }
      response.writeHead(200, { 'content-type': type, ...headers });
      const bytes = Buffer.from(text);
      const size = pieceBytes || bytes.length;
      for (let at = 0; at < bytes.length; at += size) {
        response.write(bytes.subarray(at, at + size));
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    };
  };
  type StreamOptions = { type?: string; headers?: Record<string, string>; pieceBytes?: number };
  const event = (name: string, members: object = {}) =>
    `data: ${JSON.stringify({ event: name, task_id: 't-1', ...members })}\n\n`;
  const answer = (text: string, members: object = {}) =>
    event('message', { answer: text, ...members }) + event('message_end');

  describe('a stream of events', () => {
    const WHOLE = answer('小明 👋');

    it('may come byte by byte, with any line ends, comments, names and a mark of its byte order', async () => {
      const lines = `: comment\n\nretry: 10\nid: 7\nevent: ping\n\n${WHOLE}`;
      for (const text of [lines, lines.replaceAll('\n', '\r\n'), lines.replaceAll('\n', '\r')]) {
        stream(text, { pieceBytes: 1, type: 'Text/Event-Stream; charset=UTF-8' });
        expect((await ask()).text).toBe('小明 👋');
      }
      stream(`\ufeff${WHOLE}`);
      expect((await ask()).text).toBe('小明 👋');
    });

    it('may lack the line ends behind its last event', async () => {
      stream(WHOLE.trimEnd());
      expect((await ask()).text).toBe('小明 👋');
    });

    it('that ends within an event has dropped', async () => {
      stream(WHOLE.slice(0, -12));
      expect((await failed()).kind).toBe('dropped');
    });

    it('is asked for as it is, and refused when it comes packed all the same', async () => {
      let accepted: string | undefined;
      stream(gzipSync(WHOLE), { headers: { 'content-encoding': 'gzip' } });
      const packed = handle;
      handle = (response, path, headers) => {
        accepted = headers['accept-encoding'];
        return packed(response, path, headers);
      };
      expect(await failed()).toMatchObject({
        kind: 'bad_answer',
        message: 'The answer is packed (gzip), which was not asked for; a proxy on the way may do that',
      });
      expect(accepted).toBe('identity');
    });

    const RUN_OVER =
      event('message', { answer: 'Hello' }) + event('workflow_finished', { data: { status: 'succeeded' } });

    it('of a chatflow may end without the end of its message (1.13)', async () => {
      stream(RUN_OVER);
      expect((await ask(undefined, 'advanced-chat')).text).toBe('Hello');
    });

    it.each<[string, (response: ServerResponse) => void]>([
      ['stay open', () => undefined],
      ['break', (response) => response.destroy()],
    ])('may %s behind the end of its run', async (_what, leave) => {
      handle = async (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        await new Promise((resolve) => response.write(RUN_OVER, resolve));
        leave(response);
      };
      expect((await ask(60_000, 'advanced-chat')).text).toBe('Hello');
    });

    it('that never ends is left when the time is over', async () => {
      let isClosed = false;
      handle = (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const timer = setInterval(() => response.write('event: ping\n\n'), 5);
        response.on('close', () => {
          clearInterval(timer);
          isClosed = true;
        });
      };
      await failed(200);
      await eventually(() => isClosed);
    });
  });

  describe('ids', () => {
    it('that Postgres would not store, or no URL can hold, are none', async () => {
      stream(answer('Hello', { task_id: '\ud800', message_id: 'a\0b', conversation_id: 'c'.repeat(101) }));
      expect(await ask()).toMatchObject({ text: 'Hello', messageId: null, conversationId: null });
      stream(
        `data: ${JSON.stringify({ event: 'message', task_id: '\ud800', answer: 'x'.repeat(2000) })}\n\n`,
      );
      expect((await failed()).kind).toBe('too_large');
    });
  });

  describe("a reasoning model's thoughts", () => {
    it.each([
      ['<think>a</think>Hello', 'Hello'],
      ['<think>a</think>\nHel<think>b</think>lo', 'Hello'],
      ['Hello<think>cut off by the limit of', 'Hello'],
    ])('are no part of the answer: %s', async (text, expected) => {
      stream(answer(text));
      expect((await ask()).text).toBe(expected);
    });

    it('alone are no answer', async () => {
      stream(answer('<think>The user wants me to'));
      expect((await failed()).kind).toBe('empty');
    });
  });

  describe('Retry-After', () => {
    const refusedWith = async (retryAfter: string) => {
      handle = (response) => void response.writeHead(429, { 'retry-after': retryAfter }).end('{}');
      return (await failed()).retryAfterMs;
    };

    it('is seconds or a date, and otherwise as if it were not there', async () => {
      expect(await refusedWith('2')).toBe(2000);
      const date = await refusedWith(new Date(Date.now() + 30_000).toUTCString());
      expect(date).toBeGreaterThan(25_000);
      expect(date).toBeLessThanOrEqual(30_000);
      expect(await refusedWith(new Date(0).toUTCString())).toBe(0);
      for (const odd of ['', ' ', 'soon', '-1', '1e3', '0x10'])
        expect(await refusedWith(odd)).toBeUndefined();
    });
  });

  it('an error in the middle that has no status of HTTP is one of the server', async () => {
    for (const status of [null, 0, true, 'x', 200]) {
      stream(event('error', { status, code: 'odd', message: 'x' }));
      expect((await failed()).kind).toBe('server_error');
    }
  });
});
