import { shortenText } from '../../platform/cut-text.js';
import { isPlainObject } from '../../platform/plain-object.js';
import type { JsonObject } from '../../tools/tool-definition.js';
import type { ApiDocument } from './document.js';
import { FILE, isFileSchema } from './file-argument.js';
import { type Flat, FlatSchemaMaker, type FlatOptions, type Wire } from './flat-schema.js';
import { bareType, isJsonType, isTextType } from './media-types.js';
import { oneFormOf } from './one-form.js';
import type { ApiBody, ApiOperation, ApiParameter } from './operation.js';
import { plainText } from './plain-text.js';
import { collapse, namesIn, type Reading } from './raw-schema.js';
import type { RecipeBody, RecipeParameter } from './recipe.js';
import { usableName } from './usable-names.js';

/** Of an input in JSON; what is larger is tried again with fewer levels. */
const INPUT_MAX = 24_576; // characters
const DEPTHS = [10, 6, 4, 3, 2, 1];
const INPUT: Omit<FlatOptions, 'depthMax'> = { io: 'input', textMax: 1000 };

/** The arguments of a tool, and where each goes in a request. */
export type Input = {
  readonly inputSchema: JsonObject;
  readonly parameters: readonly RecipeParameter[];
  readonly body?: RecipeBody;
};

/** Makes the arguments of an operation: as detailed as they can be without being too long. */
export function inputOf(document: ApiDocument, operation: ApiOperation, notes: Set<string>): Input {
  let input: Input | undefined;
  for (const depthMax of DEPTHS) {
    const reading: Reading = { document, parts: 0, notes };
    input = readInput(operation, reading, new FlatSchemaMaker(reading, { ...INPUT, depthMax }));
    if (JSON.stringify(input.inputSchema).length <= INPUT_MAX) return input;
  }
  return input!;
}

function readInput(operation: ApiOperation, reading: Reading, maker: FlatSchemaMaker): Input {
  const taken = new Set<string>();
  const properties: [string, JsonObject][] = [];
  const required: string[] = [];
  const parameters = operation.parameters.flatMap((parameter): RecipeParameter[] => {
    const flat = maker.flat(parameter.schema) ?? { schema: {} };
    const argument = usableName(parameter.name, taken);
    properties.push([argument, withWords(flat.schema, parameter)]);
    if (parameter.required) required.push(argument);
    const { name, in: place, style, explode, allowReserved, asJson } = parameter;
    return [
      {
        argument,
        name,
        in: place,
        style,
        explode,
        ...(allowReserved && { allowReserved }),
        ...(asJson && { asJson }),
        ...(flat.wire && { wire: flat.wire }),
      },
    ];
  });
  const body = operation.body && bodyOf(operation.body, { reading, maker, taken });
  properties.push(...(body?.properties ?? []));
  required.push(...(body?.required ?? []));
  return {
    inputSchema: {
      type: 'object',
      properties: Object.fromEntries(properties),
      ...(required.length > 0 && { required }),
      additionalProperties: false,
    },
    parameters,
    ...(body && { body: body.recipe }),
  };
}

const PLACES = { path: 'in the path', query: 'in the query', header: 'header', cookie: 'cookie' } as const;

function withWords(schema: JsonObject, { name, in: place, description }: ApiParameter): JsonObject {
  const own = schema['description'];
  const said = description === undefined ? undefined : plainText(description);
  const both = said !== undefined && typeof own === 'string' && !said.includes(own) ? `${said} ${own}` : said;
  const text =
    both ?? (typeof own === 'string' ? own : `${name.replaceAll(/[_-]+/g, ' ')} (${PLACES[place]})`);
  return { ...schema, description: shortenText(text, INPUT.textMax) };
}

type BodyPlace = { readonly reading: Reading; readonly maker: FlatSchemaMaker; readonly taken: Set<string> };
type Body = {
  readonly properties: readonly [string, JsonObject][];
  readonly required: readonly string[];
  readonly recipe: RecipeBody;
};

function bodyOf(body: ApiBody, { reading, maker, taken }: BodyPlace): Body {
  const kind = kindOf(body);
  const flat = maker.flat(body.schema) ?? { schema: {} };
  const { properties, additionalProperties } = flat.schema;
  const { mediaType } = body;
  const isOfFields =
    isPlainObject(properties) &&
    (additionalProperties ?? false) === false &&
    kind !== 'text' &&
    kind !== 'bytes';
  if (isOfFields) return ofFields(body, kind, { flat, reading, taken });
  const whole = usableName('body', taken);
  const files = kind === 'multipart' ? filesOf(body, reading) : [];
  const ofSchema = flat.schema['description'];
  const told = body.description === undefined ? ofSchema : plainText(body.description);
  const said =
    typeof told === 'string' && told !== '' && !told.startsWith(FILE) ? told : 'The body of the request';
  const type = bareType(mediaType);
  const schema =
    kind === 'bytes' || kind === 'text'
      ? { type: 'string', description: `${said} (${type})${kind === 'bytes' ? `. ${FILE}` : ''}` }
      : { ...flat.schema, description: said };
  return {
    properties: [[whole, schema]],
    required: body.required ? [whole] : [],
    recipe: {
      mediaType,
      kind,
      whole,
      ...(flat.wire && { wire: flat.wire }),
      ...(Object.keys(body.encoding).length > 0 && { encoding: body.encoding }),
      ...(files.length > 0 && { files }),
    },
  };
}

type FieldsPlace = { readonly flat: Flat; readonly reading: Reading; readonly taken: Set<string> };

/** Each field is an argument of its own: models do better without a `body` around them. */
function ofFields(body: ApiBody, kind: RecipeBody['kind'], { flat, reading, taken }: FieldsPlace): Body {
  const properties = Object.entries(flat.schema['properties'] as Readonly<Record<string, JsonObject>>);
  const needed = body.required ? namesIn(flat.schema['required']) : [];
  const fields: Record<string, string> = {};
  const inside: Record<string, Wire> = {};
  const required: string[] = [];
  const named = properties.map(([inBody, schema]): [string, JsonObject] => {
    const argument = usableName(inBody, taken);
    fields[argument] = flat.wire?.names?.[inBody] ?? inBody;
    const wire = flat.wire?.inside?.[inBody];
    if (wire) inside[argument] = wire;
    if (needed.includes(inBody)) required.push(argument);
    return [argument, schema];
  });
  const files = kind === 'multipart' || kind === 'form' ? filesOf(body, reading) : [];
  return {
    properties: named,
    required,
    recipe: {
      mediaType: body.mediaType,
      kind,
      fields,
      ...(Object.keys(inside).length > 0 && { wire: { inside } }),
      ...(Object.keys(body.encoding).length > 0 && { encoding: body.encoding }),
      ...(files.length > 0 && { files }),
    },
  };
}

/** By the names that the API knows them by. */
function filesOf(body: ApiBody, reading: Reading): string[] {
  const form = oneFormOf(reading, collapse(reading, body.schema, []));
  const { properties } = form.schema;
  if (!isPlainObject(properties)) return [];
  return Object.entries(properties)
    .filter(([, node]) => isFile(reading, node, form.trail))
    .map(([name]) => name);
}

function isFile(reading: Reading, node: unknown, trail: readonly string[]): boolean {
  const { schema } = oneFormOf(reading, collapse(reading, node, trail));
  if (schema['type'] === 'array') return isFile(reading, schema['items'], trail);
  return isFileSchema(schema);
}

function kindOf({ mediaType, schema }: ApiBody): RecipeBody['kind'] {
  const type = bareType(mediaType);
  if (type === 'multipart/form-data') return 'multipart';
  if (type === 'application/x-www-form-urlencoded') return 'form';
  if (isJsonType(type)) return 'json';
  if (type === '*/*') return isPlainObject(schema) && isFileSchema(schema) ? 'bytes' : 'json';
  return isTextType(type) ? 'text' : 'bytes';
}
