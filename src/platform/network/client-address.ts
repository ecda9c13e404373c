import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import proxyAddr from 'proxy-addr';

type Trust = (address: string, hop: number) => boolean;

/**
 * Which proxies may say for whom they ask (`X-Forwarded-For`), from `TRUST_PROXY`: a number of hops, or addresses and CIDR
 * blocks (`loopback`, `linklocal`, `uniquelocal` are known). Undefined: nobody, the network's own address counts.
 */
export function compileTrust(setting: string | undefined): Trust {
  if (setting === undefined) return () => false;
  if (/^\d{1,2}$/.test(setting)) return (_address, hop) => hop < Number(setting);
  return proxyAddr.compile(setting.split(',').map((part) => part.trim()));
}

/** Where a request comes from, as far as trusted proxies tell. IPv4 in its plain form also when it came over IPv6. */
export function clientAddress(request: IncomingMessage, trust: Trust): string {
  return plain(proxyAddr(request, trust));
}

/** Whether a text is a CIDR block, such as `10.0.0.0/8` or `2001:db8::/32`, or one address. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more !== undefined) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/** Networks ready to be asked. Undefined when there are none: then every address is fine. */
export function compileNetworks(networks: readonly string[]): BlockList | undefined {
  if (networks.length === 0) return undefined;
  const list = new BlockList();
  for (const network of networks) {
    const [address, bits] = network.split('/');
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    list.addSubnet(address, Number(bits ?? (family === 'ipv4' ? 32 : 128)), family);
  }
  return list;
}

export function isWithin(networks: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && networks.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

function plain(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}
