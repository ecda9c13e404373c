/** The end of a piece of work that somebody outside may bring about, as its parts see it. */
export type Ending = {
  readonly hasEnded: boolean;
  /** Aborts with the end. It may be made only when it is asked for. */
  readonly signal: AbortSignal;
  /**
   * @param listener Called once, with the end, unless it has come already.
   * @returns Stops listening.
   */
  readonly onEnd: (listener: () => void) => () => void;
  /** Takes word, at the end, of what the work was waiting for: whether it could not be had, through no fault of the work. */
  readonly hindered?: (isHindered: Promise<boolean>) => void;
};

/**
 * Ends a piece of work from outside. An `AbortController` does the same at a cost that counts when each call needs one:
 * this makes its signal when somebody asks for it, and most work asks for none.
 */
export class Cancellation<Reason = unknown> implements Ending {
  private controller: AbortController | undefined;
  protected reason: Reason | undefined;
  private listeners: (() => void)[] = [];
  hasEnded = false;

  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.hasEnded) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  onEnd(listener: () => void): () => void {
    this.listeners.push(listener);
    return () => {
      const index = this.listeners.indexOf(listener);
      if (index >= 0) this.listeners.splice(index, 1);
    };
  }

  /** @param reason Of the signal's abort. Only the first end counts. */
  cancel(reason?: Reason): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.reason = reason;
    this.controller?.abort(reason);
    const { listeners } = this;
    this.listeners = [];
    for (const listener of listeners) listener();
  }
}

/** @returns What ends when the signal aborts. */
export function endingOf(signal: AbortSignal): Ending {
  return {
    signal,
    get hasEnded() {
      return signal.aborted;
    },
    onEnd: (listener) => {
      signal.addEventListener('abort', listener, { once: true });
      return () => signal.removeEventListener('abort', listener);
    },
  };
}
