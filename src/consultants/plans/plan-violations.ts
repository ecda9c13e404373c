import type { PlanCase, PlanLine, PlanRule } from './plan-case.js';
import { dayNumber, dayOf } from './plan-days.js';
import { refusalOf } from './plan-rules.js';
import { keepsDistance, keepsDistanceFrom, type SessionDay } from './plan-spacing.js';

/** A rule that a plan breaks, and where. */
export type Violation = { readonly rule: PlanRule; readonly service: string; readonly text: string };

/**
 * Finds every rule that a plan breaks, by itself: it shares no step with the making of plans. Asked before a consultant's own
 * lines are stored, and again before a plan is approved, by the rows as they are then.
 */
export function violationsOf(lines: readonly PlanLine[], of: PlanCase): Violation[] {
  const found: Violation[] = [];
  const placed: SessionDay[] = [];
  let maxCents = 0;
  for (const { service: named, sessions } of lines) {
    const add = (rule: PlanRule, text: string) => void found.push({ rule, service: named.code, text });
    const service = of.services.find(({ id }) => id === named.id);
    if (!service) {
      add('offered', 'It is not offered');
      continue;
    }
    if (of.wishes.without.includes(service.id)) add('unwanted', 'The customer does not want it');
    const refusal = refusalOf(service, of);
    if (refusal) add(refusal.rule, refusal.text);
    maxCents += sessions.length * service.priceMaxCents;
    for (const session of sessions) {
      const day = dayNumber(session);
      if (day === undefined) {
        add('time', `'${session}' is no day`);
        continue;
      }
      const problem = dayProblem(day, of);
      if (problem !== null) add('time', `${session} ${problem}`);
      const here = { service, day };
      const tooNear = placed.find((other) => !keepsDistance(here, other));
      if (tooNear) add('spacing', `${session} is too near to a session of ${tooNear.service.code}`);
      if (!of.past.every((done) => keepsDistanceFrom(done, here)))
        add('spacing', `${session} is too near to a treatment that was done`);
      placed.push(here);
    }
  }
  if (of.budget && maxCents > of.budget.maxCents)
    found.push({
      rule: 'budget',
      service: lines.at(-1)?.service.code ?? '',
      text: `It may cost ${maxCents} cents, the budget is ${of.budget.maxCents}`,
    });
  return found;
}

function dayProblem(day: number, { today, wishes: { startOn, finishBy } }: PlanCase): string | null {
  if (day <= dayOf(today)) return 'is no day to come';
  if (startOn !== null && day < dayOf(startOn)) return `is before ${startOn}`;
  return finishBy !== null && day > dayOf(finishBy) ? `is after ${finishBy}` : null;
}
