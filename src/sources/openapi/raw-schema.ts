import { isPlainObject } from '../../platform/plain-object.js';
import type { JsonObject } from '../../tools/tool-definition.js';
import { type ApiDocument, lookUp } from './document.js';
import type { Choice, Choices } from './choices.js';
import { subtypesOf } from './subtypes.js';

/** So often may a schema stand within itself before it is cut. */
const REPEATS_MAX = 2;
/** Parts of schemas that are looked at for one tool. */
export const PARTS_MAX = 6000;
/** Keywords whose members stand side by side when two schemas are one. */
const LOWER = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];
const HIGHER = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];

/** A schema without references and `allOf`; its `oneOf` and `anyOf` stand apart. */
export type Raw = {
  readonly schema: JsonObject;
  readonly choices: readonly Choices[];
  /** References that were followed to get here. */
  readonly trail: readonly string[];
  /** It stands within itself too often, or too much was looked at. */
  readonly isCut?: true;
};

/** What is being read for one tool: how much was looked at, and what is to be told of the document's faults. */
export type Reading = { readonly document: ApiDocument; parts: number; readonly notes: Set<string> };

const NOTHING: JsonObject = {};

/** Follows a schema's references and puts its `allOf` together, one level deep: its properties are as they were. */
export function collapse(reading: Reading, node: unknown, trail: readonly string[], isPart = false): Raw {
  if (++reading.parts > PARTS_MAX) return { schema: NOTHING, choices: [], trail, isCut: true };
  if (!isPlainObject(node)) return { schema: NOTHING, choices: [], trail };
  const { $ref, allOf, oneOf, anyOf, discriminator, ...own } = node;
  if (typeof $ref === 'string') return ofReference(reading, { $ref, node, trail, isPart });
  const of = Array.isArray(oneOf) ? oneOf : Array.isArray(anyOf) ? anyOf : undefined;
  const both = Array.isArray(oneOf) && Array.isArray(anyOf) ? [choicesOf(anyOf, undefined)] : [];
  const choices = of ? [choicesOf(of, discriminator), ...both] : [];
  let raw: Raw = { schema: own, choices, trail };
  for (const part of Array.isArray(allOf) ? allOf : [])
    raw = merged(raw, collapse(reading, part, trail, true));
  return raw;
}

function ofReference(
  reading: Reading,
  {
    $ref,
    node,
    trail,
    isPart,
  }: { $ref: string; node: JsonObject; trail: readonly string[]; isPart: boolean },
): Raw {
  const { document, notes } = reading;
  const target = lookUp(document, $ref);
  if (target === undefined) notes.add(`'${$ref}' leads nowhere in the document`);
  if (trail.filter((one) => one === $ref).length >= REPEATS_MAX) {
    const { type, description, title } = isPlainObject(target) ? target : NOTHING;
    return { schema: { type, description, title }, choices: [], trail, isCut: true };
  }
  const raw = collapse(reading, target, [...trail, $ref], isPart);
  const subtypes = isPart || raw.choices.length > 0 ? undefined : subtypesOf(document, $ref);
  const { $ref: _, ...beside } = node;
  const whole = subtypes ? { ...raw, choices: [subtypes] } : raw;
  return Object.keys(beside).length === 0 ? whole : { ...whole, schema: { ...whole.schema, ...beside } };
}

function choicesOf(of: readonly unknown[], discriminator: unknown): Choices {
  const choices = of.map((node): Choice => ({ node, name: nameOf(node) }));
  if (!isPlainObject(discriminator) || typeof discriminator['propertyName'] !== 'string')
    return { of: choices };
  const mapping = Object.entries(isPlainObject(discriminator['mapping']) ? discriminator['mapping'] : {});
  const values = choices.map(({ node, name }) => {
    const reference = isPlainObject(node) ? node['$ref'] : undefined;
    const mapped = mapping
      .filter(([, target]) => target === reference || target === name)
      .map(([value]) => value);
    return mapped[0] ?? name;
  });
  return { of: choices, discriminator: { property: discriminator['propertyName'], values } };
}

/** What a document calls a schema: the end of its reference, else its title. */
export function nameOf(node: unknown): string | undefined {
  if (!isPlainObject(node)) return undefined;
  const { $ref, title } = node;
  if (typeof $ref === 'string') return $ref.slice($ref.lastIndexOf('/') + 1).replaceAll('~1', '/');
  return typeof title === 'string' ? title : undefined;
}

/** One schema that asks what both ask. */
export function merged(one: Raw, other: Raw): Raw {
  const [a, b] = [one.schema, other.schema];
  const schema: Record<string, unknown> = { ...b, ...withoutUndefined(a) };
  const properties = propertiesOf(a, b);
  if (properties) schema['properties'] = properties;
  const required = [...new Set([...namesIn(a['required']), ...namesIn(b['required'])])];
  if (required.length > 0) schema['required'] = required;
  if (Array.isArray(a['enum']) && Array.isArray(b['enum'])) {
    const others: unknown[] = b['enum'];
    const shared = a['enum'].filter((value) => others.includes(value));
    if (shared.length > 0) schema['enum'] = shared;
  }
  for (const [keywords, pick] of [[LOWER, Math.min] as const, [HIGHER, Math.max] as const])
    for (const keyword of keywords)
      if (typeof a[keyword] === 'number' && typeof b[keyword] === 'number')
        schema[keyword] = pick(a[keyword], b[keyword]);
  if (isPlainObject(a['items']) && isPlainObject(b['items']))
    schema['items'] = { allOf: [a['items'], b['items']] };
  const trail = [...one.trail, ...other.trail.slice(sharedLength(one.trail, other.trail))];
  return { schema, choices: [...one.choices, ...other.choices], trail };
}

function propertiesOf(a: JsonObject, b: JsonObject): JsonObject | undefined {
  const [ofA, ofB] = [a['properties'], b['properties']];
  if (!isPlainObject(ofA)) return isPlainObject(ofB) ? ofB : undefined;
  if (!isPlainObject(ofB)) return ofA;
  const names = [...new Set([...Object.keys(ofB), ...Object.keys(ofA)])]; // of the base, which is most often named first
  return Object.fromEntries(
    names.map((name) => {
      const [inA, inB] = [ownOf(ofA, name), ownOf(ofB, name)];
      if (inA === undefined || inB === undefined || inA === inB) return [name, inA ?? inB];
      return [name, { allOf: [inA, inB] }];
    }),
  );
}

function ownOf(map: JsonObject, name: string): unknown {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}

export function namesIn(required: unknown): string[] {
  return Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [];
}

function withoutUndefined(schema: JsonObject): JsonObject {
  const copy: Record<string, unknown> = { ...schema };
  for (const [name, value] of Object.entries(copy)) if (value === undefined) delete copy[name];
  return copy;
}

function sharedLength(one: readonly string[], other: readonly string[]): number {
  const different = one.findIndex((reference, index) => other[index] !== reference);
  return different < 0 ? one.length : different;
}
