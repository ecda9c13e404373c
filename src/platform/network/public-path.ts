import type { IncomingMessage, Server } from 'node:http';

/** Where our own addresses begin. Below a `PUBLIC_URL` with such a path nobody can tell whether the proxy has taken it away. */
const OWN_ROOTS = ['/mcp', '/api', '/health', '/metrics', '/.well-known'];

/**
 * Takes the path of `PUBLIC_URL` off what is asked for, so that a proxy may leave it on or take it off itself, and nothing behind
 * has to know. Call it once everything else listens to the server, and before requests come.
 */
export function acceptPublicPath(server: Server, publicPath: string): void {
  if (!canBeLeftOn(publicPath)) return;
  const strip = (request: IncomingMessage) => {
    request.url = withoutPath(request.url ?? '', publicPath);
  };
  server.prependListener('request', strip);
  server.prependListener('upgrade', strip);
}

/** Whether a proxy may pass requests on with the path of `PUBLIC_URL`; else it has to take it off. */
export function canBeLeftOn(publicPath: string): boolean {
  return publicPath !== '' && !OWN_ROOTS.some((root) => `${publicPath}/`.startsWith(`${root}/`));
}

/** `/tools/api?x` below `/tools` is `/api?x`; what is not below it stays. */
function withoutPath(url: string, path: string): string {
  if (!url.startsWith(path)) return url;
  const rest = url.slice(path.length);
  if (rest === '' || rest.startsWith('?')) return `/${rest}`;
  return rest.startsWith('/') ? rest : url;
}
