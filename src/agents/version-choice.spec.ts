import { rankVersions } from './version-choice.js';

const users = Array.from({ length: 20_000 }, (_none, n) => `user-${n}`);
const versions = [
  { id: 'one', weight: 1 },
  { id: 'two', weight: 3 },
  { id: 'three', weight: 6 },
];
const firstOf = (among: readonly { id: string; weight: number }[], user: string) =>
  rankVersions(among, user)[0]?.id;

describe('rankVersions', () => {
  it('gives each version as many users as its weight says', () => {
    const counts = new Map<string, number>();
    for (const user of users) {
      const id = firstOf(versions, user) ?? '';
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    for (const { id, weight } of versions)
      expect((counts.get(id) ?? 0) / users.length).toBeCloseTo(weight / 10, 1);
  });

  it('gives a user the same order at every time, in whatever order the versions come', () => {
    for (const user of users.slice(0, 100)) {
      const ids = rankVersions(versions, user).map(({ id }) => id);
      expect(rankVersions(versions.toReversed(), user).map(({ id }) => id)).toEqual(ids);
      expect(ids).toHaveLength(3);
    }
  });

  it('moves users only to the version whose weight grew', () => {
    const grown = versions.map(({ id, weight }) => ({ id, weight: id === 'one' ? 4 : weight }));
    const moved = users.filter((user) => firstOf(versions, user) !== firstOf(grown, user));
    expect(moved.length).toBeGreaterThan(0);
    expect(new Set(moved.map((user) => firstOf(grown, user)))).toEqual(new Set(['one']));
  });

  it('leaves out a version of weight 0', () => {
    expect(rankVersions([{ id: 'one', weight: 0 }], 'user')).toEqual([]);
  });
});
