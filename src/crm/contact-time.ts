import type { CustomerActivity } from './customer-analysis.js';

export type ContactTime = {
  /** E.g. `weekday evening` or `18:00-21:00`; null: unknown. */
  readonly value: string | null;
  readonly timezone: string;
  readonly reason: string;
};

const PARTS_OF_DAY = ['night', 'morning', 'afternoon', 'evening'] as const;
const HOURS_PER_PART = 24 / PARTS_OF_DAY.length;
const MESSAGES_MIN = 10;

/**
 * When to contact a customer: the stated hours if there are any, else the time of day at which most of the customer's
 * own messages were sent (night 0–5, morning 6–11, afternoon 12–17, evening 18–23 o'clock, on weekdays or weekends).
 *
 * @param defaultTimezone IANA zone to read the clock in when the customer stated none.
 */
export function contactTimeOf(activity: CustomerActivity, defaultTimezone: string): ContactTime {
  const { contact_hours: statedHours, timezone: statedTimezone } = activity.preferences;
  const timezone = statedTimezone ?? defaultTimezone;
  if (statedHours !== undefined) return { value: statedHours, timezone, reason: 'stated by the customer' };
  const total = activity.customerMessagesAt.length;
  if (total < MESSAGES_MIN) {
    return {
      value: null,
      timezone,
      reason: `unknown: needs ${MESSAGES_MIN} messages of the customer, there are ${total}`,
    };
  }
  const counts = new Map<string, number>();
  const slotOf = slotReader(timezone);
  for (const time of activity.customerMessagesAt) {
    const slot = slotOf(time);
    counts.set(slot, (counts.get(slot) ?? 0) + 1);
  }
  // Equal counts: the alphabet decides, so that the answer does not change from call to call.
  const [[value, count]] = [...counts].toSorted(([a, m], [b, n]) => n - m || a.localeCompare(b)) as [
    [string, number],
  ];
  return { value, timezone, reason: `${count} of ${total} messages of the customer were sent then` };
}

function slotReader(timeZone: string): (time: Date) => string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    hourCycle: 'h23',
  });
  return (time) => {
    const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]));
    const day = parts.weekday === 'Sat' || parts.weekday === 'Sun' ? 'weekend' : 'weekday';
    return `${day} ${PARTS_OF_DAY[Math.floor(Number(parts.hour) / HOURS_PER_PART)]}`;
  };
}
