/**
 * Finds whose share of something bounded is the largest, so that it makes room and nobody else: first among the outermost keys
 * (tenants, say), then among the next ones within it.
 *
 * @param keysOf Outermost key first; as many for each.
 * @returns The holders of that share, in their order; all there are when there are no keys.
 */
export function largestShare<T>(holders: Iterable<T>, keysOf: (holder: T) => readonly string[]): T[] {
  let share = [...holders];
  const depth = share.length === 0 ? 0 : keysOf(share[0]).length;
  for (let level = 0; level < depth; level++) {
    const byKey = new Map<string, T[]>();
    for (const holder of share) {
      const key = keysOf(holder)[level];
      const others = byKey.get(key);
      if (others) others.push(holder);
      else byKey.set(key, [holder]);
    }
    share = [...byKey.values()].reduce((most, one) => (one.length > most.length ? one : most));
  }
  return share;
}

/** Whose places make room, where all are taken. */
export type Pressed<T> = {
  /** The newcomer's own share, counted with it, is the largest: nobody else loses anything for it. */
  readonly isOwn: boolean;
  /** Of that share, without the newcomer; in their order. */
  readonly holders: readonly T[];
};

/**
 * Finds whose share has to make room for a newcomer, which counts as if it were in. So a place never goes back and forth between
 * two: who has lost one holds as much as the other, and the next it asks for is its own affair.
 */
export function shareToMakeRoom<T extends object>(
  holders: Iterable<T>,
  keysOf: (holder: T) => readonly string[],
  newcomer: readonly string[],
): Pressed<T> {
  const all: readonly (T | undefined)[] = [undefined, ...holders]; // first, so that it is the one among equals
  const share = largestShare(all, (holder) => (holder ? keysOf(holder) : newcomer));
  return { isOwn: share[0] === undefined, holders: share.filter((holder) => holder !== undefined) };
}
