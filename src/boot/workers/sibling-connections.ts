import { mkdtempSync, rmSync } from 'node:fs';
import {
  Agent,
  createServer,
  type IncomingMessage,
  request as send,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sendRefusal } from '../../mcp/answers.js';
import { HttpRefusal } from '../../mcp/http-refusal.js';
import { holderOf } from '../../platform/replicas/held-id.js';

/** Carries the client's address to the sibling; what a client sends under this name is dropped. */
const ADDRESS = 'x-toolcrib-client-address';
/** Connections stay: one that the sibling closed with its answer would fail a request whose end is not written yet. */
const agent = new Agent({ keepAlive: true });
const HOP_BY_HOP = /^(connection|keep-alive|expect|upgrade|proxy-connection)$/i;
const FRAMING = /^(connection|keep-alive|transfer-encoding)$/i;

/**
 * Hands requests of sessions and streams to the worker that holds them: behind one port, the system gives a client's next connection
 * to any of them. Each worker is reached by its siblings over a socket in a directory that only this user may enter.
 */
export class SiblingConnections {
  /** Where siblings come in. */
  readonly door = createServer();
  private paths = new Map<number, string>();
  readonly path = doorPath();

  constructor(private readonly own: number) {}

  /** Call before the server listens: takes its place ahead of what answers requests, and opens the door to siblings. */
  async attach(server: Server): Promise<void> {
    // Those before it only look at what comes, or mend it, and go on doing so.
    const answer = server.listeners('request').at(-1) as RequestListener;
    server.removeListener('request', answer);
    server.on('request', (request, response) => {
      const path = this.elsewhere(request);
      if (path === undefined) answer(request, response);
      else forward(request, response, path);
    });
    this.door.on('request', (request, response) => {
      // The address rules who may use a key, and stands in the record of the call.
      Object.defineProperty(request.socket, 'remoteAddress', {
        value: request.headers[ADDRESS],
        configurable: true,
      });
      answer(request, response);
    });
    this.door.keepAliveTimeout = 0;
    this.door.listen(this.path);
    await once(this.door, 'listening');
  }

  know(paths: Readonly<Record<string, string>>): void {
    this.paths = new Map(Object.entries(paths).map(([worker, path]) => [Number(worker), path]));
  }

  /** Undefined: it is ours to answer, also when the worker that held it is gone. */
  private elsewhere({ url = '', headers }: IncomingMessage): string | undefined {
    if (!url.startsWith('/mcp/')) return undefined;
    const id = headers['mcp-session-id'] ?? new URLSearchParams(url.split('?')[1]).get('session');
    const holder = typeof id === 'string' ? holderOf(id) : undefined;
    return holder === undefined || holder === this.own ? undefined : this.paths.get(holder);
  }
}

/** Removes what is left of the door of a worker that is gone. */
export function removeDoor(path: string): void {
  if (process.platform !== 'win32') rmSync(dirname(path), { recursive: true, force: true });
}

function doorPath(): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\toolcrib-${process.pid}`;
  return join(mkdtempSync(join(tmpdir(), 'toolcrib-worker-')), 'door');
}

function forward(request: IncomingMessage, response: ServerResponse, socketPath: string): void {
  const { method, url: path } = request;
  const headers = [
    ...without(request.rawHeaders, (name) => HOP_BY_HOP.test(name) || name.toLowerCase() === ADDRESS),
  ];
  headers.push(ADDRESS, request.socket.remoteAddress ?? '');
  const passed = send({ socketPath, method, path, headers, agent });
  passed.once('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, [
      ...without(answer.rawHeaders, (name) => FRAMING.test(name)),
    ]);
    response.flushHeaders();
    answer.pipe(response);
  });
  passed.on('error', () => {
    if (response.headersSent) response.destroy();
    else sendRefusal(response, new HttpRefusal(404, -32_001, 'Session not found; initialize again'));
  });
  response.once('close', () => passed.destroy());
  request.pipe(passed);
}

/** Names and values in turn, as Node has them raw. */
function* without(raw: readonly string[], isLeftOut: (name: string) => boolean): Generator<string> {
  for (let index = 0; index < raw.length; index += 2)
    if (!isLeftOut(raw[index])) yield* raw.slice(index, index + 2);
}
