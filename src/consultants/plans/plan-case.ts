import type { Project } from '../../crm/project.entity.js';

/*
 * What a treatment plan is made of. Everything a plan says comes from one of these rows; what no row says, no plan says.
 */

/** A row, and the words of it that count. `request`: said by whoever asked for the plan. */
export type Evidence = {
  readonly table:
    | 'projects'
    | 'customer_profiles'
    | 'customer_preferences'
    | 'consultations'
    | 'treatments'
    | 'users'
    | 'request';
  readonly id: string | null;
  readonly field: string;
  readonly value: string;
};

/** One service of the catalogue, as far as plans go. */
export type Service = Readonly<
  Pick<
    Project,
    | 'id'
    | 'code'
    | 'name'
    | 'category'
    | 'description'
    | 'priceMinCents'
    | 'priceMaxCents'
    | 'currency'
    | 'durationMinutes'
    | 'recoveryDays'
    | 'usualSessions'
    | 'sessionIntervalDays'
    | 'contraindications'
  >
>;

/** Something that the customer wants, as a row says it; `serviceId` where the row names the service itself. */
export type Want = {
  readonly evidence: Evidence;
  readonly weight: number;
  readonly serviceId: string | null;
};

/** A service that the customer had already. */
export type PastSession = {
  readonly serviceId: string | null;
  readonly on: number;
  readonly recoveryDays: number;
};

/** A service that a consultation found unsuitable for the customer. */
export type Unsuitable = { readonly serviceId: string; readonly evidence: Evidence };

/** What was asked for. Days are `YYYY-MM-DD`; null: nobody said. */
export type Wishes = {
  readonly goals: readonly string[];
  readonly budgetMaxCents: number | null;
  readonly startOn: string | null;
  readonly finishBy: string | null;
  /** Health conditions beside the file's. */
  readonly conditions: readonly string[];
  /** Ids of services that are not wanted. */
  readonly without: readonly string[];
};

export const NO_WISHES: Wishes = {
  goals: [],
  budgetMaxCents: null,
  startOn: null,
  finishBy: null,
  conditions: [],
  without: [],
};

export type PlanCase = {
  /** The day on which it was read. */
  readonly today: string;
  /** Those that the tenant offers. */
  readonly services: readonly Service[];
  /** What is known of the customer's health. */
  readonly health: readonly Evidence[];
  readonly wants: readonly Want[];
  readonly unsuitable: readonly Unsuitable[];
  readonly past: readonly PastSession[];
  readonly wishes: Wishes;
  /** What was asked for, else what the file says; null: neither says. */
  readonly budget: { readonly maxCents: number; readonly evidence: Evidence } | null;
  readonly currency: string;
};

/** One service in a plan that is being made. `because`: rows that it is there for. */
export type DraftLine = {
  /** Id or code of a service. */
  readonly service: string;
  /** Absent: as many as the service usually takes. */
  readonly sessions?: number;
  /** Not before this day. */
  readonly startOn?: string;
  readonly intervalDays?: number;
  readonly because: readonly Evidence[];
};

export type PlanLine = {
  readonly service: { readonly id: string; readonly code: string; readonly name: string };
  /** Days of the sessions, rising. */
  readonly sessions: readonly string[];
  readonly interval_days: number;
  readonly duration_minutes: number;
  /** Of all sessions together. */
  readonly price_min_cents: number;
  readonly price_max_cents: number;
  readonly currency: string;
  readonly because: readonly Evidence[];
  /** Contraindications of the service that the file does not speak of, to be asked before the first session. */
  readonly ask_first: readonly string[];
};

export const PLAN_RULES = [
  'offered',
  'currency',
  'unwanted',
  'contraindicated',
  'unsupported',
  'course',
  'budget',
  'spacing',
  'time',
] as const;
export type PlanRule = (typeof PLAN_RULES)[number];

/** What a rule took away or moved, and the rows that it did it for. */
export type RuleStep = {
  readonly rule: PlanRule | 'wanted';
  readonly did: 'removed' | 'reduced' | 'moved' | 'chosen' | 'refused';
  /** Code of the service; as it was named, where there is none. */
  readonly service: string;
  readonly text: string;
  readonly rows: readonly Evidence[];
};

/** What a revision of a plan holds. */
export type PlanContent = {
  readonly lines: readonly PlanLine[];
  readonly total: { readonly min_cents: number; readonly max_cents: number; readonly currency: string };
  readonly budget_max_cents: number | null;
  readonly first_on: string | null;
  readonly last_on: string | null;
  /** How it came to be so, in order. */
  readonly derivation: readonly RuleStep[];
};

/** Names the row of a service. */
export function serviceRow(service: Service, field: string, value: string | number): Evidence {
  return { table: 'projects', id: service.id, field, value: String(value) };
}
