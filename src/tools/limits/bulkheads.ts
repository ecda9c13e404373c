import type { Ending } from '../../platform/ending.js';
import {
  busyRefusal,
  type CallLimits,
  type LimitRefusal,
  type LimitScope,
} from '../../access/call-limits.js';
import { Places } from './places.js';

const QUEUE_TIMEOUT_MS = 1000;
/** Above this number those that nobody uses are forgotten. */
const KEPT_MAX = 10_000;

/** Places for calls that run at the same time on this replica. */
export class Bulkheads {
  private readonly places = new Map<string, Places>();

  /**
   * Takes a place in every scope that limits them, or in none.
   *
   * @param ending Of who asks; it ends the waiting.
   * @returns How to leave them, or why there is none.
   */
  async enter(scopes: readonly LimitScope[], ending: Ending): Promise<LimitRefusal | (() => void)> {
    const entered: Places[] = [];
    const leave = () => {
      for (const places of entered) places.leave();
    };
    for (const { id, subject, limits } of scopes) {
      const { concurrency, queue_timeout_ms: limitMs = QUEUE_TIMEOUT_MS } = limits;
      if (concurrency === undefined) continue;
      const places = this.placesOf(id, concurrency, limits);
      const entering = places.enter(ending, limitMs);
      const hasPlace = typeof entering === 'boolean' ? entering : await entering;
      if (!hasPlace) {
        leave();
        return busyRefusal(subject, concurrency);
      }
      entered.push(places);
    }
    return leave;
  }

  /** A changed limit counts from the next call on; calls that run leave the places that they took. */
  private placesOf(id: string, concurrency: number, { queue = 0 }: CallLimits): Places {
    const found = this.places.get(id);
    if (found?.total === concurrency && found.queue === queue) return found;
    if (this.places.size >= KEPT_MAX) {
      for (const [other, { isIdle }] of this.places) if (isIdle) this.places.delete(other);
    }
    const made = new Places(concurrency, queue);
    this.places.set(id, made);
    return made;
  }
}
