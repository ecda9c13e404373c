import { ToolContent, toToolResult } from './tool-result.js';

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
    expect(toToolResult(data)).toEqual(result);
  });

  it.each([
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['such an object', { toJSON: () => undefined }],
  ])('takes %s for a bug: a client could not read what would become of it', (_what, data) => {
    expect(() => toToolResult(data)).toThrow('is no JSON');
  });
});
