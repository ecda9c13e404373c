import { type IncomingMessage, type OutgoingHttpHeaders, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { connectToHost, type Peer } from './connect-first.js';
import { isAddressAllowed } from './network-address.js';

/** Somebody gave an address that the service may not connect to. */
export class ForbiddenAddressError extends Error {
  constructor() {
    super('The address is one of a private network');
    this.name = 'ForbiddenAddressError';
  }
}

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS' | 'TRACE';

export type GuardedRequest = {
  readonly method: HttpMethod;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Buffer;
  readonly signal: AbortSignal;
  /** Whether addresses of private networks may be connected to. */
  readonly privateNetworks: boolean;
};

/**
 * Sends one HTTP request to an address that somebody gave us. What a name leads to is checked when it is connected to, so that no
 * name leads into a private network later; redirects are not followed. Each request has a connection of its own: a connection
 * that was kept would now and then turn out to be closed.
 *
 * @returns The answer, its body not read yet: see {@link readBounded}.
 * @throws {ForbiddenAddressError}
 */
export async function openGuarded(url: URL, request: GuardedRequest): Promise<IncomingMessage> {
  const { method, headers, body, signal } = request;
  const isSecure = url.protocol === 'https:';
  const socket = await openSocketGuarded(url, request);
  const options = {
    method,
    headers: { ...headers, ...(body && { 'content-length': body.length }) },
    signal,
    createConnection: () => socket,
  } as const;
  return new Promise((resolve, reject) => {
    const sent = (isSecure ? requestHttps : requestHttp)(url, options, resolve);
    sent.on('error', reject);
    sent.end(body);
  });
}

/**
 * Connects to the host of a URL, under the same rule: with TLS for `https:` and `wss:`.
 *
 * @throws {ForbiddenAddressError}
 */
export async function openSocketGuarded(
  url: URL,
  { signal, privateNetworks }: Pick<GuardedRequest, 'signal' | 'privateNetworks'>,
): Promise<Socket> {
  const isSecure = url.protocol === 'https:' || url.protocol === 'wss:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port || (isSecure ? 443 : 80));
  const socket = await connectGuarded({ host, port, signal, privateNetworks });
  return isSecure ? secured(socket, host) : socket;
}

/** The name is that of the address: its certificate must be for it. */
function secured(socket: Socket, host: string): Socket {
  const servername = isIP(host) === 0 ? host : '';
  return connectTls({ socket, host, servername, ALPNProtocols: ['http/1.1'] });
}

/**
 * As {@link openGuarded}, with the whole answer in the form that libraries made for `fetch` take.
 *
 * @throws {ForbiddenAddressError}
 * @throws {Error} The answer has more than `maxBytes` bytes.
 */
export async function fetchGuarded(
  url: URL,
  { maxBytes, ...request }: GuardedRequest & { readonly maxBytes: number },
): Promise<Response> {
  const answer = await openGuarded(url, request);
  const { statusCode: status = 0, headers } = answer;
  const body = await readBounded(answer, maxBytes);
  if (body === undefined) throw new Error(`The answer has more than ${maxBytes} bytes`);
  const isEmpty = status === 204 || status === 304;
  const fields = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((one): [string, string] => [name, one]),
  );
  return new Response(isEmpty ? null : body, { status, headers: fields });
}

/**
 * Connects to a server that speaks something else than HTTP, under the same rule.
 *
 * @throws {ForbiddenAddressError}
 */
export async function connectGuarded({
  privateNetworks,
  ...peer
}: Peer & { readonly privateNetworks: boolean }): Promise<Socket> {
  if (isSilent) throw new ForbiddenAddressError();
  return connectToHost(peer, (addresses) => {
    const isFree = addresses.every(({ address }) => isAddressAllowed(address, privateNetworks));
    if (!isFree) throw new ForbiddenAddressError();
  });
}

let isSilent = false;

/** From now on this process connects to no address that somebody gave it: what a made-up tenant is set up with must reach nobody. */
export function connectToNobody(): void {
  isSilent = true;
}

/** Whether this process reaches out to nobody; then it starts nobody's programs, either. */
export function reachesNobody(): boolean {
  return isSilent;
}

/** The body as text. @returns Undefined: it has more bytes than that. */
export async function readBounded(response: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  return (await readBytes(response as AsyncIterable<Buffer>, maxBytes))?.toString('utf8');
}

/** The body as bytes. @returns Undefined: it has more than that. */
export async function readBytes(body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > maxBytes) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
