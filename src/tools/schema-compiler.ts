import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { compileLinear } from '../common/linear-pattern.js';
import { redactText } from '../common/redact.js';
import type { JsonObject } from './tool-definition.js';

const MAX_FAULTS_TOLD = 10;
/** No value of any format is longer; it bounds what the formats' own expressions may cost. */
const FORMATTED_MAX = 4096; // characters
const VALUE_TOLD_MAX = 60; // characters

type AddedFormat = NonNullable<Ajv2020['formats'][string]>;
type TextCheck = RegExp | ((text: string) => boolean);

/** What is wrong with a value, one phrase per fault; null when it fits. */
export type Check = (data: unknown) => string[] | null;

/** Compiled on first use: a group of many tools is loaded at once, most of its tools are called later or never. */
export function lazyCheck(schema: JsonObject): Check {
  let validate: ValidateFunction | undefined;
  return (data) => {
    validate ??= compileSchema(schema);
    if (validate(data)) return null;
    return (validate.errors ?? []).slice(0, MAX_FAULTS_TOLD).map((error) => toPhrase(error, data));
  };
}

/**
 * JSON Schema 2020-12 as a function. Each schema has an Ajv of its own: one that is shared by several would answer for two
 * schemas of the same `$id` with whichever came first. It never fetches anything, and matches patterns in linear time.
 *
 * @throws {Error} It is not a schema, or refers to one that is not there.
 */
export function compileSchema(schema: JsonObject): ValidateFunction {
  const ajv = new Ajv2020({
    strict: false,
    allErrors: false, // a hostile argument could make millions of error objects
    verbose: true, // for what came; nothing is kept after the phrase is made
    validateSchema: false,
    logger: false,
    code: { regExp: Object.assign(toPattern, { code: 'toPattern' }) },
  });
  addFormats.default(ajv);
  for (const [name, format] of Object.entries(ajv.formats)) ajv.formats[name] = bounded(format);
  const { $schema: _dialect, ...plain } = schema;
  return ajv.compile(plain);
}

function toPattern(source: string) {
  const pattern = compileLinear(source);
  if (!pattern) throw new Error(`the pattern ${source.slice(0, 200)} cannot be matched in linear time`);
  return { test: pattern.test, toString: () => source };
}

function bounded(format: AddedFormat | undefined): AddedFormat | undefined {
  if (format === true) return format;
  if (typeof format !== 'object' || format instanceof RegExp) return format && withinLength(format);
  if (format.async || format.type === 'number') return format;
  return { ...format, validate: withinLength(format.validate as TextCheck) } as AddedFormat;
}

function withinLength(check: TextCheck): (text: string) => boolean {
  const isFitting = check instanceof RegExp ? (text: string) => check.test(text) : check;
  return (text) => text.length <= FORMATTED_MAX && isFitting(text);
}

function toPhrase(error: ErrorObject, root: unknown): string {
  const path = error.instancePath.slice(1).replaceAll('/', '.');
  const params = error.params as Record<string, unknown>;
  if (error.keyword === 'required') return `'${join(path, params['missingProperty'])}' is required`;
  if (error.keyword === 'additionalProperties')
    return `'${join(path, params['additionalProperty'])}' is not a known argument`;
  const place = path === '' ? 'the arguments' : `'${path}'`;
  const expected =
    error.keyword === 'enum'
      ? `must be one of ${(params['allowedValues'] as unknown[]).join(', ')}`
      : (error.message ?? 'is not valid');
  return `${place} ${expected}, not ${valueText(path === '' ? root : error.data)}`;
}

/** What came, in so few words that it says what kind of thing it is. */
function valueText(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = redactText(JSON.stringify(value) ?? 'nothing');
  return text.length <= VALUE_TOLD_MAX
    ? text
    : `${text.slice(0, VALUE_TOLD_MAX)}… (${text.length} characters)`;
}

function join(path: string, property: unknown): string {
  return path === '' ? String(property) : `${path}.${String(property)}`;
}
