import * as fc from 'fast-check';
import { jsonShapeFault } from './json-shape.js';

const shape = { maxDepth: 3, maxValues: 5 };

/** What the scanner counts, from what was built. */
function measure(value: unknown): { depth: number; values: number } {
  if (typeof value !== 'object' || value === null) return { depth: 0, values: 1 };
  const inner = Object.values(value).map(measure);
  return {
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
    values: 1 + inner.reduce((sum, { values }) => sum + values, 0),
  };
}

describe('jsonShapeFault', () => {
  it.each([
    ['[[[]]]', null],
    ['[[[[]]]]', 'is nested deeper than 3 levels'],
    ['[1,2,3,4]', null],
    ['[1,2,3,4,5]', 'holds more than 5 values'],
    ['[[],[],[],[]]', null],
    ['[[ ],{\n},[],[],[]]', 'holds more than 5 values'],
    ['{"a":{"b":1,"c":2}}', null],
    [String.raw`["[[[[,,,,,,", "\",,,,,,", "\\", "\\\",,,,,,,"]`, null],
    ['"no end,,,,,,,,[[[[[[', null],
    ['', null],
  ])('says of %s: %s', (text, fault) => {
    expect(jsonShapeFault(text, shape)).toBe(fault);
  });

  it('counts the depth and the values of any JSON, in characters or in bytes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const read = JSON.parse(text) as unknown; // a name may be there twice no more
        const { depth, values } = measure(read);
        for (const form of [text, Buffer.from(text).toString('latin1')]) {
          expect(jsonShapeFault(form, { maxDepth: depth, maxValues: values })).toBeNull();
          const less = jsonShapeFault(form, { maxDepth: depth - 1, maxValues: values });
          expect(less?.includes('deeper') ?? false).toBe(depth > 0);
          const fewer = jsonShapeFault(form, { maxDepth: depth, maxValues: values - 1 });
          expect(fewer).toContain('more than');
        }
      }),
    );
  });
});
