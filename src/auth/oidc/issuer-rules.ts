import type { Config } from '../../platform/config.js';
import { withoutTrailingSlashes } from '../../platform/trailing-slashes.js';
import { isAddressAllowed, literalAddress } from '../../platform/network/network-address.js';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** Where providers may lie. */
export type AddressRules = {
  /** http, to this machine only. */
  readonly loopbackHttp: boolean;
  readonly privateNetworks: boolean;
};

export function addressRulesOf({ env }: Config): AddressRules {
  return { loopbackHttp: env.OIDC_ALLOW_LOOPBACK_HTTP, privateNetworks: env.OIDC_PRIVATE_NETWORKS };
}

/**
 * What is wrong with the address of an outside provider, as the end of a sentence; null: nothing. The service will send
 * requests there, so it has to be https; http only to this machine, and only where a setting allows it.
 */
export function findIssuerProblem(text: string, rules: AddressRules): string | null {
  if (!URL.canParse(text)) return 'must be a URL';
  const { username, password, search, hash } = new URL(text);
  if ([username, password, search, hash].some((part) => part !== ''))
    return 'must have no user, query or fragment';
  return findAddressProblem(text, rules);
}

/** As {@link findIssuerProblem}, for every address that a provider's documents name. */
export function findAddressProblem(
  text: string,
  { loopbackHttp, privateNetworks }: AddressRules,
): string | null {
  if (loopbackHttp && isLoopbackHttp(text)) return null;
  const url = new URL(text);
  if (url.protocol !== 'https:') return 'must begin with https://';
  const address = literalAddress(url);
  return address === undefined || isAddressAllowed(address, privateNetworks)
    ? null
    : 'is an address of a private network: see OIDC_PRIVATE_NETWORKS';
}

export function isLoopbackHttp(text: string): boolean {
  const { protocol, hostname } = new URL(text);
  return protocol === 'http:' && LOOPBACK.includes(hostname);
}

const DISCOVERY = '/.well-known/openid-configuration';

/** How one issuer is written: as people type it, with a slash at its end or none, or as the address of its document. */
export function issuerSpellings(issuer: string): string[] {
  const bare = withoutTrailingSlashes(
    issuer.endsWith(DISCOVERY) ? issuer.slice(0, -DISCOVERY.length) : issuer,
  );
  return [...new Set([issuer, bare, `${bare}/`, bare + DISCOVERY])];
}
