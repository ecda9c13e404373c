import type { Consultation, ConsultationOutcome } from '../../crm/consultation.entity.js';
import type { CustomerPreferences } from '../../crm/customer-preferences.entity.js';
import type { CustomerProfile } from '../../crm/customer-profile.entity.js';
import type { Treatment } from '../../crm/treatment.entity.js';
import { cutText } from '../../platform/cut-text.js';
import type { Evidence, PastSession, Unsuitable, Want, Wishes } from './plan-case.js';
import { dayOfTime } from './plan-days.js';

/** What is on file of a customer; lists are newest first. */
export type CustomerRows = {
  readonly profile: CustomerProfile | null;
  readonly preferences: CustomerPreferences | null;
  readonly consultations: readonly Consultation[];
  readonly treatments: readonly Treatment[];
};

/** Of a text that a plan quotes. */
const QUOTED_MAX = 500; // characters
const CONSULTATIONS_WANTED = 10;
/** How much a row says of what the customer wants. */
const WEIGHTS = { goal: 4, interest: 3, fact: 2, consultation: 2 } as const;
const OF_INTEREST = /interest|goal|want|wish|concern|兴趣|需求|目标|想/i;
const STILL_WANTED: readonly (ConsultationOutcome | null)[] = ['booked', 'considering', 'follow_up'];

/** Everything on file that may speak of health, also where nobody would look for it. */
export function healthOf({ profile, preferences, consultations }: CustomerRows, wishes: Wishes): Evidence[] {
  const found: Evidence[] = [];
  const add = (
    table: Evidence['table'],
    id: string | null,
    field: string,
    value: string | null | undefined,
  ) => {
    if (value?.trim()) found.push(quoteOf(table, id, field, value));
  };
  for (const condition of wishes.conditions) add('request', null, 'health_conditions', condition);
  if (profile) {
    const of = (field: string, value: string | null) =>
      add('customer_profiles', profile.userId, field, value);
    for (const allergy of profile.allergies) of('allergies', allergy);
    of('health_notes', profile.healthNotes);
    of('skin_notes', profile.skinNotes);
    for (const { topic, text } of profile.facts)
      if (!OF_INTEREST.test(topic)) of('facts', `${topic}: ${text}`);
  }
  if (preferences) add('customer_preferences', preferences.userId, 'notes', preferences.values.notes);
  for (const { id, notes } of consultations) add('consultations', id, 'notes', notes);
  return found;
}

export function wantsOf({ profile, preferences, consultations }: CustomerRows, wishes: Wishes): Want[] {
  const goals = wishes.goals.map((goal) => want(quoteOf('request', null, 'goals', goal), WEIGHTS.goal));
  const interests = (preferences?.values.treatment_interests ?? []).map((interest) =>
    want(
      quoteOf('customer_preferences', preferences?.userId ?? null, 'treatment_interests', interest),
      WEIGHTS.interest,
    ),
  );
  const facts = (profile?.facts ?? [])
    .filter(({ topic }) => OF_INTEREST.test(topic))
    .map(({ text }) =>
      want(quoteOf('customer_profiles', profile?.userId ?? null, 'facts', text), WEIGHTS.fact),
    );
  const talks = consultations.slice(0, CONSULTATIONS_WANTED).flatMap((talk): Want[] => {
    if (talk.projectId === null || !STILL_WANTED.includes(talk.outcome)) return [];
    const evidence = quoteOf('consultations', talk.id, 'outcome', String(talk.outcome));
    return [{ evidence, weight: WEIGHTS.consultation, serviceId: talk.projectId }];
  });
  return [...goals, ...interests, ...facts, ...talks];
}

export function unsuitableOf({ consultations }: CustomerRows): Unsuitable[] {
  return consultations.flatMap(({ id, projectId, outcome }) =>
    projectId !== null && outcome === 'unsuitable'
      ? [{ serviceId: projectId, evidence: quoteOf('consultations', id, 'outcome', outcome) }]
      : [],
  );
}

export function pastOf({ treatments }: CustomerRows): PastSession[] {
  return treatments.map(({ projectId, project, performedAt }) => ({
    serviceId: projectId,
    on: dayOfTime(performedAt),
    recoveryDays: project?.recoveryDays ?? 0,
  }));
}

function want(evidence: Evidence, weight: number): Want {
  return { evidence, weight, serviceId: null };
}

function quoteOf(table: Evidence['table'], id: string | null, field: string, value: string): Evidence {
  return { table, id, field, value: cutText(value.trim(), QUOTED_MAX) };
}
