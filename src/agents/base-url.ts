import { isAddressAllowed, literalAddress } from '../platform/network/network-address.js';
import { withoutTrailingSlashes } from '../platform/trailing-slashes.js';

/** Where Dify's service API lies. */
const API_PATH = '/v1';
const BASE_URL_MAX = 500;

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
  const path = withoutTrailingSlashes(pathname);
  return origin + (path.endsWith(API_PATH) ? path : path + API_PATH);
}
