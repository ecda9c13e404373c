import type { EntityManager } from 'typeorm';
import type { JobCaller } from '../access/caller.js';
import type { JobProgress } from './job.entity.js';

/** What a handler gets beside its payload. Nothing in it says which engine runs the job. */
export type JobContext = {
  readonly jobId: string;
  readonly tenantId: string;
  /** For services that ask who calls. */
  readonly caller: JobCaller;
  /** Counts the runs of the job, from 1. */
  readonly attempt: number;
  /** Aborts when the job is cancelled, takes too long or belongs to another replica, and when the service stops. */
  readonly signal: AbortSignal;
  readonly step: JobStepper;
  /** Shown to operators. Each call writes: tell it when something has moved. */
  readonly progress: (progress: JobProgress) => Promise<void>;
};

/**
 * Does a part of a job once: what it gave is stored, and a later run of the job gets that instead of doing it again. Steps of one
 * job have different names. What it gives must survive `JSON.stringify`, and is what comes back from there in the first run too.
 *
 * Without `transaction`, a process that dies after the work and before its result is stored leaves work that is done again:
 * at least once. Let it be repeatable, for instance by sending {@link stepKey} along. With `transaction`, the work
 * and its result are one transaction of the tenant: exactly once in effect.
 *
 * @throws {JobEndedError} The job was cancelled or belongs to another run; nothing was stored. Let it through.
 */
export type JobStepper = {
  <T>(name: string, work: (signal: AbortSignal) => Promise<T> | T): Promise<T>;
  <T>(
    name: string,
    work: (manager: EntityManager) => Promise<T>,
    options: { readonly transaction: true },
  ): Promise<T>;
};

/** The same for every run of a step: for others who know an idempotency key. */
export function stepKey({ jobId }: Pick<JobContext, 'jobId'>, name: string): string {
  return `${jobId}:${name}`;
}

export type JobEnding = 'timed_out' | 'released' | 'lost';

/** Why the signal of a run aborted, and what a step throws from then on. */
export class JobEndedError extends Error {
  constructor(
    readonly ending: JobEnding,
    message: string,
  ) {
    super(message);
    this.name = 'JobEndedError';
  }
}
