import { optionalText, wrongField } from '../../crm/tool-arguments.js';
import type { MoreWishes } from './better-plan.js';
import type { ConsultantsLine } from './consultants-lines.js';
import { NO_WISHES, type Wishes } from './plan-case.js';
import { dayNumber } from './plan-days.js';
import type { ConsultantsLineDto, OptimizePlanDto } from './plans.dto.js';

/** Reads what was given; blank texts count as absent, and so do lists of them. @throws {InvalidInputError} A day is none. */
export function givenWishes(given: OptimizePlanDto): MoreWishes {
  const wishes: { -readonly [key in keyof Wishes]?: Wishes[key] } = {};
  const goals = textsOf(given.goals);
  if (goals) wishes.goals = goals;
  const conditions = textsOf(given.health_conditions);
  if (conditions) wishes.conditions = conditions;
  const without = textsOf(given.without_services);
  if (without) wishes.without = without;
  if (given.budget_max_cents !== undefined) wishes.budgetMaxCents = given.budget_max_cents;
  if (given.start_on !== undefined) wishes.startOn = requiredDay('start_on', given.start_on);
  if (given.finish_by !== undefined) wishes.finishBy = requiredDay('finish_by', given.finish_by);
  return wishes;
}

/** The same for a plan that is new. */
export function wholeWishes(given: OptimizePlanDto): Wishes {
  return { ...NO_WISHES, ...givenWishes(given) };
}

export function changedLines(lines: readonly ConsultantsLineDto[]): ConsultantsLine[] {
  return lines.map(({ service_id, sessions, first_on, interval_days }) => ({
    serviceId: service_id,
    sessions,
    firstOn: requiredDay('first_on', first_on),
    intervalDays: interval_days,
  }));
}

/** @throws {InvalidInputError} The calendar has no such day. */
function requiredDay(field: string, text: string): string {
  if (dayNumber(text) !== undefined) return text;
  throw wrongField(field, `${field} must be a day as in 2026-01-31`);
}

/** @returns Undefined: there is nothing in it. */
function textsOf(given: readonly string[] | undefined): string[] | undefined {
  const said = (given ?? []).flatMap((text) => optionalText(text) ?? []);
  return said.length === 0 ? undefined : said;
}
