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
