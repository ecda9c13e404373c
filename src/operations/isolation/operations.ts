import { cutText } from '../../platform/cut-text.js';

export type Schema = {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly example?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly minimum?: number;
  readonly minItems?: number;
  readonly maxLength?: number;
};

type Parameter = {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: Schema;
};
type Content = Readonly<
  Record<
    string,
    { schema?: Schema; example?: unknown; examples?: Readonly<Record<string, { readonly value?: unknown }>> }
  >
>;
type DocumentedOperation = {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content?: Content };
  readonly 'x-permission'?: string;
  readonly 'x-in-person'?: boolean;
  readonly 'x-without-second-factor'?: boolean;
  readonly 'x-shows-secret'?: boolean;
  readonly responses?: Readonly<Record<string, { readonly content?: Content }>>;
};

export type OpenApi = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
};

/** One route as the OpenAPI document tells it, its references put in place. */
export type Operation = {
  /** `GET /api/v1/admin/groups/{id}` */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  /** As `x-permission` says: a permission, `signed_in` or `public`. */
  readonly permission: string;
  /** No personal access token opens it, whatever its scopes. */
  readonly isInPerson: boolean;
  /** Open before a second factor is set up, where the tenant asks for one. */
  readonly isWithoutSecondFactor: boolean;
  /** Its answer may hold a secret, so it takes no `Idempotency-Key`. */
  readonly showsSecret: boolean;
  /** Of its good answer, when that is JSON. */
  readonly answer: Schema | undefined;
  readonly pathParams: readonly { readonly name: string; readonly schema: Schema }[];
  readonly queryParams: readonly { readonly name: string; readonly schema: Schema }[];
  readonly body: Schema | undefined;
  /** Bodies that the document gives as examples. */
  readonly bodyExamples: readonly unknown[];
};

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const DEPTH_MAX = 8;

/** Reading first, destroying last, so that there is something to attack for as long as possible. */
export function operationsOf(document: OpenApi): Operation[] {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    METHODS.filter((method) => methods[method] !== undefined).map((method) =>
      toOperation(document, path, method, methods[method] as DocumentedOperation),
    ),
  );
  return operations.toSorted(
    (a, b) => METHODS.indexOf(a.method.toLowerCase()) - METHODS.indexOf(b.method.toLowerCase()),
  );
}

function toOperation(document: OpenApi, path: string, method: string, told: DocumentedOperation): Operation {
  const [content] = Object.values(told.requestBody?.content ?? {});
  const good = Object.entries(told.responses ?? {}).find(([status]) => status.startsWith('2'))?.[1].content?.[
    'application/json'
  ]?.schema;
  const body = content?.schema && resolve(document, content.schema);
  const parameters = (told.parameters ?? []).map(({ name, in: place, schema }) => ({
    name,
    place,
    schema: resolve(document, schema ?? {}),
  }));
  const named = Object.values(content?.examples ?? {}).map(({ value }) => value);
  return {
    name: `${method.toUpperCase()} ${path}`,
    method: method.toUpperCase(),
    path,
    permission: told['x-permission'] ?? '',
    isInPerson: told['x-in-person'] === true,
    isWithoutSecondFactor: told['x-without-second-factor'] === true,
    showsSecret: told['x-shows-secret'] === true,
    answer: good && resolve(document, good),
    pathParams: parameters.filter(({ place }) => place === 'path'),
    queryParams: parameters.filter(({ place }) => place === 'query'),
    body,
    bodyExamples: [...named, content?.example, body?.example, ...(body?.examples ?? [])].filter(isObject),
  };
}

/** References put in place; `allOf` merged. */
function resolve(document: OpenApi, schema: Schema, depth = 0): Schema {
  if (depth > DEPTH_MAX) return {};
  if (schema.$ref) {
    const found = document.components?.schemas?.[schema.$ref.split('/').at(-1) ?? ''];
    return found ? resolve(document, found, depth + 1) : {};
  }
  const parts = [...(schema.allOf ?? []), ...(schema.oneOf ?? schema.anyOf ?? []).slice(0, 1)];
  const merged = parts.reduce<Schema>((whole, part) => {
    const resolved = resolve(document, part, depth + 1);
    return {
      ...resolved,
      ...whole,
      properties: { ...resolved.properties, ...whole.properties },
      required: [...(resolved.required ?? []), ...(whole.required ?? [])],
    };
  }, schema);
  const properties = Object.entries(merged.properties ?? {}).map(([name, property]) => [
    name,
    resolve(document, property, depth + 1),
  ]);
  return {
    ...merged,
    ...(properties.length > 0 && { properties: Object.fromEntries(properties) as Record<string, Schema> }),
    ...(merged.items && { items: resolve(document, merged.items, depth + 1) }),
  };
}

/** Whether a field may name a row: by its format, else by its name or what is said about it. */
export function namesARow(name: string, schema: Schema): boolean {
  if (schema.format !== undefined) return schema.format === 'uuid';
  if (schema.type === 'array') return schema.items !== undefined && namesARow(name, schema.items);
  const isText = schema.type === undefined || schema.type === 'string';
  return isText && (/(^|_)ids?$/.test(name) || /\buuid\b/i.test(schema.description ?? ''));
}

/** How to fill a field for which there is no better value. */
export type Filler = {
  /** A text that is the side's own and new. */
  readonly text: (name: string) => string;
  /** An own row's id for a field of this name. */
  readonly id: (name: string) => string | undefined;
};

/**
 * A body that the route takes, as far as the document tells.
 *
 * @param asExample Fields for which the document's example or default is used and no text of our own.
 */
export function fillBody(
  schema: Schema,
  filler: Filler,
  asExample: ReadonlySet<string>,
): Record<string, unknown> {
  const names = Object.entries(schema.properties ?? {}).filter(
    ([name]) => schema.required?.includes(name) || asExample.has(name),
  );
  return Object.fromEntries(names.map(([name, property]) => [name, fill(name, property, filler, asExample)]));
}

function fill(name: string, schema: Schema, filler: Filler, asExample: ReadonlySet<string>): unknown {
  const [example] = [schema.example, ...(schema.examples ?? []), schema.default, schema.enum?.[0]].filter(
    (value) => value !== undefined,
  );
  if (namesARow(name, schema) && schema.type !== 'array') return filler.id(name) ?? example;
  if (schema.enum || (asExample.has(name) && example !== undefined)) return example;
  switch (schema.type ?? 'string') {
    case 'object':
      return schema.properties ? fillBody(schema, filler, asExample) : (example ?? {});
    case 'array': {
      const item = fill(name, schema.items ?? {}, filler, asExample);
      return example ?? (item === undefined ? [] : [item]);
    }
    case 'boolean':
      return example ?? true;
    case 'integer':
    case 'number':
      return example ?? schema.minimum ?? 1;
    default:
      return textFor(name, schema, filler, example);
  }
}

function textFor(name: string, schema: Schema, filler: Filler, example: unknown): unknown {
  if (schema.format === 'date-time') return new Date(Date.now() + 86_400_000).toISOString();
  if (schema.format === 'email' || /(^|_)email$/.test(name)) return `${filler.text(name)}@example.test`;
  if (/tool_name|role|tier|scope|password|cidr|network/.test(name) && example !== undefined) return example;
  return cutText(filler.text(name), schema.maxLength ?? 64);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
