import { conflictsOf } from './contraindications.js';
import {
  type DraftLine,
  type Evidence,
  type PlanCase,
  type PlanContent,
  type PlanLine,
  type PlanRule,
  type RuleStep,
  type Service,
  serviceRow,
} from './plan-case.js';
import { dayNumber, dayOf, dayText } from './plan-days.js';
import { firstDayFor, gapOf, type SessionDay, sessionDays } from './plan-spacing.js';

/** More would be read by nobody. */
export const LINES_MAX = 8;
export const SESSIONS_MAX = 24;

type Course = {
  readonly service: Service;
  readonly sessions: number;
  readonly startOn: string | undefined;
  readonly intervalDays: number;
  readonly because: readonly Evidence[];
};
type Taken = { readonly courses: Course[]; readonly steps: RuleStep[] };

/**
 * Makes a plan of a draft, whoever wrote it: what breaks a rule is removed, reduced or moved, and each of that is a step of the
 * derivation. What is left breaks none. The first lines go before the later ones, for the money and for the days.
 */
export function planOf(
  draft: readonly DraftLine[],
  of: PlanCase,
  before: readonly RuleStep[] = [],
): PlanContent {
  const taken: Taken = { courses: [], steps: [...before] };
  for (const line of draft) takeLine(taken, line, of);
  const affordable = withinBudget(taken, of);
  const lines = inTime(affordable, taken.steps, of);
  return contentOf(lines, taken.steps, of);
}

export function contentOf(
  lines: readonly PlanLine[],
  derivation: readonly RuleStep[],
  of: PlanCase,
): PlanContent {
  const days = lines.flatMap(({ sessions }) => sessions).toSorted();
  return {
    lines,
    total: {
      min_cents: sumOf(lines.map(({ price_min_cents }) => price_min_cents)),
      max_cents: sumOf(lines.map(({ price_max_cents }) => price_max_cents)),
      currency: of.currency,
    },
    budget_max_cents: of.budget?.maxCents ?? null,
    first_on: days.at(0) ?? null,
    last_on: days.at(-1) ?? null,
    derivation,
  };
}

/** Why a service must not be in the customer's plan at all; null: it may. */
export function refusalOf(
  service: Service,
  of: PlanCase,
): (Omit<RuleStep, 'did'> & { readonly rule: PlanRule }) | null {
  const { code } = service;
  if (service.currency !== of.currency)
    return {
      rule: 'currency',
      service: code,
      text: `Its price is in ${service.currency}, the budget in ${of.currency}`,
      rows: [serviceRow(service, 'currency', service.currency)],
    };
  const [conflict] = conflictsOf(service, of);
  if (!conflict) return null;
  return {
    rule: 'contraindicated',
    service: code,
    text: `Contraindicated: ${conflict.contraindication}`,
    rows: conflict.rows,
  };
}

function takeLine({ courses, steps }: Taken, line: DraftLine, of: PlanCase): void {
  const service = of.services.find(({ id, code }) => id === line.service || code === line.service);
  const remove = (rule: PlanRule, text: string, rows: readonly Evidence[] = []) =>
    void steps.push({ rule, did: 'removed', service: service?.code ?? line.service, text, rows });
  if (!service) return remove('offered', 'No service that we offer');
  if (courses.some((course) => course.service.id === service.id)) return; // said twice
  if (courses.length === LINES_MAX) return remove('course', `A plan has at most ${LINES_MAX} services`);
  if (of.wishes.without.includes(service.id))
    return remove('unwanted', 'The customer does not want it', [
      { table: 'request', id: null, field: 'without_services', value: service.code },
    ]);
  const refusal = refusalOf(service, of);
  if (refusal) return remove(refusal.rule, refusal.text, refusal.rows);
  if (line.because.length === 0) return remove('unsupported', 'No row says why the customer should have it');
  const row = serviceRow(service, 'usual_sessions', service.usualSessions);
  const wanted = Math.max(1, Math.trunc(line.sessions ?? service.usualSessions));
  const sessions = Math.min(wanted, service.usualSessions);
  if (sessions < wanted)
    steps.push({
      rule: 'course',
      did: 'reduced',
      service: service.code,
      text: `${wanted} sessions to ${sessions}: the catalogue says no more`,
      rows: [row],
    });
  const intervalDays = Math.max(gapOf(service), Math.min(365, Math.trunc(line.intervalDays ?? 0)));
  courses.push({ service, sessions, startOn: line.startOn, intervalDays, because: line.because });
}

/** By the upper end of the prices, so that the plan cannot become dearer than the customer may pay. */
function withinBudget({ courses, steps }: Taken, { budget }: PlanCase): Course[] {
  if (!budget) return courses;
  let leftCents = budget.maxCents;
  return courses.flatMap((course) => {
    const { service } = course;
    const payable =
      service.priceMaxCents === 0 ? course.sessions : Math.floor(leftCents / service.priceMaxCents);
    const sessions = Math.min(course.sessions, Math.max(0, payable));
    leftCents -= sessions * service.priceMaxCents;
    if (sessions < course.sessions)
      steps.push({
        rule: 'budget',
        did: sessions === 0 ? 'removed' : 'reduced',
        service: service.code,
        text: `${course.sessions} sessions to ${sessions}: the budget allows no more`,
        rows: [budget.evidence, serviceRow(service, 'price_max_cents', service.priceMaxCents)],
      });
    return sessions === 0 ? [] : [{ ...course, sessions }];
  });
}

function inTime(courses: readonly Course[], steps: RuleStep[], of: PlanCase): PlanLine[] {
  const { startOn, finishBy } = of.wishes;
  const earliest = Math.max(dayOf(of.today) + 1, startOn === null ? 0 : dayOf(startOn));
  const latest = finishBy === null ? Infinity : dayOf(finishBy);
  const placed: SessionDay[] = [];
  return courses.flatMap((course) => {
    const { service } = course;
    const asked = course.startOn === undefined ? undefined : dayNumber(course.startOn);
    const from = Math.max(earliest, Math.min(asked ?? 0, earliest + 365));
    for (let sessions = course.sessions; sessions > 0; sessions -= 1) {
      const first = firstDayFor({ ...course, sessions }, { from, placed, past: of.past });
      if (first === null || first + (sessions - 1) * course.intervalDays > latest) continue;
      const days = sessionDays({ ...course, sessions }, first);
      placed.push(...days);
      if (asked !== undefined && asked < first)
        steps.push({
          rule: 'spacing',
          did: 'moved',
          service: service.code,
          text: `From ${dayText(asked)} to ${dayText(first)}`,
          rows: spacingRows(service),
        });
      if (sessions < course.sessions) noteTime(steps, course, { sessions, finishBy });
      return [planLine({ ...course, because: [...course.because, ...priceRows(service)] }, days, of)];
    }
    noteTime(steps, course, { sessions: 0, finishBy });
    return [];
  });
}

function noteTime(
  steps: RuleStep[],
  { service, sessions: wanted }: Course,
  { sessions, finishBy }: { readonly sessions: number; readonly finishBy: string | null },
): void {
  const wish: Evidence = { table: 'request', id: null, field: 'finish_by', value: finishBy ?? 'no limit' };
  steps.push({
    rule: 'time',
    did: sessions === 0 ? 'removed' : 'reduced',
    service: service.code,
    text: `${wanted} sessions to ${sessions}: there are no more days for them`,
    rows: [wish, ...spacingRows(service)],
  });
}

/** Makes a line of the days of its sessions. */
export function planLine(
  { service, intervalDays, because }: Pick<Course, 'service' | 'intervalDays' | 'because'>,
  days: readonly SessionDay[],
  of: PlanCase,
): PlanLine {
  return {
    service: { id: service.id, code: service.code, name: service.name },
    sessions: days.map(({ day }) => dayText(day)),
    interval_days: intervalDays,
    duration_minutes: service.durationMinutes,
    price_min_cents: days.length * service.priceMinCents,
    price_max_cents: days.length * service.priceMaxCents,
    currency: service.currency,
    because: [...because, ...spacingRows(service)],
    ask_first: askFirst(service, of),
  };
}

/** What is not on file cannot be ruled out. */
function askFirst(service: Service, of: PlanCase): string[] {
  const met = conflictsOf(service, of).map(({ contraindication }) => contraindication);
  return service.contraindications.filter((one) => !met.includes(one));
}

function priceRows(service: Service): Evidence[] {
  return [
    serviceRow(
      service,
      'price',
      `${service.priceMinCents} to ${service.priceMaxCents} cents ${service.currency}`,
    ),
  ];
}

function spacingRows(service: Service): Evidence[] {
  return [
    serviceRow(service, 'session_interval_days', service.sessionIntervalDays),
    serviceRow(service, 'recovery_days', service.recoveryDays),
  ];
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}
