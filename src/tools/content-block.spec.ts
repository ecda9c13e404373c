import { isSpecType } from '@modelcontextprotocol/server';
import { BLOCK_TYPES, findBlockFault } from './content-block.js';

const GOOD = [
  { type: 'text', text: '' },
  { type: 'text', text: 'x', annotations: { audience: ['user'], priority: 1 }, _meta: { a: 1 } },
  { type: 'image', data: 'AAAA', mimeType: 'image/png' },
  { type: 'image', data: '', mimeType: 'image/png' },
  { type: 'audio', data: 'AAA=', mimeType: 'audio/wav' },
  { type: 'resource', resource: { uri: 'x://y', text: 'z' } },
  { type: 'resource', resource: { uri: 'x://y', blob: 'AAAA', mimeType: 'image/png' } },
  { type: 'resource_link', uri: 'x://y', name: 'y', size: 3, icons: [{ src: 'x' }] },
];

/** A block with one of its members, at any depth, left out or replaced by what does not belong there. */
function spoilt(block: object): object[] {
  return Object.entries(block).flatMap(([name, value]) => [
    ...[undefined, null, 7, true, [], 'ä!'].map((odd) => ({ ...block, [name]: odd })),
    ...(typeof value === 'object' && !Array.isArray(value)
      ? spoilt(value as object).map((inner) => ({ ...block, [name]: inner }))
      : []),
  ]);
}

describe('findBlockFault', () => {
  it.each(GOOD)('finds nothing wrong with %j', (block) => {
    expect(findBlockFault(block)).toBeNull();
    expect(isSpecType.ContentBlock(block)).toBe(true);
  });

  it('lets nothing pass that a client would refuse', () => {
    const odd = GOOD.flatMap(spoilt);
    const passed = odd.filter((block) => findBlockFault(block) === null);
    expect(passed.filter((block) => !isSpecType.ContentBlock(block))).toEqual([]);
    expect(passed.length).toBeLessThan(odd.length / 2);
  });

  it('says what is wrong, and nothing of what is in the block', () => {
    expect(findBlockFault({ type: 'text', text: 5 })).toBe('its text must be a text');
    expect(findBlockFault({ type: 'image', data: 'hunter2!', mimeType: 'x' })).toBe(
      'its data must be Base64',
    );
    expect(findBlockFault({ type: 'resource', resource: {} })).toBe(
      'its resource must have uri and text or blob',
    );
    expect(findBlockFault(7)).toMatch(/^(its type )?must be text, image, audio, resource or resource_link$/);
  });

  it('knows all types that MCP has', () => {
    expect(BLOCK_TYPES).toEqual(new Set(GOOD.map(({ type }) => type)));
  });
});
