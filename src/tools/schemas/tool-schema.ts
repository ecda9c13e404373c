import { z } from 'zod';
import { describeProperties } from './rules-in-words.js';
import type { JsonObject } from '../tool-definition.js';

const SIMPLE_TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array'];
const SUBSCHEMA_KEYWORDS = [
  'items',
  'additionalProperties',
  'contains',
  'propertyNames',
  'not',
  'if',
  'then',
  'else',
];
const SUBSCHEMA_MAP_KEYWORDS = ['patternProperties', 'dependentSchemas', '$defs'];
const SUBSCHEMA_LIST_KEYWORDS = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];

/**
 * The JSON Schema (2020-12) of a zod object in a form that every known client understands: local references are put in
 * place, and what clients are known to drop (allowed values, formats, defaults, ranges) is repeated in the description.
 *
 * @param io `input` for arguments, `output` for results.
 * @throws {Error} The zod schema holds something JSON Schema cannot say (a transform's output, a Date, a function).
 */
export function toToolSchema(schema: z.ZodObject, io: 'input' | 'output'): JsonObject {
  const json = z.toJSONSchema(schema, { io, target: 'draft-2020-12', unrepresentable: 'throw' });
  const { $schema, ...rest } = structuredClone(json) as Record<string, unknown>;
  const inlined = inlineReferences(rest, rest, []) as Record<string, unknown>;
  const declaresDialect = z.globalRegistry.get(schema)?.['$schema'] !== undefined;
  return describeProperties(declaresDialect ? { $schema, ...inlined } : inlined);
}

/** What makes a schema unusable for some client, one sentence each; empty: nothing. */
export function lintToolSchema(schema: JsonObject): string[] {
  const problems: string[] = [];
  if (schema['type'] !== 'object') problems.push("the schema's type must be object");
  lintNode(schema, '', problems);
  return problems;
}

function lintNode(
  node: unknown,
  path: string,
  problems: string[],
  options: { readonly needsDescriptions: boolean } = { needsDescriptions: true },
): void {
  const place = path === '' ? 'the schema' : `'${path}'`;
  if (typeof node !== 'object' || node === null || Array.isArray(node)) {
    problems.push(`${place} is ${JSON.stringify(node)}, not a schema object; some clients cannot read that`);
    return;
  }
  const schema = node as Record<string, unknown>;
  if (typeof schema['$ref'] === 'string')
    problems.push(`${place} refers to ${schema['$ref']}, which was not resolved`);
  if (schema['type'] === 'null' || Array.isArray(schema['type'])) {
    problems.push(`${place} allows null or several types; make it optional with one type instead`);
  }
  for (const [name, property] of Object.entries((schema['properties'] ?? {}) as JsonObject)) {
    const propertyPath = path === '' ? name : `${path}.${name}`;
    lintNode(property, propertyPath, problems, options);
    if (options.needsDescriptions) lintProperty(property, propertyPath, problems);
  }
  for (const keyword of SUBSCHEMA_KEYWORDS) {
    const child = schema[keyword];
    const isSwitch = keyword === 'additionalProperties' && typeof child === 'boolean';
    const isPart = ['items', 'additionalProperties'].includes(keyword); // of the value; the others are conditions on it
    const needsDescriptions = options.needsDescriptions && isPart;
    if (child !== undefined && !isSwitch)
      lintNode(child, `${path}.${keyword}`, problems, { needsDescriptions });
  }
  for (const keyword of SUBSCHEMA_MAP_KEYWORDS) {
    for (const child of Object.values((schema[keyword] ?? {}) as JsonObject)) {
      lintNode(child, `${path}.${keyword}`, problems, { needsDescriptions: false });
    }
  }
  for (const keyword of SUBSCHEMA_LIST_KEYWORDS) {
    for (const child of (schema[keyword] ?? []) as unknown[]) lintNode(child, `${path}.${keyword}`, problems);
  }
}

function lintProperty(property: unknown, path: string, problems: string[]): void {
  if (typeof property !== 'object' || property === null) return;
  const { type, description } = property as Record<string, unknown>;
  if (typeof description !== 'string' || description.trim() === '') {
    problems.push(`'${path}' has no description; add .describe(…), models and clients go by it`);
  }
  if (typeof type === 'string' ? !SIMPLE_TYPES.includes(type) : !Array.isArray(type)) {
    problems.push(`'${path}' must have exactly one type of ${SIMPLE_TYPES.join(', ')}`);
  }
}

function inlineReferences(node: unknown, root: JsonObject, trail: readonly string[]): unknown {
  if (Array.isArray(node)) return node.map((item) => inlineReferences(item, root, trail));
  if (typeof node !== 'object' || node === null) return node;
  const { $ref, ...own } = node as Record<string, unknown>;
  if (typeof $ref !== 'string') {
    return Object.fromEntries(
      Object.entries(node).map(([key, value]) => [
        key,
        key === 'default' || key === 'const' || key === 'enum' || key === 'examples'
          ? value
          : inlineReferences(value, root, trail),
      ]),
    );
  }
  if (trail.includes($ref))
    throw new Error(`the schema contains itself (${$ref}); clients cannot resolve that`);
  const target = resolvePointer($ref, root);
  if (target === undefined) return node; // lintToolSchema reports it
  const inlined = inlineReferences(target, root, [...trail, $ref]) as Record<string, unknown>;
  return { ...inlined, ...(inlineReferences(own, root, trail) as Record<string, unknown>) };
}

/** What a reference within a schema leads to; undefined: nothing. */
export function resolvePointer(ref: string, root: JsonObject): unknown {
  if (ref === '#') return root;
  if (!ref.startsWith('#/')) return undefined;
  let node: unknown = root;
  for (const step of ref.slice(2).split('/')) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    node = typeof node === 'object' && node !== null ? (node as Record<string, unknown>)[key] : undefined;
  }
  return node;
}
