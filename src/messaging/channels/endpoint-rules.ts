import { isIP } from 'node:net';
import { isAddressAllowed, literalAddress } from '../../platform/network/network-address.js';

const URL_MAX = 1000;
const TOKEN = '{token}';
const IS_PRIVATE = 'is an address of a private network: see NOTIFICATION_PRIVATE_NETWORKS';

/**
 * What is wrong with a URL that we are to post to, as the end of a sentence; null: nothing. Where a host name leads to is looked at
 * at each connection.
 *
 * @param privateNetworks Whether addresses of private networks are allowed.
 */
export function findUrlProblem(text: string, privateNetworks: boolean): string | null {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol)) return 'must begin with https:// or http://';
  if (text.length > URL_MAX) return `must have at most ${URL_MAX} characters`;
  if (url.username !== '' || url.password !== '') return 'must hold no user and no password';
  if (url.hash !== '') return 'must have no fragment';
  const address = literalAddress(url);
  return address !== undefined && !isAddressAllowed(address, privateNetworks) ? IS_PRIVATE : null;
}

/** As {@link findUrlProblem}, for a URL in which `{token}` stands for a token: never where it would choose the host. */
export function findTemplateProblem(template: string, privateNetworks: boolean): string | null {
  const problem = findUrlProblem(template.replaceAll(TOKEN, 'token'), privateNetworks);
  if (problem !== null || !template.includes(TOKEN)) return problem;
  const origin = /^[a-z]+:\/\/[^/?#]*/i.exec(template)?.[0] ?? template;
  return origin.includes(TOKEN) ? 'must have {token} behind the host' : null;
}

/** Of a push service. Browsers give https; http is for push services of tests, in private networks. */
export function findEndpointProblem(text: string, privateNetworks: boolean): string | null {
  const problem = findUrlProblem(text, privateNetworks);
  if (problem !== null) return problem;
  return new URL(text).protocol === 'https:' || privateNetworks ? null : 'must begin with https://';
}

/** Of a mail server: a host name or an address. */
export function findHostProblem(host: string, privateNetworks: boolean): string | null {
  if (isIP(host) !== 0) return isAddressAllowed(host, privateNetworks) ? null : IS_PRIVATE;
  // The last part begins with a letter: resolvers take 0x7f000001 and the like for addresses.
  const isName = /^(?!-)([a-z0-9-]{1,63}\.)*[a-z][a-z0-9-]{0,62}$/i.test(host);
  return isName ? null : 'must be a host name or an address';
}
