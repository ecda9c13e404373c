/** What the database's clock showed, and when that was by the clock that does not leap. */
let agreed: { readonly databaseMs: number; readonly atMs: number } | undefined;

/**
 * Tells the present by the clock of the database, which all replicas share: what expires for one of them expires for all, however far
 * the clock of its own machine is off. Between two heartbeats it goes on by `performance.now()`, so that no leap of that clock counts.
 * Before the first heartbeat it is our own: nothing is served then.
 *
 * @returns Milliseconds since 1970.
 */
export function agreedNowMs(): number {
  return agreed ? agreed.databaseMs + performance.now() - agreed.atMs : Date.now();
}

/** {@link agreedNowMs} as a Date. */
export function agreedNow(): Date {
  return new Date(agreedNowMs());
}

/** @param atMs `performance.now()` from before the question was sent: nothing is good for longer than it says. */
export function agreeOn(databaseMs: number, atMs: number): void {
  agreed = { databaseMs, atMs };
}
