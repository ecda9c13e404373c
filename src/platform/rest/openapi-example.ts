/** The part of an OpenAPI schema that examples are made of. */
export type Schema = {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly example?: unknown;
  readonly default?: unknown;
  readonly nullable?: boolean;
  readonly minimum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
};

export type Schemas = Readonly<Record<string, Schema>>;

const DEPTH_MAX = 8;
const TEXTS: Readonly<Record<string, string>> = {
  uuid: '0199d2a8-5c1e-7b3a-9f00-3f6f1c9a2b11',
  'date-time': '2026-01-31T08:00:00.000Z',
  date: '2026-01-31',
  email: 'admin@example.com',
  uri: 'https://example.com',
};

/** The schema that a `$ref` names; a schema without one is itself. */
export function resolve(schema: Schema, schemas: Schemas): Schema {
  const [only] = schema.allOf ?? [];
  if (only && schema.allOf?.length === 1) return resolve(only, schemas);
  if (schema.$ref === undefined) return schema;
  return schemas[schema.$ref.slice('#/components/schemas/'.length)] ?? {};
}

/** A value that fits the schema: what its author gave as `example`, else something made up. */
export function exampleOf(given: Schema, schemas: Schemas, depth = 0): unknown {
  if (given.example !== undefined) return given.example;
  const schema = resolve(given, schemas);
  const fixed = [schema.example, schema.default, schema.enum?.[0]].find((value) => value !== undefined);
  if (fixed !== undefined) return fixed;
  const [first] = schema.oneOf ?? schema.anyOf ?? [];
  if (first) return exampleOf(first, schemas, depth);
  if (depth > DEPTH_MAX) return null;
  if (schema.type === 'array') return schema.items ? [exampleOf(schema.items, schemas, depth + 1)] : [];
  if (schema.type === 'object' || schema.properties || schema.allOf) {
    const parts = [schema, ...(schema.allOf ?? []).map((part) => resolve(part, schemas))];
    const properties = parts.flatMap((part) => Object.entries(part.properties ?? {}));
    return Object.fromEntries(
      properties.map(([name, property]) => [name, exampleOf(property, schemas, depth + 1)]),
    );
  }
  if (schema.type === 'string') return TEXTS[schema.format ?? ''] ?? 'text';
  if (schema.type === 'number' || schema.type === 'integer') return schema.minimum ?? 1;
  return schema.type === 'boolean' ? true : null;
}
