import { setImmediate as nextTurn } from 'node:timers/promises';
import { cpuMs } from '../../platform/cpu-time.js';

/** Long work in pieces of a few milliseconds at most: at each `yield` others may be served. */
export type Turns<T> = Generator<void, T>;

/** Characters that are looked at in one piece. */
export const PIECE_CHARACTERS = 16_384;
/** For so long others wait. */
const TURN_MS = 8;
/** For so long they wait where it must be done at once. */
const AT_ONCE_MS = 8;
/**
 * Characters times instructions of one expression, which reads a text at once and cannot be stopped. The slowest expressions need 20 ns
 * each, so 20 ms, and 5 ms in a message; most a hundredth of that.
 */
const TEXT_WORK_MAX = 2 ** 20;
const MESSAGE_TEXT_WORK_MAX = 2 ** 18;

/**
 * What may be spent on the values of one result or record, measured: how long an expression takes depends on the text as much as on
 * the expression, so that any guess is wrong by orders of magnitude. Times in which others are served do not count.
 */
export class Work {
  isOver = false;
  private spentMs = 0;

  constructor(
    private readonly maxMs: number,
    /** Of one text, in characters times instructions. */
    readonly maxTextWork: number,
  ) {}

  spend(ms: number): void {
    this.spentMs += ms;
    this.isOver ||= this.spentMs > this.maxMs;
  }
}

/**
 * Does it all at once, or not at all.
 *
 * @param otherwise Instead, when a few milliseconds are over: what is left to do, hiding included, has no bound.
 */
export function atOnce<T>(otherwise: T, make: (work: Work) => Turns<T>): T {
  const work = new Work(AT_ONCE_MS, MESSAGE_TEXT_WORK_MAX);
  const turns = make(work);
  const startMs = performance.now();
  const startCpuMs = cpuMs();
  for (;;) {
    const step = turns.next();
    if (step.done) return step.value;
    if (performance.now() - startMs > AT_ONCE_MS && cpuMs() - startCpuMs > AT_ONCE_MS) return otherwise;
  }
}

/** Lets the event loop go round when a few milliseconds are over. @returns At once, no promise, what is done by then. */
export function inTurns<T>(maxMs: number, make: (work: Work) => Turns<T>): T | Promise<T> {
  const work = new Work(maxMs, TEXT_WORK_MAX);
  const turns = make(work);
  const first = oneTurn(turns);
  return first.done ? first.value : laterTurns(turns, work);
}

async function laterTurns<T>(turns: Turns<T>, work: Work): Promise<T> {
  for (;;) {
    await nextTurn();
    const startMs = cpuMs();
    const step = oneTurn(turns);
    if (step.done) return step.value;
    work.spend(cpuMs() - startMs);
  }
}

function oneTurn<T>(turns: Turns<T>): IteratorResult<void, T> {
  const endMs = performance.now() + TURN_MS;
  for (;;) {
    const step = turns.next();
    if (step.done || performance.now() > endMs) return step;
  }
}
