import { compileSchema, lazyCheck } from './schema-compiler.js';
import { schemaHazards } from './schema-hazards.js';

const object = (properties: object) => ({ type: 'object', properties });
const deep = (levels: number): object => (levels === 0 ? {} : { items: deep(levels - 1) });

describe('schemaHazards', () => {
  it.each([
    ['local references', { ...object({ a: { $ref: '#/$defs/a' } }), $defs: { a: { type: 'string' } } }],
    ['patterns in linear time', object({ a: { type: 'string', pattern: '^(a+)+$' } })],
    [
      'properties that are called like keywords',
      object({ $ref: { type: 'string' }, pattern: { type: 'number' } }),
    ],
    ['values that look like keywords', object({ a: { default: { $ref: 'https://x.example' }, const: 1 } })],
    ['dialects', { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object' }],
  ])('has nothing against %s', (_what, schema) => {
    expect(schemaHazards(schema)).toEqual([]);
  });

  it.each([
    [
      'a reference to the network',
      object({ a: { $ref: 'https://evil.example/s.json' } }),
      'https://evil.example',
    ],
    ['a dynamic one', { $dynamicRef: 'http://evil.example#x' }, 'http://evil.example'],
    ['a reference to a file', { allOf: [{ $ref: 'file:///etc/passwd' }] }, 'file:///etc/passwd'],
    ['a reference to nothing', object({ a: { $ref: '#/$defs/none' } }), 'cannot be used'],
    ['look-ahead', object({ a: { pattern: '(?=(a+))\\1b' } }), 'linear time'],
    ['a back reference', object({ a: { pattern: '^(a)\\1$' } }), 'linear time'],
    ['a broken pattern', object({ a: { pattern: '([' } }), 'linear time'],
    ['such a pattern of names', { patternProperties: { '(?!x)': {} } }, 'linear time'],
    ['what is no type', object({ a: { type: 'text' } }), 'cannot be used'],
    ['too many levels', deep(100), 'nests deeper'],
    [
      'too many parts',
      object(Object.fromEntries(Array.from({ length: 30_000 }, (_, n) => [`p${n}`, {}]))),
      'parts',
    ],
  ])('refuses %s', (_what, schema, said) => {
    expect(schemaHazards(schema as never)).toEqual([expect.stringContaining(said)]);
  });
});

describe('compileSchema', () => {
  it('matches a pattern that would keep a backtracking engine busy for ever', () => {
    const validate = compileSchema(object({ a: { type: 'string', pattern: '^(a+)+$' } }));
    expect(validate({ a: `${'a'.repeat(50_000)}!` })).toBe(false);
    expect(validate({ a: 'a'.repeat(50_000) })).toBe(true);
  });

  it('does not read a text of a format that is longer than any such value', () => {
    const validate = compileSchema(object({ a: { type: 'string', format: 'email' } }));
    expect(validate({ a: 'lin@example.com' })).toBe(true);
    expect(validate({ a: `${'a'.repeat(5000)}@example.com` })).toBe(false);
  });
});

describe('lazyCheck', () => {
  const check = lazyCheck({
    ...object({
      n: { type: 'integer' },
      s: { type: 'string', maxLength: 3 },
      o: object({ list: { type: 'array', items: { enum: ['a', 'b'] } } }),
    }),
    additionalProperties: false,
  });

  it.each([
    [{ n: 'five' }, `'n' must be integer, not "five"`],
    [{ n: null }, `'n' must be integer, not null`],
    [{ n: [1, 2] }, `'n' must be integer, not a list of 2`],
    [{ n: {} }, `'n' must be integer, not an object`],
    [{ o: { list: ['a', 'c'] } }, `'o.list.1' must be one of a, b, not "c"`],
    [
      { s: 'x'.repeat(100) },
      `'s' must NOT have more than 3 characters, not "${'x'.repeat(59)}… (102 characters)`,
    ],
    [
      { s: 'mcp_key_abcdefghijklmnopqrstuvwxyz' },
      `'s' must NOT have more than 3 characters, not "[redacted]"`,
    ],
    ['text', `the arguments must be object, not "text"`],
  ])('names the path, what was expected and what came: %j', (args, said) => {
    expect(check(args)).toEqual([said]);
  });
});
