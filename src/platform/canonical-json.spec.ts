import { canonicalJson } from './canonical-json.js';

describe('canonicalJson', () => {
  it('is the same whatever the order of members', () => {
    const one = { b: [{ y: 1, x: '€' }, 2], a: { d: null, c: true } };
    const other = { a: { c: true, d: null }, b: [{ x: '€', y: 1 }, 2] };
    expect(canonicalJson(one)).toBe(canonicalJson(other));
    expect(JSON.parse(canonicalJson(one))).toEqual(one);
  });

  it.each([
    [{ a: 1 }, { a: '1' }],
    [{ a: [1, 2] }, { a: [2, 1] }],
    [{ a: {} }, { a: [] }],
    [{}, { a: null }],
  ])('%j is not %j', (one, other) => expect(canonicalJson(one)).not.toBe(canonicalJson(other)));
});
