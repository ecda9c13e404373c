import type { ToolContext } from '../tools/mcp-tool.decorator.js';

type Tell = ToolContext['progress'];

/** Added to the last number that was told, when the tool has nothing to say: it must grow and not get ahead of the tool. */
const STEP = 1e-6;
/** What a double can still add to a number of any size. */
const RELATIVE_STEP = 2 ** -50;

/**
 * Tells a client that asked for it how far its call has come, in numbers that only grow (MCP, basic/utilities/progress).
 * While the tool says nothing it says so at a regular interval: clients give up calls that they hear nothing of, and proxies
 * close connections that carry nothing.
 */
export class Progress {
  private readonly begunAt = performance.now();
  private readonly timer: NodeJS.Timeout;
  private last: { readonly progress: number; readonly total: number | undefined } | undefined;

  constructor(
    private readonly send: Tell,
    intervalMs: number,
  ) {
    this.timer = setInterval(() => this.tellThatItRuns(), intervalMs).unref();
  }

  /** What the tool reports. What does not grow, or is no number, is not passed on. */
  readonly tell: Tell = (progress, total, message) => {
    if (!Number.isFinite(progress) || progress <= (this.last?.progress ?? -Infinity)) return;
    const known = Number.isFinite(total) ? total : undefined;
    this.last = { progress, total: known };
    this.timer.refresh();
    this.send(progress, known, message);
  };

  end(): void {
    clearInterval(this.timer);
  }

  private tellThatItRuns(): void {
    const { progress, total } = this.last ?? { progress: 0, total: undefined };
    const next = this.last ? progress + Math.max(STEP, Math.abs(progress) * RELATIVE_STEP) : 0;
    this.last = { progress: next, total };
    const seconds = Math.round((performance.now() - this.begunAt) / 1000);
    this.send(next, total, `Still running after ${seconds} s`);
  }
}
