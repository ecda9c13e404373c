/** What the end of a call says of the tool: `none` when its caller left before, or it was not run after all. */
export type Verdict = 'good' | 'bad' | 'none';

export type CircuitSettings = {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** How long it stays open before a call is let through to try. */
  readonly resetMs: number;
};

/** What a circuit guards, and when it opens. */
export type Guarded = {
  readonly tenantId: string;
  /** The tool's row, or that of whatever else `kind` says. */
  readonly toolId: string;
  readonly kind: 'tool' | 'agent_version';
  /** What people call it. */
  readonly name: string;
  /** Failures in a row that open it; 0: never. */
  readonly failures: number;
  readonly resetMs: number;
};

/**
 * A circuit breaker. Ours, because cockatiel's makes every call wait for the one that tries, for as long as that takes, runs
 * those whose callers have left meanwhile, and takes a call that was cancelled for one that succeeded.
 */
export class Circuit {
  private failed = 0;
  private openedAtMs = 0;
  private current: 'closed' | 'open' | 'half_open' = 'closed';

  /** @param changed Told of each new state; `opened`: the tool failed, it was not merely tried in vain. */
  constructor(
    private readonly settings: CircuitSettings,
    private readonly changed: (state: Circuit['state'], opened: boolean) => void,
  ) {}

  get state(): 'closed' | 'open' | 'half_open' {
    return this.current;
  }

  /** Until a call may try, when it is open. */
  waitMs(nowMs: number): number {
    return this.openedAtMs + this.settings.resetMs - nowMs;
  }

  /** @returns To be told how the call ended; undefined: it may not run. */
  begin(nowMs: number): ((verdict: Verdict, nowMs: number) => void) | undefined {
    if (this.current === 'closed') return (verdict, endMs) => this.count(verdict, endMs);
    if (this.current === 'half_open' || this.waitMs(nowMs) > 0) return undefined;
    this.become('half_open');
    return (verdict, endMs) => this.judge(verdict, endMs);
  }

  /** Of a call that began while it was closed; when it is so no more, the call is history. */
  private count(verdict: Verdict, nowMs: number): void {
    if (this.current !== 'closed' || verdict === 'none') return;
    if (verdict === 'good') this.failed = 0;
    else if (++this.failed >= this.settings.failures) this.open(nowMs);
  }

  /** Of the call that tried; when it tells nothing, the next one tries. */
  private judge(verdict: Verdict, nowMs: number): void {
    if (verdict === 'bad') return this.open(nowMs);
    this.failed = 0;
    this.become(verdict === 'good' ? 'closed' : 'open');
  }

  private open(nowMs: number): void {
    this.openedAtMs = nowMs;
    this.become('open', true);
  }

  private become(state: Circuit['state'], opened = false): void {
    this.current = state;
    this.changed(state, opened);
  }
}
