import type { Ending } from '../../platform/ending.js';

/** A caller that waits for a place. */
type Waiter = { readonly enter: () => void };

/**
 * A bounded number of places, and a queue of bounded length and time before them. Ours, because cockatiel's bulkhead cannot
 * time its queue: who leaves it early keeps the slot and swallows the wake-up of the next one.
 */
export class Places {
  private taken = 0;
  private readonly waiting = new Set<Waiter>();

  constructor(
    readonly total: number,
    readonly queue: number,
  ) {}

  get isIdle(): boolean {
    return this.taken === 0 && this.waiting.size === 0;
  }

  /**
   * Takes a place, in the order of asking.
   *
   * @returns Whether it has one: at once, or a promise when it has to wait. A place that was got must be left.
   */
  enter(ending: Ending, limitMs: number): boolean | Promise<boolean> {
    if (this.taken < this.total) {
      this.taken++;
      return true;
    }
    if (this.waiting.size >= this.queue || ending.hasEnded) return false;
    return new Promise((resolve) => {
      const settle = (hasPlace: boolean) => {
        this.waiting.delete(waiter);
        clearTimeout(timer);
        stopListening();
        resolve(hasPlace);
      };
      const giveUp = () => settle(false);
      const waiter = { enter: () => settle(true) };
      const timer = setTimeout(giveUp, limitMs);
      const stopListening = ending.onEnd(giveUp);
      this.waiting.add(waiter);
    });
  }

  /** The place goes to whoever has waited longest. */
  leave(): void {
    const [next] = this.waiting;
    if (next) next.enter();
    else this.taken--;
  }
}
