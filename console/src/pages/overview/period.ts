const HOUR_MS = 3_600_000;

/** From the beginning of a day of the reader's to the end of this hour: statistics count whole hours. */
export function periodOf(days: number, now: Date): { readonly from: string; readonly to: string } {
  const from = new Date(now);
  from.setHours(0, 0, 0, 0);
  from.setDate(from.getDate() - (days - 1));
  const fromMs = Math.floor(from.getTime() / HOUR_MS) * HOUR_MS; // zones with half hours
  const toMs = (Math.floor(now.getTime() / HOUR_MS) + 1) * HOUR_MS;
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
}

/** Where there are points between two moments, in milliseconds: also where nothing was counted. Days are those of UTC. */
export function pointsOf(
  by: 'hour' | 'day',
  period: { readonly from: string; readonly to: string },
): number[] {
  const stepMs = by === 'hour' ? HOUR_MS : 24 * HOUR_MS;
  const first = Math.floor(Date.parse(period.from) / stepMs) * stepMs;
  const count = Math.ceil((Date.parse(period.to) - first) / stepMs);
  return Array.from({ length: count }, (_, index) => first + index * stepMs);
}
