/**
 * Puts what waits into the order of its owners' turns: the first of each owner, then the second of each, and so on. Of one owner the
 * order stays, so whoever brings much waits behind their own and nobody else does.
 */
export function byTurns<T>(waiting: readonly T[], ownerOf: (one: T) => string): T[] {
  const rounds: T[][] = [];
  const turnsOf = new Map<string, number>();
  for (const one of waiting) {
    const owner = ownerOf(one);
    const turn = turnsOf.get(owner) ?? 0;
    turnsOf.set(owner, turn + 1);
    (rounds[turn] ??= []).push(one);
  }
  return rounds.flat();
}
