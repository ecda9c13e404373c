import { setTimeout as delay } from 'node:timers/promises';

type Clock = { readonly now: () => number; readonly wait: (milliseconds: number) => Promise<void> };

const CLOCK: Clock = {
  now: () => performance.now(),
  wait: async (milliseconds) => {
    await delay(milliseconds);
  },
};

/**
 * Tries a secret on each of a few candidates and, where it fits none, takes as long as for `slots` of them, so that the time of
 * a refusal does not tell how many there are. It waits rather than works: trying costs a core tens of milliseconds.
 *
 * @param attempt Undefined: on nobody, which takes as long.
 * @returns Whom it fits.
 */
export async function tryInEqualTime<T extends string | object>(
  candidates: readonly T[],
  slots: number,
  attempt: (candidate: T | undefined) => Promise<boolean>,
  { now, wait }: Clock = CLOCK,
): Promise<T[]> {
  const begun = now();
  const [first, ...rest] = candidates;
  const fitting = (await attempt(first)) && first !== undefined ? [first] : [];
  const oneMs = now() - begun;
  for (const candidate of rest) if (await attempt(candidate)) fitting.push(candidate);
  const missing = slots - Math.max(1, candidates.length);
  if (fitting.length === 0 && missing > 0) await wait(missing * oneMs);
  return fitting;
}
