import { BlockList, isIP } from 'node:net';
import { ipv6Groups } from './ipv6-groups.js';

/**
 * Nobody's service, whatever the settings: clouds answer there with credentials of the machine. Link-local (RFC 3927, 4291),
 * and where AWS, Google Cloud, Azure, Alibaba Cloud, Oracle Cloud and Scaleway answer beside that.
 */
const OF_MACHINES = listOf([
  '169.254.0.0/16',
  'fe80::/10',
  'fd00:ec2::/32',
  'fd20:ce::/32',
  'fd00:c1::/32',
  'fd00:42::/32',
  '168.63.129.16/32',
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
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/96',
  '::ffff:0:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fec0::/10',
  'ff00::/8',
]);

/**
 * Where an IPv6 address carries an IPv4 one, as the number of its first group: compatible and mapped (RFC 4291), translated
 * (RFC 2765), NAT64 (RFC 6052, 8215), 6to4 (RFC 3056).
 */
const CARRIERS = [
  ['::/96', 6],
  ['::ffff:0:0/96', 6],
  ['::ffff:0:0:0/96', 6],
  ['64:ff9b::/96', 6],
  ['64:ff9b:1::/48', 6],
  ['2002::/16', 1],
] as const;
const CARRYING = CARRIERS.map(([network, group]) => ({ networks: listOf([network]), group }));

/** Whether the service may connect to an address that somebody gave it (IPv4 or IPv6, without brackets). */
export function isAddressAllowed(address: string, privateNetworks: boolean): boolean {
  const [plain = ''] = address.split('%'); // a zone does not change what an address is
  const carried = carriedAddress(plain);
  if (isIn(OF_MACHINES, plain) || (carried !== undefined && isIn(OF_MACHINES, carried))) return false;
  return privateNetworks || !isIn(PRIVATE, plain);
}

/** The address that stands in a URL in place of a host name. */
export function literalAddress(url: URL): string | undefined {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return isIP(host) === 0 ? undefined : host;
}

function isIn(list: BlockList, address: string): boolean {
  return list.check(address, familyOf(address));
}

/** The IPv4 address that an IPv6 address leads to by way of a translator. */
function carriedAddress(address: string): string | undefined {
  if (isIP(address) !== 6) return undefined;
  const carrier = CARRYING.find(({ networks }) => networks.check(address, 'ipv6'));
  if (!carrier) return undefined;
  const groups = ipv6Groups(address);
  const bytes = groups.slice(carrier.group, carrier.group + 2).flatMap((group) => [group >> 8, group & 255]);
  return bytes.join('.');
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    list.addSubnet(address, Number(bits), familyOf(address));
  }
  return list;
}
