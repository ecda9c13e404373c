import type { IncomingMessage, Server } from 'node:http';

const SCHEME = /^https?:\/\//i;

/**
 * Takes scheme and host off what is asked for as a whole address, as clients do that take us for their proxy: a server must take
 * that, and goes by its host instead of the header's (RFC 9112, section 3.2.2). Call it last, before requests come.
 */
export function acceptAbsoluteTargets(server: Server): void {
  server.prependListener('request', takeHostOff);
  server.prependListener('upgrade', takeHostOff);
}

function takeHostOff(request: IncomingMessage): void {
  const target = request.url ?? '';
  const [scheme] = SCHEME.exec(target) ?? [];
  if (scheme === undefined) return;
  const [host] = target.slice(scheme.length).split(/[/?#]/, 1);
  const rest = target.slice(scheme.length + host.length);
  request.headers.host = host;
  request.url = rest.startsWith('/') ? rest : `/${rest}`;
}
