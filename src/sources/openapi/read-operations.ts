import { isPlainObject } from '../../platform/plain-object.js';
import type { JsonObject } from '../../tools/tool-definition.js';
import { type ApiDocument, follow } from './document.js';
import { oldBody, isForm, oldParameter } from './swagger2.js';
import { chosenMediaType, isJsonType } from './media-types.js';
import { readServers } from './servers.js';
import {
  type ApiAnswer,
  type ApiBody,
  type ApiOperation,
  type ApiParameter,
  type FieldEncoding,
  METHODS,
  type Place,
  type SecurityNeed,
  type Style,
} from './operation.js';

const PLACES: readonly string[] = ['path', 'query', 'header', 'cookie'] satisfies Place[];
/** The standard says that these are ignored where they stand as parameters; the request has its own. */
const OF_THE_REQUEST = new Set(['accept', 'content-type', 'authorization']);
const STYLES: readonly string[] = [
  'simple',
  'label',
  'matrix',
  'form',
  'spaceDelimited',
  'pipeDelimited',
  'tabDelimited',
  'deepObject',
] satisfies Style[];

/** Reads all operations of a document, in its order. What is broken of one is left out of that one. */
export function readOperations(document: ApiDocument): ApiOperation[] {
  const paths = document.root['paths'] as JsonObject;
  return Object.entries(paths).flatMap(([path, item]) => {
    const found = path.startsWith('/') ? follow(document, item) : undefined;
    return found ? operationsOf(document, path, found) : [];
  });
}

function operationsOf(document: ApiDocument, path: string, item: JsonObject): ApiOperation[] {
  return METHODS.flatMap((method) => {
    const operation = item[method];
    return isPlainObject(operation) ? [readOperation(document, { path, method, item, operation })] : [];
  });
}

type Found = {
  readonly path: string;
  readonly method: string;
  readonly item: JsonObject;
  readonly operation: JsonObject;
};

function readOperation(document: ApiDocument, { path, method, item, operation }: Found): ApiOperation {
  const given = parametersOf(document, item, operation);
  const parameters = [...readParameters(document, given), ...unnamed(path, given)];
  const body =
    document.dialect === '2.0'
      ? oldBody(given, listOf(operation['consumes'] ?? document.root['consumes']))
      : readBody(document, operation['requestBody']);
  return {
    ownName: `${method.toUpperCase()} ${path}`,
    method: method.toUpperCase(),
    path,
    ...(textOf(operation['operationId']) && { operationId: textOf(operation['operationId']) }),
    tags: listOf(operation['tags']),
    summary: textOf(operation['summary']) ?? textOf(item['summary']),
    description: textOf(operation['description']) ?? textOf(item['description']),
    isDeprecated: operation['deprecated'] === true,
    parameters,
    ...(body && { body }),
    answers: readAnswers(document, operation),
    security: securityOf(operation['security'] ?? document.root['security']),
    servers: readServers(operation['servers'] ?? item['servers']),
  };
}

/** The operation's own go before those of the path. */
function parametersOf(document: ApiDocument, item: JsonObject, operation: JsonObject): JsonObject[] {
  const all = [operation['parameters'], item['parameters']].flatMap((list) =>
    Array.isArray(list)
      ? list.map((one: unknown) => follow(document, one)).filter((one) => one !== undefined)
      : [],
  );
  const known = new Set<string>();
  return all.filter((parameter) => {
    const key = `${String(parameter['in'])} ${String(parameter['name'])}`;
    return known.size < known.add(key).size;
  });
}

function readParameters(document: ApiDocument, given: readonly JsonObject[]): ApiParameter[] {
  return given.flatMap((parameter) => {
    const name = parameter['name'];
    const place = parameter['in'];
    if (typeof name !== 'string' || name === '' || !PLACES.includes(String(place))) return [];
    if (place === 'header' && OF_THE_REQUEST.has(name.toLowerCase())) return [];
    return [document.dialect === '2.0' ? oldParameter(parameter) : readParameter(document, parameter)];
  });
}

function readParameter(document: ApiDocument, parameter: JsonObject): ApiParameter {
  const place = parameter['in'] as Place;
  const style = styleOf(parameter['style']) ?? defaultStyle(place);
  const explode = typeof parameter['explode'] === 'boolean' ? parameter['explode'] : style === 'form';
  const [mediaType, content] = firstOf(follow(document, parameter['content']));
  const description = textOf(parameter['description']);
  return {
    name: parameter['name'] as string,
    in: place,
    required: place === 'path' || parameter['required'] === true,
    ...(description && { description }),
    schema: parameter['schema'] ?? content?.['schema'] ?? {},
    style,
    explode,
    ...(parameter['allowReserved'] === true && { allowReserved: true }),
    ...(mediaType !== undefined && isJsonType(mediaType) && { asJson: true }),
  };
}

export function defaultStyle(place: Place): Style {
  return place === 'query' || place === 'cookie' ? 'form' : 'simple';
}

function styleOf(style: unknown): Style | undefined {
  return typeof style === 'string' && STYLES.includes(style) ? (style as Style) : undefined;
}

/** What the path has in braces and no parameter says. */
function unnamed(path: string, given: readonly JsonObject[]): ApiParameter[] {
  const known = new Set(given.filter((one) => one['in'] === 'path').map((one) => one['name']));
  const names = [...path.matchAll(/\{([^{}]+)\}/g)].map(([, name]) => name);
  return [...new Set(names)]
    .filter((name) => !known.has(name))
    .map((name) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
      style: 'simple',
      explode: false,
    }));
}

function readBody(document: ApiDocument, given: unknown): ApiBody | undefined {
  const body = follow(document, given);
  const content = body && follow(document, body['content']);
  if (!content) return undefined;
  const mediaType = chosenMediaType(Object.keys(content));
  if (mediaType === undefined) return undefined;
  const media = follow(document, content[mediaType]) ?? {};
  const description = textOf(body['description']);
  const encoding = isForm(mediaType) ? encodingOf(media['encoding']) : {};
  return {
    required: body['required'] === true,
    ...(description && { description }),
    mediaType,
    schema: media['schema'] ?? {},
    encoding,
  };
}

function encodingOf(encoding: unknown): Record<string, FieldEncoding> {
  if (!isPlainObject(encoding)) return {};
  return Object.fromEntries(
    Object.entries(encoding).map(([name, one]) => {
      const { contentType, style, explode, allowReserved } = isPlainObject(one) ? one : {};
      return [
        name,
        {
          ...(typeof contentType === 'string' && { contentType }),
          ...(styleOf(style) && { style: styleOf(style) }),
          ...(typeof explode === 'boolean' && { explode }),
          ...(allowReserved === true && { allowReserved: true as const }),
        },
      ];
    }),
  );
}

function readAnswers(document: ApiDocument, operation: JsonObject): ApiAnswer[] {
  const answers = operation['responses'];
  if (!isPlainObject(answers)) return [];
  const good = Object.entries(answers).filter(([status]) => /^2(?:\d\d|XX)$/i.test(status));
  const shown = good.length > 0 ? good : Object.entries(answers).filter(([status]) => status === 'default');
  return shown.flatMap(([status, given]): ApiAnswer[] => {
    const answer = follow(document, given);
    if (!answer) return [];
    if (document.dialect === '2.0') {
      const produces = listOf(operation['produces'] ?? document.root['produces']);
      const mediaType = chosenMediaType(produces) ?? 'application/json';
      return [answer['schema'] === undefined ? { status } : { status, mediaType, schema: answer['schema'] }];
    }
    const content = follow(document, answer['content']) ?? {};
    const mediaType = chosenMediaType(Object.keys(content));
    if (mediaType === undefined) return [{ status }];
    return [{ status, mediaType, schema: follow(document, content[mediaType])?.['schema'] }];
  });
}

function securityOf(security: unknown): SecurityNeed[] {
  if (!Array.isArray(security)) return [];
  return security
    .filter((need) => isPlainObject(need))
    .map((need) => Object.fromEntries(Object.entries(need).map(([name, scopes]) => [name, listOf(scopes)])));
}

function firstOf(content: JsonObject | undefined): readonly [string?, JsonObject?] {
  const [first] = Object.entries(content ?? {});
  return first ? [first[0], isPlainObject(first[1]) ? first[1] : {}] : [];
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}
