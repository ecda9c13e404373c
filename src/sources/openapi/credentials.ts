import { ForbiddenError } from '../../platform/errors.js';
import type { SecurityNeed, SecurityScheme } from './operation.js';
import type { FormedRequest } from './form-request.js';

/** What was given for one way to be let in. */
export type Credential =
  | { readonly kind: 'token'; readonly value: string }
  | { readonly kind: 'basic'; readonly user: string; readonly password: string };

/** By the names of the document's security schemes. */
export type Credentials = Readonly<Record<string, Credential>>;

/**
 * Adds the credentials that an operation needs: of several ways the first that all was given for.
 *
 * @throws {ForbiddenError} None can be gone; the message says what is missing.
 */
export function withCredentials(
  request: FormedRequest,
  needs: readonly SecurityNeed[],
  {
    schemes,
    credentials,
  }: { readonly schemes: Readonly<Record<string, SecurityScheme>>; readonly credentials: Credentials },
): FormedRequest {
  if (needs.length === 0) return request;
  const way = needs.find((need) =>
    Object.keys(need).every((name) => name in credentials && name in schemes && isUsable(schemes[name])),
  );
  if (!way) {
    const names = needs.map((need) => Object.keys(need).join(' and ')).join(', or ');
    throw new ForbiddenError(
      `The API wants credentials (${names}) and none were given for it: an administrator sets them where the API is set up`,
    );
  }
  return Object.keys(way).reduce((made, name) => {
    const [scheme, credential] = [schemes[name], credentials[name]];
    return scheme && credential ? add(made, scheme, credential) : made;
  }, request);
}

function isUsable(scheme: SecurityScheme | undefined): boolean {
  return scheme !== undefined && scheme.kind !== 'unsupported';
}

function add(request: FormedRequest, scheme: SecurityScheme, credential: Credential): FormedRequest {
  if (credential.kind === 'basic') {
    const pair = Buffer.from(`${credential.user}:${credential.password}`).toString('base64');
    return withHeader(request, 'authorization', `Basic ${pair}`);
  }
  if (scheme.kind !== 'api_key') return withHeader(request, 'authorization', `Bearer ${credential.value}`);
  const { in: place, name } = scheme;
  if (place === 'header') return withHeader(request, name.toLowerCase(), credential.value);
  const pair = `${encodeURIComponent(name)}=${encodeURIComponent(credential.value)}`;
  if (place === 'cookie') return { ...request, cookies: [...request.cookies, pair] };
  const url = new URL(request.url);
  url.search = url.search === '' ? pair : `${url.search.slice(1)}&${pair}`;
  return { ...request, url };
}

function withHeader(request: FormedRequest, name: string, value: string): FormedRequest {
  return { ...request, headers: { ...request.headers, [name]: value } };
}
