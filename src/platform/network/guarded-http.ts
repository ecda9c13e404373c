import { lookup as resolveName } from 'node:dns';
import { type IncomingMessage, type OutgoingHttpHeaders, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import { isAddressAllowed, literalAddress } from './network-address.js';

/** Somebody gave an address that the service may not connect to. */
export class ForbiddenAddressError extends Error {
  constructor() {
    super('The address is one of a private network');
    this.name = 'ForbiddenAddressError';
  }
}

export type GuardedRequest = {
  readonly method: 'GET' | 'POST' | 'PUT';
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
  const { method, headers, body, signal, privateNetworks } = request;
  requireAllowed(literalAddress(url), privateNetworks);
  const start = url.protocol === 'https:' ? requestHttps : requestHttp;
  const lookup = guardedLookup(privateNetworks);
  return new Promise((resolve, reject) => {
    const options = {
      method,
      headers: { ...headers, ...(body && { 'content-length': body.length }) },
      signal,
      agent: false,
      lookup,
    } as const;
    const sent = start(url, options, resolve);
    sent.on('error', reject);
    sent.end(body);
  });
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
  host,
  port,
  signal,
  privateNetworks,
}: {
  readonly host: string;
  readonly port: number;
  readonly signal: AbortSignal;
  readonly privateNetworks: boolean;
}): Promise<Socket> {
  signal.throwIfAborted();
  requireAllowed(isIP(host) === 0 ? undefined : host, privateNetworks);
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, lookup: guardedLookup(privateNetworks) });
    const giveUp = () => socket.destroy(signal.reason as Error);
    signal.addEventListener('abort', giveUp, { once: true });
    socket.on('error', reject);
    socket.once('connect', () => {
      // Rejects no more; until the taker listens, an error without a listener would end the process.
      signal.removeEventListener('abort', giveUp);
      resolve(socket);
    });
  });
}

let isSilent = false;

/** From now on this process connects to no address that somebody gave it: what a made-up tenant is set up with must reach nobody. */
export function connectToNobody(): void {
  isSilent = true;
}

/** @throws {ForbiddenAddressError} For an address that is written out, which is not looked up. */
function requireAllowed(address: string | undefined, privateNetworks: boolean): void {
  if (isSilent) throw new ForbiddenAddressError();
  if (address !== undefined && !isAddressAllowed(address, privateNetworks)) throw new ForbiddenAddressError();
}

/** Looks a name up as usual, and refuses it when any of its addresses is not allowed. */
function guardedLookup(privateNetworks: boolean): LookupFunction {
  return (hostname, options, callback) => {
    resolveName(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      if (!addresses.every(({ address }) => isAddressAllowed(address, privateNetworks)))
        return callback(new ForbiddenAddressError(), '', 0);
      if (options.all) return callback(null, addresses);
      const [first] = addresses;
      callback(null, first?.address ?? '', first?.family);
    });
  };
}

/** The body as text. @returns Undefined: it has more bytes than that. */
export async function readBounded(response: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > maxBytes) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
