import { canonicalJson } from '../../platform/canonical-json.js';
import { isPlainObject } from '../../platform/plain-object.js';
import type { JsonObject } from '../../tools/tool-definition.js';
import type { Choices } from './choices.js';
import { isOnlyNull, isUnbounded, kindOf, scalarType, typesOf, valuesOf } from './schema-kind.js';
import { collapse, merged, namesIn, type Raw, type Reading } from './raw-schema.js';

const FORMS_MAX = 64;
/** Forms that are told with what they need. */
const FORMS_TOLD_MAX = 12;

/** A schema in one form: no references, no composition; what the words must tell instead stands in `told`. */
export type OneForm = {
  readonly schema: JsonObject;
  readonly trail: readonly string[];
  readonly isNullable: boolean;
  readonly told: readonly string[];
  readonly isCut?: true;
};

type Form = OneForm & { readonly name?: string };

/**
 * Makes one form of all that a schema allows, since LLM APIs and clients refuse `oneOf` and its like, or drop it. Objects become one object
 * with the fields of all; the property that tells them apart becomes a list of values, and the words say what belongs to which.
 */
export function oneFormOf(reading: Reading, raw: Raw): OneForm {
  const { types, isNullable } = typesOf(raw.schema);
  const plain: JsonObject = { ...raw.schema, type: types.length === 1 ? types[0] : undefined };
  const ofTypes: Choices[] = types.length > 1 ? [{ of: types.map((type) => ({ node: { type } })) }] : [];
  let form: OneForm = {
    schema: plain,
    trail: raw.trail,
    isNullable,
    told: [],
    ...(raw.isCut && { isCut: true }),
  };
  for (const choices of [...ofTypes, ...raw.choices])
    form = both(form, combined(reading, choices, raw.trail));
  return form;
}

function both(form: OneForm, choice: OneForm): OneForm {
  const { schema, trail } = merged(
    { schema: form.schema, choices: [], trail: form.trail },
    { schema: choice.schema, choices: [], trail: choice.trail },
  );
  const ofChoice = choice.schema['properties'];
  // The property that tells forms apart is a plain text in the base, and a list of values here.
  const properties =
    isPlainObject(ofChoice) && isPlainObject(schema['properties'])
      ? { ...schema['properties'], ...pinned(ofChoice) }
      : undefined;
  return {
    schema: properties ? { ...schema, properties } : schema,
    trail,
    isNullable: form.isNullable || choice.isNullable,
    told: [...form.told, ...choice.told],
    ...(form.isCut && { isCut: true }),
  };
}

/** Marks the property that tells forms apart. */
const PINNED = Symbol('pinned');

function pinned(properties: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(properties).filter(([, node]) => isPlainObject(node) && PINNED in node),
  );
}

function combined(reading: Reading, { of, discriminator }: Choices, trail: readonly string[]): OneForm {
  const forms = of.slice(0, FORMS_MAX).map(({ node, name }): Form => {
    const raw = collapse(reading, node, trail);
    const { title } = raw.schema;
    return { ...oneFormOf(reading, raw), name: name ?? (typeof title === 'string' ? title : undefined) };
  });
  const isNullable = forms.some((form) => form.isNullable || form.schema['type'] === 'null');
  const values = discriminator?.values ?? [];
  const kept = forms
    .map((form, index) => ({ ...form, value: values[index] }))
    .filter(({ schema }) => schema['type'] !== 'null' && !isOnlyNull(schema));
  const form = joined(kept, discriminator?.property);
  return { ...form, isNullable: isNullable || form.isNullable };
}

type Kept = Form & { readonly value: string | undefined };

function joined(forms: readonly Kept[], property: string | undefined): OneForm {
  const said = forms.filter((form) => kindOf(form.schema) !== 'any');
  const [first] = said;
  if (!first)
    return { schema: forms[0]?.schema ?? {}, trail: forms[0]?.trail ?? [], isNullable: false, told: [] };
  if (said.length === 1 && property === undefined) return first;
  const kinds = new Set(said.map(({ schema }) => kindOf(schema)));
  if (kinds.size === 1 && kinds.has('object')) return ofObjects(said, property);
  if (kinds.size === 1 && kinds.has('array')) return ofArrays(said);
  if (!kinds.has('object') && !kinds.has('array')) return ofScalars(said);
  // A list of texts, or one text: a list of one says the same.
  const lists = said.filter(({ schema }) => kindOf(schema) === 'array');
  if (!kinds.has('object') && lists.length > 0) return mixed(ofArrays(lists));
  const alike = said.filter(({ schema }) => kindOf(schema) === kindOf(first.schema));
  const form = alike.length > 1 ? joined(alike, property) : first;
  return mixed({ ...form, told: [...form.told, 'The API takes other forms, too.'] });
}

function mixed(form: OneForm): OneForm {
  return { ...form, schema: { ...form.schema, [MIXED]: true } };
}

/** Marks a schema that says one of several kinds: an answer may be of another. */
export const MIXED = Symbol('mixed');

function ofArrays(forms: readonly Form[]): OneForm {
  const items = distinct(forms.map(({ schema }) => schema['items'] ?? {}));
  const schema = {
    type: 'array',
    ...(forms.length === 1 && forms[0]?.schema),
    items: items.length === 1 ? items[0] : { anyOf: items },
  };
  return { schema, trail: trailOf(forms), isNullable: false, told: forms.flatMap(({ told }) => told) };
}

function ofScalars(forms: readonly Form[]): OneForm {
  const trail = trailOf(forms);
  const base = { trail, isNullable: false };
  const listed = forms.map(({ schema }) => valuesOf(schema));
  const words = forms.flatMap(({ schema, name }, index) => {
    const [value, ...others] = listed[index] ?? [];
    const text = schema['description'] ?? schema['title'] ?? name;
    return value !== undefined && others.length === 0 && typeof text === 'string' && text !== value
      ? [`${String(value)}: ${text}`]
      : [];
  });
  const told = words.length > 0 ? [`Values: ${words.join('; ')}.`] : [];
  const types = [...new Set(forms.map(({ schema }) => scalarType(schema)))];
  if (listed.every((values) => values !== undefined)) {
    const values = [...new Set(listed.flat())];
    return { ...base, schema: { enum: values, ...(types.length === 1 && { type: types[0] }) }, told };
  }
  if (types.length === 1) {
    const open = forms.filter((_, index) => listed[index] === undefined);
    const schema = open.length === 1 ? open[0]?.schema : { type: types[0] };
    const known = listed.flat().filter((value) => value !== undefined);
    const alsoKnown = known.length > 0 ? [`Known values: ${known.join(', ')}.`] : [];
    return { ...base, schema: schema ?? {}, told: [...alsoKnown, ...told] };
  }
  if (types.every((type) => type === 'integer' || type === 'number'))
    return { ...base, schema: { type: 'number' }, told };
  // Any text is taken, so that a text can say the rest as well.
  const isFree = forms.some(({ schema }) => scalarType(schema) === 'string' && isUnbounded(schema));
  if (isFree) return { ...base, schema: { type: 'string', [MIXED]: true }, told };
  const known = listed.flat().filter((value) => value !== undefined);
  const alsoKnown = known.length > 0 ? [`Known values: ${known.join(', ')}.`] : [];
  return { ...base, schema: { type: types }, told: [...alsoKnown, ...told] };
}

function ofObjects(forms: readonly Kept[], property: string | undefined): OneForm {
  const holders = new Map<string, { readonly nodes: unknown[]; readonly of: string[] }>();
  for (const { schema, name, value } of forms)
    for (const [key, node] of Object.entries(
      isPlainObject(schema['properties']) ? schema['properties'] : {},
    )) {
      const holder = holders.get(key) ?? { nodes: [], of: [] };
      holder.nodes.push(node);
      holder.of.push(value ?? name ?? '');
      holders.set(key, holder);
    }
  const properties = [...holders].map(([key, { nodes, of }]): [string, unknown] => {
    const different = distinct(nodes);
    const node = different.length === 1 ? different[0] : { anyOf: different };
    const isOfSome = of.length < forms.length && of.every((name) => name !== '');
    return [key, isOfSome ? { allOf: [node], [ONLY_FOR]: [...new Set(of)] } : node];
  });
  const values = forms.map(({ value }) => value).filter((value) => value !== undefined);
  const isTold = property !== undefined && values.length === forms.length;
  if (isTold) {
    const at = properties.findIndex(([key]) => key === property);
    const node = {
      type: 'string',
      enum: [...new Set(values)],
      description: valuesInWords(forms),
      [PINNED]: true,
    };
    properties.splice(at < 0 ? 0 : at, at < 0 ? 0 : 1, [property, node]);
  }
  const shared = namesIn(forms[0]?.schema['required']).filter((name) =>
    forms.every(({ schema }) => namesIn(schema['required']).includes(name)),
  );
  const required = [...new Set(isTold ? [property, ...shared] : shared)];
  const isClosed = forms.every(({ schema }) => schema['additionalProperties'] === false);
  const isOpen = forms.some(
    ({ schema }) => isPlainObject(schema['additionalProperties']) || schema['additionalProperties'] === true,
  );
  return {
    schema: {
      type: 'object',
      properties: Object.fromEntries(properties),
      required,
      ...(isClosed && { additionalProperties: false }),
      ...(isOpen && { additionalProperties: true }),
    },
    trail: trailOf(forms),
    isNullable: false,
    told: [...needsInWords(forms, required), ...new Set(forms.flatMap(({ told }) => told))],
  };
}

/** Marks a property that some of the forms have, with their names. */
export const ONLY_FOR = Symbol('only for');

function valuesInWords(forms: readonly Kept[]): string {
  const words = forms.slice(0, FORMS_TOLD_MAX).flatMap(({ value, schema }) => {
    const text = schema['description'] ?? schema['title'];
    return typeof text === 'string' && text !== value ? [`${String(value)}: ${text.split('\n')[0]}`] : [];
  });
  return ['Says which kind it is', ...(words.length > 0 ? [words.join('; ')] : [])].join('. ');
}

function needsInWords(forms: readonly Kept[], shared: readonly string[]): string[] {
  const needs = forms.map(({ schema, value, name }) => {
    const own = namesIn(schema['required']).filter((one) => !shared.includes(one));
    return { who: value ?? name, own };
  });
  const told = needs.filter(({ own }) => own.length > 0).slice(0, FORMS_TOLD_MAX);
  if (told.length === 0) return [];
  const isNamed = told.every(({ who }) => who !== undefined);
  if (isNamed) return [`${told.map(({ who, own }) => `${who} needs ${own.join(', ')}`).join('; ')}.`];
  const sets = [...new Set(told.map(({ own }) => own.join(' and ')))];
  return [`Give ${sets.join(', or ')}.`];
}

function distinct(nodes: readonly unknown[]): unknown[] {
  if (nodes.every((node) => node === nodes[0])) return nodes.slice(0, 1);
  const seen = new Set<string>();
  return nodes.filter((node) => seen.size < seen.add(canonicalJson(node)).size);
}

function trailOf(forms: readonly Form[]): readonly string[] {
  return forms.reduce<readonly string[]>(
    (longest, { trail }) => (trail.length > longest.length ? trail : longest),
    [],
  );
}
