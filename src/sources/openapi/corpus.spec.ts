import { readdirSync, readFileSync } from 'node:fs';
import { Agent, createServer, type IncomingMessage, request as sendHttp } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { isPlainObject } from '../../platform/plain-object.js';
import { definitionFaults } from '../../tools/definition-faults.js';
import type { JsonObject, ToolDefinition } from '../../tools/tool-definition.js';
import { type Conversion, type ConvertedOperation, convertDocument } from './convert.js';
import { formRequest, type FormedRequest } from './form-request.js';
import type { Writing } from './operation.js';
import type { RecipeBody, RecipeParameter } from './recipe.js';

const FOLDER = 'node_modules/@readme/oas-examples';
const RUNS = 4;
const REFUSED = new Set(
  '$ref $defs definitions allOf oneOf anyOf not if nullable discriminator readOnly writeOnly example'.split(
    ' ',
  ),
);
const DOCUMENTS = ['2.0', '3.0', '3.1'].flatMap((version) =>
  readdirSync(join(FOLDER, version), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(json|yaml)$/.test(name) && !name.includes('webhooks'))
    .map((name) => join(version, name)),
);

describe('the documents of @readme/oas-examples', () => {
  it('are converted, those in YAML as those in JSON', () => {
    const twins = DOCUMENTS.filter((name) => name.endsWith('.yaml')).flatMap((name) => {
      const twin = name.replaceAll('yaml', 'json');
      return DOCUMENTS.includes(twin) ? [[name, twin] as const] : [];
    });
    const names = (name: string) => converted(name).operations.map(({ toolName }) => toolName);
    expect(twins.length).toBeGreaterThan(50);
    expect(twins.map(([name]) => names(name))).toEqual(twins.map(([, twin]) => names(twin)));
  });

  it('give tools that every client can use', () => {
    const faults = all().flatMap(({ operation }) => definitionFaults(toDefinition(operation)));
    expect(faults).toEqual([]);
    expect(
      all().flatMap(({ operation }) => keywordsIn(operation).filter((word) => REFUSED.has(word))),
    ).toEqual([]);
    for (const { operation } of all()) expect(operation.toolName).toMatch(/^[A-Za-z][A-Za-z0-9_-]{0,43}$/);
  });

  it('give each tool a name that nothing else in its document has', () => {
    for (const name of DOCUMENTS) {
      const names = converted(name).operations.map(({ toolName }) => toolName.toLowerCase());
      expect([name, new Set(names).size]).toEqual([name, names.length]);
    }
  });

  describe('at a server that gives back what it got', () => {
    const server = createServer((incoming, answer) => {
      const pieces: Buffer[] = [];
      incoming.on('data', (piece: Buffer) => pieces.push(piece));
      incoming.on('end', () =>
        answer.end(
          JSON.stringify({
            method: incoming.method,
            url: incoming.url,
            headers: incoming.headers,
            body: Buffer.concat(pieces).toString('base64'),
          }),
        ),
      );
    });
    const agent = new Agent({ keepAlive: true });
    let baseUrl = '';
    beforeAll(async () => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base`;
    });
    afterAll(() => {
      agent.destroy();
      server.close();
    });

    it('each operation is asked for as its document says', async () => {
      for (const { name, operation } of all()) {
        const { recipe, definition } = operation;
        const plain = recipe.parameters.filter(isWrittenPlain).map((one) => one.argument);
        const property = fc.asyncProperty(argumentsFor(definition.inputSchema, plain), async (args) => {
          const request = await formRequest(recipe, args, { baseUrl, readHandle: async () => '' });
          const got = await mirror(request, agent);
          expect(got.method).toBe(recipe.method);
          const pairs = await bothOf(operation, args, got);
          expect(pairs.map(({ came }) => came)).toEqual(pairs.map(({ sent }) => sent));
        });
        try {
          await fc.assert(property, { numRuns: RUNS, seed: 20_261_201 });
        } catch (cause) {
          throw new Error(`${name} ${operation.ownName}`, { cause });
        }
      }
    });
  });
});

const conversions = new Map<string, Conversion>();

function converted(name: string): Conversion {
  let conversion = conversions.get(name);
  if (!conversion)
    conversions.set(name, (conversion = convertDocument(readFileSync(join(FOLDER, name), 'utf8'))));
  return conversion;
}

function all(): { readonly name: string; readonly operation: ConvertedOperation }[] {
  return DOCUMENTS.filter((name) => name.endsWith('.json')).flatMap((name) =>
    converted(name).operations.map((operation) => ({ name, operation })),
  );
}

function toDefinition({ toolName, ownName, definition }: ConvertedOperation): ToolDefinition {
  return {
    ...definition,
    name: toolName,
    origin: ownName,
    source: 'http',
    category: 'api',
    version: '1',
    clientCapabilities: [],
    parseConfig: () => ({}),
    run: () => undefined,
  };
}

function keywordsIn({ definition: { inputSchema, outputSchema } }: ConvertedOperation): string[] {
  const visit = (node: unknown): string[] => {
    if (!isPlainObject(node)) return [];
    const { properties, items, additionalProperties, ...own } = node;
    const inside = [
      items,
      additionalProperties,
      ...Object.values(isPlainObject(properties) ? properties : {}),
    ];
    return [...Object.keys(own), ...inside.flatMap(visit)];
  };
  return [inputSchema, outputSchema].flatMap(visit);
}

type Mirrored = {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

async function mirror(
  { url, method, headers, cookies, body }: FormedRequest,
  agent: Agent,
): Promise<Mirrored> {
  const withCookies = { ...headers, ...(cookies.length > 0 && { cookie: cookies.join('; ') }) };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = sendHttp(
      url,
      { method, agent, headers: { ...withCookies, ...(body && { 'content-length': body.length }) } },
      resolve,
    );
    sent.on('error', reject);
    sent.end(body);
  });
  const pieces: Buffer[] = [];
  for await (const piece of answer as AsyncIterable<Buffer>) pieces.push(piece);
  // The answer to a HEAD has no body; what was asked is in the request itself then.
  const text = Buffer.concat(pieces).toString('utf8');
  if (text === '') return { method, url: url.pathname + url.search, headers: withCookies, body: '' };
  return JSON.parse(text) as Mirrored;
}

/** Values for a tool's arguments: texts with what breaks URLs, headers and forms. */
function argumentsFor(schema: JsonObject, plain: readonly string[]): fc.Arbitrary<Record<string, unknown>> {
  const properties = Object.entries(schema['properties'] as Readonly<Record<string, JsonObject>>);
  const required = (schema['required'] ?? []) as string[];
  const fields = properties.map(([name, one]): [string, fc.Arbitrary<unknown>] => {
    const value = valueFor(one, plain.includes(name) ? PLAIN : TEXT, 0);
    return [name, value];
  });
  return fc.record(Object.fromEntries(fields), {
    requiredKeys: required.filter((name) => properties.some(([known]) => known === name)),
    noNullPrototype: true,
  });
}

/** Headers hold no more, and what is parted by spaces can hold none. */
function isWrittenPlain({ in: place, style }: RecipeParameter): boolean {
  return place === 'header' || style.endsWith('Delimited');
}

const PLAIN = fc.stringMatching(/^[a-z0-9]{1,8}$/);
const TEXT = fc
  .array(
    fc.constantFrom(
      'a',
      'Z',
      '0',
      ' ',
      '/',
      '?',
      '&',
      '=',
      '+',
      '#',
      '%',
      ',',
      ';',
      '|',
      '[',
      ']',
      'é',
      '汉',
      '"',
    ),
    {
      minLength: 1,
      maxLength: 8,
    },
  )
  .map((characters) => `t${characters.join('')}`);

function valueFor(schema: JsonObject, text: fc.Arbitrary<string>, depth: number): fc.Arbitrary<unknown> {
  const { type, enum: allowed, properties, items, additionalProperties } = schema;
  if (Array.isArray(allowed)) return fc.constantFrom(...(allowed as unknown[]));
  const kind = [type].flat()[0];
  if (text === PLAIN && depth > 0 && (kind === 'object' || kind === 'array')) return text; // nobody says how that is written
  switch (kind) {
    case 'string':
      return text;
    case 'integer':
      return fc.integer({ min: 0, max: 1000 });
    case 'number':
      return fc.double({ min: -1000, max: 1000, noNaN: true, noDefaultInfinity: true }).map((one) => one + 0);
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(depth > 3 ? text : valueFor(items as JsonObject, text, depth + 1), {
        minLength: 1,
        maxLength: 3,
      });
    case 'object': {
      const known = isPlainObject(properties) && depth < 4 ? Object.entries(properties) : [];
      if (known.length > 0)
        return fc.record(
          Object.fromEntries(
            known.map(([name, one]) => [name, valueFor(one as JsonObject, text, depth + 1)]),
          ),
          { noNullPrototype: true },
        );
      const inside =
        isPlainObject(additionalProperties) && depth < 4
          ? valueFor(additionalProperties, text, depth + 1)
          : text;
      return fc.dictionary(fc.stringMatching(/^[a-z]{3}$/), inside, {
        minKeys: 1,
        maxKeys: 2,
        noNullPrototype: true,
      });
    }
    default:
      return text;
  }
}

/** A scalar as text says it; what is deeper than a list or an object of those, as JSON. */
function scalar(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function asText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(scalar);
  if (!isPlainObject(value)) return scalar(value);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, scalar(one)]));
}

function deepText(value: unknown): unknown {
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object')) return value.map(scalar);
  if (typeof value !== 'object' || value === null) return scalar(value);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, deepText(one)]));
}

function renamed(value: unknown, wire: RecipeParameter['wire']): unknown {
  if (Array.isArray(value)) return value.map((one) => renamed(one, wire?.items));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [wire?.names?.[key] ?? key, renamed(one, wire?.inside?.[key])]),
  );
}

type Both = { readonly sent: unknown; readonly came: unknown };

/** What was sent and what came in, by the place in the request: both as it is after the way of writing is undone. */
async function bothOf({ recipe }: ConvertedOperation, args: JsonObject, got: Mirrored): Promise<Both[]> {
  const pairs: Both[] = [];
  const [path = '', query = ''] = got.url.split(/\?(.*)/s);
  for (const parameter of recipe.parameters.filter(({ argument }) => argument in args)) {
    const value = renamed(args[parameter.argument], parameter.wire);
    const isDeep = parameter.style === 'deepObject' && typeof value === 'object';
    const sent = parameter.asJson ? value : isDeep ? deepText(value) : asText(value);
    const came = {
      path: () => ofPath(parameter, rawOfPath(recipe.path, path, parameter.name), value),
      query: () => ofPairs(parameter, query.split('&'), value),
      header: () =>
        ofList(got.headers[parameter.name.toLowerCase()] ?? '', value, { ...parameter, separator: ',' }),
      cookie: () => ofPairs(parameter, (got.headers['cookie'] ?? '').split('; '), value),
    }[parameter.in]();
    pairs.push({ sent: [parameter, sent], came: [parameter, came] });
  }
  const { body } = recipe;
  const given = body && bodyOf(body, args);
  if (!body || given === undefined) return pairs;
  const bytes = Buffer.from(got.body, 'base64');
  if (body.kind === 'json') return [...pairs, { sent: given, came: JSON.parse(bytes.toString()) }];
  if (!isPlainObject(given)) return [...pairs, { sent: scalar(given), came: bytes.toString() }];
  if (body.kind === 'form') return [...pairs, ...bothOfForm(body, bytes.toString(), given)];
  return [...pairs, ...(await bothOfParts(got, bytes, given))];
}

function bodyOf({ whole, fields = {}, wire }: RecipeBody, args: JsonObject): unknown {
  if (whole !== undefined) return renamed(args[whole], wire);
  const given = Object.entries(fields).filter(([argument]) => argument in args);
  if (given.length === 0) return undefined;
  return Object.fromEntries(
    given.map(([argument, name]) => [name, renamed(args[argument], wire?.inside?.[argument])]),
  );
}

function bothOfForm({ encoding = {} }: RecipeBody, text: string, given: JsonObject): Both[] {
  const pairs = text.replaceAll('+', '%20').split('&');
  return Object.entries(given).map(([name, value]) => {
    const { style = 'form', explode = style === 'form', contentType = '' } = encoding[name] ?? {};
    const isJson =
      encoding[name]?.style === undefined &&
      encoding[name]?.explode === undefined &&
      (contentType.includes('json') ||
        (Array.isArray(value) && value.some((one) => typeof one === 'object')));
    const isDeep = style === 'deepObject' && typeof value === 'object';
    const came = ofPairs({ name, style, explode, ...(isJson && { asJson: true }) }, pairs, value);
    return { sent: [name, isJson ? value : isDeep ? deepText(value) : asText(value)], came: [name, came] };
  });
}

async function bothOfParts({ headers }: Mirrored, bytes: Buffer, given: JsonObject): Promise<Both[]> {
  const pairs: Both[] = [];
  const form = await new Response(new Uint8Array(bytes), {
    headers: { 'content-type': headers['content-type'] ?? '' },
  }).formData();
  for (const [name, value] of Object.entries(given)) {
    const parts = await Promise.all(
      form.getAll(name).map((part) => (typeof part === 'string' ? Promise.resolve(part) : part.text())),
    );
    const lists = (Array.isArray(value) ? value : [value]).map((one: unknown) =>
      Array.isArray(one) ? one.map(scalar).join(',') : scalar(one),
    );
    pairs.push({
      sent: [name, parts.length === lists.length ? lists : [lists.join(',')]],
      came: [name, parts],
    });
  }
  return pairs;
}

function rawOfPath(template: string, path: string, name: string): string {
  const [plain = ''] = template.split('?');
  const names = [...plain.matchAll(/\{([^{}]+)\}/g)].map(([, one]) => one);
  const pattern = plain
    .split(/\{[^{}]+\}/)
    .map((part) => encodeURI(part).replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`));
  return (
    new RegExp(`^/base${pattern.join('([^/]*)')}$`).exec(path)?.[names.indexOf(name) + 1] ??
    `nothing in ${path}`
  );
}

const decode = decodeURIComponent;

function ofPath(parameter: RecipeParameter, raw: string, shape: unknown): unknown {
  const { style, explode, name } = parameter;
  if (style === 'label') return ofList(raw.slice(1), shape, { explode, separator: explode ? '.' : ',' });
  if (style !== 'matrix')
    return parameter.asJson ? JSON.parse(decode(raw)) : ofList(raw, shape, { explode, separator: ',' });
  if (!explode || typeof shape !== 'object')
    return ofList(raw.slice(`;${name}=`.length), shape, { explode: false, separator: ',' });
  return ofPairs({ name, style: 'form', explode: true }, raw.slice(1).split(';'), shape);
}

function ofList(
  raw: string,
  shape: unknown,
  { explode, separator }: { explode: boolean; separator: string },
): unknown {
  if (Array.isArray(shape)) return raw.split(separator).map(decode);
  if (!isPlainObject(shape)) return decode(raw);
  const parts = raw.split(separator);
  if (explode) return Object.fromEntries(parts.map((part) => part.split('=').map(decode)));
  return Object.fromEntries(
    parts.flatMap((part, at) => (at % 2 ? [] : [[decode(part), decode(parts[at + 1] ?? '')]])),
  );
}

type Written = Writing & { readonly name: string };

function ofPairs(
  { name, style, explode, asJson }: Written,
  pairs: readonly string[],
  shape: unknown,
): unknown {
  const found = pairs
    .map((pair) => pair.split(/=(.*)/s))
    .map(([key = '', value = '']) => [decode(key), value] as const);
  const values = found.filter(([key]) => key === name).map(([, value]) => value);
  if (asJson) return JSON.parse(decode(values[0] ?? ''));
  if (style === 'deepObject' && typeof shape === 'object') return ofDeep(name, found, shape);
  const separator =
    { spaceDelimited: '%20', pipeDelimited: '%7C', tabDelimited: '%09' }[style as string] ?? ',';
  if (!explode) return ofList(values[0] ?? '', shape, { explode: false, separator });
  if (Array.isArray(shape)) return values.map(decode);
  if (!isPlainObject(shape)) return decode(values[0] ?? '');
  if (style !== 'form') return ofList(values[0] ?? '', shape, { explode: false, separator });
  return Object.fromEntries(
    Object.keys(shape).map((key) => [key, decode(found.find(([one]) => one === key)?.[1] ?? '')]),
  );
}

function ofDeep(name: string, found: readonly (readonly [string, string])[], shape: unknown): unknown {
  const own = found.filter(([key]) => key === name).map(([, value]) => decode(value));
  if (Array.isArray(shape) && shape.every((one) => typeof one !== 'object')) return own;
  if (typeof shape !== 'object' || shape === null) return own[0];
  return Object.fromEntries(
    Object.entries(shape).map(([key, one]) => [key, ofDeep(`${name}[${key}]`, found, one)]),
  );
}
