const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/**
 * What is wrong with the address of an outside provider, or null. The service will send requests there, so it has to be
 * https; http only to this machine, and only where a setting allows it.
 */
export function findIssuerProblem(text: string, allowLoopbackHttp: boolean): string | null {
  if (!URL.canParse(text)) return 'must be a URL';
  const { protocol, username, password, search, hash } = new URL(text);
  if ([username, password, search, hash].some((part) => part !== ''))
    return 'must have no user, query or fragment';
  if (protocol === 'https:') return null;
  return isAllowedAddress(text, allowLoopbackHttp) ? null : 'must begin with https://';
}

/** For every address that a provider's documents name, too. */
export function isAllowedAddress(text: string, allowLoopbackHttp: boolean): boolean {
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && allowLoopbackHttp && LOOPBACK.includes(hostname));
}
