import type { ConsultationOutcome } from './consultation.entity.js';
import { type CustomerActivity, churnProbabilityOf, daysBetween, segmentOf } from './customer-analysis.js';

export type Recommendation = { readonly action: string; readonly because: string };

type Rule = (activity: CustomerActivity) => Recommendation | null;

const finishOverdueTasks: Rule = ({ overdueTasks }) =>
  overdueTasks > 0
    ? { action: 'Finish our overdue tasks for this customer', because: `${overdueTasks} overdue` }
    : null;

const STEP_AFTER: Readonly<Record<ConsultationOutcome, string | null>> = {
  booked: 'Confirm the appointment for',
  follow_up: 'Call back about',
  considering: 'Send price, duration and contraindications of',
  no_show: 'Offer a new time for',
  cancelled: 'Offer a new time for',
  declined: null,
  unsuitable: null,
};

const followUpLastConsultation: Rule = ({ asOf, consultations, treatments }) => {
  const last = consultations.find(({ outcome }) => outcome !== null);
  if (!last?.outcome || (treatments[0] && treatments[0].performedAt > last.startedAt)) return null;
  const step = STEP_AFTER[last.outcome];
  if (step === null) return null;
  return {
    action: `${step} ${last.project ?? 'the consultation'}`,
    because: `last consultation ${daysBetween(last.startedAt, asOf)} days ago ended as ${last.outcome}`,
  };
};

const askAboutRecovery: Rule = ({ asOf, treatments: [last] }) => {
  const days = last ? daysBetween(last.performedAt, asOf) : 15;
  return last && days <= 14
    ? {
        action: `Ask how the recovery after ${last.project ?? 'the treatment'} goes`,
        because: `${days} days ago`,
      }
    : null;
};

const winBack: Rule = (activity) => {
  const churn = churnProbabilityOf(activity);
  return segmentOf(activity) === 'lapsed' || (churn.value ?? 0) >= 0.5
    ? {
        action: 'Ask how the last treatment turned out and offer a check-up',
        because: churn.value === null ? 'more than 365 days since the last treatment' : churn.reason,
      }
    : null;
};

const inviteToFirstConsultation: Rule = ({ treatments, consultations, preferences }) => {
  if (treatments.length > 0 || consultations.length > 0) return null;
  const interests = preferences.treatment_interests ?? [];
  const about = interests.length > 0 ? ` about ${interests.join(', ')}` : '';
  return {
    action: `Invite to a first consultation${about}`,
    because: 'no consultation and no treatment yet',
  };
};

const thankLoyalCustomer: Rule = (activity) =>
  segmentOf(activity) === 'loyal'
    ? { action: 'Thank for the loyalty', because: 'at least 3 treatments within 365 days' }
    : null;

const askForConsent: Rule = ({ preferences }) =>
  preferences.marketing_consent === undefined
    ? { action: 'Ask whether marketing messages are welcome', because: 'consent is not on record' }
    : null;

// Most pressing first.
const RULES: readonly Rule[] = [
  finishOverdueTasks,
  followUpLastConsultation,
  askAboutRecovery,
  winBack,
  inviteToFirstConsultation,
  thankLoyalCustomer,
  askForConsent,
];

/** What to do for a customer, most pressing first, each with the rows' own reason. Empty: nothing stands out. */
export function recommendationsFor(activity: CustomerActivity): Recommendation[] {
  return RULES.map((rule) => rule(activity)).filter((recommendation) => recommendation !== null);
}

/** What the customer refused. */
export function constraintsOf({ preferences }: CustomerActivity): string[] {
  return preferences.marketing_consent === false ? ['No marketing messages: the customer refused them'] : [];
}
