import { isPlainObject } from '../../platform/plain-object.js';
import { InvalidInputError } from '../../platform/errors.js';
import { cutText } from '../../platform/cut-text.js';
import { withoutTrailingSlashes } from '../../platform/trailing-slashes.js';
import type { JsonObject } from '../../tools/tool-definition.js';
import type { ApiDocument } from './document.js';
import type { ApiServer } from './operation.js';

/** Reads a list of servers as a document has it; what is none is left out. */
export function readServers(servers: unknown): ApiServer[] {
  if (!Array.isArray(servers)) return [];
  return servers.flatMap((server: unknown) => {
    if (!isPlainObject(server) || typeof server['url'] !== 'string') return [];
    const { url, description } = server;
    const variables = isPlainObject(server['variables']) ? server['variables'] : {};
    return [
      {
        url,
        ...(typeof description === 'string' && { description }),
        variables: Object.fromEntries(
          Object.entries(variables).flatMap(([name, one]) =>
            isPlainObject(one) ? [[name, variableOf(one)]] : [],
          ),
        ),
      },
    ];
  });
}

function variableOf({ default: fallback, enum: allowed }: JsonObject) {
  const values = Array.isArray(allowed) ? allowed.map(String) : undefined;
  const given =
    typeof fallback === 'object' ? undefined : (fallback as string | number | boolean | undefined);
  return { default: String(given ?? values?.[0] ?? ''), ...(values && { allowed: values }) };
}

/** The servers of a document; of Swagger 2.0 made of its host, base path and schemes, encrypted ones first. */
export function serversOf({ dialect, root }: ApiDocument): ApiServer[] {
  if (dialect !== '2.0') return readServers(root['servers']);
  const { host, basePath, schemes } = root;
  const path = typeof basePath === 'string' ? basePath : '';
  if (typeof host !== 'string') return path === '' ? [] : [{ url: path, variables: {} }];
  const given = ['https', 'http'].filter((scheme) => Array.isArray(schemes) && schemes.includes(scheme));
  const sorted = given.length > 0 ? given : ['https'];
  return sorted.map((scheme) => ({ url: `${scheme}://${host}${path}`, variables: {} }));
}

/**
 * Makes the address that requests begin with.
 *
 * @param values Of the server's variables; for others their defaults are taken.
 * @param documentUrl Where the document was read from: a server's address may be relative to it.
 * @throws {InvalidInputError} A value is not one of those allowed, or no address comes of it.
 */
export function baseUrlOf(
  server: ApiServer,
  values: Readonly<Record<string, string>>,
  documentUrl?: string,
): string {
  const text = server.url.replaceAll(/\{([^{}]+)\}/g, (_, name: string) => {
    const variable = server.variables[name];
    const value = values[name] ?? variable?.default;
    if (value === undefined) throw new InvalidInputError(`The server's address needs a value for '${name}'`);
    if (variable?.allowed && !variable.allowed.includes(value))
      throw new InvalidInputError(
        `'${cutText(value, 100)}' is not allowed for '${name}' of the server's address; use one of ${variable.allowed.join(', ')}`,
      );
    return value;
  });
  if (!URL.canParse(text, documentUrl))
    throw new InvalidInputError(
      `The server's address '${cutText(text, 200)}' is not a whole URL: give the base URL of the API`,
    );
  const url = new URL(text, documentUrl);
  if (!['http:', 'https:'].includes(url.protocol))
    throw new InvalidInputError(`The server's address must begin with http:// or https://`);
  url.hash = '';
  url.search = '';
  return withoutTrailingSlashes(url.href);
}
