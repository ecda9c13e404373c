import { AppError } from '../../platform/errors.js';
import { Stopped } from './stopped.js';

/** No thread was free for the call, and too many wait already. The tool did not begin. */
export class NoThreadError extends AppError {
  readonly code = 'busy';
  readonly status = 503;

  constructor() {
    super('Too many calls wait for a thread. The call was not run; try again in a few seconds.');
  }
}

type Waiting = { readonly enter: () => void; readonly refuse: () => void };

/**
 * As many places as there are threads, and a bounded line in front of them. The pool's own line does not count the tasks
 * that can be cancelled, which ours all are, so it would grow without end, and it would serve whoever calls most.
 *
 * Tenants take turns: each has a line of its own, and a free place goes to the next tenant. When no more calls may wait, the
 * tenant with the longest line loses the last one of it, unless that is the one who asks.
 */
export class ThreadSlots {
  private free: number;
  /** By tenant; whose turn it is comes first. */
  private readonly lines = new Map<string, Waiting[]>();

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
    let waiting = 0;
    for (const line of this.lines.values()) waiting += line.length;
    return waiting;
  }

  /**
   * Waits for a place.
   *
   * @param signal Leaves the line; its reason then knows that the tool did not begin.
   * @returns To be called once the thread is free again.
   * @throws {NoThreadError} The line is full, or became so and the tenant had the longest part of it.
   */
  async take(tenantId: string, signal: AbortSignal): Promise<() => void> {
    if (signal.aborted) throw notBegun(signal);
    if (this.free > 0) this.free--;
    else await this.queue(tenantId, signal);
    return () => this.release();
  }

  private queue(tenantId: string, signal: AbortSignal): Promise<void> {
    if (this.waiting >= this.maxWaiting) this.makeRoom(tenantId);
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        enter: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
        refuse: () => {
          signal.removeEventListener('abort', leave);
          reject(new NoThreadError());
        },
      };
      const leave = () => {
        this.remove(tenantId, waiting);
        reject(notBegun(signal));
      };
      this.lines.set(tenantId, [...(this.lines.get(tenantId) ?? []), waiting]);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** @throws {NoThreadError} Nobody has more calls waiting than who asks. */
  private makeRoom(tenantId: string): void {
    const own = this.lines.get(tenantId)?.length ?? 0;
    const [longest] = [...this.lines].toSorted(([, one], [, other]) => other.length - one.length);
    if (longest === undefined || longest[1].length <= own + 1) throw new NoThreadError();
    const last = longest[1].at(-1)!;
    this.remove(longest[0], last);
    last.refuse();
  }

  private remove(tenantId: string, waiting: Waiting): void {
    const line = (this.lines.get(tenantId) ?? []).filter((other) => other !== waiting);
    if (line.length > 0) this.lines.set(tenantId, line);
    else this.lines.delete(tenantId);
  }

  private release(): void {
    const [next] = this.lines;
    if (next === undefined) {
      this.free++;
      return;
    }
    const [tenantId, [first, ...rest]] = next;
    this.lines.delete(tenantId);
    if (rest.length > 0) this.lines.set(tenantId, rest); // at the end: the others come first
    first.enter();
  }
}

function notBegun({ reason }: AbortSignal): Error {
  if (reason instanceof Stopped) reason.didBegin = false;
  return reason as Error;
}
