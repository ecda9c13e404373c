import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { cpuMs } from '../../platform/cpu-time.js';
import { compileLinear, TooCostlyError } from '../../platform/linear-pattern.js';
import { redactText } from '../../platform/secrets/redact.js';
import { SchemaCost } from './schema-cost.js';
import type { JsonObject } from '../tool-definition.js';
import { cutText, shortenText } from '../../platform/cut-text.js';

const MAX_FAULTS_TOLD = 10;
/** No value of any format is longer; it bounds what the formats' own expressions may cost. */
const FORMATTED_MAX = 4096; // characters
/** A pattern looks at so many in a step of the check. */
const INSTRUCTIONS_A_STEP = 8;
const VALUE_TOLD_MAX = 60; // characters
/** Of a path, and of what was expected. */
const WORDS_TOLD_MAX = 300; // characters
const ALLOWED_TOLD_MAX = 50;
const TOO_COSTLY = 'they take too long to check against the schema; send less';

type AddedFormat = NonNullable<Ajv2020['formats'][string]>;
type TextCheck = RegExp | ((text: string) => boolean);

/** What is wrong with a value, one phrase per fault; null when it fits. */
export type Check = (data: unknown) => string[] | null;

/** As Ajv's: what was wrong is in `errors` until the next check. */
export type CompiledSchema = {
  (data: unknown): boolean;
  errors?: ErrorObject[] | null;
};

/**
 * Those that took long to compile. Each is compiled when its tool is registered, to see whether it can be; compiled again at the first
 * call, it would hold everybody up.
 */
const kept = new WeakMap<JsonObject, CompiledSchema>();
const KEPT_FROM_MS = 5;

/** Compiled on first use: a group of many tools is loaded at once, most of its tools are called later or never. */
export function lazyCheck(schema: JsonObject): Check {
  let validate: CompiledSchema | undefined;
  return (data) => {
    validate ??= compileSchema(schema);
    try {
      if (validate(data)) return null;
    } catch (error) {
      if (error instanceof TooCostlyError || error instanceof RangeError) return [TOO_COSTLY]; // RangeError: out of stack
      throw error;
    }
    const errors = validate.errors ?? [];
    validate.errors = null;
    return errors.slice(0, MAX_FAULTS_TOLD).map((error) => toPhrase(error, data));
  };
}

/**
 * JSON Schema 2020-12 as a function. Each schema has an Ajv of its own: one that is shared by several would answer for two
 * schemas of the same `$id` with whichever came first. It never fetches anything, and matches patterns in linear time.
 *
 * @returns Throws `TooCostlyError` where checking would keep everybody waiting, `RangeError` where it never ends.
 * @throws {Error} It is not a schema, or refers to one that is not there.
 */
export function compileSchema(schema: JsonObject): CompiledSchema {
  const known = kept.get(schema);
  if (known) return known;
  const startMs = cpuMs();
  const compiled = compileAnew(schema);
  if (cpuMs() - startMs > KEPT_FROM_MS) kept.set(schema, compiled);
  return compiled;
}

function compileAnew(schema: JsonObject): CompiledSchema {
  const cost = new SchemaCost();
  const ajv = new Ajv2020({
    strict: false,
    strictNumbers: true, // 1e400 is no number
    ownProperties: true, // what every object inherits (`constructor`) is no argument
    allErrors: false, // a hostile argument could make millions of error objects
    verbose: true, // for what came; nothing is kept after the phrase is made
    validateSchema: false,
    logger: false,
    code: {
      regExp: Object.assign((source: string) => toPattern(source, cost), { code: 'toPattern' }),
    },
  });
  addFormats.default(ajv);
  for (const [name, format] of Object.entries(ajv.formats)) ajv.formats[name] = bounded(format, cost);
  cost.watch(ajv);
  // `$async` is Ajv's own word: it would answer with a promise, which passes for a yes.
  const { $schema: _dialect, $async: _word, ...plain } = schema;
  const validate = ajv.compile(plain);
  const check: CompiledSchema = (data) => {
    cost.begin();
    const isValid = validate(data);
    check.errors = validate.errors;
    validate.errors = null; // they hold the data
    return isValid;
  };
  return check;
}

function toPattern(source: string, cost: SchemaCost) {
  const pattern = compileLinear(source);
  if (!pattern) throw new Error(`the pattern ${cutText(source, 200)} cannot be matched in linear time`);
  const test = (text: string) => {
    cost.spend((text.length * pattern.size) / INSTRUCTIONS_A_STEP);
    return pattern.test(text);
  };
  return { test, toString: () => source };
}

function bounded(format: AddedFormat | undefined, cost: SchemaCost): AddedFormat | undefined {
  if (format === true) return format;
  if (typeof format !== 'object' || format instanceof RegExp) return format && withinLength(format, cost);
  if (format.async || format.type === 'number') return format;
  return { ...format, validate: withinLength(format.validate as TextCheck, cost) } as AddedFormat;
}

function withinLength(check: TextCheck, cost: SchemaCost): (text: string) => boolean {
  const isFitting = check instanceof RegExp ? (text: string) => check.test(text) : check;
  return (text) => {
    if (text.length > FORMATTED_MAX) throw new TooCostlyError();
    cost.spend(text.length);
    return isFitting(text);
  };
}

function toPhrase(error: ErrorObject, root: unknown): string {
  const path = error.instancePath.slice(1).replaceAll('/', '.');
  const params = error.params as Record<string, unknown>;
  if (error.keyword === 'required') return `'${join(path, params['missingProperty'])}' is required`;
  if (error.keyword === 'additionalProperties')
    return `'${join(path, params['additionalProperty'])}' is not a known argument`;
  const place = path === '' ? 'the arguments' : `'${shortenText(path, WORDS_TOLD_MAX)}'`;
  const expected =
    error.keyword === 'enum'
      ? `must be one of ${allowedText(params['allowedValues'] as unknown[])}`
      : shortenText(error.message ?? 'is not valid', WORDS_TOLD_MAX);
  return `${place} ${expected}, not ${valueText(path === '' ? root : error.data)}`;
}

/** What came, in so few words that it says what kind of thing it is. */
function valueText(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = redactText(JSON.stringify(value) ?? 'nothing');
  return text.length <= VALUE_TOLD_MAX
    ? text
    : `${shortenText(text, VALUE_TOLD_MAX)} (${text.length} characters)`;
}

function allowedText(values: readonly unknown[]): string {
  const told = values
    .slice(0, ALLOWED_TOLD_MAX)
    .map((value) => shortenText(typeof value === 'string' ? value : JSON.stringify(value), VALUE_TOLD_MAX));
  const more = values.length - told.length;
  return more > 0 ? `${told.join(', ')} and ${more} more` : told.join(', ');
}

function join(path: string, property: unknown): string {
  return shortenText(path === '' ? String(property) : `${path}.${String(property)}`, WORDS_TOLD_MAX);
}
