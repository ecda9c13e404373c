/** From one moment on until another one, without it. */
export type Span = { readonly from: Date; readonly before: Date };

export const DAY_MS = 86_400_000;
/** What the log can hold lies between these; the years are those that a cursor can name. */
export const BEGINNING_OF_TIME = new Date('0001-01-01T00:00:00Z');
export const END_OF_TIME = new Date('9999-12-31T00:00:00Z');

/** Days that one query looks at: each may be a partition, with ten locks. */
export const DAYS_AT_ONCE = 64;

/**
 * The whole of a time in pieces of whole days of UTC, newest first: two days, then about as much as before, up to some weeks.
 * The table has a partition for each day, and planning a query over all of them takes longer than most queries: the newest
 * days alone often have what is sought.
 *
 * @param now What is later than the next day is in the first piece.
 * @param oldest When the oldest partition begins: what is before it is one piece.
 */
export function* growingSpans(
  { from, before }: Span,
  { now, oldest }: { readonly now: Date; readonly oldest: Date },
): Generator<Span> {
  let upper = before;
  for (let days = 1; upper > from; days = Math.min(days * 2, DAYS_AT_ONCE)) {
    const newest = Math.min(upper.getTime() - 1, now.getTime() + DAY_MS);
    const floor = upper <= oldest ? from : later(new Date(dayOf(newest) - days * DAY_MS), from);
    yield { from: floor, before: upper };
    upper = floor;
  }
}

/** Pieces of a time that lie in one day of UTC each, newest first; what is before the oldest partition is one piece. */
export function* byDay(
  { from, before }: Span,
  oldest = BEGINNING_OF_TIME,
): Generator<{ readonly day: Span; readonly piece: Span }> {
  let upper = before;
  while (upper > from) {
    const isBefore = upper <= oldest;
    const begin = isBefore ? from : new Date(dayOf(upper.getTime() - 1));
    const day = { from: begin, before: isBefore ? upper : new Date(begin.getTime() + DAY_MS) };
    const floor = later(begin, from);
    yield { day, piece: { from: floor, before: upper } };
    upper = floor;
  }
}

/** When the day of UTC begins, in milliseconds. */
export function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS) * DAY_MS;
}

export function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}

export function later(a: Date, b: Date): Date {
  return a > b ? a : b;
}
