/** A DataSource or an EntityManager, as the system role. */
type System = { query(sql: string, parameters?: unknown[]): Promise<unknown> };

/** What the clock of the database shows beside what is known of it. Times in whole seconds. */
export type ClockState = {
  readonly now: Date;
  /** How far time is known to have come. */
  readonly reachedAt: Date;
  /** It has leapt ahead: what removes for good takes `reachedAt` for the present. */
  readonly isAhead: boolean;
  /** By so much it went back since it was looked at last; 0: it did not. */
  readonly backSeconds: number;
  /** By so much it is before ours. */
  readonly skewSeconds: number;
};

/**
 * The mark goes on with the clock, and back with it. It stays where it is when the clock has leapt ahead, or tells another time than
 * ours by as much: then a person says which of them is right.
 */
const WATCH = `WITH before AS (SELECT reached_at, database_clock() AS now FROM clock_mark FOR UPDATE),
  moved AS (UPDATE clock_mark SET leap_max = make_interval(hours => $1), reached_at = CASE
      WHEN b.now > b.reached_at + make_interval(hours => $1)
        OR abs(extract(epoch FROM b.now - $2::timestamptz)) > $1 * 3600 THEN b.reached_at ELSE b.now END FROM before b)
  SELECT now, reached_at AS "reachedAt", now > reached_at + make_interval(hours => $1) AS "isAhead",
    greatest(0, extract(epoch FROM reached_at - now))::float8 AS "backSeconds",
    extract(epoch FROM now - $2::timestamptz)::float8 AS "skewSeconds" FROM before`;
const ACCEPT = 'UPDATE clock_mark SET reached_at = database_clock() RETURNING reached_at AS "reachedAt"';
const TRUSTED_NOW = 'SELECT trusted_now() AS now';

/** Looks at the clock, and moves the mark on while it can be believed. */
export async function watchClock(system: System, leapMaxHours: number): Promise<ClockState> {
  const [state] = (await system.query(WATCH, [leapMaxHours, new Date()])) as [ClockState];
  return state;
}

/** A person says that the clock is right. @returns What it shows. */
export async function acceptClock(system: System): Promise<Date> {
  const [[{ reachedAt }]] = (await system.query(ACCEPT)) as [[{ reachedAt: Date }]];
  return reachedAt;
}

/** The present for whatever removes for good. */
export async function trustedNow(queryable: System): Promise<Date> {
  const [{ now }] = (await queryable.query(TRUSTED_NOW)) as [{ now: Date }];
  return now;
}
