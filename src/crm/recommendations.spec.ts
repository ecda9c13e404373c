import type { ConsultationFact, CustomerActivity, TreatmentFact } from './customer-analysis.js';
import { constraintsOf, recommendationsFor } from './recommendations.js';

const ASOF = new Date('2026-06-30T12:00:00Z');
const daysAgo = (days: number) => new Date(ASOF.getTime() - days * 86_400_000);
const actionsFor = (given: Partial<CustomerActivity>) =>
  recommendationsFor({
    asOf: ASOF,
    treatments: [],
    consultations: [],
    customerMessagesAt: [],
    openTasks: 0,
    overdueTasks: 0,
    preferences: { marketing_consent: true },
    ...given,
  }).map(({ action }) => action);
const treatment = (days: number): TreatmentFact => ({
  performedAt: daysAgo(days),
  amountPaidCents: 1,
  currency: 'CNY',
  project: 'Facial',
});
const talk = (outcome: ConsultationFact['outcome']): ConsultationFact => ({
  startedAt: daysAgo(20),
  outcome,
  project: 'Laser',
});

describe('recommendationsFor', () => {
  it('invites a prospect, naming the interests', () => {
    const preferences = { marketing_consent: true, treatment_interests: ['lips', 'spots'] };
    expect(actionsFor({ preferences })).toEqual(['Invite to a first consultation about lips, spots']);
  });

  it.each([
    ['booked', 'Confirm the appointment for Laser'],
    ['follow_up', 'Call back about Laser'],
    ['considering', 'Send price, duration and contraindications of Laser'],
    ['no_show', 'Offer a new time for Laser'],
    ['cancelled', 'Offer a new time for Laser'],
  ] as const)('follows up a consultation that ended as %s', (outcome, action) => {
    expect(actionsFor({ consultations: [talk(null), talk(outcome)] })).toEqual([action]);
  });

  it.each(['declined', 'unsuitable', null] as const)(
    'leaves a consultation alone that ended as %s',
    (outcome) => {
      expect(actionsFor({ consultations: [talk(outcome)] })).toEqual([]);
    },
  );

  it('follows up no consultation that a treatment came after', () => {
    expect(actionsFor({ consultations: [talk('booked')], treatments: [treatment(18)] })).toEqual([]);
  });

  it('asks about the recovery for 14 days', () => {
    expect(actionsFor({ treatments: [treatment(14)] })).toEqual(['Ask how the recovery after Facial goes']);
    expect(actionsFor({ treatments: [treatment(15)] })).toEqual([]);
  });

  it('puts our overdue tasks first and consent last', () => {
    expect(actionsFor({ overdueTasks: 1, treatments: [treatment(400)], preferences: {} })).toEqual([
      'Finish our overdue tasks for this customer',
      'Ask how the last treatment turned out and offer a check-up',
      'Ask whether marketing messages are welcome',
    ]);
  });

  it('thanks a loyal customer', () => {
    const treatments = [20, 110, 200].map(treatment);
    expect(actionsFor({ treatments })).toEqual(['Thank for the loyalty']);
  });
});

describe('constraintsOf', () => {
  it('forbids marketing only when it was refused', () => {
    const activity = { preferences: { marketing_consent: false } } as CustomerActivity;
    expect(constraintsOf(activity)).toHaveLength(1);
    expect(constraintsOf({ ...activity, preferences: {} })).toEqual([]);
  });
});
