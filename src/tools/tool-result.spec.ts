import * as fc from 'fast-check';
import { ResultFault, ToolContent, toToolResult } from './tool-result.js';

describe('toToolResult', () => {
  it.each([
    ['an object', { a: 1 }, { content: [{ type: 'text', text: '{"a":1}' }], structuredContent: { a: 1 } }],
    ['a list', [1], { content: [{ type: 'text', text: '[1]' }], structuredContent: { result: [1] } }],
    ['a text', 'said', { content: [{ type: 'text', text: 'said' }] }],
    ['a number', 5, { content: [{ type: 'text', text: '5' }] }],
    ['nothing', undefined, { content: [{ type: 'text', text: 'Done. The tool returned no data.' }] }],
    [
      'blocks',
      new ToolContent([{ type: 'text', text: 'a' }], { b: 1 }),
      { content: [{ type: 'text', text: 'a' }], structuredContent: { b: 1 } },
    ],
    [
      'what is a text as JSON, which is no structured content',
      new Date(0),
      { content: [{ type: 'text', text: '1970-01-01T00:00:00.000Z' }] },
    ],
    [
      'what is a list as JSON',
      { toJSON: () => [1] },
      { content: [{ type: 'text', text: '[1]' }], structuredContent: { result: [1] } },
    ],
    [
      'what is nothing as JSON',
      { toJSON: () => null },
      { content: [{ type: 'text', text: 'Done. The tool returned no data.' }] },
    ],
  ])('makes a result of %s', (_what, data, result) => {
    expect(toToolResult(data).result).toEqual(result);
  });

  it.each([
    ['a function', () => 1, 'function'],
    ['a symbol', Symbol('x'), 'symbol'],
    ['such an object', { toJSON: () => undefined }, 'undefined'],
    ['a Map in a list in an object', { rows: [{ by: new Map() }] }, "a Map at 'rows.0.by'"],
    ['NaN', { n: Number.NaN }, "NaN at 'n'"],
  ])('takes %s for a fault: a client could not read what would become of it', (_what, data, fault) => {
    expect(() => toToolResult(data)).toThrow(new ResultFault(fault));
  });

  it('gives what any JSON reader takes, and the same as text and as structured content', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' })),
        (data) => {
          const { content, structuredContent } = toToolResult(data).result;
          const text = content[0]?.['text'] as string;
          expect(text.isWellFormed()).toBe(true);
          expect(JSON.stringify(structuredContent)).not.toMatch(/(?<!\\)(?:\\\\)*\\ud[89a-f]/);
          expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(structuredContent)));
        },
      ),
    );
  });
});
