import { Cron } from './cron.js';

const at = (text: string) => Date.parse(text);
const show = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());

describe('Cron', () => {
  it.each([
    ['*/5 * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:05:00.000Z'],
    ['*/5 * * * *', '2026-01-01T00:04:59.999Z', '2026-01-01T00:05:00.000Z'],
    ['17 3 * * *', '2026-01-31T03:17:00Z', '2026-02-01T03:17:00.000Z'],
    ['0 9-17/4 * * 1-5', '2026-01-02T17:00:00Z', '2026-01-05T09:00:00.000Z'],
    ['0 0 29 2 *', '2026-03-01T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['0 0 1,15 * *', '2026-12-15T00:00:00Z', '2027-01-01T00:00:00.000Z'],
    ['*/10 * * * * *', '2026-01-01T00:00:51Z', '2026-01-01T00:01:00.000Z'],
    ['5/20 * * * *', '2026-01-01T00:05:00Z', '2026-01-01T00:25:00.000Z'],
    ['0 0 * * 7', '2026-01-01T00:00:00Z', '2026-01-04T00:00:00.000Z'],
    ['0 0 * * 0', '2026-01-01T00:00:00Z', '2026-01-04T00:00:00.000Z'],
    // Either day will do when both are narrowed.
    ['0 0 13 * 5', '2026-01-03T00:00:00Z', '2026-01-09T00:00:00.000Z'],
    ['0 0 13 * 5', '2026-01-09T00:00:00Z', '2026-01-13T00:00:00.000Z'],
  ])('%s after %s comes at %s', (text, after, next) => {
    expect(show(new Cron(text).next(at(after)))).toBe(next);
  });

  it.each([
    ['*/5 * * * *', '2026-01-01T00:05:00Z', '2026-01-01T00:05:00.000Z'],
    ['*/5 * * * *', '2026-01-01T00:04:59Z', '2026-01-01T00:00:00.000Z'],
    ['17 3 * * *', '2026-03-01T03:16:59Z', '2026-02-28T03:17:00.000Z'],
    ['0 0 29 2 *', '2026-03-01T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ])('%s came before or at %s last at %s', (text, before, latest) => {
    expect(show(new Cron(text).latest(at(before)))).toBe(latest);
  });

  it('goes forth and back over the same times', () => {
    for (const text of ['*/7 1-5 * * 1', '30 2,14 */3 * *', '0 0 31 * *', '59 23 * 12 *']) {
      const cron = new Cron(text);
      let ms = at('2027-06-30T12:34:56Z');
      for (let n = 0; n < 50; n++) {
        const next = cron.next(ms)!;
        expect(cron.latest(next)).toBe(next);
        expect(cron.latest(next - 1)!).toBeLessThanOrEqual(ms);
        ms = next;
      }
    }
  });

  it.each([
    '',
    '* * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '*/0 * * * *',
    '5-1 * * * *',
    'a * * * *',
  ])('refuses %j', (text) => {
    expect(() => new Cron(text)).toThrow(/fields|is no/);
  });

  it('refuses a day that never comes', () => {
    expect(() => new Cron('0 0 31 2 *')).toThrow("'0 0 31 2 *' never comes");
  });
});
