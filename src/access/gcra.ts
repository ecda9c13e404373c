/** `calls` in every `periodMs`. */
export type Rate = { readonly calls: number; readonly periodMs: number };

/** A fraction of the period below which a wait is the rounding of a float. */
const ROUNDING = 1e-9;

/**
 * Generic cell rate algorithm (ITU-T I.371): as many calls at once as a period allows, and from then on one whenever the
 * share of the period that one call costs is over. Its whole state is one time: that at which all taken calls are paid.
 */
export class Gcra {
  private paidAtMs = -Infinity;

  /** @returns Milliseconds until a call may pass; 0: now. Takes nothing. */
  waitMs(nowMs: number, { calls, periodMs }: Rate): number {
    const costMs = periodMs / calls;
    const wait = Math.max(this.paidAtMs, nowMs) - nowMs + costMs - periodMs;
    return wait > periodMs * ROUNDING ? wait : 0;
  }

  take(nowMs: number, { calls, periodMs }: Rate): void {
    this.paidAtMs = Math.max(this.paidAtMs, nowMs) + periodMs / calls;
  }

  /** Whether it remembers nothing any more. */
  isPaid(nowMs: number): boolean {
    return this.paidAtMs <= nowMs;
  }
}
