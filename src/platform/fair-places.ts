type Waiting = () => void;
type Share = { held: number; readonly waiting: Set<Waiting> };

/** So many times what is free may one share hold: of 16 places at most 13, and each of two at most 8. */
const HELD_PER_FREE = 4;

/**
 * Deals out a bounded number of places to shares (tenants) that compete for them. A share may take another place while it holds
 * less than four times what is free: whoever comes when one share has all it may have finds a place at once, and does not wait
 * for the other's slowest work. Where they wait, the one that holds least is next; among equals the one served longest ago.
 *
 * With four places or fewer one share may hold them all.
 */
export class FairPlaces {
  private readonly shares = new Map<string, Share>();
  private held = 0;
  private isServing = false;

  constructor(private readonly max: number) {}

  /** Takes a place if there is one for the share now; it waits in no queue. */
  tryEnter(name: string): boolean {
    const share = this.shares.get(name) ?? { held: 0, waiting: new Set() };
    if (!this.hasRoomFor(share)) return false;
    this.shares.set(name, share);
    this.give(share);
    return true;
  }

  /**
   * Starts the work as soon as its share has a place for it.
   *
   * @returns Takes it out of the queue; it does nothing once the work was started.
   */
  enterLater(name: string, start: () => void): () => void {
    const share = this.shares.get(name) ?? { held: 0, waiting: new Set() };
    this.shares.set(name, share);
    const waiting = () => start(); // its own, also where the same work enters twice
    share.waiting.add(waiting);
    this.serve();
    return () => {
      if (share.waiting.delete(waiting)) this.forgetIdle(name, share);
    };
  }

  /** Once for each place that was taken. */
  leave(name: string): void {
    const share = this.shares.get(name)!;
    share.held--;
    this.held--;
    this.forgetIdle(name, share);
    this.serve();
  }

  /** What starts may leave at once, and a thousand such are a loop and no recursion. */
  private serve(): void {
    if (this.isServing) return;
    this.isServing = true;
    for (let next = this.next(); next; next = this.next()) {
      const [name, share] = next;
      const [start] = share.waiting;
      share.waiting.delete(start);
      this.give(share);
      this.shares.delete(name); // behind those that were served longer ago
      this.shares.set(name, share);
      start();
    }
    this.isServing = false;
  }

  private next(): [string, Share] | undefined {
    let next: [string, Share] | undefined;
    for (const entry of this.shares) {
      const [, share] = entry;
      if (share.waiting.size === 0 || !this.hasRoomFor(share)) continue;
      if (!next || share.held < next[1].held) next = entry;
    }
    return next;
  }

  private hasRoomFor({ held }: Share): boolean {
    return held < HELD_PER_FREE * (this.max - this.held);
  }

  private give(share: Share): void {
    share.held++;
    this.held++;
  }

  private forgetIdle(name: string, { held, waiting }: Share): void {
    if (held === 0 && waiting.size === 0) this.shares.delete(name);
  }
}
