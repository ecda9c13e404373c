import { UnavailableError } from '../common/errors.js';

/**
 * As many places as there are threads, and a bounded line in front of them. The pool's own line does not count the tasks
 * that can be cancelled, which ours all are, so it would grow without end.
 */
export class ThreadSlots {
  private free: number;
  private readonly line: (() => void)[] = [];

  constructor(
    private readonly threads: number,
    private readonly maxWaiting: number,
  ) {
    this.free = threads;
  }

  get running(): number {
    return this.threads - this.free;
  }

  get waiting(): number {
    return this.line.length;
  }

  /**
   * Waits for a place.
   *
   * @param signal Leaves the line.
   * @returns To be called once the thread is free again.
   * @throws {UnavailableError} The line is full.
   */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.free > 0) this.free--;
    else await this.queue(signal);
    return () => this.release();
  }

  private queue(signal: AbortSignal): Promise<void> {
    if (this.line.length >= this.maxWaiting) {
      throw new UnavailableError('Too many calls wait for a thread. Try again in a few seconds.');
    }
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.line.splice(this.line.indexOf(enter), 1);
        reject(signal.reason as Error);
      };
      this.line.push(enter);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  private release(): void {
    const next = this.line.shift();
    if (next) next();
    else this.free++;
  }
}
