import { fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

export type TestIdp = { readonly issuer: string; stop(): Promise<void> };

/** A real OpenID provider on this machine; it ends with the test's process at the latest. */
export async function startIdp(): Promise<TestIdp> {
  const child = fork(resolve(__dirname, 'idp-process.mjs'), {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
  });
  let failure = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (failure += text));
  const exit = once(child, 'exit');
  const issuer = await Promise.race([
    once(child.stdout!.setEncoding('utf8'), 'data').then(([text]) => String(text).trim()),
    exit.then(() => ''),
  ]);
  if (!issuer.startsWith('http')) throw new Error(`The OpenID provider did not start: ${failure || issuer}`);
  return {
    issuer,
    stop: async () => {
      child.kill('SIGTERM');
      await exit;
    },
  };
}

type Cookie = { readonly value: string; readonly path: string };

/** A browser as far as redirects and cookies go. */
export class TestBrowser {
  private readonly cookies = new Map<string, Map<string, Cookie>>();

  /** Goes on until an address that `until` takes, which it does not fetch; or until there is no further redirect. */
  async follow(
    start: string,
    until: (url: URL) => boolean,
  ): Promise<{ url: URL; response: Response | null }> {
    let url = new URL(start);
    for (let hop = 0; hop < 20; hop += 1) {
      if (until(url)) return { url, response: null };
      const response = await this.fetch(url);
      const location = response.headers.get('location');
      if (location === null) return { url, response };
      url = new URL(location, url);
    }
    throw new Error(`Too many redirects, the last to ${url.href}`);
  }

  async fetch(url: URL, init: RequestInit = {}): Promise<Response> {
    const jar = this.cookies.get(url.host) ?? new Map<string, Cookie>();
    this.cookies.set(url.host, jar);
    const cookie = [...jar]
      .filter(([, { path }]) => `${url.pathname}/`.startsWith(path.endsWith('/') ? path : `${path}/`))
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ');
    const headers = { ...(init.headers as Record<string, string>), ...(cookie ? { cookie } : {}) };
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const name = pair.slice(0, pair.indexOf('='));
      if (/; Max-Age=0;/.test(line)) jar.delete(name);
      else
        jar.set(name, {
          value: pair.slice(pair.indexOf('=') + 1),
          path: /; path=([^;]+)/i.exec(line)?.[1] ?? '/',
        });
    }
    return response;
  }

  /** In place of the one it has. */
  setCookie(host: string, name: string, value: string): void {
    this.cookies.get(host)?.set(name, { value, path: '/' });
  }

  /** By name. */
  cookiesOf(host: string): ReadonlyMap<string, string> {
    return new Map([...(this.cookies.get(host) ?? [])].map(([name, { value }]) => [name, value]));
  }
}
