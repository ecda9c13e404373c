import { RefusalLimiter } from './refusal-limiter.js';

describe('RefusalLimiter', () => {
  it('records a share of each tenant one by one, and counts the rest by kind', () => {
    const groups = new RefusalLimiter<string>();
    const taken = Array.from({ length: 200 }, (_, n) =>
      groups.take('a', n % 2 ? 'x' : 'y', `refusal ${n}`, 0),
    );
    expect(taken.filter((isTaken) => isTaken)).toHaveLength(120);
    expect(groups.take('b', 'x', 'of another tenant', 0)).toBe(true);
    expect(groups.drain()).toEqual([
      { first: 'refusal 120', count: 40 },
      { first: 'refusal 121', count: 40 },
    ]);
    expect(groups.drain()).toEqual([]);
    expect(groups.take('a', 'x', 'a minute later', 60_000)).toBe(true);
  });

  it('keeps a bounded number of groups, and counts all', () => {
    const groups = new RefusalLimiter<number>();
    for (let n = 0; n < 120 + 1000; n++) groups.take('a', `kind ${n}`, n, 0);
    const drained = groups.drain();
    expect(drained).toHaveLength(51);
    expect(drained.reduce((sum, { count }) => sum + count, 0)).toBe(1000);
  });
});
