import { average, callsUpTo, percentile } from './durations.js';

describe('durations in buckets', () => {
  // The middle of bucket 73 is 10.0 ms, that of 120 is 883 ms.
  const counts = [
    { bucket: 73, calls: 95 },
    { bucket: 120, calls: 5 },
  ];

  it('give an average', () => {
    expect(average(counts)).toBe(53.6);
    expect(average([{ bucket: 73, calls: 1 }])).toBe(10);
    expect(average([])).toBeNull();
  });

  it('give percentiles', () => {
    expect([percentile(counts, 0.95), percentile(counts, 0.96), percentile([], 0.5)]).toEqual([
      10,
      883,
      null,
    ]);
  });

  it('tell how many took no longer, never too many', () => {
    // Bucket 113 ends at 476 ms, 114 at 524 ms.
    const around = [112, 113, 114].map((bucket) => ({ bucket, calls: 1 }));
    expect(callsUpTo(around, 500)).toBe(2);
    expect(callsUpTo(around, 525)).toBe(3);
    expect(callsUpTo([], 500)).toBe(0);
  });
});
