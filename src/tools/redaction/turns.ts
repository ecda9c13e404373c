import { setImmediate as nextTurn } from 'node:timers/promises';

/** Long work in pieces: at each `yield` others may be served. */
export type Turns<T> = Generator<void, T>;

/** Characters that are looked at in one turn. */
export const TURN_CHARACTERS = 65_536;

/** Does it all at once. */
export function atOnce<T>(turns: Turns<T>): T {
  for (;;) {
    const step = turns.next();
    if (step.done) return step.value;
  }
}

/** Lets the event loop go round between the pieces. */
export async function inTurns<T>(turns: Turns<T>): Promise<T> {
  for (;;) {
    const step = turns.next();
    if (step.done) return step.value;
    await nextTurn();
  }
}
