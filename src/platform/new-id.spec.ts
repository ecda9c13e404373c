import { validate, version } from 'uuid';
import { newId } from './new-id.js';

describe('newId', () => {
  it('makes UUIDs of version 7 that carry the time', () => {
    const before = Date.now();
    const id = newId();
    expect(validate(id)).toBe(true);
    expect(version(id)).toBe(7);
    const ms = Number.parseInt(id.replace('-', '').slice(0, 12), 16);
    expect(ms).toBeGreaterThanOrEqual(before);
    expect(ms).toBeLessThanOrEqual(Date.now());
  });

  it('makes each one greater than those before it, more than 4096 in a millisecond too', () => {
    const ids = Array.from({ length: 50_000 }, () => newId());
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.toSorted()).toEqual(ids);
  });

  it('leaves 62 bits to chance', () => {
    const tails = Array.from({ length: 2000 }, () => newId().slice(19));
    expect(new Set(tails.map((tail) => tail[1])).size).toBeGreaterThan(3); // the two high bits are fixed: 8, 9, a, b
    expect(new Set(tails.map((tail) => tail.slice(5))).size).toBe(tails.length);
  });
});
