import { setImmediate as nextTurn } from 'node:timers/promises';

/** Long work in pieces of a few milliseconds at most: at each `yield` others may be served. */
export type Turns<T> = Generator<void, T>;

/** Characters that are looked at in one piece. */
export const PIECE_CHARACTERS = 16_384;
/** For so long others wait. */
const TURN_MS = 8;

/** Does it all at once. */
export function atOnce<T>(turns: Turns<T>): T {
  for (;;) {
    const step = turns.next();
    if (step.done) return step.value;
  }
}

/** Lets the event loop go round when a few milliseconds are over. @returns At once, no promise, what is done by then. */
export function inTurns<T>(turns: Turns<T>): T | Promise<T> {
  const endMs = performance.now() + TURN_MS;
  do {
    const step = turns.next();
    if (step.done) return step.value;
  } while (performance.now() < endMs);
  return nextTurn().then(() => inTurns(turns));
}
