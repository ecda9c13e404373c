import { largestShare } from './largest-share.js';

const holder = (tenant: string, key: string, id: number) => ({ tenant, key, id });
const keysOf = ({ tenant, key }: { tenant: string; key: string }) => [tenant, key];

describe('largestShare', () => {
  it('goes to the tenant that holds most, and there to the key that holds most', () => {
    const held = [
      holder('a', 'a1', 1),
      holder('b', 'b1', 2),
      holder('b', 'b2', 3),
      holder('b', 'b2', 4),
      holder('a', 'a1', 5),
    ];
    expect(largestShare(held, keysOf).map(({ id }) => id)).toEqual([3, 4]);
  });

  it('goes to the one that came first among equals, and is empty where nobody holds anything', () => {
    expect(largestShare([holder('a', 'x', 1), holder('b', 'y', 2)], keysOf)).toEqual([holder('a', 'x', 1)]);
    expect(largestShare([], keysOf)).toEqual([]);
  });
});
