import * as fc from 'fast-check';

export type JsonSchema = {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly nullable?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly allOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
};
export type Schemas = Readonly<Record<string, JsonSchema>>;
export type Parameter = {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: JsonSchema;
};
export type Operation = {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly permission: string;
  readonly parameters: readonly Parameter[];
  readonly body: JsonSchema | undefined;
};
type Document = {
  readonly components: { readonly schemas: Schemas };
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

/** A request as it goes over the wire. */
export type FuzzRequest = {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
};

export function operationsOf(document: Document): Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, found]) => {
      const operation = found as {
        parameters?: Parameter[];
        requestBody?: { content?: Record<string, { schema?: JsonSchema }> };
        'x-permission'?: string;
      };
      return {
        name: `${method.toUpperCase()} ${path}`,
        method: method.toUpperCase(),
        path,
        permission: operation['x-permission'] ?? '',
        parameters: operation.parameters ?? [],
        body: operation.requestBody?.content?.['application/json']?.schema,
      };
    }),
  );
}

/** Texts that have broken somebody's software. */
const HOSTILE_TEXTS = [
  '',
  ' ',
  '\0',
  '\ud800',
  'a\u0000b',
  '\u202e\u200b',
  '💣'.repeat(50),
  'x'.repeat(5000),
  '%',
  '%%%s%n',
  "'; DROP TABLE users; --",
  '{{7*7}}',
  '../../etc/passwd',
  '__proto__',
  'constructor',
  'null',
  'NaN',
  '-1',
  '1e400',
  '0x10',
  '00000000-0000-0000-0000-000000000000',
  '9999-12-31T23:59:59Z',
  '+292278994-08-17T07:12:55Z',
  'WyIwIl0',
  '\\',
  '[]',
];
const HOSTILE_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  Number.MAX_SAFE_INTEGER,
  1.5,
  [],
  {},
  [[]],
  { toString: 1, __proto__: null, constructor: {} },
  ...HOSTILE_TEXTS,
];

const hostile: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(...HOSTILE_VALUES),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.jsonValue({ maxDepth: 3 }),
  fc.integer({ min: 60, max: 200 }).map(nested),
);

function nested(depth: number): unknown {
  let value: unknown = [];
  for (let level = 0; level < depth; level += 1) value = level % 2 ? [value] : { a: value };
  return value;
}

/** Makes requests to an operation: mostly what its schema allows, often with one thing wrong, at times nothing right. */
export class RequestMaker {
  constructor(
    private readonly schemas: Schemas,
    /** Ids that exist, so that a request gets past "not found". */
    private readonly ids: readonly string[],
  ) {}

  requestTo(operation: Operation): fc.Arbitrary<FuzzRequest> {
    const parts = {
      values: fc.record(
        Object.fromEntries(
          operation.parameters.map((parameter) => [keyOf(parameter), this.valueOf(parameter)]),
        ),
      ),
      body: operation.body ? this.bodyOf(operation.body) : fc.option(hostile, { nil: undefined, freq: 20 }),
      contentType: weighted<string | undefined>('application/json', [
        'application/json; charset=utf-16',
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
        'application/xml',
        undefined,
      ]),
      raw: weighted<string | undefined>(undefined, ['{', '{"a":', '[1,', '"', '\ufeff{}', '{"a":1}}', '']),
      extra: fc.option(fc.tuple(fc.constantFrom('q', 'limit', '__proto__', 'a[b]', 'id', '%'), text()), {
        freq: 8,
      }),
      language: fc.constantFrom('en', 'zh', 'zh-CN,en;q=0.1', ';;;', '*'),
    };
    return fc.record(parts).map((given) => {
      const headers: Record<string, string> = { 'accept-language': given.language };
      const query: string[] = given.extra ? [given.extra.map(encode).join('=')] : [];
      let { path } = operation;
      for (const parameter of operation.parameters) {
        const value = given.values[keyOf(parameter)];
        if (parameter.in === 'path')
          path = path.replace(`{${parameter.name}}`, encode(value ?? 'x') || '%20');
        else if (value === undefined) continue;
        else if (parameter.in === 'header') headers[parameter.name.toLowerCase()] = headerText(value);
        else for (const one of [value].flat(1)) query.push(`${parameter.name}=${encode(one)}`);
      }
      const isRead = operation.method === 'GET';
      const body = isRead || given.body === undefined ? undefined : (given.raw ?? JSON.stringify(given.body));
      if (body !== undefined && given.contentType !== undefined) headers['content-type'] = given.contentType;
      return { path: query.length > 0 ? `${path}?${query.join('&')}` : path, headers, body };
    });
  }

  private valueOf(parameter: Parameter): fc.Arbitrary<unknown> {
    const valid =
      parameter.name === 'id' || parameter.name.endsWith('_id')
        ? this.id()
        : this.valid(parameter.schema ?? {}, 0);
    const wrong = fc.oneof(text(), fc.array(text(), { maxLength: 3 }));
    const value = fc.oneof({ weight: 6, arbitrary: valid }, { weight: 1, arbitrary: wrong });
    return parameter.required ? value : fc.option(value, { nil: undefined, freq: 1 });
  }

  private bodyOf(schema: JsonSchema): fc.Arbitrary<unknown> {
    return fc.oneof(
      { weight: 5, arbitrary: this.valid(schema, 0) },
      { weight: 4, arbitrary: this.nearlyValid(schema) },
      { weight: 1, arbitrary: hostile },
    );
  }

  /** One property missing, wrong or too many. */
  private nearlyValid(schema: JsonSchema): fc.Arbitrary<unknown> {
    const names = Object.keys(this.resolve(schema).properties ?? {});
    const name = fc.constantFrom(...names, 'unknown', '__proto__', 'constructor');
    return fc
      .tuple(this.valid(schema, 0), name, fc.option(hostile, { nil: undefined, freq: 4 }))
      .map(([value, field, wrong]) => {
        if (typeof value !== 'object' || value === null) return wrong;
        return Object.fromEntries([
          ...Object.entries(value).filter(([key]) => key !== field),
          [field, wrong],
        ]);
      });
  }

  private valid(given: JsonSchema, depth: number): fc.Arbitrary<unknown> {
    const schema = this.resolve(given);
    const value = this.validValue(schema, depth);
    return schema.nullable ? fc.option(value, { freq: 4 }) : value;
  }

  private validValue(schema: JsonSchema, depth: number): fc.Arbitrary<unknown> {
    if (schema.enum?.length) return fc.constantFrom(...schema.enum);
    const choices = schema.oneOf ?? schema.anyOf;
    if (choices?.length) return fc.oneof(...choices.map((choice) => this.valid(choice, depth + 1)));
    if (depth > 5) return fc.constant(null);
    if (schema.type === 'array') return fc.array(this.valid(schema.items ?? {}, depth + 1), { maxLength: 3 });
    if (schema.properties) {
      const fields = Object.entries(schema.properties).map(
        ([name, part]) => [name, this.valid(part, depth + 1)] as const,
      );
      const requiredKeys = (schema.required ?? []).filter((name) => name in schema.properties!);
      return fc.record(Object.fromEntries(fields), { requiredKeys });
    }
    if (schema.type === 'object')
      return fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 });
    if (schema.type === 'boolean') return fc.boolean();
    if (schema.type === 'integer' || schema.type === 'number') {
      return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 1000 });
    }
    if (schema.type === 'string') return this.validText(schema);
    return fc.jsonValue({ maxDepth: 2 });
  }

  private validText({ format, maxLength = 60 }: JsonSchema): fc.Arbitrary<unknown> {
    if (format === 'uuid') return this.id();
    if (format === 'date-time') return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
    if (format === 'email') return fc.emailAddress();
    return fc.string({ unit: 'grapheme', minLength: 1, maxLength: Math.min(maxLength, 60) });
  }

  private id(): fc.Arbitrary<string> {
    return fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...this.ids) },
      { weight: 1, arbitrary: fc.uuid() },
    );
  }

  private resolve(schema: JsonSchema): JsonSchema {
    const [only] = schema.allOf ?? [];
    if (only && schema.allOf?.length === 1) return this.resolve(only);
    if (!schema.$ref) return schema;
    return this.schemas[schema.$ref.split('/').at(-1)!] ?? {};
  }
}

function keyOf(parameter: Parameter): string {
  return `${parameter.in} ${parameter.name}`;
}

function text(): fc.Arbitrary<string> {
  return fc.oneof(fc.constantFrom(...HOSTILE_TEXTS), fc.string({ unit: 'binary', maxLength: 30 }));
}

/** Mostly the first. */
function weighted<T>(usual: T, unusual: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 12, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...unusual) },
  );
}

function encode(value: unknown): string {
  const plain = typeof value === 'string' ? value : JSON.stringify(value);
  return encodeURIComponent(plain.toWellFormed()).slice(0, 4000);
}

/** A header cannot hold everything: what HTTP itself forbids is left out. */
function headerText(value: unknown): string {
  return String(value)
    .replace(/[^\x20-\x7e]/g, '')
    .trim()
    .slice(0, 2000);
}
