import { isIPv6 } from 'node:net';

/**
 * Reads the name of a host as a browser writes it in an address: lower case, punycode, brackets around IPv6, no dot behind it, which
 * DNS takes for the same name.
 *
 * @param text A name, with a port or not; or an address of a page (`https://example.com`).
 * @returns Undefined: it is none of these, or stands for several.
 */
export function hostNameOf(text: string): string | undefined {
  const plain = isIPv6(text) ? `[${text}]` : text;
  const address = /^https?:\/\//i.test(plain) ? plain : `http://${plain}`;
  if (/[*\s]/.test(plain) || !URL.canParse(address)) return undefined;
  const { hostname, username, password, pathname, search, hash } = new URL(address);
  const hasMore = pathname !== '/' || [username, password, search, hash].some((part) => part !== '');
  return hasMore ? undefined : hostname.replace(/\.$/, '');
}
