import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { BODIES } from '../fixtures/mcp-bodies.js';
import { TestTools } from '../fixtures/test.tools.js';
import { legacy, MODERN, newGroup, send, type TestGroup } from '../support/mcp.js';
import { openSse, openWebSocket, type StandingClient } from '../support/standing.js';
import { createTestApp, type TestApp } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

const TOOLS = ['echo', 'data', 'list', 'picture', 'nothing', 'fail', 'sampler'];
const client = { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'c', version: '1' } };

/** What a client of 2026-07-28 repeats in headers, where its transport has them. */
function headersOf(body: string): Record<string, string> {
  try {
    const { method, params } = JSON.parse(body) as { method?: string; params?: Record<string, unknown> };
    const meta = params?.['_meta'] as Record<string, unknown> | undefined;
    const version = meta?.['io.modelcontextprotocol/protocolVersion'];
    if (method === undefined || version === undefined) return {};
    const name = params?.['name'];
    const repeated = typeof version === 'string' ? version : MODERN;
    return {
      'mcp-protocol-version': repeated,
      'mcp-method': method,
      ...(typeof name === 'string' && { 'mcp-name': name }),
    };
  } catch {
    return {};
  }
}

/** The answers in a body of HTTP, each as it was written. */
function answersIn(text: string): string[] {
  if (text === '') return [];
  if (!text.startsWith('[')) return [text];
  // Ids that a double cannot hold come one to a batch here.
  const exact = /"id":(\d{16,})/.exec(text)?.[1];
  return (JSON.parse(text) as object[]).map((answer) =>
    exact === undefined
      ? JSON.stringify(answer)
      : JSON.stringify(answer).replace(/"id":\d+/, `"id":${exact}`),
  );
}

/** Halves of characters that a text of JSON holds or says, which Python's readers refuse. */
function halvesIn(json: string): string[] {
  return json.isWellFormed() ? (/(?<!\\)(?:\\\\)*\\ud[89a-f]../i.exec(json) ?? []).slice() : [json];
}

/** Groups with sessions promise to tell of changes, and so do connections; stateless requests cannot. */
function comparable(answers: readonly string[]): string[] {
  return answers
    .map((answer) => answer.replace('"tools":{"listChanged":true},"logging":{}', '"tools":{}'))
    .toSorted();
}

describe('the doors', () => {
  let t: TestApp;
  let group: TestGroup;
  let withSessions: TestGroup;
  let sessionId: string;
  let sse: StandingClient;
  let webSocket: StandingClient;
  let fence = 0;

  beforeAll(async () => {
    t = await createTestApp({ tools: [TestTools] });
    const tenant = await t.newTenant();
    group = await newGroup(t, tenant, { tools: TOOLS });
    withSessions = await newGroup(t, tenant, { tools: TOOLS, sessions: true });
    sessionId = (await send(withSessions, legacy('initialize', client))).headers.get('mcp-session-id') ?? '';
    [sse, webSocket] = [await openSse(group), await openWebSocket(group)];
  });
  afterAll(async () => {
    sse?.close();
    webSocket?.close();
    await t?.close();
  });

  /** All that comes on a connection for one body: as many answers as expected, and none too many. */
  async function heardOn(connection: StandingClient, body: string, expected: number): Promise<string[]> {
    const before = connection.texts.length;
    const refused = await connection.send(body);
    if (refused !== undefined) return [refused];
    await eventually(() => connection.texts.length >= before + expected);
    const id = `fence-${++fence}`;
    await connection.send(JSON.stringify(legacy('ping', undefined, id).body));
    await eventually(() => connection.texts.some((text) => text.includes(id)));
    return connection.texts.slice(before).filter((text) => !text.includes('fence-'));
  }

  it.each(BODIES)('give the same answers: %s', async (_name, body) => {
    const headers = headersOf(body);
    const overHttp = answersIn((await send(group, { body, headers })).text);
    const inSession = answersIn(
      (await send(withSessions, { body, headers: { ...headers, 'mcp-session-id': sessionId } })).text,
    );
    const expected = comparable(overHttp);
    expect(expected.map(halvesIn)).toEqual(expected.map(() => []));
    expect(comparable(inSession)).toEqual(expected);
    expect(comparable(await heardOn(sse, body, expected.length))).toEqual(expected);
    expect(comparable(await heardOn(webSocket, body, expected.length))).toEqual(expected);
  });

  it('put the same calls on record, the malformed ones, too', async () => {
    const recorded = async (id: string, transport: string) => {
      const rows = await t.dataSource.query<{ call: string }[]>(
        `SELECT concat_ws(' ', tool_name, success, error_kind, error_message) AS call FROM mcp_call_logs
           WHERE group_id = $1 AND transport = $2 ORDER BY 1`,
        [id, transport],
      );
      return rows.map(({ call }) => call);
    };
    const overHttp = await recorded(group.id, 'streamable_http');
    expect(overHttp.length).toBeGreaterThan(30);
    expect(await recorded(withSessions.id, 'streamable_http')).toEqual(overHttp);
    expect(await recorded(group.id, 'sse')).toEqual(overHttp);
    expect(await recorded(group.id, 'websocket')).toEqual(overHttp);
  });

  it('read what has a byte order mark, and refuse bytes that are not UTF-8', async () => {
    expect(await heardOn(webSocket, `\ufeff${JSON.stringify(legacy('ping').body)}`, 1)).toHaveLength(1);
    const { port } = new URL(t.url);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/mcp/${group.code}/ws`, 'mcp', {
      headers: { authorization: `Bearer ${group.key}` },
    });
    await once(socket, 'open');
    socket.send(Buffer.from([0x22, 0xff, 0xfe, 0x22]), { binary: true });
    const [answer] = (await once(socket, 'message')) as [Buffer];
    expect(answer.toString()).toContain('not UTF-8');
    socket.terminate();
  });

  it('say what they are: 405 with Allow, 426 with Upgrade, 403 by name', async () => {
    const ask = async (method: string, path: string, headers: Record<string, string> = {}) => {
      const answer = await fetch(`${t.url}/mcp/${group.code}${path}`, {
        method,
        headers: { authorization: `Bearer ${group.key}`, ...headers },
      });
      const { error } = JSON.parse(await answer.text()) as { error: { message: string } };
      return [answer.status, answer.headers.get('allow') ?? answer.headers.get('upgrade'), error.message];
    };
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      expect(await ask(method, '/mcp')).toEqual([405, 'POST', expect.stringContaining(method)]);
      const messages = await ask(method, '/sse/messages?session=x');
      expect(messages).toEqual([405, 'POST', expect.stringContaining(method)]);
    }
    for (const method of ['POST', 'PUT', 'DELETE'])
      expect(await ask(method, '/sse')).toEqual([405, 'GET', expect.stringContaining('by GET')]);
    expect(await ask('GET', '/ws')).toEqual([426, 'websocket', expect.stringContaining('WebSocket')]);
    for (const path of ['/mcp', '/sse', '/sse/messages', '/ws']) {
      const origin = 'https://evil.example';
      const foreign = [403, null, `Pages of '${origin}' may not call; see ALLOWED_ORIGINS`];
      for (const method of ['GET', 'POST', 'OPTIONS'])
        expect(await ask(method, path, { origin })).toEqual(foreign);
    }
  });

  it('have a table of 83 bodies or more', () => {
    expect(new Set(BODIES.map(([, body]) => body)).size).toBe(BODIES.length);
    expect(BODIES.length).toBeGreaterThanOrEqual(83);
  });

  it('give back ids as they were written', async () => {
    const id = '123456789012345678901234567890';
    const body = `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"data"}}`;
    expect((await send(group, { body })).text).toContain(`"id":${id},`);
    expect(await heardOn(webSocket, body, 1)).toEqual([expect.stringContaining(`"id":${id},`)]);
  });

  it('reads a body away that is too large, so that the client sees why', async () => {
    const { port } = new URL(t.url);
    const socket = connect(Number(port), '127.0.0.1');
    let text = '';
    const answered = new Promise<void>((resolve, reject) => {
      socket.on('data', (chunk) => (text += String(chunk)));
      socket.on('data', () => text.includes('"jsonrpc"') && resolve());
      socket.on('error', reject);
    });
    socket.write(
      `POST /mcp/${group.code}/mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${group.key}\r\n` +
        'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const chunk = `100000\r\n${'x'.repeat(0x10_0000)}\r\n`;
    for (let n = 0; n < 12; n++) socket.write(chunk);
    socket.write('0\r\n\r\n');
    await answered;
    expect(text).toMatch(/^HTTP\/1.1 413 /);
    // All of it was read: the same connection serves the next request.
    text = '';
    const body = JSON.stringify(legacy('ping').body);
    socket.write(
      `POST /mcp/${group.code}/mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${group.key}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await eventually(() => text.includes('"result":{}'));
    socket.destroy();
  });
});
