import { contactTimeOf } from './contact-time.js';
import type { CustomerActivity } from './customer-analysis.js';

const activity = (times: string[], preferences: CustomerActivity['preferences'] = {}): CustomerActivity => ({
  asOf: new Date('2026-06-30T12:00:00Z'),
  treatments: [],
  consultations: [],
  customerMessagesAt: times.map((time) => new Date(time)),
  openTasks: 0,
  overdueTasks: 0,
  preferences,
});
const repeat = (time: string, count: number) => Array.from({ length: count }, () => time);

describe('contactTimeOf', () => {
  it('believes what the customer stated', () => {
    const stated = { contact_hours: '18:00-21:00', timezone: 'Asia/Shanghai' };
    expect(contactTimeOf(activity([], stated), 'UTC')).toMatchObject({
      value: '18:00-21:00',
      timezone: 'Asia/Shanghai',
    });
  });

  it('is unknown from fewer than 10 messages', () => {
    expect(contactTimeOf(activity(repeat('2026-06-01T10:00:00Z', 9)), 'UTC')).toMatchObject({
      value: null,
      reason: 'unknown: needs 10 messages of the customer, there are 9',
    });
  });

  it("reads the clock in the customer's time zone", () => {
    // Friday 17:00 UTC is Saturday 01:00 in Shanghai; Monday 11:00 UTC is Monday 19:00.
    const times = [...repeat('2026-06-05T17:00:00Z', 4), ...repeat('2026-06-01T11:00:00Z', 6)];
    expect(contactTimeOf(activity(times), 'Asia/Shanghai')).toEqual({
      value: 'weekday evening',
      timezone: 'Asia/Shanghai',
      reason: '6 of 10 messages of the customer were sent then',
    });
    expect(contactTimeOf(activity(times), 'UTC').value).toBe('weekday morning');
  });
});
