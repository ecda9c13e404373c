import type { Condition } from '../search/call-filter.js';

const DAY_MS = 86_400_000;

/** Whole days are read from the days' sums, what is left at both ends from those of hours. */
export function addSpan(condition: Condition, time: { from: Date; to: Date; byHour: boolean }): void {
  const { from, to } = time;
  const firstDay = ceilDay(from);
  const lastDay = floorDay(to);
  if (time.byHour || firstDay >= lastDay) {
    condition.and(`span = 'hour' AND starts_at >= ? AND starts_at < ?`, from, to);
    return;
  }
  condition.and(
    `((span = 'day' AND starts_at >= ? AND starts_at < ?)
      OR (span = 'hour' AND starts_at >= ? AND starts_at < ?) OR (span = 'hour' AND starts_at >= ? AND starts_at < ?))`,
    firstDay,
    lastDay,
    from,
    firstDay,
    lastDay,
    to,
  );
}

export function floorDay(time: Date): Date {
  return new Date(Math.floor(time.getTime() / DAY_MS) * DAY_MS);
}

export function ceilDay(time: Date): Date {
  return new Date(Math.ceil(time.getTime() / DAY_MS) * DAY_MS);
}
