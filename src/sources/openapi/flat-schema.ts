import { shortenText } from '../../platform/cut-text.js';
import { compileLinear } from '../../platform/linear-pattern.js';
import { isPlainObject } from '../../platform/plain-object.js';
import type { JsonObject } from '../../tools/tool-definition.js';
import { MIXED, ONLY_FOR, type OneForm, oneFormOf } from './one-form.js';
import { scalarType, valuesOf } from './schema-kind.js';
import { collapse, namesIn, type Reading } from './raw-schema.js';
import { FILE, isFileSchema } from './file-argument.js';
import { plainText } from './plain-text.js';
import { usableName } from './usable-names.js';

const PATTERN_SIZE_MAX = 5000; // instructions of RE2
const VALUES_MAX = 200;
const EXAMPLE_MAX = 60; // characters
const ONLY_FOR_MAX = 6;
const NUMBERS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'];
const LIMITS: Readonly<Record<string, readonly string[]>> = {
  string: ['minLength', 'maxLength'],
  number: NUMBERS,
  integer: NUMBERS,
  array: ['minItems', 'maxItems'],
};
/** What Ajv would not know, or would hold against what is not written so. */
const FORMATS = new Set(
  'date date-time time duration email hostname ipv4 ipv6 uri uuid int32 int64 float double'.split(' '),
);

export type FlatOptions = {
  readonly io: 'input' | 'output';
  /** Levels of properties; what is deeper is cut with a text. */
  readonly depthMax: number;
  /** Characters of one description. */
  readonly textMax: number;
};

/** How what an agent gives is named at the API: only where that differs. */
export type Wire = {
  readonly names?: Readonly<Record<string, string>>;
  readonly inside?: Readonly<Record<string, Wire>>;
  readonly items?: Wire;
};

/** A schema that stands for itself: no references, no composition, one type at each place. */
export type Flat = { readonly schema: JsonObject; readonly wire?: Wire };

type At = { readonly depth: number; readonly trail: readonly string[] };

/** Makes of a document's schema what every LLM API takes as a tool's arguments, or as its result. */
export class FlatSchemaMaker {
  constructor(
    private readonly reading: Reading,
    private readonly options: FlatOptions,
  ) {}

  /** @returns Undefined: it is not for this direction (`readOnly` in arguments, `writeOnly` in results). */
  flat(node: unknown, { depth, trail }: At = { depth: 0, trail: [] }): Flat | undefined {
    const raw = collapse(this.reading, node, trail);
    const form = oneFormOf(this.reading, raw);
    const { schema } = form;
    if (schema[this.options.io === 'input' ? 'readOnly' : 'writeOnly'] === true) return undefined;
    const type = scalarType(schema) ?? containerType(schema);
    if (isFileSchema(schema) && this.options.io === 'input')
      return { schema: { type: 'string', ...this.words(form, [FILE]) } };
    if (type === 'object') return this.object(form, depth);
    if (type === 'array') return this.array(form, depth);
    return { schema: this.scalar(form, type) };
  }

  private object(form: OneForm, depth: number): Flat {
    const { schema, trail } = form;
    const properties = Object.entries(isPlainObject(schema['properties']) ? schema['properties'] : {});
    if (form.isCut || (depth >= this.options.depthMax && properties.length > 0)) return this.cut(form);
    const names: Record<string, string> = {};
    const inside: [string, Wire][] = [];
    const taken = new Set<string>();
    const given = new Map<string, string>();
    const flat = properties.flatMap(([name, node]): [string, JsonObject][] => {
      const one = this.flat(node, { depth: depth + 1, trail });
      if (!one) return [];
      const argument = this.options.io === 'input' ? usableName(name, taken) : name;
      given.set(name, argument);
      if (argument !== name) names[argument] = name;
      if (one.wire) inside.push([argument, one.wire]);
      return [[argument, one.schema]];
    });
    const required = namesIn(schema['required']).flatMap((name) => given.get(name) ?? []);
    const rest = this.additional(schema, { depth: depth + 1, trail }, properties.length > 0);
    const wire: Wire = {
      ...(Object.keys(names).length > 0 && { names }),
      ...(inside.length > 0 && { inside: Object.fromEntries(inside) }),
    };
    return {
      schema: {
        type: this.typeOf('object'),
        ...this.words(form),
        ...(flat.length > 0 && { properties: Object.fromEntries(flat) }),
        ...(required.length > 0 && this.options.io === 'input' && { required: [...new Set(required)] }),
        ...rest,
      },
      ...(Object.keys(wire).length > 0 && { wire }),
    };
  }

  /** What may stand in an object beside its known fields. */
  private additional({ additionalProperties: rest }: JsonObject, at: At, hasFields: boolean): JsonObject {
    if (rest === false && this.options.io === 'input' && hasFields) return { additionalProperties: false };
    if (isPlainObject(rest) && at.depth < this.options.depthMax) {
      const flat = this.flat(rest, at);
      return { additionalProperties: flat && Object.keys(flat.schema).length > 0 ? flat.schema : true };
    }
    return rest === true || isPlainObject(rest) || !hasFields ? { additionalProperties: true } : {};
  }

  private array(form: OneForm, depth: number): Flat {
    const { schema, trail } = form;
    const { items, prefixItems } = schema;
    const node: unknown = items ?? (Array.isArray(prefixItems) ? { anyOf: prefixItems } : {});
    const flat = form.isCut ? undefined : this.flat(node, { depth: depth + 1, trail });
    const limits = this.options.io === 'input' ? limitsOf('array', schema) : {};
    return {
      schema: {
        type: this.typeOf('array'),
        ...this.words(form, form.isCut ? [CUT] : []),
        items: flat?.schema ?? {},
        ...limits,
      },
      ...(flat?.wire && { wire: { items: flat.wire } }),
    };
  }

  private scalar(form: OneForm, type: string | undefined): JsonObject {
    const { schema } = form;
    const types = Array.isArray(schema['type']) ? schema['type'] : undefined;
    const isOpen = this.options.io === 'output' && (MIXED in schema || type === undefined);
    if (isOpen) return this.words(form);
    const isOutput = this.options.io === 'output';
    const values = valuesOf(schema)?.map((value) => (type === 'string' ? String(value) : value));
    const listed = values && [...new Set(values)];
    const isLong = listed !== undefined && listed.length > VALUES_MAX;
    const told = isLong
      ? [`${listed.length} values are known, such as ${listed.slice(0, 20).join(', ')}.`]
      : [];
    const more = isOutput ? (listed && !isLong ? [`One of: ${listed.join(', ')}.`] : []) : told;
    const { format } = schema;
    return {
      ...((types ?? type) !== undefined && { type: this.typeOf(types ?? type) }),
      ...this.words(form, form.isCut ? [CUT, ...more] : more),
      ...(listed && !isLong && !isOutput && { enum: listed }),
      ...(type === 'string' && typeof format === 'string' && FORMATS.has(format) && !isOutput && { format }),
      ...(!isOutput && { ...limitsOf(type ?? '', schema), ...patternOf(schema), ...defaultOf(schema) }),
    };
  }

  /** What stands within itself, or too deep: whoever knows it may give it, and it is passed on as it is. */
  private cut(form: OneForm): Flat {
    const words = this.words(form, [this.options.io === 'input' ? CUT : '']);
    return { schema: { type: this.typeOf('object'), ...words, additionalProperties: true } };
  }

  /** An API that says nothing of null gives it all the same: a result that is refused helps nobody. */
  private typeOf(type: unknown): unknown {
    if (this.options.io === 'input') return type;
    return Array.isArray(type) ? [...(type as unknown[]), 'null'] : [type, 'null'];
  }

  private words({ schema, told }: OneForm, more: readonly string[] = []): { readonly description?: string } {
    const { description, title, deprecated } = schema;
    const own = [description, title].find((text) => typeof text === 'string' && text.trim() !== '');
    const onlyFor = (schema as { readonly [ONLY_FOR]?: readonly string[] })[ONLY_FOR];
    const parts = [
      ...(deprecated === true ? ['Deprecated.'] : []),
      ...(onlyFor ? [onlyForInWords(onlyFor)] : []),
      ...(typeof own === 'string' ? [plainText(own)] : []),
      ...told,
      ...more,
      ...(this.options.io === 'input' ? exampleOf(schema) : []),
    ].filter((part) => part !== '');
    if (parts.length === 0) return {};
    const text = parts.map((part) => (/[.!?:。]$/.test(part) ? part : `${part}.`)).join(' ');
    return { description: shortenText(text, this.options.textMax) };
  }
}

const CUT = 'Its fields are not described here; they are passed on as they are given.';
function onlyForInWords(names: readonly string[]): string {
  const shown = names.slice(0, ONLY_FOR_MAX).join(', ');
  return `Only for ${shown}${names.length > ONLY_FOR_MAX ? ' and others' : ''}.`;
}

function containerType(schema: JsonObject): 'object' | 'array' | undefined {
  if ('properties' in schema || 'additionalProperties' in schema || 'required' in schema) return 'object';
  return 'items' in schema || 'prefixItems' in schema ? 'array' : undefined;
}

/** 3.0 says "more than" by a flag beside the number. */
function limitsOf(type: string, schema: JsonObject): JsonObject {
  const limits: Record<string, unknown> = {};
  for (const keyword of LIMITS[type] ?? [])
    if (typeof schema[keyword] === 'number') limits[keyword] = schema[keyword];
  for (const [flag, plain] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const)
    if (schema[flag] === true && plain in limits) {
      limits[flag] = limits[plain];
      delete limits[plain];
    }
  if (typeof limits['multipleOf'] === 'number' && limits['multipleOf'] <= 0) delete limits['multipleOf'];
  return limits;
}

/** What no linear engine can match is left to the API. */
function patternOf({ pattern }: JsonObject): JsonObject {
  if (typeof pattern !== 'string') return {};
  const compiled = compileLinear(pattern);
  return compiled && compiled.size <= PATTERN_SIZE_MAX ? { pattern } : {};
}

function defaultOf({ default: fallback }: JsonObject): JsonObject {
  return ['string', 'number', 'boolean'].includes(typeof fallback) ? { default: fallback } : {};
}

function exampleOf({ example, examples, enum: allowed, description }: JsonObject): string[] {
  const one: unknown = example ?? (Array.isArray(examples) ? (examples as unknown[])[0] : undefined);
  if (allowed !== undefined || !['string', 'number'].includes(typeof one)) return [];
  const text = String(one).trim();
  const isKnown = typeof description === 'string' && description.includes(text);
  return text === '' || text.length > EXAMPLE_MAX || isKnown ? [] : [`For example ${text}`];
}
