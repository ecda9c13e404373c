/** What a text is replaced by that would take too long to read: what was not looked at is not shown. */
export const TOO_LONG = '[redacted:too_long]';

/**
 * What may be spent on the values of one result or record, measured: how long an expression takes depends on the text as much as on
 * the expression, so that any guess is wrong by orders of magnitude. Times in which others are served do not count.
 */
export class Work {
  private spentMs = 0;

  constructor(private readonly maxMs: number) {}

  get isOver(): boolean {
    return this.spentMs > this.maxMs;
  }

  /** Does a piece of it. */
  do<T>(piece: () => T): T {
    const startMs = performance.now();
    try {
      return piece();
    } finally {
      this.spentMs += performance.now() - startMs;
    }
  }
}
