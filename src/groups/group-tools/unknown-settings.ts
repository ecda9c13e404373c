import type { JsonObject } from '../../tools/tool-definition.js';
import { isPlainObject } from '../../platform/plain-object.js';
import type { FieldProblem } from '../../platform/rest/validation.js';

/**
 * Names the keys of a `config_data` that the tool's configuration does not declare, also within its objects and lists. A
 * schema that is open to other keys, or that is no plain object, lets all pass.
 */
export function unknownSettings(schema: JsonObject, value: unknown, path = 'config_data'): FieldProblem[] {
  if (Array.isArray(value)) {
    const items = asObject(schema['items']);
    return value.flatMap((item, at) => (items ? unknownSettings(items, item, `${path}.${at}`) : []));
  }
  const properties = asObject(schema['properties']);
  const given = asObject(value);
  if (!properties || !given) return [];
  const isOpen = schema['additionalProperties'] !== undefined && schema['additionalProperties'] !== false;
  return Object.entries(given).flatMap(([key, inner]) => {
    const declared = Object.hasOwn(properties, key) ? asObject(properties[key]) : undefined;
    if (declared) return unknownSettings(declared, inner, `${path}.${key}`);
    if (isOpen) return [];
    const names = Object.keys(properties).join(', ');
    return [{ field: `${path}.${key}`, message: `is no setting of this tool; it has ${names}` }];
  });
}

function asObject(value: unknown): JsonObject | undefined {
  return isPlainObject(value) ? value : undefined;
}
