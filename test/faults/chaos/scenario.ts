import { setTimeout as delay } from 'node:timers/promises';
import { Load } from './load.js';
import { type Memory, watchMemory } from './memory.js';
import type { Stage } from './stage.js';

const CLIENTS = 24;
const WARM_UP_ANSWERS = 300;
/** For what is left of the fault to be let go, before the last look at the memory. */
const SETTLE_MS = 500;

/** `full` is what `npm run chaos` does; `short` the same in a fraction of the time, for every test run. */
export type Size = 'short' | 'full';

/** What a scenario showed. */
export type Findings = {
  readonly answered: number;
  /** Answered and not in the log. There must be none. */
  readonly lost: readonly string[];
  /** What else clients saw, and how often. */
  readonly others: Readonly<Record<string, number>>;
  /** What no client could make sense of. There must be none. */
  readonly unclear: readonly string[];
  readonly memory: Memory;
  /** From the end of the fault until every client was answered again. */
  readonly normalAfterMs: number;
  /** Latency of the answered calls over the whole scenario. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** What only this scenario looks at. */
  readonly notes: readonly string[];
};

export type Scenario = {
  readonly name: string;
  /** Says why the machine cannot run it. */
  readonly skip?: () => string | undefined;
  run(stage: Stage, size: Size): Promise<Findings>;
  /** Makes a stage of its own. */
  readonly ownStage?: () => Promise<Stage>;
};

/** What a fault has seen by itself. */
export type Seen = { readonly others?: Map<string, number>; readonly notes?: readonly string[] };

let runs = 0;

/**
 * Lets clients call all the while.
 *
 * @param fault Returns when it is over: from then on the time to normal counts.
 */
export async function underLoad(
  stage: Stage,
  fault: (load: Load) => Promise<Seen | void>,
): Promise<Findings> {
  const load = new Load(stage.target, `r${runs++}`, CLIENTS);
  await load.answers(WARM_UP_ANSWERS);
  const memory = watchMemory(() => stage.app().process.pid);
  const seen = (await fault(load)) ?? {};
  const normalAfterMs = await load.everyone();
  await load.stop();
  await delay(SETTLE_MS);
  const recorded = await stage.recorded('chaos_echo');
  const others = new Map([...load.others, ...(seen.others ?? [])]);
  return {
    answered: load.answered.length,
    lost: load.answered.filter((id) => !recorded.has(id)),
    others: Object.fromEntries(others),
    unclear: load.unclear,
    memory: memory(),
    normalAfterMs,
    p50Ms: load.latency(0.5),
    p99Ms: load.latency(0.99),
    notes: seen.notes ?? [],
  };
}

/** Counts endings by their text. */
export class Tally {
  readonly counts = new Map<string, number>();

  add(text: string, times = 1): void {
    this.counts.set(text, (this.counts.get(text) ?? 0) + times);
  }
}
