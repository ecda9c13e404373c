import { isIPv6 } from 'node:net';
import { ipv6Groups } from './ipv6-groups.js';

/** Groups of 16 bits. */
const CLIENT_GROUPS = 4;
const NETWORK_GROUPS = 3;
const NETWORK_BYTES = 3;

/**
 * What counts as one client: an IPv4 address, or the /64 of an IPv6 one, since whoever has one of these has all of it.
 *
 * @param ip As Node or a proxy tells it: an IPv4 address may come as `::ffff:192.0.2.1` or `::ffff:c000:201`.
 */
export function clientOf(ip: string): string {
  const plain = mappedAddress(ip) ?? ip;
  return isIPv6(plain) ? firstGroups(plain, CLIENT_GROUPS) : plain;
}

/** What often belongs to one party: the /24 of an IPv4 address, the /48 of an IPv6 one (RFC 6177). */
export function networkOf(ip: string): string {
  const plain = mappedAddress(ip) ?? ip;
  if (isIPv6(plain)) return firstGroups(plain, NETWORK_GROUPS);
  return plain.split('.').slice(0, NETWORK_BYTES).join('.');
}

/** The IPv4 address that an IPv6 one stands for (RFC 4291, section 2.5.5.2), however it is written. */
function mappedAddress(ip: string): string | undefined {
  if (!isIPv6(ip)) return undefined;
  const groups = ipv6Groups(ip);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (!isMapped) return undefined;
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 255])
    .join('.');
}

function firstGroups(ip: string, count: number): string {
  return ipv6Groups(ip)
    .slice(0, count)
    .map((group) => group.toString(16))
    .join(':');
}
