import { tryInEqualTime } from './equal-time.js';

describe('tryInEqualTime', () => {
  const TRY_MS = 20;
  const timed = async (candidates: readonly string[], slots: number, secret = '') => {
    let time = 0;
    const clock = {
      now: () => time,
      wait: async (milliseconds: number) => {
        time += milliseconds;
      },
    };
    const fitting = await tryInEqualTime(
      candidates,
      slots,
      async (candidate) => {
        time += TRY_MS;
        return candidate === secret;
      },
      clock,
    );
    return { fitting, time };
  };

  it('refuses after the same time, however many there are', async () => {
    for (const candidates of [[], ['a'], ['a', 'b'], ['a', 'b', 'c', 'd', 'e']]) {
      expect(await timed(candidates, 5)).toEqual({ fitting: [], time: 5 * TRY_MS });
    }
    expect(await timed([], 1)).toEqual(await timed(['a'], 1));
  });

  it('tells whom it fits, and keeps nobody waiting who is right', async () => {
    expect(await timed(['a', 'b'], 5, 'a')).toEqual({ fitting: ['a'], time: 2 * TRY_MS });
    expect(await timed(['a', 'a'], 5, 'a')).toMatchObject({ fitting: ['a', 'a'] });
  });
});
