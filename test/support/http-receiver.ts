import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Received = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
};

/** What it does with a request: answers with a status (and a body), or never says a word. */
export type Behaviour =
  | number
  | 'hang'
  | {
      readonly status: number;
      readonly body?: string;
      readonly location?: string;
      readonly retryAfter?: string;
    };

export type HttpReceiver = {
  readonly url: string;
  readonly port: number;
  readonly requests: Received[];
  /** From now on. */
  behaviour: Behaviour;
  /** Refuses connections until {@link HttpReceiver.rise}. */
  fall(): Promise<void>;
  rise(): Promise<void>;
  close(): Promise<void>;
};

/** An HTTP server of somebody else that keeps what it gets. */
export async function startHttpReceiver(): Promise<HttpReceiver> {
  const requests: Received[] = [];
  let server: Server;
  const listen = (port: number): Promise<void> =>
    new Promise((resolve) => {
      server = createServer((request, response) => {
        const pieces: Buffer[] = [];
        request.on('data', (piece: Buffer) => pieces.push(piece));
        request.on('end', () => {
          const { method = '', url: path = '', headers } = request;
          requests.push({ method, path, headers, body: Buffer.concat(pieces) });
          answer(response, receiver.behaviour);
        });
      }).listen(port, '127.0.0.1', resolve);
    });
  const fall = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const receiver: HttpReceiver = {
    url: '',
    port: 0,
    requests,
    behaviour: 200,
    fall,
    rise: () => listen(receiver.port),
    close: fall,
  };
  await listen(0);
  const { port } = server!.address() as AddressInfo;
  return Object.assign(receiver, { port, url: `http://127.0.0.1:${port}` });
}

function answer(response: ServerResponse, behaviour: Behaviour): void {
  if (behaviour === 'hang') return;
  const {
    status,
    body = '{}',
    location,
    retryAfter,
  } = typeof behaviour === 'number' ? { status: behaviour } : behaviour;
  response
    .writeHead(status, {
      'content-type': 'application/json',
      ...(location && { location }),
      ...(retryAfter && { 'retry-after': retryAfter }),
    })
    .end(body);
}
