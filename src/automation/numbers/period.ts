import type { EntityManager } from 'typeorm';
import { InvalidInputError } from '../../platform/errors.js';

/** Longest time that numbers are read of at once, in days: what bounds every query. */
export const PERIOD_DAYS_MAX = 92;

/** What numbers are asked of: whole days up to and with today, or from one time to another. */
export type PeriodQuery = {
  readonly days?: number;
  readonly from?: Date;
  readonly to?: Date;
  readonly time_zone: string;
};

/** From `from` on, up to `to` without it. Days begin and end as the clocks of the time zone say. */
export type Period = {
  readonly from: Date;
  readonly to: Date;
  readonly timeZone: string;
  readonly now: Date;
  readonly today: { readonly from: Date; readonly to: Date };
};

export const DEFAULT_DAYS = 7;
const DAY_MS = 86_400_000;
/** Where a clock is set back over midnight, its 00:00 comes twice, and PostgreSQL takes the second. No clock goes back further. */
const SET_BACK = `'3 hours'::interval`;
const NO_TIME_ZONE = 'time_zone must be the name of a time zone, such as Europe/Berlin';
const INVALID_TIME_ZONE = '22023';

/** SQL that gives the first instant of a day. @param date Of type date. @param zone Name of a time zone. */
export function startOfDay(date: string, zone: string): string {
  const midnight = `(${date})::timestamp AT TIME ZONE ${zone}`;
  return `(SELECT min(at) FROM generate_series((${midnight}) - ${SET_BACK}, ${midnight}, '15 minutes') AS at
    WHERE (at AT TIME ZONE ${zone})::date = (${date}))`;
}

const RESOLVE = `SELECT now() AS now, ${startOfDay('today', '$1')} AS "todayFrom", ${startOfDay('today + 1', '$1')} AS "todayTo",
    ${startOfDay('today - ($2::int - 1)', '$1')} AS "daysFrom"
  FROM (SELECT (now() AT TIME ZONE $1)::date AS today) AS day`;

/**
 * Which time is meant, by the database's clock.
 *
 * @throws {InvalidInputError} There is no such time zone, it ends before it begins, or it is too long.
 */
export async function resolvePeriod(manager: EntityManager, query: PeriodQuery): Promise<Period> {
  const { days = DEFAULT_DAYS, time_zone: timeZone } = query;
  if (query.days !== undefined && query.from !== undefined)
    throw new InvalidInputError('days goes with no from', of('days'));
  const { now, todayFrom, todayTo, daysFrom } = await findDays(manager, timeZone, days);
  const to = query.to ?? todayTo;
  const from = query.from ?? (query.to ? new Date(to.getTime() - days * DAY_MS) : daysFrom);
  if (from >= to) throw new InvalidInputError('from must be before to', of('from'));
  if (to.getTime() - from.getTime() > (PERIOD_DAYS_MAX + 1) * DAY_MS)
    throw new InvalidInputError(`from must be at most ${PERIOD_DAYS_MAX} days before to`, of('from'));
  return { from, to, timeZone, now, today: { from: todayFrom, to: todayTo } };
}

type Days = { readonly now: Date; readonly todayFrom: Date; readonly todayTo: Date; readonly daysFrom: Date };

async function findDays(manager: EntityManager, timeZone: string, days: number): Promise<Days> {
  if (!isTimeZone(timeZone)) throw new InvalidInputError(NO_TIME_ZONE, of('time_zone'));
  try {
    const [found] = await manager.query<[Days]>(RESOLVE, [timeZone, days]);
    return found;
  } catch (error) {
    if ((error as { code?: string }).code !== INVALID_TIME_ZONE) throw error;
    throw new InvalidInputError(NO_TIME_ZONE, of('time_zone'));
  }
}

/** PostgreSQL takes much more for one, such as `+08`, which it reads the other way round than most people do (POSIX). */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** Which field is wrong. */
function of(field: string) {
  return { details: [{ field, message: 'does not fit' }] };
}
