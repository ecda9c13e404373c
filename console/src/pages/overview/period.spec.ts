import { periodOf, pointsOf } from './period';

describe('periodOf', () => {
  it('begins with a day of the reader and ends with this hour', () => {
    const { from, to } = periodOf(7, new Date('2026-12-01T10:20:30Z'));
    expect(to).toBe('2026-12-01T11:00:00.000Z');
    expect(Date.parse(to) - Date.parse(from)).toBeGreaterThanOrEqual(6 * 86_400_000);
    expect(from).toMatch(/:00:00\.000Z$/);
  });
});

describe('pointsOf', () => {
  it('has each hour and each day between two moments', () => {
    const period = { from: '2026-11-30T22:00:00.000Z', to: '2026-12-01T01:00:00.000Z' };
    expect(pointsOf('hour', period).map((at) => new Date(at).getUTCHours())).toEqual([22, 23, 0]);
    expect(pointsOf('day', period).map((at) => new Date(at).getUTCDate())).toEqual([30, 1]);
  });
});
