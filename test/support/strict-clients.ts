/** A JSON Schema as `tools/list` shows it. */
export type Schema = {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly [keyword: string]: unknown;
};

export type Conversion = (schema: Schema) => Schema;

/** Keywords of OpenAI's Structured Outputs; any other makes the API refuse the request. */
const OPENAI = new Set(
  (
    'type properties required additionalProperties items enum const anyOf ' +
    '$ref $defs title description pattern format multipleOf maximum ' +
    'exclusiveMaximum minimum exclusiveMinimum minItems maxItems'
  ).split(' '),
);
/** Of Anthropic's strict tool use: no bounds of numbers, texts or lists. */
const ANTHROPIC = new Set(
  (
    'type properties required additionalProperties items enum const anyOf ' +
    'allOf $ref $defs title description pattern format'
  ).split(' '),
);
/** Of Gemini's `Schema`, a subset of OpenAPI 3.0. */
const GEMINI = new Set(
  (
    'type properties required items enum nullable title description ' +
    'pattern format anyOf minimum maximum minItems maxItems minLength ' +
    'maxLength'
  ).split(' '),
);
const FORMATS = ['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid'];
const SIMPLE_TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array'];

function eachNode(schema: Schema, map: (node: Schema) => Schema): Schema {
  const { properties, items } = schema;
  return map({
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, property]) => [name, eachNode(property, map)]),
      ),
    }),
    ...(items && { items: eachNode(items, map) }),
  });
}

function requireKeywords(node: Schema, known: ReadonlySet<string>, whose: string): void {
  const unknown = Object.keys(node).filter((keyword) => !known.has(keyword) && !keyword.startsWith('x-'));
  if (unknown.length > 0) throw new Error(`${whose} takes no ${unknown.join(', ')}`);
}

function closed(node: Schema): Schema {
  return node.type === 'object' ? { ...node, additionalProperties: false } : node;
}

function allRequired(node: Schema): Schema {
  return node.properties ? { ...node, required: Object.keys(node.properties) } : node;
}

function optionalNullable(node: Schema): Schema {
  const { properties, required = [] } = node;
  if (!properties) return node;
  const nullable = Object.entries(properties).map(([name, property]) => [
    name,
    required.includes(name) ? property : { ...property, type: [property.type, 'null'].flat() },
  ]);
  return { ...node, properties: Object.fromEntries(nullable) as Schema['properties'] };
}

/**
 * What clients make of a tool's schema before they hand it to a model that must keep to it. Each throws when the provider's
 * published rules do not allow what it got.
 */
export const CONVERSIONS: Readonly<Record<string, Conversion>> = {
  'OpenAI, optional arguments nullable': (schema) =>
    eachNode(schema, (node) => {
      requireKeywords(node, OPENAI, 'OpenAI');
      if (typeof node['format'] === 'string' && !FORMATS.includes(node['format']))
        throw new Error(`OpenAI knows no format ${node['format']}`);
      return allRequired(closed(optionalNullable(node)));
    }),
  'OpenAI, everything required': (schema) =>
    eachNode(schema, (node) => {
      requireKeywords(node, OPENAI, 'OpenAI');
      return allRequired(closed(node));
    }),
  Anthropic: (schema) =>
    eachNode(schema, (node) => {
      requireKeywords(node, ANTHROPIC, 'Anthropic');
      return closed(node);
    }),
  'Gemini, everything required': (schema) =>
    eachNode(schema, ({ additionalProperties: _open, ...node }) => {
      requireKeywords(node, GEMINI, 'Gemini');
      if (!SIMPLE_TYPES.includes(String(node.type)))
        throw new Error(`Gemini knows no type ${String(node.type)}`);
      if (node.enum?.some((value) => typeof value !== 'string'))
        throw new Error('Gemini takes texts in enum only');
      return allRequired(node);
    }),
};

/** A blank of its kind for every argument: what other models give. */
export function zerosOf({ properties = {} }: Schema): Record<string, unknown> {
  const zeros: Readonly<Record<string, unknown>> = {
    array: [],
    boolean: false,
    integer: 0,
    number: 0,
    string: '',
  };
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => {
      const type = String([property.type].flat()[0]);
      return [name, type === 'object' ? {} : zeros[type]];
    }),
  );
}

/** What a model gives for an argument that nobody spoke of and that its schema makes it give. */
export function blankOf(schema: Schema): unknown {
  const { type, properties = {}, required = [] } = schema;
  if ([type].flat().includes('null')) return null;
  if (schema.enum) return schema.enum.includes('') ? '' : schema.enum[0];
  if (type === 'array') return [];
  if (type === 'boolean') return false;
  // The description tells what is meant when nobody says a number, and a model reads it.
  const told = /Default: (\d+)/.exec(String(schema['description']))?.[1];
  if (type === 'integer' || type === 'number') return Number(told ?? 1);
  if (type !== 'object') return '';
  return Object.fromEntries(required.map((name) => [name, blankOf(properties[name] ?? {})]));
}
