import { BlockList, isIP } from 'node:net';

/**
 * Nobody's service, whatever the settings: clouds answer there with credentials of the machine. Link-local (RFC 3927,
 * 4291; also as NAT64 writes it, RFC 6052), and where AWS, Alibaba Cloud and Oracle Cloud answer beside that.
 */
const OF_MACHINES = listOf([
  '169.254.0.0/16',
  'fe80::/10',
  '64:ff9b::a9fe:0/112',
  'fd00:ec2::/32',
  '100.100.100.200/32',
  '192.0.0.192/32',
]);

/** Not of the public internet: IANA's special-purpose address registries (RFC 6890). */
const PRIVATE = listOf([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2001::/32',
  '2002::/16',
  'fc00::/7',
  'fec0::/10',
  'ff00::/8',
]);

/** Whether the service may connect to an address that somebody gave it (IPv4 or IPv6, without brackets). */
export function isAddressAllowed(address: string, privateNetworks: boolean): boolean {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (OF_MACHINES.check(address, family)) return false;
  return privateNetworks || !PRIVATE.check(address, family);
}

/** The address that stands in a URL in place of a host name. */
export function literalAddress(url: URL): string | undefined {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return isIP(host) === 0 ? undefined : host;
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}
