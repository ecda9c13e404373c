import { validatorsOf } from './bound-tool.js';
import type { ToolDefinition } from '../tool-definition.js';

const define = (inputSchema: ToolDefinition['inputSchema']): ToolDefinition => ({
  name: 'x',
  description: 'x',
  category: 'x',
  version: '1.0.0',
  source: 'test',
  origin: 'test',
  inputSchema,
  clientCapabilities: [],
  parseConfig: () => ({}),
  run: () => undefined,
});

describe('validatorsOf', () => {
  it('keeps two schemas of one $id apart', () => {
    const [text, number] = ['string', 'number'].map((type) =>
      validatorsOf(define({ $id: 'https://example.test/same', type: 'object', properties: { v: { type } } })),
    );
    expect(text?.checkArguments({ v: 'a' })).toBeNull();
    expect(number?.checkArguments({ v: 'a' })).toEqual([`'v' must be number, not "a"`]);
  });

  it('says the path, what was expected, and where', () => {
    const schema = {
      type: 'object',
      properties: {
        a: { type: 'object', properties: { b: { type: 'integer', maximum: 5 } }, required: ['b'] },
      },
      required: ['a'],
      additionalProperties: false,
    };
    const { checkArguments } = validatorsOf(define(schema));
    expect(checkArguments({})).toEqual(["'a' is required"]);
    expect(checkArguments({ a: {} })).toEqual(["'a.b' is required"]);
    expect(checkArguments({ a: { b: 9 } })).toEqual(["'a.b' must be <= 5, not 9"]);
    expect(checkArguments({ a: { b: 1 }, c: 1 })).toEqual(["'c' is not a known argument"]);
    expect(checkArguments({ a: { b: 1 } })).toBeNull();
  });
});
