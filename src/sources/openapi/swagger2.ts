import { isPlainObject } from '../../platform/plain-object.js';
import type { JsonObject } from '../../tools/tool-definition.js';
import { bareType, chosenMediaType } from './media-types.js';
import type { ApiBody, ApiParameter, FieldEncoding, Place, Writing } from './operation.js';

/** Of Swagger 2.0: how a list is written. */
const COLLECTIONS: Readonly<Record<string, Writing>> = {
  csv: { style: 'form', explode: false },
  ssv: { style: 'spaceDelimited', explode: false },
  tsv: { style: 'tabDelimited', explode: false },
  pipes: { style: 'pipeDelimited', explode: false },
  multi: { style: 'form', explode: true },
};
const NOT_OF_SCHEMA = new Set([
  'name',
  'in',
  'required',
  'description',
  'collectionFormat',
  'allowEmptyValue',
  'schema',
]);

/** A parameter of Swagger 2.0, whose schema stands in the parameter itself. */
export function oldParameter(parameter: JsonObject): ApiParameter {
  const place = parameter['in'] as Place;
  const { description } = parameter;
  return {
    name: parameter['name'] as string,
    in: place,
    required: place === 'path' || parameter['required'] === true,
    ...(typeof description === 'string' && { description }),
    schema: schemaOf(parameter),
    ...writingOf(parameter, place),
  };
}

/** The body of an operation of Swagger 2.0: its `body` parameter, or the fields of its form. */
export function oldBody(given: readonly JsonObject[], consumes: readonly string[]): ApiBody | undefined {
  const whole = given.find((parameter) => parameter['in'] === 'body');
  if (whole) {
    const { description } = whole;
    return {
      required: whole['required'] === true,
      ...(typeof description === 'string' && { description }),
      mediaType: chosenMediaType(consumes) ?? 'application/json',
      schema: whole['schema'] ?? {},
      encoding: {},
    };
  }
  const fields = given.filter((one) => one['in'] === 'formData' && typeof one['name'] === 'string');
  return fields.length === 0 ? undefined : ofFields(fields, consumes);
}

function ofFields(fields: readonly JsonObject[], consumes: readonly string[]): ApiBody {
  const hasFile = fields.some(({ type }) => type === 'file');
  const form = hasFile ? undefined : chosenMediaType(consumes.filter(isForm));
  const names = fields.map((field) => field['name'] as string);
  const required = names.filter((_, index) => fields[index]?.['required'] === true);
  return {
    required: required.length > 0,
    mediaType: form ?? (hasFile ? 'multipart/form-data' : 'application/x-www-form-urlencoded'),
    schema: {
      type: 'object',
      properties: Object.fromEntries(
        fields.map((field, index) => [
          names[index],
          {
            ...schemaOf(field),
            ...(field['description'] !== undefined && { description: field['description'] }),
          },
        ]),
      ),
      required,
    },
    encoding: Object.fromEntries(
      fields
        .filter(({ type }) => type === 'array')
        .map((field): [string, FieldEncoding] => [field['name'] as string, writingOf(field, 'query')]),
    ),
  };
}

export function isForm(mediaType: string): boolean {
  return ['multipart/form-data', 'application/x-www-form-urlencoded'].includes(bareType(mediaType));
}

function schemaOf(parameter: JsonObject): JsonObject {
  const schema = Object.fromEntries(Object.entries(parameter).filter(([name]) => !NOT_OF_SCHEMA.has(name)));
  if (schema['type'] === 'file') return { type: 'string', format: 'binary' };
  return isPlainObject(parameter['schema']) ? { ...schema, ...parameter['schema'] } : schema;
}

function writingOf({ collectionFormat }: JsonObject, place: Place): Writing {
  if (place === 'path' || place === 'header') return { style: 'simple', explode: false };
  const known = typeof collectionFormat === 'string' ? COLLECTIONS[collectionFormat] : undefined;
  return known ?? { style: 'form', explode: false };
}
