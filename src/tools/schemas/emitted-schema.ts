import { isPlainObject } from '../../platform/plain-object.js';
import type { JsonObject, ToolDefinition } from '../tool-definition.js';
import { describeProperties } from './rules-in-words.js';

/** What one of OpenAI, Anthropic and Gemini refuses under strict function calling; the description tells it instead. */
const REFUSED: ReadonlySet<string> = new Set(
  (
    'default minLength maxLength minItems maxItems uniqueItems minimum maximum ' +
    'exclusiveMinimum exclusiveMaximum multipleOf minProperties maxProperties $id'
  ).split(' '),
);
/** Clients that compile the schemas of all tools together fail at the second `$id` of one name. */
const REFUSED_OF_RESULTS: ReadonlySet<string> = new Set(['$id']);
/** Their members are names, each with a schema of its own; those of the others are schemas. */
const MAPS = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']);
const VALUES = new Set(['const', 'enum', 'examples', 'required']);

/** The schemas of a tool as `tools/list` shows them. */
export type EmittedSchemas = { readonly inputSchema: JsonObject; readonly outputSchema?: JsonObject };

const emitted = new WeakMap<ToolDefinition, EmittedSchemas>();

/**
 * Makes of a tool's schemas what every client can hand on to its model. Calls are checked against the schemas as they were
 * defined. Made once for each definition, so that lists stay the same objects.
 */
export function emittedSchemas(definition: ToolDefinition): EmittedSchemas {
  let schemas = emitted.get(definition);
  if (!schemas) emitted.set(definition, (schemas = emit(definition)));
  return schemas;
}

function emit({ inputSchema, outputSchema }: ToolDefinition): EmittedSchemas {
  const input = without(describeProperties({ ...inputSchema }), REFUSED) as JsonObject;
  if (!outputSchema) return { inputSchema: input };
  return { inputSchema: input, outputSchema: without(outputSchema, REFUSED_OF_RESULTS) as JsonObject };
}

function without(node: unknown, refused: ReadonlySet<string>): unknown {
  if (Array.isArray(node)) return node.map((item) => without(item, refused));
  if (!isPlainObject(node)) return node;
  const kept = Object.entries(node).filter(([keyword]) => !refused.has(keyword));
  const plain = kept.map(([keyword, value]) => [keyword, inside(keyword, value, refused)] as const);
  return refused === REFUSED ? withoutRefusedValues(Object.fromEntries(plain)) : Object.fromEntries(plain);
}

function inside(keyword: string, value: unknown, refused: ReadonlySet<string>): unknown {
  if (VALUES.has(keyword)) return value;
  if (!MAPS.has(keyword) || !isPlainObject(value)) return without(value, refused);
  return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, without(schema, refused)]));
}

/** An optional null is the same as leaving it out, and some models' APIs know no lists of types and no null among the allowed values. */
function withoutRefusedValues(schema: Record<string, unknown>): Record<string, unknown> {
  const { type, enum: allowed, ...others } = schema;
  const types = Array.isArray(type) ? type.filter((one) => one !== 'null') : [];
  return {
    ...(type !== undefined && { type: types.length === 0 ? type : types.length === 1 ? types[0] : types }),
    ...others,
    ...choices(allowed),
  };
}

/** Gemini takes texts that are not empty, and no others; the description tells the others. */
function choices(allowed: unknown): { readonly enum?: readonly unknown[] } {
  if (!Array.isArray(allowed)) return {};
  const said = allowed.filter((value) => value !== null && value !== '');
  return said.length > 0 && said.every((value) => typeof value === 'string') ? { enum: said } : {};
}
