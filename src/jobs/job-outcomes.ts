import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { messageOf } from '../platform/errors.js';
import { redactText } from '../platform/secrets/redact.js';
import { type ClaimedJob, JobQueue } from './job-queue.js';
import { JobRegistry } from './job-registry.js';
import type { RunResult } from './job-run.js';
import { JobSettings } from './job-settings.js';

const RETRY_DELAY_MS = 250;
/** The row may be locked for the moment that it takes to renew its lease. */
const TRIES_UNTOLD = 4;
/** After the service was told to stop: then the lease runs out and another replica does the job again. */
const TRIES_WHEN_STOPPING = 8;

/** Stores how runs ended. While the database is away it goes on trying: the fencing token says whether it still counts. */
@Injectable()
export class JobOutcomes {
  private readonly logger = new Logger(JobOutcomes.name);
  private waiting: { readonly job: ClaimedJob; readonly settle: (error?: Error) => void }[] = [];
  private isFlushing = false;

  constructor(
    private readonly queue: JobQueue,
    private readonly registry: JobRegistry,
    private readonly settings: JobSettings,
  ) {}

  async store(
    job: ClaimedJob,
    result: RunResult,
    until: { readonly isStopping: () => boolean },
  ): Promise<void> {
    let tries = 0;
    for (let triesLeft = TRIES_WHEN_STOPPING; triesLeft > 0; triesLeft -= until.isStopping() ? 1 : 0) {
      try {
        return await this.storeOnce(job, result);
      } catch (error) {
        tries += 1;
        if (tries === TRIES_UNTOLD)
          this.logger.warn(
            `The end of job ${job.id} cannot be stored; trying again: ${redactText(messageOf(error))}`,
          );
        await pause(RETRY_DELAY_MS);
      }
    }
  }

  private async storeOnce(job: ClaimedJob, result: RunResult): Promise<void> {
    if (result.kind === 'lost') return; // whoever took it away wrote down how it ended
    if (result.kind === 'done') return this.complete(job);
    if (result.kind === 'released') return this.queue.release([job]);
    const { kind, ...failure } = result;
    if (kind === 'put_off' && (await this.queue.putOff(job, failure))) return;
    const { retrySeconds } = this.settings.planOf(job.tenantId, this.registry.get(job.kind));
    await this.queue.fail(job, { ...failure, plan: job.retrySeconds ?? retrySeconds });
  }

  /** Those that end while a statement is on its way go together with the next one. */
  private complete(job: ClaimedJob): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: Error) => (error === undefined ? resolve() : reject(error));
      this.waiting.push({ job, settle });
      if (!this.isFlushing) void this.flush();
    });
  }

  private async flush(): Promise<void> {
    this.isFlushing = true;
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      const jobs = batch.map(({ job }) => job);
      const { failure, locked } = await this.queue.complete(jobs).then(
        (ids) => ({ failure: undefined, locked: ids }),
        (error: Error) => ({ failure: error, locked: new Set<string>() }),
      );
      for (const { job, settle } of batch)
        settle(locked.has(job.id) ? new Error('The row of the job is locked') : failure);
    }
    this.isFlushing = false;
  }
}
