import { WebSocket } from 'ws';
import { legacy, type McpMessage, type TestGroup } from './mcp.js';
import { eventually } from './waiting.js';

/** A connection on which messages come and go as long as it stands. */
export type StandingClient = {
  /** All that came, oldest first, as it was written. */
  readonly texts: readonly string[];
  readonly messages: () => readonly McpMessage[];
  /** @returns What the transport itself answered, where it is no message on the connection. */
  readonly send: (body: string) => Promise<string | undefined>;
  readonly isClosed: () => boolean;
  readonly close: () => void;
};

const INITIALIZE = {
  protocolVersion: '2025-03-26',
  capabilities: {},
  clientInfo: { name: 'standing', version: '1' },
};

const originOf = (group: TestGroup) => new URL(group.url).origin;

export async function openWebSocket(group: TestGroup): Promise<StandingClient> {
  const socket = new WebSocket(`${originOf(group).replace('http', 'ws')}/mcp/${group.code}/ws`, 'mcp', {
    headers: { authorization: `Bearer ${group.key}` },
  });
  const texts: string[] = [];
  socket.on('message', (data: Buffer) => texts.push(data.toString('utf8')));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  return {
    texts,
    messages: () => texts.map((text) => JSON.parse(text) as McpMessage),
    send: async (body) => {
      socket.send(body);
      return undefined;
    },
    isClosed: () => socket.readyState === WebSocket.CLOSED,
    close: () => socket.terminate(),
  };
}

export async function openSse(group: TestGroup): Promise<StandingClient> {
  const stop = new AbortController();
  const headers = { authorization: `Bearer ${group.key}` };
  const response = await fetch(`${originOf(group)}/mcp/${group.code}/sse`, { headers, signal: stop.signal });
  const texts: string[] = [];
  let address = '';
  let closed = false;
  const reading = (async () => {
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString('utf8');
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        const data = /^data: (.*)$/m.exec(event)?.[1];
        if (data === undefined) continue;
        if (event.startsWith('event: endpoint')) address = data;
        else texts.push(data);
      }
    }
  })();
  void reading.catch(() => undefined).then(() => (closed = true));
  await eventually(() => address !== '');
  return {
    texts,
    messages: () => texts.map((text) => JSON.parse(text) as McpMessage),
    send: async (body) => {
      const posted = await fetch(`${originOf(group)}${address}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body,
      });
      const text = await posted.text();
      return posted.status === 202 ? undefined : text;
    },
    isClosed: () => closed,
    close: () => stop.abort(),
  };
}

let asked = 0;

/** Sends a request and waits for its answer. */
export async function ask(
  client: StandingClient,
  method: string,
  params?: Record<string, unknown>,
): Promise<McpMessage> {
  const id = `asked-${++asked}`;
  await client.send(JSON.stringify(legacy(method, params, id).body));
  const answer = () => client.messages().find((message) => message.id === id);
  await eventually(() => answer() !== undefined);
  return answer()!;
}

export async function handshake(client: StandingClient): Promise<void> {
  await ask(client, 'initialize', INITIALIZE);
  await client.send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
}
