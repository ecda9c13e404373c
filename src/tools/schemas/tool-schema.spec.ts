import { z } from 'zod';
import { lintToolSchema, toToolSchema } from './tool-schema.js';

const property = (schema: z.ZodObject, name: string) =>
  (toToolSchema(schema, 'input')['properties'] as Record<string, Record<string, unknown>>)[name];

describe('toToolSchema', () => {
  it('repeats in the description what clients are known to drop', () => {
    const schema = z.object({
      kind: z.enum(['a', 'b']).describe('Kind'),
      when: z.iso.datetime().describe('When it was.'),
      limit: z.int().min(1).max(200).default(20).describe('How many'),
      tags: z.array(z.enum(['x', 'y'])).describe('Tags'),
    });
    expect(property(schema, 'kind')?.['description']).toBe('Kind. One of: a, b.');
    expect(property(schema, 'when')?.['description']).toBe('When it was. Format: date-time.');
    expect(property(schema, 'limit')?.['description']).toBe(
      'How many. At least 1. At most 200. Default: 20.',
    );
    expect(property(schema, 'tags')?.['description']).toBe('Tags. One of: x, y.');
  });

  it('leaves a description alone that says it already', () => {
    const schema = z.object({ kind: z.enum(['a', 'b']).default('a').describe('a (the default) or b') });
    expect(property(schema, 'kind')?.['description']).toBe('a (the default) or b');
  });

  it('puts a shared schema in place of a reference', () => {
    const address = z.object({ city: z.string().describe('City') }).meta({ id: 'Address' });
    const schema = z.object({ home: address.describe('Home'), work: address.describe('Work') });
    const text = JSON.stringify((toToolSchema(schema, 'input') as { properties: unknown }).properties);
    expect(text).not.toContain('$ref');
    expect(text.match(/"city":/g)).toHaveLength(2);
  });

  it('refuses a schema that contains itself', () => {
    const node: z.ZodObject = z.object({
      name: z.string().describe('Name'),
      get child() {
        return node.optional().describe('Child');
      },
    });
    expect(() => toToolSchema(node, 'input')).toThrow('contains itself');
  });

  it('refuses what JSON Schema cannot say', () => {
    expect(() => toToolSchema(z.object({ at: z.date().describe('At') }), 'input')).toThrow('Date');
  });

  it('says a format by its name and not by a regular expression besides', () => {
    const id = property(z.object({ id: z.uuid().describe('Id') }), 'id');
    expect(id).toEqual({ type: 'string', format: 'uuid', description: 'Id. Format: uuid.' });
  });

  it('does not show the bounds of a safe integer', () => {
    expect(property(z.object({ n: z.int().describe('A number') }), 'n')).toEqual({
      type: 'integer',
      description: 'A number',
    });
  });
});

describe('lintToolSchema', () => {
  const lint = (properties: Record<string, unknown>) => lintToolSchema({ type: 'object', properties });

  it.each([
    ['a property without a description', { a: { type: 'string' } }, "'a' has no description"],
    ['a boolean for a schema', { a: true }, "'a' is true, not a schema object"],
    ['null for a schema', { a: null }, "'a' is null, not a schema object"],
    ['a null type', { a: { type: 'null', description: 'x' } }, "'a' allows null or several types"],
    [
      'several types',
      { a: { type: ['string', 'null'], description: 'x' } },
      "'a' allows null or several types",
    ],
    ['a union', { a: { anyOf: [{ type: 'string' }, { type: 'null' }], description: 'x' } }, 'allows null'],
    ['a type nobody has', { a: { type: 'text', description: 'x' } }, "'a' must have exactly one type"],
    ['a reference', { a: { $ref: '#/$defs/x', description: 'x', type: 'object' } }, 'was not resolved'],
    [
      'a fault deep inside',
      {
        a: {
          type: 'array',
          description: 'x',
          items: { type: 'object', properties: { b: { type: 'string' } } },
        },
      },
      "'a.items.b' has no description",
    ],
  ])('finds %s', (_name, properties, problem) => {
    expect(lint(properties).join('; ')).toContain(problem);
  });

  it('finds a root that is no object', () => {
    expect(lintToolSchema({ type: 'string' })).toEqual(["the schema's type must be object"]);
  });

  it('finds nothing wrong with a plain schema', () => {
    const schema = z.object({ a: z.string().describe('A'), b: z.array(z.string()).optional().describe('B') });
    expect(lintToolSchema(toToolSchema(schema, 'input'))).toEqual([]);
  });
});
