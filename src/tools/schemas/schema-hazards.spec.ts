import { TooCostlyError } from '../../platform/linear-pattern.js';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { compileSchema, lazyCheck } from './schema-compiler.js';
import { schemaHazards } from './schema-hazards.js';

const object = (properties: object) => ({ type: 'object', properties });
const deep = (levels: number): object => (levels === 0 ? {} : { items: deep(levels - 1) });
/** Definitions of which each applies the one before it twice. */
function doubled(times: number): Record<string, object> {
  const definitions: Record<string, object> = { d0: { type: 'object' } };
  for (let n = 1; n <= times; n++) {
    const before = { $ref: `#/$defs/d${n - 1}` };
    definitions[`d${n}`] = { allOf: [before, before] };
  }
  return definitions;
}

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
    ['a reference that never ends', { allOf: [{ $ref: '#' }] }, 'without end'],
    [
      'one that ends nowhere',
      { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } },
      'without end',
    ],
    ['one that leads everywhere twice', { $ref: '#/$defs/d60', $defs: doubled(60) }, 'takes too long'],
    ['a pattern that is too large', object({ a: { pattern: '[ab]{900}'.repeat(12) } }), 'too large'],
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

  it('takes no word of ours from a schema: a promise would pass for a yes', () => {
    const validate = compileSchema({ $async: true, ...object({ a: { type: 'integer' } }) });
    expect(validate({ a: 'text' })).toBe(false);
    expect(validate({ a: 1 })).toBe(true);
  });

  it('knows the members of the arguments from those that every object has', () => {
    const validate = compileSchema({
      ...object({ constructor: { type: 'string' }, id: {} }),
      required: ['toString'],
    });
    expect(validate({ toString: 'said' })).toBe(true);
    expect(validate({ toString: 'said', constructor: 5 })).toBe(false);
    expect(validate({})).toBe(false);
  });

  it('takes no number that JSON could not say for one', () => {
    const huge: unknown = JSON.parse('1e400');
    expect(compileSchema({ type: 'integer' })(huge)).toBe(false);
    expect(compileSchema({ type: 'number' })(huge)).toBe(false);
  });

  it('finds what a list has twice in one pass', () => {
    const validate = compileSchema({ uniqueItems: true, items: { type: 'object' } });
    const many = Array.from({ length: 1000 }, (_, n) => ({ n, m: n }));
    expect(validate(many)).toBe(true);
    expect(validate([...many, { m: 7, n: 7 }])).toBe(false);
    expect(compileSchema({ uniqueItems: false })([1, 1])).toBe(true);
  });

  it('does not read a text that a large pattern would take long for', () => {
    const validate = compileSchema({ type: 'string', pattern: '^(?:[ab]?){900}[ab]*$' });
    expect(validate('ab'.repeat(100))).toBe(true);
    expect(() => validate('ab'.repeat(100_000))).toThrow(TooCostlyError);
  });

  it('does not read a text of a format that is longer than any such value', () => {
    const validate = compileSchema(object({ a: { type: 'string', format: 'email' } }));
    expect(validate({ a: 'lin@example.com' })).toBe(true);
    expect(() => validate({ a: `${'a'.repeat(5000)}@example.com` })).toThrow(TooCostlyError);
  });
});

describe('lazyCheck', () => {
  it.each([
    ['a pattern', { pattern: '^(?:[ab]?){900}[ab]*$' }],
    ['a format', { format: 'email' }],
  ])('takes a text that %s was not asked of for neither fitting nor not', (_what, rule) => {
    const tooLong = [expect.stringContaining('too long to check')];
    const text = 'ab'.repeat(100_000);
    expect(lazyCheck({ type: 'string', ...rule })(text)).toEqual(tooLong);
    expect(lazyCheck({ type: 'string', not: rule })(text)).toEqual(tooLong);
    expect(lazyCheck({ if: rule, else: false })(text)).toEqual(tooLong);
  });

  it('gives up on arguments that their schema takes for ever to check', () => {
    const tooLong = [expect.stringContaining('too long to check')];
    expect(lazyCheck({ $ref: '#/$defs/d60', $defs: doubled(60) })({})).toEqual(tooLong);
    const twice = { properties: { a: { $ref: '#' } } };
    let nested: object = { b: 1 };
    for (let depth = 0; depth < 60; depth++) nested = { a: nested };
    expect(
      lazyCheck({ anyOf: [twice, twice, { ...twice, required: ['b'] }], not: { required: ['b'] } })(nested),
    ).toEqual(tooLong);
    expect(lazyCheck({ allOf: [{ $ref: '#' }] })({})).toEqual(tooLong);
  });

  it('gives up when many values meet a large schema', () => {
    const items = { enum: Array.from({ length: 20_000 }, (_, n) => `choice ${n}`) };
    expect(lazyCheck({ items })(Array.from({ length: 100_000 }, () => 'choice 19999'))).toEqual([
      expect.stringContaining('too long to check'),
    ]);
    expect(lazyCheck({ items })(['choice 19999'])).toBeNull();
  });

  it('keeps nothing of what it refused', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const strict = lazyCheck({ additionalProperties: false });
    const refuse = () => {
      const args = { unknown: 'x'.repeat(100_000) };
      expect(strict(args)).toEqual([`'unknown' is not a known argument`]);
      return new WeakRef(args);
    };
    const kept = refuse();
    await new Promise((resolve) => setImmediate(resolve)); // a WeakRef holds on for a turn
    collect();
    expect(kept.deref()).toBeUndefined();
  });

  it('keeps its words short, whatever the names and the schema', () => {
    const allowed = Array.from({ length: 1000 }, (_, n) => ({ n }));
    const [fault = ''] = lazyCheck(object({ a: { enum: allowed } }))({ a: 1 }) ?? [];
    expect(fault).toContain(`'a' must be one of {"n":0}, {"n":1}, `);
    expect(fault.length).toBeLessThan(2000);
    const [other = ''] = lazyCheck({ additionalProperties: false })({ ['x'.repeat(100_000)]: 1 }) ?? [];
    expect(other.length).toBeLessThan(1000);
  });

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
