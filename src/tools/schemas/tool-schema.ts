import { z } from 'zod';
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

function resolvePointer(ref: string, root: JsonObject): unknown {
  if (ref === '#') return root;
  if (!ref.startsWith('#/')) return undefined;
  let node: unknown = root;
  for (const step of ref.slice(2).split('/')) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    node = typeof node === 'object' && node !== null ? (node as Record<string, unknown>)[key] : undefined;
  }
  return node;
}

function describeProperties(schema: Record<string, unknown>): Record<string, unknown> {
  const described = { ...schema };
  if (typeof described['format'] === 'string') delete described['pattern']; // zod says both; the pattern tells nobody more
  if (described['minimum'] === Number.MIN_SAFE_INTEGER) delete described['minimum'];
  if (described['maximum'] === Number.MAX_SAFE_INTEGER) delete described['maximum'];
  if (typeof schema['properties'] === 'object' && schema['properties'] !== null) {
    described['properties'] = Object.fromEntries(
      Object.entries(schema['properties']).map(([name, property]: [string, unknown]) => [
        name,
        isObject(property) ? withRulesInWords(describeProperties(property)) : property,
      ]),
    );
  }
  if (isObject(schema['items'])) described['items'] = describeProperties(schema['items']);
  return described;
}

/** Dify and others pass a scalar's type and description to the model and drop the rest, so the rest goes into words. */
function withRulesInWords(property: Record<string, unknown>): Record<string, unknown> {
  const description = property['description'];
  if (typeof description !== 'string') return property;
  const rules: string[] = [];
  const mentions = (text: string) => hasWord(description, text);
  const allowed = property['enum'] ?? (isObject(property['items']) ? property['items']['enum'] : undefined);
  if (Array.isArray(allowed) && !allowed.every((value) => mentions(String(value)))) {
    rules.push(`One of: ${allowed.join(', ')}.`);
  }
  const fixed = property['const'];
  if (fixed !== undefined && !mentions(JSON.stringify(fixed))) {
    rules.push(`Always ${JSON.stringify(fixed)}.`);
  }
  const format = property['format'];
  if (typeof format === 'string' && !mentions(format)) rules.push(`Format: ${format}.`);
  const { minimum, maximum } = property;
  if (typeof minimum === 'number' && !mentions(String(minimum))) rules.push(`At least ${minimum}.`);
  if (typeof maximum === 'number' && !mentions(String(maximum))) rules.push(`At most ${maximum}.`);
  const fallback = property['default'];
  if (fallback !== undefined && !(mentions('default') && mentions(plain(fallback))))
    rules.push(`Default: ${plain(fallback)}.`);
  if (rules.length === 0) return property;
  const separator = /[.!?。]\s*$/.test(description) ? ' ' : '. ';
  return { ...property, description: `${description.trimEnd()}${separator}${rules.join(' ')}` };
}

/** The text as a word or number of its own: `on` is not in `month`, nor 1 in 100. */
function hasWord(description: string, text: string): boolean {
  const escaped = text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\w.-])${escaped}(?![\\w-])`, 'i').test(description);
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
