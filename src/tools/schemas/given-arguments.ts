import { isPlainObject } from '../../platform/plain-object.js';
import type { JsonObject } from '../tool-definition.js';
import { resolvePointer } from './tool-schema.js';

const REFERENCES_MAX = 8;

/**
 * Leaves out what a client says with null: clients under strict function calling must name every argument and give null
 * for what nobody spoke of. A null that is required or that the schema takes stays. To be asked after the budget was.
 *
 * @returns The same object when there is nothing to leave out.
 */
export function givenArguments(args: unknown, schema: JsonObject): unknown {
  return given(args, schema, schema);
}

function given(value: unknown, schema: unknown, root: JsonObject): unknown {
  const node = resolved(schema, root);
  if (Array.isArray(value)) {
    const items = value.map((item) => given(item, node['items'], root));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  if (!isPlainObject(value)) return value;
  const properties = isPlainObject(node['properties']) ? node['properties'] : {};
  const required = Array.isArray(node['required']) ? node['required'] : [];
  let copy: Record<string, unknown> | undefined;
  for (const [name, member] of Object.entries(value)) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const isAbsent =
      member === null && isPlainObject(property) && !required.includes(name) && !takesNull(property, root);
    const kept = isAbsent ? undefined : given(member, property, root);
    if (kept === member) continue;
    copy ??= { ...value };
    if (isAbsent) delete copy[name];
    else copy[name] = kept;
  }
  return copy ?? value;
}

function takesNull(schema: JsonObject, root: JsonObject, followed = 0): boolean {
  const node = resolved(schema, root);
  const { type, enum: allowed, anyOf, oneOf } = node;
  if (node['nullable'] === true || followed > REFERENCES_MAX) return true;
  if (type !== undefined) return type === 'null' || (Array.isArray(type) && type.includes('null'));
  if (Array.isArray(allowed)) return allowed.includes(null);
  if ('const' in node) return node['const'] === null;
  const either: unknown = anyOf ?? oneOf;
  if (Array.isArray(either))
    return either.some((one) => isPlainObject(one) && takesNull(one, root, followed + 1));
  return true; // anything goes
}

function resolved(schema: unknown, root: JsonObject): JsonObject {
  let node = schema;
  for (
    let count = 0;
    isPlainObject(node) && typeof node['$ref'] === 'string' && count < REFERENCES_MAX;
    count++
  )
    node = resolvePointer(node['$ref'], root);
  return isPlainObject(node) ? node : {};
}
