import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { Logger } from '@nestjs/common';
import proxyAddr from 'proxy-addr';
import { readForwardedFor, readXForwardedFor } from './forwarding-headers.js';
import { isAddressAllowed } from './network-address.js';
import { plainAddress } from './plain-address.js';

/** As in the environment. */
type TrustSettings = {
  readonly TRUST_PROXY?: string;
  readonly TRUST_PROXY_HEADER?: 'x-forwarded-for' | 'forwarded';
};
type Trust = (address: string, hop: number) => boolean;

/** Stands where the address would: who it was, a proxy that we trust did not say, or not in a form that can be read. */
export const UNKNOWN_ADDRESS = 'unknown';

/**
 * Tells where requests come from, as far as trusted proxies tell: by `X-Forwarded-For`, or by `Forwarded` (RFC 7239) where there is
 * none of that. A proxy writes one of the two and lets the other pass as the client sent it; `TRUST_PROXY_HEADER` names its own.
 */
export class ClientAddressReader {
  private readonly trust: Trust;

  constructor(private readonly env: TrustSettings) {
    this.trust = compileTrust(env.TRUST_PROXY);
  }

  /** @returns One spelling per address: no port, no zone, IPv4 also when it came over IPv6; or {@link UNKNOWN_ADDRESS}. */
  of(request: IncomingMessage): string {
    const direct = plainAddress(request.socket.remoteAddress ?? '');
    if (this.env.TRUST_PROXY === undefined) {
      hint(request.headers, direct);
      return direct ?? UNKNOWN_ADDRESS;
    }
    const told = this.read(request);
    let client = direct;
    for (let hop = 0; hop < told.length && this.trust(client ?? '', hop); hop++)
      client = plainAddress(told.at(-1 - hop) ?? '');
    return client ?? UNKNOWN_ADDRESS;
  }

  /** The nearest hop last. */
  private read({ headers }: IncomingMessage): readonly string[] {
    const { TRUST_PROXY_HEADER: header } = this.env;
    const listed = headers['x-forwarded-for'];
    if (header !== 'forwarded' && listed !== undefined) return readXForwardedFor(String(listed));
    return header === 'x-forwarded-for' ? [] : readForwardedFor(headers.forwarded ?? '');
  }
}

let isHinted = false;

/** Says once that a proxy of ours seems to be meant: from outside anybody may send these headers. */
function hint(headers: IncomingHttpHeaders, direct: string | undefined): void {
  if (isHinted || (headers['x-forwarded-for'] === undefined && headers.forwarded === undefined)) return;
  if (direct === undefined || isAddressAllowed(direct, false)) return;
  isHinted = true;
  new Logger(ClientAddressReader.name).warn(
    `Requests from ${direct} say for whom they ask (X-Forwarded-For or Forwarded), which does not count while TRUST_PROXY is not set: ` +
      'their clients count as one, and no key opens by its networks',
  );
}

/**
 * Which proxies may say for whom they ask, from `TRUST_PROXY`: a number of hops, or addresses and CIDR blocks (`loopback`,
 * `linklocal`, `uniquelocal` are known). Undefined: nobody, the network's own address counts.
 */
export function compileTrust(setting: string | undefined): Trust {
  if (setting === undefined) return () => false;
  if (/^\d{1,2}$/.test(setting)) return (_address, hop) => hop < Number(setting);
  return proxyAddr.compile(setting.split(',').map((part) => part.trim()));
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
