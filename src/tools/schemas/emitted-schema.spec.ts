import type { JsonObject, ToolDefinition } from '../tool-definition.js';
import { emittedSchemas } from './emitted-schema.js';

const define = (inputSchema: JsonObject, outputSchema?: JsonObject) =>
  ({ inputSchema, ...(outputSchema && { outputSchema }) }) as ToolDefinition;
const emit = (properties: JsonObject) =>
  emittedSchemas(define({ type: 'object', properties })).inputSchema['properties'];

describe('emittedSchemas', () => {
  it('says in words what strict function calling refuses', () => {
    const limit = { type: 'integer', description: 'How many', minimum: 1, maximum: 50, default: 20 };
    const name = { type: 'string', minLength: 2, maxLength: 30 };
    const tags = { type: 'array', items: { type: 'string', maxLength: 9 }, maxItems: 3, uniqueItems: true };
    expect(emit({ limit, name, tags })).toEqual({
      limit: { type: 'integer', description: 'How many. At least 1. At most 50. Default: 20.' },
      name: { type: 'string', description: 'At least 2 characters. At most 30 characters.' },
      tags: { type: 'array', items: { type: 'string' }, description: 'At most 3 entries.' },
    });
  });

  it('leaves arguments and values alone that are called like keywords', () => {
    const properties = {
      default: { type: 'string', description: 'x', enum: ['default', 'minLength'] },
      $id: {
        type: 'object',
        properties: { maximum: { type: 'string' } },
        const: { default: 1 },
        description: 'x',
      },
    };
    expect(emit(properties)).toMatchObject({
      default: { enum: ['default', 'minLength'] },
      $id: { properties: { maximum: { type: 'string' } }, const: { default: 1 } },
    });
  });

  it('has no null among types and allowed values', () => {
    const properties = {
      a: { type: ['string', 'null'], enum: ['x', null], default: null, description: 'x' },
      b: { type: ['string', 'number', 'null'], description: 'x' },
    };
    expect(emit(properties)).toMatchObject({
      a: { type: 'string', enum: ['x'] },
      b: { type: ['string', 'number'] },
    });
    expect(JSON.stringify(emit(properties))).not.toMatch(/null[^.]/);
  });

  it('has only texts that are not empty among allowed values; the description tells the others', () => {
    const properties = {
      a: { type: 'string', enum: ['', 'x'], description: 'A' },
      b: { type: 'string', enum: [''], description: 'B' },
      c: { type: 'integer', enum: [1, 2], description: 'C' },
      d: { type: 'array', items: { type: 'number', enum: [0.5] }, description: 'D' },
    };
    expect(emit(properties)).toEqual({
      a: { type: 'string', enum: ['x'], description: 'A. One of: nothing, x.' },
      b: { type: 'string', description: 'B' },
      c: { type: 'integer', description: 'C. One of: 1, 2.' },
      d: { type: 'array', items: { type: 'number' }, description: 'D. One of: 0.5.' },
    });
  });

  it('gives no schema an id that another one may have, and keeps results as they are promised', () => {
    const { inputSchema, outputSchema } = emittedSchemas(
      define(
        { $id: 'https://x.example/a', type: 'object' },
        {
          $id: 'https://x.example/a',
          type: 'object',
          properties: { n: { type: 'number', minimum: 1, default: 2 } },
        },
      ),
    );
    expect(inputSchema).toEqual({ type: 'object' });
    expect(outputSchema).toEqual({
      type: 'object',
      properties: { n: { type: 'number', minimum: 1, default: 2 } },
    });
  });

  it('gives the same objects each time', () => {
    const definition = define({ type: 'object' });
    expect(emittedSchemas(definition)).toBe(emittedSchemas(definition));
  });
});
