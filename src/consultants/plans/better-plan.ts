import { type DraftLine, NO_WISHES, type PlanCase, type PlanContent, type Wishes } from './plan-case.js';
import { ruleDraft } from './rule-plan.js';

/** What is asked for beside what was asked before; absent: as before. */
export type MoreWishes = Partial<Wishes>;

/** Adds to what was asked: limits are replaced, wishes and conditions come on top. */
export function withMore(wishes: Wishes, more: MoreWishes): Wishes {
  const both = (name: 'goals' | 'conditions' | 'without') => [
    ...new Set([...wishes[name], ...(more[name] ?? [])]),
  ];
  return {
    goals: both('goals'),
    conditions: both('conditions'),
    without: both('without'),
    budgetMaxCents: more.budgetMaxCents ?? wishes.budgetMaxCents,
    startOn: more.startOn ?? wishes.startOn,
    finishBy: more.finishBy ?? wishes.finishBy,
  };
}

/**
 * Writes the draft of a better plan without any agent: what is newly wished comes first, then what the plan has. A course that a limit had cut
 * short may be whole again. Days stay as they are unless the time was asked to change.
 */
export function betterDraft(present: PlanContent, of: PlanCase, more: MoreWishes): DraftLine[] {
  const isNewTime = more.startOn !== undefined || more.finishBy !== undefined;
  const cutShort = new Set(
    present.derivation.filter(({ did }) => did === 'reduced').map(({ service }) => service),
  );
  const newly = of.wants.filter(({ evidence }) => (more.goals ?? []).includes(evidence.value));
  const wished = newly.length === 0 ? [] : ruleDraft({ ...of, wants: newly }).draft;
  const kept = present.lines.map((line): DraftLine => ({
    service: line.service.id,
    sessions: cutShort.has(line.service.code) ? undefined : line.sessions.length,
    startOn: isNewTime ? undefined : line.sessions[0],
    intervalDays: line.interval_days,
    because: line.because.filter(({ table }) => table !== 'projects'),
  }));
  return [...wished, ...kept];
}

/** Says which limits and wishes are others now. */
export function wishDifferences(before: Wishes, after: Wishes): string[] {
  const names: Readonly<Record<keyof Wishes, string>> = {
    goals: 'goals',
    budgetMaxCents: 'budget_max_cents',
    startOn: 'start_on',
    finishBy: 'finish_by',
    conditions: 'health_conditions',
    without: 'without_services',
  };
  return (Object.keys(NO_WISHES) as (keyof Wishes)[]).flatMap((key) => {
    const [was, is] = [JSON.stringify(before[key]), JSON.stringify(after[key])];
    return was === is ? [] : [`${names[key]}: ${was} to ${is}`];
  });
}
