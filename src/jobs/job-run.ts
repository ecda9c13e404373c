import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { databaseUnavailability } from '../platform/database/database-faults.js';
import { endingOf } from '../platform/ending.js';
import { redactText } from '../platform/secrets/redact.js';
import { runInScope } from '../platform/request-scope.js';
import { type JobContext, JobEndedError, type JobEnding } from './job-context.js';
import { explainJobError, JobPostponedError } from './job-error.js';
import type { ClaimedJob, Failure } from './job-queue.js';
import type { JobKind } from './job-registry.js';
import { JobSteps } from './job-steps.js';

export type RunResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'released' }
  | { readonly kind: 'lost' }
  /** `put_off`: the database was away, which is not its fault. */
  | ({ readonly kind: 'failed' | 'put_off' } & Omit<Failure, 'plan'>);

const TEXTS: Readonly<Record<Exclude<JobEnding, 'timed_out'>, string>> = {
  released: 'The service stops; the job is put back',
  lost: 'The job was cancelled, or another replica has it',
};

/** One run of a job on this replica. */
export class JobRun {
  private readonly logger = new Logger('Jobs');
  private readonly controller = new AbortController();
  /** `performance.now()` until which nobody else may have taken it. */
  leaseUntilMs: number;

  constructor(
    readonly job: ClaimedJob,
    private readonly options: {
      readonly kind: JobKind;
      readonly timeoutSeconds: number;
      readonly leaseUntilMs: number;
      readonly dataSource: DataSource;
    },
  ) {
    this.leaseUntilMs = options.leaseUntilMs;
  }

  end(ending: Exclude<JobEnding, 'timed_out'>): void {
    this.controller.abort(new JobEndedError(ending, TEXTS[ending]));
  }

  /** Does not throw. A handler that does not heed its signal is left behind: it can store nothing any more. */
  async run(): Promise<RunResult> {
    const { timeoutSeconds } = this.options;
    const { signal } = this.controller;
    const timeout = setTimeout(
      () => this.controller.abort(new JobEndedError('timed_out', `It took longer than ${timeoutSeconds} s`)),
      timeoutSeconds * 1000,
    );
    const ended = new Promise<never>((_resolve, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
    );
    const scope = {
      requestId: this.job.id,
      tenantId: this.job.tenantId,
      ip: null,
      userAgent: null,
      ending: endingOf(signal),
    };
    const steps = new JobSteps(this.options.dataSource, this.job, signal);
    try {
      await Promise.race([runInScope(scope, () => this.handle(steps)), ended]);
      return { kind: 'done' };
    } catch (error) {
      return this.explain(error, steps.failed);
    } finally {
      clearTimeout(timeout);
      ended.catch(() => undefined);
      // Nothing that a handler forgot to await goes on.
      this.controller.abort(new JobEndedError('lost', 'The run has ended'));
    }
  }

  private async handle(steps: JobSteps): Promise<void> {
    const { kind } = this.options;
    const { id: jobId, tenantId, fence: attempt } = this.job;
    const payload = kind.payload.parse(await steps.read());
    const context: JobContext = {
      jobId,
      tenantId,
      caller: { kind: 'job', tenantId, job: kind.kind },
      attempt,
      signal: this.controller.signal,
      step: steps.step,
      progress: steps.progress,
    };
    await kind.run(payload, context);
  }

  private explain(error: unknown, step: string | undefined): RunResult {
    const { signal } = this.controller;
    const reason: unknown = signal.aborted ? signal.reason : error;
    const ending = reason instanceof JobEndedError ? reason.ending : undefined;
    if (ending === 'lost' || ending === 'released') return { kind: ending };
    const { id, kind, tenantId } = this.job;
    const outcome = ending === 'timed_out' ? 'timed_out' : 'failed';
    const { stack } = (reason ?? {}) as { readonly stack?: unknown };
    const cause = typeof stack === 'string' ? redactText(stack) : typeof reason;
    const isAway = !ending && databaseUnavailability(error) !== undefined;
    const message = isAway ? 'A job met a database that was away' : 'A job failed';
    this.logger.warn({ message, job: id, kind, tenantId, outcome, step, cause });
    const waitMs = reason instanceof JobPostponedError ? reason.waitMs : 0;
    return { kind: isAway ? 'put_off' : 'failed', outcome, error: explainJobError(reason), step, waitMs };
  }
}
