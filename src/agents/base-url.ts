import { BlockList, isIP } from 'node:net';

/** Where Dify's service API lies. */
const API_PATH = '/v1';
const BASE_URL_MAX = 500;

/**
 * Never the address of a Dify, whatever the settings: clouds answer there with credentials of the machine. Link-local (RFC 3927,
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

/** Whether the service may connect to an address (IPv4 or IPv6, without brackets). */
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

/**
 * What is wrong with the base URL of an agent, as the end of a sentence; null: nothing.
 *
 * @param privateNetworks Whether addresses of private networks are allowed. What a host name leads to is looked at when it is
 *   connected to, each time: a name can be pointed elsewhere later.
 */
export function findBaseUrlProblem(text: string, privateNetworks: boolean): string | null {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol)) return 'must begin with https:// or http://';
  if (normalizeBaseUrl(text).length > BASE_URL_MAX + API_PATH.length)
    return `must have at most ${BASE_URL_MAX} characters`;
  if (url.username !== '' || url.password !== '') return 'must hold no user and no password';
  if (url.search !== '' || url.hash !== '' || /[?#]/.test(text)) return 'must have no query and no fragment';
  const address = literalAddress(url);
  if (address !== undefined && !isAddressAllowed(address, privateNetworks))
    return 'is an address of a private network: see AGENT_PRIVATE_NETWORKS';
  return null;
}

/** As it is stored: `https://api.dify.ai/v1`, whether or not the `/v1` and a trailing slash were given. */
export function normalizeBaseUrl(text: string): string {
  const { origin, pathname } = new URL(text);
  const path = pathname.replace(/\/+$/, '');
  return origin + (path.endsWith(API_PATH) ? path : path + API_PATH);
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}
