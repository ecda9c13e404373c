const MINUTE_MS = 60_000;
/** So much of a minute's allowance may come at once. */
const BURST_SHARE = 4;

/** How many messages a client may still send: a bucket that fills evenly and holds a quarter of a minute's allowance. */
export class MessageRate {
  private readonly most: number;
  private left: number;
  private atMs: number;

  constructor(
    private readonly perMinute: number,
    nowMs: number,
  ) {
    this.most = perMinute / BURST_SHARE;
    this.left = this.most;
    this.atMs = nowMs;
  }

  /** @returns False: it is one too many. */
  take(nowMs: number): boolean {
    this.left = Math.min(this.most, this.left + ((nowMs - this.atMs) * this.perMinute) / MINUTE_MS);
    this.atMs = nowMs;
    if (this.left < 1) return false;
    this.left--;
    return true;
  }
}
