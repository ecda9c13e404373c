const DAY_MS = 86_400_000;
const DAY = /^\d{4}-\d\d-\d\d$/;

/** Counts the days from 1970 to a day `YYYY-MM-DD`; undefined: the calendar has no such day. */
export function dayNumber(text: string): number | undefined {
  if (!DAY.test(text)) return undefined;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(ms) || dayText(ms / DAY_MS) !== text ? undefined : ms / DAY_MS;
}

/** Reads a day that is known to be one. */
export function dayOf(text: string): number {
  const day = dayNumber(text);
  if (day === undefined) throw new Error(`'${text}' is no day`);
  return day;
}

export function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().replace(/T.*/, '');
}

/** The day of a point in time, in UTC. */
export function dayOfTime(time: Date): number {
  return Math.floor(time.getTime() / DAY_MS);
}
