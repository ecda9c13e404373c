import { Agent as HttpAgent, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { Readable } from 'node:stream';
import { ForbiddenAddressError, openSocketGuarded } from './guarded-http.js';

const REDIRECTS_MAX = 5;
const CONNECT_MS = 10_000;
const SOCKETS_MAX = 256;
const IDLE_MS = 30_000;
/** A body is told to nobody else than whom it was meant for. */
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const EMPTY = new Set([204, 205, 304]);
/** Not to be sent to another origin than the first. */
const PRIVATE_HEADERS = ['authorization', 'cookie', 'x-api-key', 'mcp-session-id'];

export type GuardedFetchOptions = {
  /** Whether addresses of private networks may be connected to. */
  readonly privateNetworks: boolean;
  /** Headers of each request to the origin it was made for; they are kept from others. */
  readonly headers?: Readonly<Record<string, string>>;
};

type Target = {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body?: Buffer;
};

/**
 * A `fetch` for libraries, to addresses that somebody gave us: every address is checked when it is connected to, also those of redirects, of
 * which it follows five. Connections are kept and used again, by nobody else. {@link close} ends them.
 */
export class GuardedFetch {
  private readonly plain: HttpAgent;
  private readonly secure: HttpsAgent;

  constructor(private readonly options: GuardedFetchOptions) {
    const settings = { keepAlive: true, maxSockets: SOCKETS_MAX, timeout: 0, keepAliveMsecs: IDLE_MS };
    this.plain = guarded(new HttpAgent(settings), options);
    this.secure = guarded(new HttpsAgent(settings), options);
  }

  readonly fetch = async (input: string | URL, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    for (const [name, value] of Object.entries(this.options.headers ?? {})) headers.set(name, value);
    let target: Target = {
      url: new URL(input),
      method: init.method ?? 'GET',
      headers,
      body: bodyOf(init.body),
    };
    for (let redirects = 0; ; redirects++) {
      const answer = await this.send(target, init.signal ?? undefined);
      const location = answer.headers.get('location');
      if (!REDIRECTS.has(answer.status) || location === null || init.redirect === 'manual') return answer;
      await answer.body?.cancel();
      if (redirects === REDIRECTS_MAX) throw new TypeError(`More than ${REDIRECTS_MAX} redirects`);
      target = redirected(
        target,
        new URL(location, target.url),
        answer.status,
        Object.keys(this.options.headers ?? {}),
      );
    }
  };

  close(): void {
    this.plain.destroy();
    this.secure.destroy();
  }

  private send({ url, method, headers, body }: Target, signal: AbortSignal | undefined): Promise<Response> {
    if (!['http:', 'https:'].includes(url.protocol)) throw new ForbiddenAddressError();
    const isSecure = url.protocol === 'https:';
    const options = {
      method,
      headers: {
        ...Object.fromEntries(headers),
        'accept-encoding': 'identity',
        ...(body && { 'content-length': body.length }),
      },
      agent: isSecure ? this.secure : this.plain,
      ...(signal && { signal }),
    };
    return new Promise((resolve, reject) => {
      const sent = (isSecure ? requestHttps : requestHttp)(url, options, (answer) => {
        const { statusCode: status = 0, statusMessage = '' } = answer;
        const fields = Object.entries(answer.headers).flatMap(([name, value]) =>
          [value ?? []].flat().map((one): [string, string] => [name, one]),
        );
        const isEmpty = EMPTY.has(status) || method === 'HEAD';
        if (isEmpty) answer.resume();
        answer.on('error', () => undefined); // told by the stream below
        const stream = isEmpty ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>);
        resolve(new Response(stream, { status, statusText: statusMessage, headers: fields }));
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }
}

type Creating = (
  options: { readonly host?: string; readonly port?: number | string },
  done: unknown,
) => undefined;

/** Has an agent connect through the fence. */
function guarded<Agent extends HttpAgent>(agent: Agent, { privateNetworks }: GuardedFetchOptions): Agent {
  const isSecure = agent instanceof HttpsAgent;
  const create: Creating = ({ host = '', port = '' }, done) => {
    const tell = done as (error: Error | null, socket?: unknown) => void;
    const name = host.includes(':') ? `[${host}]` : host;
    const url = new URL(`${isSecure ? 'https' : 'http'}://${name}:${port}`);
    const signal = AbortSignal.timeout(CONNECT_MS);
    openSocketGuarded(url, { signal, privateNetworks }).then(
      (socket) => tell(null, socket),
      (error: Error) => tell(error),
    );
    return undefined;
  };
  return Object.assign(agent, { createConnection: create });
}

function bodyOf(body: unknown): Buffer | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof URLSearchParams) return Buffer.from(body.toString());
  if (body instanceof Uint8Array) return Buffer.from(body);
  throw new TypeError('Only texts and bytes can be sent');
}

/** As browsers do it (Fetch standard, HTTP-redirect fetch), and without what was meant for the first origin only. */
function redirected(
  { url, method, headers, body }: Target,
  next: URL,
  status: number,
  ownHeaders: readonly string[],
): Target {
  const kept = new Headers(headers);
  if (next.origin !== url.origin) for (const name of [...PRIVATE_HEADERS, ...ownHeaders]) kept.delete(name);
  const becomesGet = status === 303 || (status < 303 && method === 'POST');
  if (!becomesGet) return { url: next, method, headers: kept, body };
  kept.delete('content-type');
  return { url: next, method: 'GET', headers: kept };
}
