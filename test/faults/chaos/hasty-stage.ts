import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { call } from './load.js';
import type { Stage } from './stage.js';

type Asked = { readonly id: number; readonly params: { readonly arguments: { readonly id: string } } };

/** Puts before a stage what breaks the promise: it answers a call first, and lets it run and be recorded afterwards. */
export async function hastyStage(stage: Stage): Promise<Stage> {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { id, params } = JSON.parse(await text(request)) as Asked;
    const result = { content: [{ type: 'text', text: params.arguments.id }] };
    response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
    await call(stage.target, { name: 'chaos_echo', args: params.arguments });
  };
  const server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    ...stage,
    target: { ...stage.target, port: (server.address() as AddressInfo).port },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
