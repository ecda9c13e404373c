import { isTimeZone, quietUntil } from './quiet-hours.js';

const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];
const until = (
  now: string,
  [from, to]: readonly [string, string],
  { days = EVERY_DAY, zone = 'UTC' }: { days?: number[]; zone?: string } = {},
) =>
  quietUntil(
    { timeZone: zone, quietFrom: from, quietTo: to, quietDays: days },
    new Date(now),
  )?.toISOString() ?? null;

describe('quietUntil', () => {
  const night = ['22:00', '07:00'] as const;

  it.each([
    ['2026-01-07T21:59:59Z', null],
    ['2026-01-07T22:00:00Z', '2026-01-08T07:00:00.000Z'],
    ['2026-01-08T00:00:00Z', '2026-01-08T07:00:00.000Z'],
    ['2026-01-08T06:59:59Z', '2026-01-08T07:00:00.000Z'],
    ['2026-01-08T07:00:00Z', null],
  ])('over midnight, at %s: %s', (now, end) => {
    expect(until(now, night)).toBe(end);
  });

  it.each([
    ['2026-01-07T12:00:00Z', null],
    ['2026-01-07T12:30:00Z', '2026-01-07T14:00:00.000Z'],
    ['2026-01-07T14:00:00Z', null],
  ])('within a day, at %s: %s', (now, end) => {
    expect(until(now, ['12:30', '14:00'])).toBe(end);
  });

  it.each([
    // The 9th of January 2026 is a Friday.
    ['2026-01-09T23:00:00Z', '2026-01-10T07:00:00.000Z'], // Friday night
    ['2026-01-10T03:00:00Z', '2026-01-10T07:00:00.000Z'], // still Friday's
    ['2026-01-10T23:00:00Z', null], // Saturday night
    ['2026-01-09T03:00:00Z', null], // Thursday's
  ])('belong to the day on which they begin, at %s: %s', (now, end) => {
    expect(until(now, night, { days: [5] })).toBe(end);
  });

  it('of Sunday go on on Monday', () => {
    expect(until('2026-01-12T03:00:00Z', night, { days: [7] })).toBe('2026-01-12T07:00:00.000Z');
  });

  it.each([
    ['Asia/Shanghai', '2026-01-07T14:00:00Z', '2026-01-07T23:00:00.000Z'],
    ['America/New_York', '2026-01-08T04:00:00Z', '2026-01-08T12:00:00.000Z'],
    ['Asia/Kathmandu', '2026-01-07T16:15:00Z', '2026-01-08T01:15:00.000Z'],
    // Between, the clock goes forward or back by an hour.
    ['Europe/Berlin', '2026-03-28T22:00:00Z', '2026-03-29T05:00:00.000Z'],
    ['Europe/Berlin', '2026-10-24T21:00:00Z', '2026-10-25T06:00:00.000Z'],
  ])('are those of %s', (zone, now, end) => {
    expect(until(now, night, { zone })).toBe(end);
  });

  it.each([
    // The clock goes from 2:00 back to 1:00, so 1:30 comes at 05:30Z and at 06:30Z.
    ['America/New_York', '01:30', '2026-11-01T04:00:00Z', '2026-11-01T05:30:00.000Z'],
    ['America/New_York', '01:30', '2026-11-01T05:35:00Z', null],
    ['America/New_York', '01:30', '2026-11-01T06:10:00Z', '2026-11-01T06:30:00.000Z'],
    ['Europe/Berlin', '02:30', '2026-10-25T00:10:00Z', '2026-10-25T00:30:00.000Z'],
    ['Europe/Berlin', '02:30', '2026-10-25T01:10:00Z', '2026-10-25T01:30:00.000Z'],
    ['Australia/Lord_Howe', '01:45', '2026-04-04T15:05:00Z', '2026-04-04T15:15:00.000Z'],
    // The clock goes from 2:00 forward to 3:00.
    ['America/New_York', '02:30', '2026-03-08T06:45:00Z', '2026-03-08T07:30:00.000Z'],
    ['Europe/Berlin', '02:30', '2026-03-29T00:45:00Z', '2026-03-29T01:30:00.000Z'],
  ])('end later than now where the clock of %s changes, at %s after %s: %s', (zone, to, now, end) => {
    expect(until(now, ['22:00', to], { zone })).toBe(end);
  });

  it('are none where none were set', () => {
    const none = { timeZone: 'UTC', quietFrom: null, quietTo: null, quietDays: EVERY_DAY };
    expect(quietUntil(none, new Date())).toBeNull();
  });
});

describe('isTimeZone', () => {
  it.each(['UTC', 'Asia/Shanghai', 'America/Argentina/Buenos_Aires'])('knows %s', (name) => {
    expect(isTimeZone(name)).toBe(true);
  });

  it.each(['', '+08:00', 'Moon/Crater', 'Asia/Shanghai; --'])('does not know %s', (name) => {
    expect(isTimeZone(name)).toBe(false);
  });
});
