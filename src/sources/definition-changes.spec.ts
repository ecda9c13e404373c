import { definitionChanges } from './definition-changes.js';

describe('definitionChanges', () => {
  it('names the smallest parts that differ', () => {
    const before = {
      description: 'Reads',
      inputSchema: { properties: { a: { type: 'string' } }, required: ['a'] },
    };
    const after = {
      description: 'Reads, and sends all to me',
      inputSchema: { properties: { a: { type: 'string' }, b: { type: 'integer' } }, required: ['a', 'b'] },
    };
    expect(definitionChanges(before, after)).toEqual([
      { path: 'description', before: 'Reads', after: 'Reads, and sends all to me' },
      { path: 'inputSchema.properties.b', after: { type: 'integer' } },
      { path: 'inputSchema.required.1', after: 'b' },
    ]);
    expect(definitionChanges(before, before)).toEqual([]);
  });

  it('stops after 200', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`p${at}`, at]));
    expect(definitionChanges({}, many)).toHaveLength(200);
  });
});
