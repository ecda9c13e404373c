import type { PastSession, Service } from './plan-case.js';

/** A session of a service on a day, counted from 1970. */
export type SessionDay = { readonly service: Service; readonly day: number };

/** How far ahead a first session may lie. */
const HORIZON_DAYS = 730;

/** Days that must lie between two sessions of one service. */
export function gapOf({ sessionIntervalDays, recoveryDays }: Service): number {
  return Math.max(sessionIntervalDays, recoveryDays, 1);
}

/** Whether two sessions keep their distance: of one service its own, of two the time to recover from the earlier one. */
export function keepsDistance(one: SessionDay, other: SessionDay): boolean {
  const [earlier, later] = one.day <= other.day ? [one, other] : [other, one];
  const days = later.day - earlier.day;
  if (earlier.service.id === later.service.id) return days >= gapOf(earlier.service);
  return days >= Math.max(1, earlier.service.recoveryDays);
}

/** The same after what was done already. */
export function keepsDistanceFrom(past: PastSession, { service, day }: SessionDay): boolean {
  const gap = past.serviceId === service.id ? gapOf(service) : 0;
  return day - past.on >= Math.max(1, past.recoveryDays, gap);
}

/**
 * Finds the first day on which a course can begin so that each of its sessions keeps its distance from those that are placed.
 *
 * @returns Null: there is none within {@link HORIZON_DAYS}.
 */
export function firstDayFor(
  course: { readonly service: Service; readonly sessions: number; readonly intervalDays: number },
  {
    from,
    placed,
    past,
  }: { readonly from: number; readonly placed: readonly SessionDay[]; readonly past: readonly PastSession[] },
): number | null {
  for (let first = from; first <= from + HORIZON_DAYS; first += 1) {
    const days = sessionDays(course, first);
    const fits = days.every(
      (session) =>
        placed.every((other) => keepsDistance(session, other)) &&
        past.every((done) => keepsDistanceFrom(done, session)),
    );
    if (fits) return first;
  }
  return null;
}

export function sessionDays(
  {
    service,
    sessions,
    intervalDays,
  }: { readonly service: Service; readonly sessions: number; readonly intervalDays: number },
  first: number,
): SessionDay[] {
  return Array.from({ length: sessions }, (_, index) => ({ service, day: first + index * intervalDays }));
}
