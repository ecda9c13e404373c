import { isIP, SocketAddress } from 'node:net';

/** With brackets or not; a port behind brackets, or behind an IPv4 address. */
const NODE = /^(?:\[(?<bracketed>[^\]]*)\]|(?<v4>[\d.]+))(?::\w*)?$/;
const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/;

/**
 * Reads an address as sockets and proxies write it: `192.0.2.1:443`, `[2001:DB8::1]:443`, `fe80::1%eth0`, `::ffff:c000:201`.
 *
 * @returns Its one spelling (RFC 5952), without port and zone, IPv4 where it is one inside IPv6. Undefined: it is no address.
 */
export function plainAddress(text: string): string | undefined {
  if (isIP(text) === 4) return text;
  const { bracketed, v4 } = NODE.exec(text)?.groups ?? {};
  if (v4 !== undefined) return isIP(v4) === 4 ? v4 : undefined;
  const [address = ''] = (bracketed ?? text).split('%');
  if (isIP(address) !== 6) return undefined;
  return new SocketAddress({ address, family: 'ipv6' }).address.replace(MAPPED, '');
}
