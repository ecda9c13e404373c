/** Of the groups of all tenants. */
export const ALL_GROUPS = 'all';

type Owned = { readonly groupId: string; readonly tenantId: string };

/** One load among those that are under way. */
export type Turn = {
  /** Whether what it read is to hold for a group: not when a load that began later already does. */
  readonly mayRule: (group: Owned) => boolean;
  /** It has read all groups of a tenant, or {@link ALL_GROUPS}: what it did not find is not there for earlier loads either. */
  readonly ruleAllOf: (owner: string) => void;
};

/**
 * Lets loads of groups run side by side, so that one which hangs holds up no other, and none puts back what a later one read. A
 * load begins after the changes that it is to see were committed: of two, the later one has seen them all.
 */
export class LoadOrder {
  private begun = 0;
  private running = 0;
  /** The latest load that holds, by group, tenant or {@link ALL_GROUPS}; kept only while an earlier one may still come to its end. */
  private readonly ruling = new Map<string, number>();

  async run(load: (turn: Turn) => Promise<void>): Promise<void> {
    const number = ++this.begun;
    this.running++;
    const turn: Turn = {
      mayRule: ({ groupId, tenantId }) => {
        if ([groupId, tenantId, ALL_GROUPS].some((scope) => this.latestOf(scope) > number)) return false;
        this.ruling.set(groupId, number);
        return true;
      },
      ruleAllOf: (owner) => this.ruling.set(owner, Math.max(number, this.latestOf(owner))),
    };
    try {
      await load(turn);
    } finally {
      this.running--;
      if (this.running === 0) this.ruling.clear();
    }
  }

  private latestOf(scope: string): number {
    return this.ruling.get(scope) ?? 0;
  }
}
