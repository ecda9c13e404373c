import type { ConsultationOutcome } from './consultation.entity.js';
import type { PreferenceValues } from './preference-keys.js';

/*
 * The formulas of analyze_customer: plain arithmetic over one customer's own rows, nothing learned, nothing guessed.
 * docs/crm-tools.md states each in words. What the rows cannot tell is null, with the reason.
 */

export type TreatmentFact = {
  readonly performedAt: Date;
  readonly amountPaidCents: number;
  readonly currency: string;
  readonly project: string | null;
};
export type ConsultationFact = {
  readonly startedAt: Date;
  readonly outcome: ConsultationOutcome | null;
  readonly project: string | null;
};

/** What the formulas read. Lists are newest first. */
export type CustomerActivity = {
  readonly asOf: Date;
  readonly treatments: readonly TreatmentFact[];
  readonly consultations: readonly ConsultationFact[];
  readonly customerMessagesAt: readonly Date[];
  readonly openTasks: number;
  readonly overdueTasks: number;
  readonly preferences: PreferenceValues;
};

export type Segment = 'prospect' | 'new' | 'lapsed' | 'loyal' | 'occasional';
export type BehaviorPattern = 'buying' | 'considering' | 'asking' | 'silent';
export type Money = { readonly currency: string; readonly amountCents: number };

const DAY_MS = 86_400_000;

/** Whole days from one time to a later one. */
export function daysBetween(from: Date, to: Date): number {
  return Math.floor((to.getTime() - from.getTime()) / DAY_MS);
}

export function segmentOf({ asOf, treatments }: CustomerActivity): Segment {
  const [last] = treatments;
  const first = treatments.at(-1);
  if (!last || !first) return 'prospect';
  if (daysBetween(last.performedAt, asOf) > 365) return 'lapsed';
  if (daysBetween(first.performedAt, asOf) <= 90) return 'new';
  const inYear = treatments.filter((treatment) => daysBetween(treatment.performedAt, asOf) <= 365);
  return inYear.length >= 3 ? 'loyal' : 'occasional';
}

export function behaviorPatternOf(activity: CustomerActivity): BehaviorPattern {
  const isRecent = (time: Date) => daysBetween(time, activity.asOf) <= 90;
  if (activity.treatments.some(({ performedAt }) => isRecent(performedAt))) return 'buying';
  if (activity.consultations.some((talk) => tookPlace(talk) && isRecent(talk.startedAt)))
    return 'considering';
  if (activity.customerMessagesAt.some(isRecent)) return 'asking';
  return 'silent';
}

/** 0 to 100: up to 40 for messages of 30 days, 30 for consultations of 90 days, 30 for treatments of 180 days. */
export function engagementScoreOf(activity: CustomerActivity): number {
  const within = (days: number) => (time: Date) => daysBetween(time, activity.asOf) <= days;
  const messages = activity.customerMessagesAt.filter(within(30)).length;
  const talks = activity.consultations.filter(tookPlace).map(({ startedAt }) => startedAt);
  const treatments = activity.treatments.map(({ performedAt }) => performedAt);
  return (
    Math.min(messages, 20) * 2 +
    Math.min(talks.filter(within(90)).length, 2) * 15 +
    Math.min(treatments.filter(within(180)).length, 2) * 15
  );
}

export function engagementLevelOf(score: number): 'high' | 'medium' | 'low' | 'none' {
  if (score >= 60) return 'high';
  if (score >= 25) return 'medium';
  return score > 0 ? 'low' : 'none';
}

export type RiskProfile = {
  readonly level: 'low' | 'medium' | 'high' | 'unknown';
  readonly points: number;
  readonly reasons: readonly string[];
};

/** The risk of losing the customer. 0 points low, 1 or 2 medium, from 3 high. */
export function riskProfileOf(activity: CustomerActivity): RiskProfile {
  const lastContactAt = lastContact(activity);
  if (lastContactAt === null) {
    return { level: 'unknown', points: 0, reasons: ['no message, consultation or treatment on record'] };
  }
  const found: [points: number, reason: string][] = [];
  const ended = activity.consultations.filter(({ outcome }) => outcome !== null);
  const missed = ended.filter((talk) => !tookPlace(talk)).length;
  if (ended.length >= 3 && missed / ended.length >= 1 / 3) {
    found.push([2, `${missed} of ${ended.length} consultations were missed or cancelled`]);
  }
  const silentDays = daysBetween(lastContactAt, activity.asOf);
  if (silentDays > 180) found.push([1, `no contact for ${silentDays} days`]);
  if (ended[0]?.outcome === 'declined') found.push([1, 'declined in the last consultation']);
  if (activity.overdueTasks > 0) found.push([1, `${activity.overdueTasks} overdue task(s) of ours`]);
  const points = found.reduce((sum, [worth]) => sum + worth, 0);
  const level = points >= 3 ? 'high' : points > 0 ? 'medium' : 'low';
  return { level, points, reasons: found.map(([, reason]) => reason) };
}

export type Strategy = 'win_back' | 'reward_loyalty' | 'gentle_introduction' | 'stay_in_touch';

/** How to speak to a customer: who may be lost is won back, who is new is not pressed. */
export function strategyOf(segment: Segment, { level }: RiskProfile): Strategy {
  if (segment === 'lapsed' || level === 'high') return 'win_back';
  if (segment === 'loyal') return 'reward_loyalty';
  return segment === 'occasional' ? 'stay_in_touch' : 'gentle_introduction';
}

export type LifetimeValue = {
  readonly treatments: number;
  readonly paidToDate: readonly Money[];
  readonly projectedNext365Days: readonly Money[] | null;
  readonly reason: string;
};

/** What was paid, and the same pace carried on for a year: paid × 365 ÷ days since the first treatment. */
export function lifetimeValueOf({ asOf, treatments }: CustomerActivity): LifetimeValue {
  const sums = new Map<string, number>();
  for (const { currency, amountPaidCents } of treatments) {
    sums.set(currency, (sums.get(currency) ?? 0) + amountPaidCents);
  }
  const paidToDate = [...sums]
    .map(([currency, amountCents]) => ({ currency, amountCents }))
    .toSorted((a, b) => a.currency.localeCompare(b.currency));
  const count = treatments.length;
  const first = treatments.at(-1);
  const days = first ? daysBetween(first.performedAt, asOf) : 0;
  if (count < 2 || days < 180) {
    const reason = `a projection needs 2 treatments and 180 days since the first; there are ${count} and ${days}`;
    return { treatments: count, paidToDate, projectedNext365Days: null, reason };
  }
  return {
    treatments: count,
    paidToDate,
    projectedNext365Days: paidToDate.map(({ currency, amountCents }) => ({
      currency,
      amountCents: Math.round((amountCents * 365) / days),
    })),
    reason: `paid to date × 365 ÷ ${days} days since the first treatment`,
  };
}

export type ChurnProbability = { readonly value: number | null; readonly reason: string };

/** 0 until the customer's usual gap between treatments has passed, then rising evenly to 1 at three times the gap. */
export function churnProbabilityOf({ asOf, treatments }: CustomerActivity): ChurnProbability {
  const [last] = treatments;
  const first = treatments.at(-1);
  if (!last || !first || treatments.length < 3) {
    return { value: null, reason: `unknown: needs 3 treatments, there are ${treatments.length}` };
  }
  const usualGapDays = daysBetween(first.performedAt, last.performedAt) / (treatments.length - 1);
  if (usualGapDays < 1) return { value: null, reason: 'unknown: the treatments lie less than a day apart' };
  const sinceLastDays = daysBetween(last.performedAt, asOf);
  const share = (sinceLastDays - usualGapDays) / (2 * usualGapDays);
  const value = Math.round(Math.min(1, Math.max(0, share)) * 100) / 100;
  const gap = Math.round(usualGapDays * 10) / 10;
  return { value, reason: `${sinceLastDays} days since the last treatment, usually one every ${gap} days` };
}

/** A consultation that was missed, cancelled or is still to come is no contact. */
export function tookPlace({ outcome }: ConsultationFact): boolean {
  return outcome !== null && outcome !== 'no_show' && outcome !== 'cancelled';
}

export function lastContact(activity: CustomerActivity): Date | null {
  const times = [
    activity.customerMessagesAt[0],
    activity.treatments[0]?.performedAt,
    activity.consultations.find(tookPlace)?.startedAt,
  ].filter((time) => time !== undefined);
  return times.length === 0 ? null : new Date(Math.max(...times.map((time) => time.getTime())));
}
