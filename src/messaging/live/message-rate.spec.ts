import { MessageRate } from './message-rate.js';

describe('MessageRate', () => {
  it('lets a quarter of a minute at once, and then as many as the minute has', () => {
    const rate = new MessageRate(120, 0);
    const taken = Array.from({ length: 40 }, () => rate.take(0)).filter(Boolean).length;
    expect(taken).toBe(30);
    expect(rate.take(499)).toBe(false);
    expect(rate.take(500)).toBe(true);
    expect(rate.take(501)).toBe(false);
  });

  it('saves no more than it holds', () => {
    const rate = new MessageRate(120, 0);
    expect(Array.from({ length: 40 }, () => rate.take(3_600_000)).filter(Boolean)).toHaveLength(30);
  });
});
