const SECOND_MS = 1000;
const DAY_MS = 86_400_000;
/** The rarest time there is, 29 February on a certain weekday, comes once in 28 years (40 around a century without one). */
const SEARCH_DAYS = 41 * 366;

const FIELDS = [
  { name: 'second', min: 0, max: 59 },
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of the month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12 },
  { name: 'day of the week', min: 0, max: 7 },
] as const;
const PART = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/;

/**
 * A time that comes again, as in crontab(5), always in UTC: five fields (minute, hour, day of the month, month, day of the week
 * with 0 and 7 as Sunday), or six with the second before them. Lists, ranges and steps; no names. When both days are
 * narrowed, either of them will do.
 */
export class Cron {
  private readonly fields: readonly ReadonlySet<number>[];
  private readonly isEitherDay: boolean;
  /** Of a day, in milliseconds, rising. */
  private readonly times: readonly number[];

  /** @throws {Error} It cannot be read, or never comes. */
  constructor(readonly text: string) {
    const parts = text.trim().split(/\s+/);
    const six = parts.length === 5 ? ['0', ...parts] : parts;
    if (six.length !== FIELDS.length) throw new Error(`'${text}' must have 5 or 6 fields`);
    this.fields = six.map((part, index) => parseField(part, FIELDS[index]));
    const [seconds, minutes, hours] = this.fields;
    this.isEitherDay = !six[3].startsWith('*') && !six[5].startsWith('*');
    const times = [...hours].flatMap((hour) =>
      [...minutes].flatMap((minute) =>
        [...seconds].map((second) => ((hour * 60 + minute) * 60 + second) * SECOND_MS),
      ),
    );
    this.times = times.toSorted((a, b) => a - b);
    if (this.next(0) === undefined) throw new Error(`'${text}' never comes`);
  }

  /** The first time after `afterMs` (since the epoch); undefined: none. */
  next(afterMs: number): number | undefined {
    const start = Math.floor(afterMs / DAY_MS);
    for (let day = start; day < start + SEARCH_DAYS; day++) {
      if (!this.isOn(day)) continue;
      const time = this.times.find((ms) => day * DAY_MS + ms > afterMs);
      if (time !== undefined) return day * DAY_MS + time;
    }
    return undefined;
  }

  /** The last time that is not after `atMs`; undefined: none. */
  latest(atMs: number): number | undefined {
    const start = Math.floor(atMs / DAY_MS);
    for (let day = start; day > start - SEARCH_DAYS; day--) {
      if (!this.isOn(day)) continue;
      const time = this.times.findLast((ms) => day * DAY_MS + ms <= atMs);
      if (time !== undefined) return day * DAY_MS + time;
    }
    return undefined;
  }

  private isOn(day: number): boolean {
    const date = new Date(day * DAY_MS);
    const [, , , days, months, weekdays] = this.fields;
    if (!months.has(date.getUTCMonth() + 1)) return false;
    const isDay = days.has(date.getUTCDate());
    const weekday = date.getUTCDay();
    const isWeekday = weekdays.has(weekday) || (weekday === 0 && weekdays.has(7));
    return this.isEitherDay ? isDay || isWeekday : isDay && isWeekday;
  }
}

type Field = { readonly name: string; readonly min: number; readonly max: number };

function parseField(text: string, field: Field): ReadonlySet<number> {
  return new Set(text.split(',').flatMap((part) => parsePart(part, field)));
}

function parsePart(part: string, { name, min, max }: Field): number[] {
  const match = PART.exec(part);
  const [, from, to, step] = match ?? [];
  const first = from === undefined ? min : Number(from);
  // As in cron: `5/15` begins at 5 and goes on to the end.
  const last = to !== undefined ? Number(to) : from === undefined || step !== undefined ? max : first;
  const by = step === undefined ? 1 : Number(step);
  if (!match || by === 0 || first < min || last > max || first > last) {
    throw new Error(
      `'${part}' is no ${name}: ${min} to ${max}, *, a range such as 1-5, or a step such as */5`,
    );
  }
  return Array.from({ length: Math.floor((last - first) / by) + 1 }, (_, index) => first + index * by);
}
