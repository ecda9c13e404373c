import type { DataSource } from 'typeorm';
import { positionOf, stretchesToFollow } from '../follow.js';
import type { Region, Unmarked } from './region-query.js';
import { BEGINNING_OF_TIME, earlier, END_OF_TIME, later, type Span } from './times.js';

/** Stretches looked through at once: few at first, since a common filter finds its page in the newest ones. */
const ROUNDS = [8, 32, 128];
/** Unmarked records that are looked at to learn how far back they go. */
const UNMARKED_MAX = 5000;

type Stretch = {
  readonly id: string;
  readonly fromAt: Date;
  readonly toAt: Date;
  readonly matches: boolean;
  /** When the first record of each sixteenth came. */
  readonly starts: readonly Date[] | null;
  /** A bit for each sixteenth that has all that is sought; null: any may. */
  readonly places: number | null;
};

const OLDEST = 'SELECT oldest_call_log_after($1, $2, $3) AS at';
const OLDEST_WITHIN = 'SELECT oldest_call_log_within($1, $2, $3, $4, $5) AS at';
const COLUMNS = `id, from_at AS "fromAt", to_at AS "toAt", starts`;
const PLACES = `(SELECT bit_and(places[array_position(marks, mark)]) FROM unnest($5::integer[]) AS mark)`;

/** The newest ones whatever they have, for a common filter finds its page there. Marks are looked at behind the limit only. */
const NEWEST = `SELECT ${COLUMNS}, matches, CASE WHEN matches AND NOT stale THEN ${PLACES} END AS places
  FROM (SELECT *, stale OR marks @> $5::integer[] AS matches FROM (SELECT * FROM call_log_guide
    WHERE tenant_id = $1 AND from_at < $2 AND to_at >= $3 ORDER BY to_at DESC, id DESC LIMIT $4) newest) looked_at
  ORDER BY to_at DESC, id DESC`;
/** Those with the marks only. */
const FURTHER = `SELECT ${COLUMNS}, true AS matches, places FROM (
    SELECT * FROM find_call_log_stretches($5::integer[], $3, $2, $6, $7, $4)
    UNION ALL
    (SELECT id, from_at, to_at, starts, NULL FROM call_log_guide WHERE tenant_id = $1 AND from_at < $2 AND to_at >= $3
       AND stale AND (to_at, id) < ($6, $7) ORDER BY to_at DESC, id DESC LIMIT $4)) both_kinds
  ORDER BY to_at DESC, id DESC LIMIT $4`;

/** What the guide (`guide-job.ts`) says: where the records of a tenant may be that are sought. */
export class Guide {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * The whole span, newest first, each region with the parts in which the marks occur together.
   *
   * @param marks See `marksFor`.
   */
  async *regions(sought: { tenantId: string; marks: readonly number[]; span: Span }): AsyncGenerator<Region> {
    const { span } = sought;
    let upper = span.before;
    let left: Span[] = [];
    let last: Stretch | undefined;
    for (let round = 0; upper > span.from; round += 1) {
      const atOnce = ROUNDS[Math.min(round, ROUNDS.length - 1)];
      const stretches = await this.stretches(sought, last, atOnce);
      last = stretches.at(-1);
      // Those that were not fetched end at or before the end of the last one: what is newer is complete now.
      const isLast = stretches.length < atOnce || !last;
      const floor = isLast || !last ? span.from : earlier(upper, later(span.from, justAfter(last.toAt)));
      const open = [...left, ...stretches.flatMap(partsOf)];
      yield { span: { from: floor, before: upper }, parts: joined(open, { from: floor, before: upper }) };
      left = open
        .filter(({ from }) => from < floor)
        .map(({ from, before }) => ({ from, before: earlier(before, floor) }));
      upper = floor;
    }
  }

  /** Read it before the stretches: what is marked in between is then read twice over, and not left out. */
  async unmarked(): Promise<Unmarked> {
    const after = await positionOf(this.dataSource, 'guide');
    const stretches = await stretchesToFollow(this.dataSource);
    let oldest = END_OF_TIME;
    for (const { from, before } of stretches) {
      const [sql, ...bounds] = stretches.length === 1 ? [OLDEST] : [OLDEST_WITHIN, from, before];
      const values = [after.recordedIn, after.id, UNMARKED_MAX, ...bounds];
      const [{ at }] = await this.dataSource.query<[{ at: Date | number | null }]>(sql, values);
      if (at === null) continue;
      oldest = earlier(oldest, at instanceof Date ? at : BEGINNING_OF_TIME); // too many to look at: -infinity
    }
    return { after, from: oldest };
  }

  private stretches(
    { tenantId, marks, span }: { tenantId: string; marks: readonly number[]; span: Span },
    last: Stretch | undefined,
    atOnce: number,
  ): Promise<Stretch[]> {
    const parameters = [tenantId, span.before, span.from, atOnce, marks];
    if (!last) return this.dataSource.query(NEWEST, parameters);
    return this.dataSource.query(FURTHER, [...parameters, last.toAt, last.id]);
  }
}

/** The sixteenths of a stretch that have what is sought. */
function partsOf({ fromAt, toAt, matches, starts, places }: Stretch): Span[] {
  if (!matches) return [];
  if (places === null || starts === null) return [{ from: fromAt, before: justAfter(toAt) }];
  return starts
    .map((from, at) => ({ from, before: justAfter(starts[at + 1] ?? toAt) }))
    .filter((_part, at) => ((places >> at) & 1) === 1);
}

/** Cut to what is to be read now, newest first, and none over another, so that each record is read once. */
function joined(open: readonly Span[], within: Span): Span[] {
  const spans: Span[] = [];
  for (const span of open.toSorted((a, b) => b.before.getTime() - a.before.getTime())) {
    const cut = { from: later(span.from, within.from), before: earlier(span.before, within.before) };
    if (cut.from >= cut.before) continue;
    const last = spans.at(-1);
    if (last && cut.before >= last.from)
      spans[spans.length - 1] = { from: earlier(cut.from, last.from), before: last.before };
    else spans.push(cut);
  }
  return spans;
}

/** A millisecond later; times of records have no smaller parts. */
function justAfter(time: Date): Date {
  return new Date(time.getTime() + 1);
}
