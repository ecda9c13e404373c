import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { call } from './load.js';
import type { Stage } from './stage.js';

type Asked = { readonly id: number; readonly params: { readonly arguments: { readonly id: string } } };

/** Puts before a stage what breaks the promise: it answers a call first, and lets it run and be recorded afterwards. */
export async function hastyStage(stage: Stage): Promise<Stage> {
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { id, params } = JSON.parse(body) as Asked;
      const result = { content: [{ type: 'text', text: params.arguments.id }] };
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
      void call(stage.target, { name: 'chaos_echo', args: params.arguments });
    });
  }).listen(0, '127.0.0.1');
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
