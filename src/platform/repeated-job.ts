import type { Logger } from '@nestjs/common';
import { messageOf } from './errors.js';

/**
 * Runs something again and again until it is stopped: at once while there is more to do, else after a pause. A failure is
 * logged once, until it works again; it never ends the job.
 */
export class RepeatedJob {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  /** A step that takes long ends early then, by throwing; what it did not finish comes again. */
  isStopping = false;
  private isFailing = false;

  constructor(
    private readonly logger: Logger,
    private readonly options: {
      readonly name: string;
      readonly pauseMs: number;
      /** @returns Whether there may be more to do at once. */
      readonly step: () => Promise<boolean>;
    },
  ) {}

  /** Begins at once, unless it is under way. */
  start(): void {
    if (this.isStopping) return;
    clearTimeout(this.timer);
    this.running ??= this.run().finally(() => {
      this.running = undefined;
      if (!this.isStopping) this.timer = setTimeout(() => this.start(), this.options.pauseMs).unref();
    });
  }

  /** Begins at once, or joins what is under way. Resolves when that has ended. */
  async runNow(): Promise<void> {
    this.start();
    await this.running;
  }

  /** Resolves when the step that is running has ended. */
  async stop(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private async run(): Promise<void> {
    try {
      while (!this.isStopping && (await this.options.step()));
      if (this.isFailing) this.logger.log(`${this.options.name} works again`);
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing && !this.isStopping)
        this.logger.error(`${this.options.name} failed; it is tried again: ${messageOf(error)}`);
      this.isFailing = true;
    }
  }
}
