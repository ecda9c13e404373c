import { isPlainObject } from '../../platform/plain-object.js';
import type { JsonObject } from '../../tools/tool-definition.js';

type Kind = 'object' | 'array' | 'scalar' | 'any';

/** What a schema means by its type, or by its other words. */
export function kindOf(schema: JsonObject): Kind {
  const { type } = schema;
  if (type === 'object' || type === 'array') return type;
  if (type !== undefined) return 'scalar';
  if ('properties' in schema || isPlainObject(schema['additionalProperties']) || 'required' in schema)
    return 'object';
  if ('items' in schema || 'prefixItems' in schema) return 'array';
  return scalarType(schema) === undefined ? 'any' : 'scalar';
}

/** Of a schema without a type: what its other words mean. */
export function scalarType(schema: JsonObject): string | undefined {
  const { type } = schema;
  if (typeof type === 'string') return type;
  const [value] = valuesOf(schema) ?? [];
  if (value !== undefined) return typeof value === 'number' ? 'number' : typeof value;
  if (['format', 'pattern', 'minLength', 'maxLength'].some((word) => word in schema)) return 'string';
  if (['minimum', 'maximum', 'multipleOf'].some((word) => word in schema)) return 'number';
  return undefined;
}

/** The values that a schema lists; undefined: it lists none. */
export function valuesOf({
  enum: allowed,
  const: only,
}: JsonObject): (string | number | boolean)[] | undefined {
  const list: unknown[] | undefined = Array.isArray(allowed)
    ? allowed
    : only === undefined
      ? undefined
      : [only];
  if (!list) return undefined;
  const scalars = list.filter((value) => ['string', 'number', 'boolean'].includes(typeof value));
  return scalars.length === 0 ? undefined : (scalars as (string | number | boolean)[]);
}

/** Whether any text will do. */
export function isUnbounded(schema: JsonObject): boolean {
  return !['enum', 'const', 'format', 'pattern'].some((word) => word in schema);
}

/** Whether nothing but null is allowed. */
export function isOnlyNull({ enum: allowed, const: only }: JsonObject): boolean {
  return (
    only === null ||
    (Array.isArray(allowed) && allowed.length > 0 && allowed.every((value) => value === null))
  );
}

/** What a schema says of types: 3.0 says null by `nullable`, 3.1 by a type of its own. */
export function typesOf({ type, nullable, enum: allowed }: JsonObject) {
  const given = (Array.isArray(type) ? type : [type]).filter((one) => typeof one === 'string');
  const types = given.length > 1 ? given.filter((one) => one !== 'null') : given;
  const isNullable =
    nullable === true || types.length < given.length || (Array.isArray(allowed) && allowed.includes(null));
  return { types, isNullable };
}
