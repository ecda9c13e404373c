import { largestShare, shareToMakeRoom } from './largest-share.js';

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

describe('shareToMakeRoom', () => {
  const idsFor = (newcomer: readonly string[], held: ReturnType<typeof holder>[]) => {
    const { isOwn, holders } = shareToMakeRoom(held, keysOf, newcomer);
    return { isOwn, ids: holders.map(({ id }) => id) };
  };
  const held = [
    holder('a', 'a1', 1),
    holder('a', 'a1', 2),
    holder('a', 'a1', 3),
    holder('a', 'a2', 4),
    holder('b', 'b1', 5),
  ];

  it('takes from the largest share for a tenant that holds less, and for a key of the same tenant that does', () => {
    expect(idsFor(['c', 'c1'], held)).toEqual({ isOwn: false, ids: [1, 2, 3] });
    expect(idsFor(['b', 'b1'], held)).toEqual({ isOwn: false, ids: [1, 2, 3] });
    expect(idsFor(['a', 'a2'], held.slice(0, 4))).toEqual({ isOwn: false, ids: [1, 2, 3] });
  });

  it('takes from nobody else for whoever holds most, or would with what it asks for', () => {
    expect(idsFor(['a', 'a1'], held)).toEqual({ isOwn: true, ids: [1, 2, 3] });
    expect(idsFor(['b', 'b1'], held.slice(3))).toEqual({ isOwn: true, ids: [5] });
    expect(idsFor(['a', 'a1'], [])).toEqual({ isOwn: true, ids: [] });
  });
});
