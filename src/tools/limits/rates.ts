import { type LimitRefusal, type LimitScope, rateRefusal } from '../../access/call-limits.js';
import { Gcra } from '../../access/gcra.js';

/** How often what is paid is forgotten. */
const SWEEP_MS = 60_000;

/** Calls a second and a minute, exact within this replica. */
export class Rates {
  private readonly meters = new Map<string, Gcra>();
  private sweptAtMs = 0;

  /** Takes a call of every scope, or, when one of them has no call left, of none. */
  take(scopes: readonly LimitScope[], nowMs = performance.now()): LimitRefusal | undefined {
    for (const { subject, rates } of scopes) {
      for (const { id, period, rate } of rates) {
        const waitMs = this.meters.get(id)?.waitMs(nowMs, rate) ?? 0;
        if (waitMs > 0) return rateRefusal(subject, rate.calls, period, waitMs);
      }
    }
    for (const { rates } of scopes) for (const { id, rate } of rates) this.meter(id).take(nowMs, rate);
    this.sweep(nowMs);
    return undefined;
  }

  get size(): number {
    return this.meters.size;
  }

  private meter(id: string): Gcra {
    const found = this.meters.get(id);
    if (found) return found;
    const made = new Gcra();
    this.meters.set(id, made);
    return made;
  }

  private sweep(nowMs: number): void {
    if (nowMs - this.sweptAtMs < SWEEP_MS) return;
    this.sweptAtMs = nowMs;
    for (const [id, meter] of this.meters) if (meter.isPaid(nowMs)) this.meters.delete(id);
  }
}
