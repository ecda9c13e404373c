const MS_PER_MINUTE = 60_000;
const MS_PER_DAY = 86_400_000;

export type QuietHours = {
  /** IANA name. */
  readonly timeZone: string;
  /** `HH:MM` there; null: none. */
  readonly quietFrom: string | null;
  readonly quietTo: string | null;
  /** On which they begin: 1 is Monday, 7 is Sunday. */
  readonly quietDays: readonly number[];
};

type Local = { readonly dayMs: number; readonly minute: number; readonly weekday: number };

/**
 * When the quiet hours that lie over a moment end; null: it lies in none. Hours from later than to go over midnight and belong to
 * the day on which they begin.
 */
export function quietUntil(hours: QuietHours, now: Date): Date | null {
  if (hours.quietFrom === null || hours.quietTo === null) return null;
  const [from, to] = [minuteOf(hours.quietFrom), minuteOf(hours.quietTo)];
  const { dayMs, minute, weekday } = localOf(now, hours.timeZone);
  const endOn = (dayOfEndMs: number) => instantOf(dayOfEndMs + to * MS_PER_MINUTE, hours.timeZone, now);
  const beginsOn = (day: number) => hours.quietDays.includes(day);
  const yesterday = weekday === 1 ? 7 : weekday - 1;
  if (from < to) return beginsOn(weekday) && from <= minute && minute < to ? endOn(dayMs) : null;
  if (beginsOn(weekday) && minute >= from) return endOn(dayMs + MS_PER_DAY);
  return beginsOn(yesterday) && minute < to ? endOn(dayMs) : null;
}

export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false; // an offset such as +08:00 knows no summer time
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function minuteOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

/** The wall clock of a zone, its day as milliseconds as if it were UTC. */
function localOf(moment: Date, timeZone: string): Local {
  const wallMs = wallOf(moment.getTime(), timeZone);
  const wall = new Date(wallMs);
  const minute = wall.getUTCHours() * 60 + wall.getUTCMinutes();
  const dayMs = Date.UTC(wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate());
  return { dayMs, minute, weekday: wall.getUTCDay() === 0 ? 7 : wall.getUTCDay() };
}

/** What the clock of a zone shows, as if it were UTC; whole minutes. */
function wallOf(ms: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  const at = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  return Date.UTC(at('year'), at('month') - 1, at('day'), at('hour'), at('minute'));
}

/**
 * When the clock of a zone shows a time next. One that a change of the clock leaves out is taken as the one an hour later; one that
 * comes twice, as the first of the two that is not over.
 */
function instantOf(wallMs: number, timeZone: string, now: Date): Date {
  const [before, after] = [-MS_PER_DAY, MS_PER_DAY].map((asideMs) => {
    const asideOf = wallMs + asideMs;
    return wallMs - (wallOf(asideOf, timeZone) - asideOf);
  });
  const shown = [before, after]
    .filter((ms) => wallOf(ms, timeZone) === wallMs && ms > now.getTime())
    .toSorted((a, b) => a - b);
  return new Date(shown[0] ?? Math.max(before, after));
}
