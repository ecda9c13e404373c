import { isPlainObject } from '../../platform/plain-object.js';
import { type ApiDocument, lookUp } from './document.js';
import type { Choices } from './choices.js';

const ofDocuments = new WeakMap<ApiDocument, ReadonlyMap<string, readonly string[]>>();

/**
 * Finds the schemas that extend another by `allOf`, where that says by a discriminator which of them a value is (Swagger 2.0, and
 * documents that were generated from classes).
 *
 * @returns Undefined: it has no discriminator, or nothing extends it.
 */
export function subtypesOf(document: ApiDocument, reference: string): Choices | undefined {
  const target = lookUp(document, reference);
  const given = isPlainObject(target) ? target['discriminator'] : undefined;
  const property = isPlainObject(given) ? given['propertyName'] : given; // 2.0: a text
  if (typeof property !== 'string') return undefined;
  let extended = ofDocuments.get(document);
  if (!extended) ofDocuments.set(document, (extended = readExtended(document)));
  const found = extended.get(reference) ?? [];
  if (found.length === 0) return undefined;
  const mapping = Object.entries(
    isPlainObject(given) && isPlainObject(given['mapping']) ? given['mapping'] : {},
  );
  const names = found.map((one) => one.slice(one.lastIndexOf('/') + 1));
  const values = found.map((one, index) => {
    const mapped = mapping.find(([, mappedTo]) => mappedTo === one || mappedTo === names[index]);
    return mapped?.[0] ?? names[index];
  });
  return {
    of: found.map(($ref, index) => ({ node: { $ref }, name: names[index] })),
    discriminator: { property, values },
  };
}

function readExtended(document: ApiDocument): ReadonlyMap<string, readonly string[]> {
  const extended = new Map<string, string[]>();
  const place = document.dialect === '2.0' ? '#/definitions' : '#/components/schemas';
  const schemas = lookUp(document, place);
  for (const [name, schema] of Object.entries(isPlainObject(schemas) ? schemas : {})) {
    const parts: unknown[] = isPlainObject(schema) && Array.isArray(schema['allOf']) ? schema['allOf'] : [];
    for (const part of parts) {
      const $ref = isPlainObject(part) ? part['$ref'] : undefined;
      if (typeof $ref !== 'string') continue;
      const known = extended.get($ref) ?? [];
      extended.set($ref, [...known, `${place}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`]);
    }
  }
  return extended;
}
