import { InvalidInputError } from '../../platform/errors.js';
import { withoutTrailingSlashes } from '../../platform/trailing-slashes.js';
import type { JsonObject } from '../../tools/tool-definition.js';
import type { ReadHandle } from './file-bytes.js';
import { formBody } from './api-request-body.js';
import type { RecipeParameter, RequestRecipe } from './recipe.js';
import { onTheWire } from './wire-names.js';
import { pairsOf, pathText, simpleText } from './write-parameter.js';

/** Headers that belong to the connection: a tool's arguments say nothing of them, whatever a document has. */
const OF_CONNECTION =
  /^(?:host|content-length|transfer-encoding|connection|upgrade|te|trailer|keep-alive|expect|proxy-.*|cookie|content-encoding)$/i;
// eslint-disable-next-line no-control-regex -- that is what a header may not hold
const NOT_IN_HEADERS = /[^\t\u0020-\u007e\u0080-\u00ff]/;

/** A request before anybody's credentials are added. */
export type FormedRequest = {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** `name=value`, encoded. */
  readonly cookies: readonly string[];
  readonly body?: Buffer;
};

export type FormOptions = {
  /** With the API's path, without a slash at its end. */
  readonly baseUrl: string;
  readonly readHandle: ReadHandle;
};

/**
 * Forms the request of one call. Arguments were checked against the tool's schema; here it is seen to that none of them leads elsewhere.
 *
 * @throws {InvalidInputError} A value has no place where it is to go.
 */
export async function formRequest(
  recipe: RequestRecipe,
  args: JsonObject,
  { baseUrl, readHandle }: FormOptions,
): Promise<FormedRequest> {
  const given = recipe.parameters.flatMap((parameter) => {
    const value = Object.hasOwn(args, parameter.argument) ? args[parameter.argument] : undefined;
    return value === undefined ? [] : [{ parameter, value: onTheWire(value, parameter.wire) }];
  });
  const at = (place: RecipeParameter['in']) => given.filter(({ parameter }) => parameter.in === place);
  const path = pathOf(recipe, at('path'));
  const query = at('query').flatMap(({ parameter, value }) => pairsOf(parameter.name, value, parameter));
  const url = urlOf(baseUrl, path, query);
  const headers: Record<string, string> = {};
  for (const { parameter, value } of at('header')) Object.assign(headers, headerOf(parameter, value));
  const body = recipe.body && (await formBody(recipe.body, args, readHandle));
  return {
    method: recipe.method,
    url,
    headers: { ...headers, ...(body && { 'content-type': body.contentType }) },
    cookies: at('cookie').flatMap(({ parameter, value }) => pairsOf(parameter.name, value, parameter)),
    ...(body && { body: body.bytes }),
  };
}

type Given = { readonly parameter: RecipeParameter; readonly value: unknown };

function pathOf({ path }: RequestRecipe, given: readonly Given[]): string {
  const [template = '', fixedQuery] = path.split('?');
  const filled = template.replaceAll(/\{([^{}]+)\}/g, (_, name: string) => {
    const found = given.find(({ parameter }) => parameter.name === name);
    if (!found) throw new InvalidInputError(`'${name}' is required`);
    const { parameter, value } = found;
    const text = parameter.asJson
      ? encodeURIComponent(JSON.stringify(value))
      : pathText(name, value, parameter);
    // Left out, it would make another path of it: all items in place of one.
    if (text === '') throw new InvalidInputError(`'${parameter.argument}' must not be empty`);
    return text;
  });
  if (filled.split('/').some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment)))
    throw new InvalidInputError("A part of the path must not be '.' or '..'");
  return fixedQuery === undefined ? filled : `${filled}?${fixedQuery}`;
}

function urlOf(baseUrl: string, path: string, query: readonly string[]): URL {
  const separator = path.includes('?') ? '&' : '?';
  const url = new URL(`${baseUrl}${path}${query.length > 0 ? separator : ''}${query.join('&')}`);
  const base = new URL(baseUrl);
  const isWithin =
    url.origin === base.origin && url.pathname.startsWith(withoutTrailingSlashes(base.pathname));
  if (!isWithin) throw new InvalidInputError('The arguments lead out of the API');
  return url;
}

function headerOf(parameter: RecipeParameter, value: unknown): Record<string, string> {
  const { name, argument, explode, asJson } = parameter;
  if (OF_CONNECTION.test(name) || !/^[\w!#$%&'*+.^`|~-]+$/.test(name))
    throw new InvalidInputError(`'${argument}' is a header that cannot be set`);
  const text = asJson ? JSON.stringify(value) : simpleText(value, explode, (one) => one);
  if (NOT_IN_HEADERS.test(text))
    throw new InvalidInputError(
      `'${argument}' goes into a header: it may hold no line breaks and no characters beyond Latin-1`,
    );
  return { [name.toLowerCase()]: text };
}
