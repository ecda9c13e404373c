import type { Allocation } from './consultant-settings.entity.js';

/** A user with role `consultant`, and how much they have to do. */
export type Consultant = {
  readonly id: string;
  readonly name: string;
  readonly skills: readonly string[];
  readonly level: number;
  readonly maxOpenCustomers: number;
  readonly available: boolean;
  /** Customers they have claimed and not closed. */
  readonly openCustomers: number;
  /** Customers that are offered to them now. */
  readonly offeredCustomers: number;
  /** Connected at `/ws`. */
  readonly online: boolean;
};

export type Wanted = {
  /** What the customer is about, lower case: tier, tags, interests. */
  readonly tags: readonly string[];
  /** Whose turn it was last; null: nobody's. */
  readonly lastOfferedTo: string | null;
};

/** Whether a consultant takes another customer. */
export function mayServe({ available, openCustomers, maxOpenCustomers }: Consultant): boolean {
  return available && openCustomers < maxOpenCustomers;
}

/**
 * Who gets the customer offered.
 *
 * - `free`: nobody alone.
 * - `round_robin`: the one after the last, in the order of their ids.
 * - `least_busy`: who has the fewest customers, claimed or offered; among equals it goes round.
 * - `by_skill`: who has most of the wanted tags; among equals as `least_busy`, also when nobody has any.
 *
 * @param candidates Who may serve and is there.
 */
export function choose(
  rule: Allocation,
  candidates: readonly Consultant[],
  { tags, lastOfferedTo }: Wanted,
): Consultant | undefined {
  if (rule === 'free') return undefined;
  const inTurn = turnsFrom(candidates, lastOfferedTo);
  if (rule === 'round_robin') return inTurn[0];
  const byLoad = inTurn.toSorted((one, other) => loadOf(one) - loadOf(other));
  if (rule === 'least_busy') return byLoad[0];
  return byLoad.toSorted((one, other) => fitOf(other, tags) - fitOf(one, tags))[0];
}

/** The one after the last one first. Sorting keeps this order among equals. */
function turnsFrom(candidates: readonly Consultant[], last: string | null): Consultant[] {
  const ordered = candidates.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  const next = last === null ? 0 : ordered.findIndex(({ id }) => id > last);
  return next <= 0 ? ordered : [...ordered.slice(next), ...ordered.slice(0, next)];
}

function loadOf({ openCustomers, offeredCustomers }: Consultant): number {
  return openCustomers + offeredCustomers;
}

function fitOf({ skills }: Consultant, tags: readonly string[]): number {
  return skills.filter((skill) => tags.includes(skill.toLowerCase())).length;
}
