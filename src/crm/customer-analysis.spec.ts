import {
  behaviorPatternOf,
  churnProbabilityOf,
  type CustomerActivity,
  engagementLevelOf,
  engagementScoreOf,
  lifetimeValueOf,
  riskProfileOf,
  segmentOf,
} from './customer-analysis.js';
import type { ConsultationOutcome } from './consultation.entity.js';

const ASOF = new Date('2026-06-30T12:00:00Z');
const daysAgo = (days: number) => new Date(ASOF.getTime() - days * 86_400_000);
const activity = (given: Partial<CustomerActivity> = {}): CustomerActivity => ({
  asOf: ASOF,
  treatments: [],
  consultations: [],
  customerMessagesAt: [],
  openTasks: 0,
  overdueTasks: 0,
  preferences: {},
  ...given,
});
/** Days ago, newest first; each treatment cost 1,000.00. */
const treated = (...days: number[]): Partial<CustomerActivity> => ({
  treatments: days.map((day) => ({
    performedAt: daysAgo(day),
    amountPaidCents: 100_000,
    currency: 'CNY',
    project: 'Facial',
  })),
});
const talk = (days: number, outcome: ConsultationOutcome | null) => ({
  startedAt: daysAgo(days),
  outcome,
  project: 'Facial',
});

describe('segmentOf', () => {
  it.each([
    ['prospect', []],
    ['new', [10]],
    ['new', [0, 90]],
    ['occasional', [91]],
    ['occasional', [100, 400, 500]],
    ['loyal', [1, 200, 365]],
    ['lapsed', [366, 400, 500]],
  ])('is %s after treatments %j days ago', (segment, days) => {
    expect(segmentOf(activity(treated(...days)))).toBe(segment);
  });
});

describe('behaviorPatternOf', () => {
  it('takes the strongest sign of the last 90 days', () => {
    const messages = { customerMessagesAt: [daysAgo(90)] };
    const talks = { consultations: [talk(90, 'considering')] };
    expect(behaviorPatternOf(activity())).toBe('silent');
    expect(behaviorPatternOf(activity({ customerMessagesAt: [daysAgo(91)] }))).toBe('silent');
    expect(behaviorPatternOf(activity(messages))).toBe('asking');
    expect(behaviorPatternOf(activity({ ...messages, ...talks }))).toBe('considering');
    expect(behaviorPatternOf(activity({ ...messages, ...talks, ...treated(90) }))).toBe('buying');
  });

  it('counts no consultation that was missed or is still to come', () => {
    const consultations = [talk(1, null), talk(2, 'no_show'), talk(3, 'cancelled')];
    expect(behaviorPatternOf(activity({ consultations }))).toBe('silent');
  });
});

describe('engagementScoreOf', () => {
  it('adds messages, consultations and treatments', () => {
    const customerMessagesAt = [daysAgo(1), daysAgo(30), daysAgo(31)];
    const consultations = [talk(90, 'considering'), talk(91, 'considering')];
    // 2 messages × 2 + 1 consultation × 15 + 1 treatment × 15
    expect(engagementScoreOf(activity({ customerMessagesAt, consultations, ...treated(180, 181) }))).toBe(34);
  });

  it('never exceeds 100', () => {
    const customerMessagesAt = Array.from({ length: 50 }, () => daysAgo(1));
    const consultations = Array.from({ length: 5 }, () => talk(1, 'booked'));
    expect(engagementScoreOf(activity({ customerMessagesAt, consultations, ...treated(1, 2, 3) }))).toBe(100);
  });

  it.each([
    [0, 'none'],
    [1, 'low'],
    [24, 'low'],
    [25, 'medium'],
    [59, 'medium'],
    [60, 'high'],
  ])('calls %i %s', (score, level) => {
    expect(engagementLevelOf(score)).toBe(level);
  });
});

describe('riskProfileOf', () => {
  it('is unknown without any contact', () => {
    expect(riskProfileOf(activity())).toMatchObject({ level: 'unknown', points: 0 });
  });

  it('is low when nothing speaks for it', () => {
    expect(riskProfileOf(activity(treated(10)))).toEqual({ level: 'low', points: 0, reasons: [] });
  });

  it('adds up missed consultations, silence, a refusal and overdue tasks', () => {
    const consultations = [talk(181, 'declined'), talk(200, 'no_show'), talk(220, 'considering')];
    expect(riskProfileOf(activity({ consultations, overdueTasks: 2 }))).toEqual({
      level: 'high',
      points: 5,
      reasons: [
        '1 of 3 consultations were missed or cancelled',
        'no contact for 181 days',
        'declined in the last consultation',
        '2 overdue task(s) of ours',
      ],
    });
  });
});

describe('lifetimeValueOf', () => {
  it('sums what was paid and carries the pace on for a year', () => {
    expect(lifetimeValueOf(activity(treated(10, 200)))).toEqual({
      treatments: 2,
      paidToDate: [{ currency: 'CNY', amountCents: 200_000 }],
      projectedNext365Days: [{ currency: 'CNY', amountCents: 365_000 }], // 2,000.00 × 365 ÷ 200
      reason: 'paid to date × 365 ÷ 200 days since the first treatment',
    });
  });

  it.each([
    ['one treatment', [300]],
    ['less than 180 days', [10, 179]],
  ])('projects nothing after %s', (_, days) => {
    expect(lifetimeValueOf(activity(treated(...days)))).toMatchObject({
      projectedNext365Days: null,
      reason: expect.stringContaining('needs 2 treatments and 180 days'),
    });
  });

  it('keeps currencies apart', () => {
    const [yuan] = treated(10).treatments!;
    const treatments = [yuan, { ...yuan, currency: 'EUR', amountPaidCents: 5 }];
    expect(lifetimeValueOf(activity({ treatments })).paidToDate).toEqual([
      { currency: 'CNY', amountCents: 100_000 },
      { currency: 'EUR', amountCents: 5 },
    ]);
  });
});

describe('churnProbabilityOf', () => {
  it.each([
    [50, [50, 150, 250], 0], // the usual gap of 100 days has not passed
    [100, [100, 200, 300], 0],
    [150, [150, 250, 350], 0.25], // (150 − 100) ÷ 200
    [300, [300, 400, 500], 1],
    [900, [900, 1000, 1100], 1],
  ])('after %i days, with treatments %j days ago, is %f', (_, days, probability) => {
    expect(churnProbabilityOf(activity(treated(...days))).value).toBe(probability);
  });

  it.each([
    ['two treatments', [10, 20]],
    ['three on one day', [10, 10, 10]],
  ])('is unknown after %s', (_, days) => {
    expect(churnProbabilityOf(activity(treated(...days)))).toMatchObject({
      value: null,
      reason: expect.stringContaining('unknown'),
    });
  });
});
