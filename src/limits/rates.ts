import { type CallLimits, type LimitRefusal, type LimitScope, rateRefusal } from './call-limits.js';
import { Gcra, type Rate } from './gcra.js';

type Period = { readonly name: string; readonly limit: 'per_second' | 'per_minute'; readonly ms: number };

const PERIODS: readonly Period[] = [
  { name: 'second', limit: 'per_second', ms: 1000 },
  { name: 'minute', limit: 'per_minute', ms: 60_000 },
];
/** How often what is paid is forgotten. */
const SWEEP_MS = 60_000;

/** Calls a second and a minute, exact within this replica. */
export class Rates {
  private readonly meters = new Map<string, Gcra>();
  private sweptAtMs = 0;

  /** Takes a call of every scope, or, when one of them has no call left, of none. */
  take(scopes: readonly LimitScope[], nowMs = performance.now()): LimitRefusal | undefined {
    const asked = scopes.flatMap((scope) => metersOf(scope));
    for (const { scope, period, rate, id } of asked) {
      const waitMs = this.meters.get(id)?.waitMs(nowMs, rate) ?? 0;
      if (waitMs > 0) return rateRefusal(scope.subject, rate.calls, period.name, waitMs);
    }
    for (const { id, rate } of asked) this.meter(id).take(nowMs, rate);
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

function metersOf(scope: LimitScope) {
  return PERIODS.flatMap((period) => {
    const rate = rateOf(scope.limits, period);
    return rate ? [{ scope, period, rate, id: `${scope.id} ${period.name}` }] : [];
  });
}

function rateOf(limits: CallLimits, { limit, ms }: Period): Rate | undefined {
  const calls = limits[limit];
  return calls === undefined ? undefined : { calls, periodMs: ms };
}
