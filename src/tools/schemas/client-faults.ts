import { isPlainObject } from '../../platform/plain-object.js';
import type { JsonObject } from '../tool-definition.js';

/** What all LLM APIs take as the name of an argument. */
const PROPERTY_NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;
/** Keywords that are a schema, a list of schemas, or a map of names to schemas. */
const ONE = ['items', 'additionalProperties', 'contains', 'not', 'if', 'then', 'else'];
const LISTS = ['anyOf', 'oneOf', 'allOf', 'prefixItems'];
const MAPS = ['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'];

/**
 * Why LLM APIs would refuse a request because of one tool's arguments, one sentence each; empty: none would. They look at every part
 * of a schema, and refuse the request with all its tools. What words can say as well is mended when the schema is emitted.
 *
 * @param schema Without {@link schemaHazards}: its depth is bounded.
 */
export function clientFaults(schema: JsonObject): string[] {
  return faultsBelow(schema, '');
}

function faultsBelow(node: unknown, path: string): string[] {
  if (!isPlainObject(node)) return [];
  return [
    ...ownFaults(node, path),
    ...ONE.flatMap((keyword) => faultsBelow(node[keyword], `${path}.${keyword}`)),
    ...LISTS.flatMap((keyword) =>
      listOf(node[keyword]).flatMap((one) => faultsBelow(one, `${path}.${keyword}`)),
    ),
    ...MAPS.flatMap((keyword) =>
      Object.entries(mapOf(node[keyword])).flatMap(([name, one]) => faultsBelow(one, `${path}.${name}`)),
    ),
  ];
}

function ownFaults(node: JsonObject, path: string): string[] {
  const place = path === '' ? 'the schema' : `'${path.slice(1)}'`;
  const faults: string[] = [];
  const properties = mapOf(node['properties']);
  for (const name of Object.keys(properties))
    if (!PROPERTY_NAME.test(name))
      faults.push(
        `'${name}' is not a usable name of an argument; use a letter, then up to 63 of A-Z a-z 0-9 _ . -`,
      );
  for (const name of listOf(node['required']))
    if (!Object.hasOwn(properties, String(name)) && 'properties' in node)
      faults.push(`${place} requires '${String(name)}', which is none of its properties`);
  const isList = [node['type']].flat().includes('array');
  if (isList && !isPlainObject(node['items']))
    faults.push(`${place} is a list without items: say what is in it`);
  return faults;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function mapOf(value: unknown): JsonObject {
  return isPlainObject(value) ? value : {};
}
