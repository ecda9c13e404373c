import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Progress } from './progress.js';

type Told = readonly [progress: number, total?: number, message?: string];

describe('Progress', () => {
  let told: Told[];
  let progress: Progress;
  beforeEach(() => {
    jest.useFakeTimers();
    told = [];
    progress = new Progress((...args) => void told.push(args), 10_000);
  });
  afterEach(() => {
    progress.end();
    jest.useRealTimers();
  });
  const numbers = () => told.map(([number]) => number);

  it('tells every 10 s that a silent tool still runs, in numbers that grow', () => {
    jest.advanceTimersByTime(60_000);
    expect(told).toHaveLength(6);
    expect(told[1]).toEqual([expect.any(Number), undefined, 'Still running after 20 s']);
    expect(numbers()).toEqual([...new Set(numbers())].toSorted((one, other) => one - other));
  });

  it('leaves room for what the tool will say', () => {
    jest.advanceTimersByTime(3_600_000);
    progress.tell(0.01, 1, 'begun');
    expect(told.at(-1)).toEqual([0.01, 1, 'begun']);
  });

  it.each([0, 1, 99.5, 2 ** 40, 1e15])('grows from %p', (start) => {
    progress.tell(start);
    jest.advanceTimersByTime(30_000);
    expect(numbers()).toHaveLength(4);
    expect(new Set(numbers()).size).toBe(4);
    expect(numbers().at(-1)).toBeLessThan(start + 1 + start * 1e-14);
  });

  it('does not pass on what goes backwards, stands still or is no number', () => {
    for (const number of [2, 1, 2, NaN, Infinity, 3]) progress.tell(number);
    expect(numbers()).toEqual([2, 3]);
    progress.tell(4, NaN);
    expect(told.at(-1)).toEqual([4, undefined, undefined]);
  });

  it('waits a whole interval after the tool spoke, and is silent at the end', () => {
    jest.advanceTimersByTime(9000);
    progress.tell(1);
    jest.advanceTimersByTime(9000);
    expect(told).toHaveLength(1);
    jest.advanceTimersByTime(1000);
    expect(told).toHaveLength(2);
    progress.end();
    jest.advanceTimersByTime(60_000);
    expect(told).toHaveLength(2);
  });
});
