import { Gcra } from './gcra.js';

describe('Gcra', () => {
  const rate = { calls: 3, periodMs: 1000 };
  const takeAll = (gcra: Gcra, nowMs: number) => {
    let taken = 0;
    for (; gcra.waitMs(nowMs, rate) === 0; taken++) gcra.take(nowMs, rate);
    return taken;
  };

  it('lets as many pass at once as a period allows', () => {
    expect(takeAll(new Gcra(), 5)).toBe(3);
  });

  it('then lets one pass whenever its share of the period is over, and says how long that is', () => {
    const gcra = new Gcra();
    takeAll(gcra, 0);
    expect(gcra.waitMs(0, rate)).toBeCloseTo(333.33, 1);
    expect(gcra.waitMs(300, rate)).toBeCloseTo(33.33, 1);
    expect(takeAll(gcra, 334)).toBe(1);
    expect(takeAll(gcra, 1001)).toBe(2);
  });

  it('gives no more than the rate over a long time, plus one burst', () => {
    const gcra = new Gcra();
    let taken = 0;
    for (let nowMs = 0; nowMs < 100_000; nowMs += 7) taken += takeAll(gcra, nowMs);
    expect(taken).toBeGreaterThanOrEqual(300);
    expect(taken).toBeLessThanOrEqual(303);
  });

  it('is exact for rates whose shares no float can hold', () => {
    for (const calls of [3, 7, 49, 1000, 999_983]) {
      const odd = { calls: Math.min(calls, 5000), periodMs: 60_000 };
      const gcra = new Gcra();
      let taken = 0;
      for (; taken <= odd.calls && gcra.waitMs(123.456, odd) === 0; taken++) gcra.take(123.456, odd);
      expect(taken).toBe(odd.calls);
    }
  });

  it('forgets what is paid', () => {
    const gcra = new Gcra();
    gcra.take(0, rate);
    expect(gcra.isPaid(300)).toBe(false);
    expect(gcra.isPaid(334)).toBe(true);
  });
});
