import * as fc from 'fast-check';
import { byTurns } from './by-turns.js';

const ownerOf = (one: string) => one[0];

describe('byTurns', () => {
  it('lets each owner have a turn before anybody has the next', () => {
    const ordered = byTurns(['a1', 'a2', 'a3', 'b1', 'c1', 'b2'], ownerOf);
    expect(ordered).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  it('loses nothing, and keeps the order of each owner', () => {
    const ones = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 3 }));
    fc.assert(
      fc.property(ones, (waiting) => {
        const ordered = byTurns(waiting, ownerOf);
        expect(ordered).toHaveLength(waiting.length);
        for (const owner of 'abc') {
          const own = (list: readonly string[]) => list.filter((one) => ownerOf(one) === owner);
          expect(own(ordered)).toEqual(own(waiting));
        }
      }),
    );
  });
});
