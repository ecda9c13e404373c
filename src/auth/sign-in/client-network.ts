import { isIPv6 } from 'node:net';

const PREFIX_GROUPS = 4;

/**
 * What counts as one client: an IPv4 address, or the /64 of an IPv6 one, since whoever has one of these has all of it.
 *
 * @param ip As Node tells it: an IPv4 address may come as `::ffff:192.0.2.1`.
 */
export function networkOf(ip: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(ip)?.[1];
  if (mapped !== undefined || !isIPv6(ip)) return mapped ?? ip;
  const [head = '', tail] = ip.split('%')[0].split('::');
  const groups = head.split(':').filter((group) => group !== '');
  const rest = tail === undefined ? [] : tail.split(':').filter((group) => group !== '');
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => '0');
  return [...groups, ...zeros, ...rest]
    .slice(0, PREFIX_GROUPS)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
