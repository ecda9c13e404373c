import { Gcra } from '../gcra.js';

/** Refusals of one tenant that are on record one by one; what comes beyond is counted and recorded together. */
const ONE_BY_ONE = { calls: 120, periodMs: 60_000 };
const GROUPS_PER_TENANT = 50;
const TENANTS_MAX = 10_000;

type Tenant = { readonly rate: Gcra; readonly groups: Map<string, Group> };

/** Refusals of one kind that came too often to be recorded one by one. */
export type Group<Entry = unknown> = { readonly first: Entry; count: number };

/**
 * Decides which refusals are recorded one by one: whoever knocks on a forbidden door a thousand times a second fills no table.
 * The rest is grouped by who was refused what.
 */
export class RefusalLimiter<Entry> {
  private readonly tenants = new Map<string, Tenant>();

  /** Whether to record it now; else it is counted. */
  take(tenantId: string, kind: string, entry: Entry, nowMs: number): boolean {
    const { rate, groups } = this.tenantOf(tenantId, nowMs);
    if (rate.waitMs(nowMs, ONE_BY_ONE) === 0) {
      rate.take(nowMs, ONE_BY_ONE);
      return true;
    }
    const key = groups.has(kind) || groups.size < GROUPS_PER_TENANT ? kind : 'others';
    const group = groups.get(key);
    if (group) group.count += 1;
    else groups.set(key, { first: entry, count: 1 });
    return false;
  }

  /** What was counted since the last time. */
  drain(): Group<Entry>[] {
    const drained = [...this.tenants.values()].flatMap(({ groups }) => [...groups.values()]);
    for (const { groups } of this.tenants.values()) groups.clear();
    return drained as Group<Entry>[];
  }

  private tenantOf(tenantId: string, nowMs: number): Tenant {
    const found = this.tenants.get(tenantId);
    if (found) return found;
    if (this.tenants.size >= TENANTS_MAX)
      for (const [id, { rate, groups }] of this.tenants)
        if (groups.size === 0 && rate.isPaid(nowMs)) this.tenants.delete(id);
    const made = { rate: new Gcra(), groups: new Map<string, Group>() };
    this.tenants.set(tenantId, made);
    return made;
  }
}
