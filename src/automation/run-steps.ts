import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { type JobContext, JobEndedError } from '../jobs/job-context.js';
import { explainJobError } from '../jobs/job-error.js';
import type { StepName, StepState } from './automation-step.entity.js';
import type { SkipReason } from './automation-run.entity.js';
import { errorKindOf } from './error-kind.js';

/** A run that a job is busy with. */
export type OpenRun = {
  readonly id: string;
  readonly tenantId: string;
  readonly userId: string;
  readonly context: JobContext;
};

export type StepResult = Readonly<Record<string, unknown>>;

export type StepWork<T extends StepResult, P> = {
  readonly name: StepName;
  /** What takes time or leaves no trace of ours: outside of any transaction, and again when the process dies. */
  readonly prepare: () => Promise<P>;
  /** The effect, in the transaction that also stores the result. Null: there was nothing to do. */
  readonly store: (manager: EntityManager, prepared: P) => Promise<T | null>;
};

/** `attempt` is null where nothing was begun: the step is over, or the run is. */
type BegunStep<T> = {
  readonly attempt: number | null;
  readonly state: StepState;
  readonly result: T | null;
};

/** Ends a run in the middle: there is nobody left to greet. */
export class RunStoppedError extends Error {
  constructor(readonly reason: SkipReason) {
    super(`The run ends: ${reason}`);
    this.name = 'RunStoppedError';
  }
}

const BEGIN = `WITH begun AS (
    UPDATE automation_steps SET state = 'running', attempts = attempts + 1, started_at = clock_timestamp(), ended_at = NULL,
      duration_ms = NULL, error_kind = NULL, error = NULL
    WHERE run_id = $1 AND name = $2 AND state NOT IN ('done', 'skipped')
      AND EXISTS (SELECT FROM automation_runs WHERE id = $1 AND state = 'running') RETURNING attempts)
  SELECT (SELECT attempts FROM begun) AS attempt, state, result FROM automation_steps WHERE run_id = $1 AND name = $2`;
const ENDED = `ended_at = clock_timestamp(),
  duration_ms = extract(epoch FROM clock_timestamp() - started_at)::float8 * 1000`;
const END = `UPDATE automation_steps SET state = $3, result = $4, ${ENDED} WHERE run_id = $1 AND name = $2`;
/** Not over what another run of the job has done since. */
const FAIL = `WITH failed AS (
    UPDATE automation_steps SET state = 'failed', error_kind = $3, error = $4, ${ENDED}
    WHERE run_id = $1 AND name = $2 AND state = 'running' AND attempts = $5 RETURNING run_id)
  UPDATE automation_runs r SET error_kind = $3, error = $4 FROM failed WHERE r.id = failed.run_id`;
/** Until the commit nobody deletes the account. */
const HOLD_USER = 'SELECT FROM users WHERE id = $1 AND tenant_id = $2 FOR KEY SHARE';

/**
 * The steps of runs: each one's effect, its result and the job's own record of it are one transaction, so it happens once whatever
 * dies when. What was done is not done again, also by another job.
 */
@Injectable()
export class RunSteps {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** @returns What `store` gave, in this attempt or an earlier one. */
  async carryOut<T extends StepResult, P>(run: OpenRun, work: StepWork<T, P>): Promise<T | null> {
    const { name } = work;
    const [begun] = await this.dataSource.query<BegunStep<T>[]>(BEGIN, [run.id, name]);
    if (!begun) throw new RunStoppedError('user_gone'); // the tenant's rows are being removed
    const { attempt, state, result } = begun;
    if (attempt === null && (state === 'done' || state === 'skipped')) return result;
    if (attempt === null) throw new JobEndedError('lost', 'The run was given up while this process slept');
    try {
      return await this.carryOutAnew(run, work);
    } catch (error) {
      await this.noteFailure(run, { name, attempt, error });
      throw error;
    }
  }

  private async carryOutAnew<T extends StepResult, P>(
    run: OpenRun,
    { name, prepare, store }: StepWork<T, P>,
  ): Promise<T | null> {
    const prepared = await prepare();
    let result: T | null = null;
    // The job's record gets no result: what an agent wrote about a person stays in the run, where fewer people see it.
    await run.context.step(
      name,
      async (manager) => {
        const held = await manager.query<unknown[]>(HOLD_USER, [run.userId, run.tenantId]);
        if (held.length === 0) throw new RunStoppedError('user_gone');
        result = await store(manager, prepared);
        const state = result === null ? 'skipped' : 'done';
        await manager.query(END, [run.id, name, state, result === null ? null : JSON.stringify(result)]);
      },
      { transaction: true },
    );
    return result;
  }

  private async noteFailure(
    { id, context }: OpenRun,
    { name, attempt, error }: { name: StepName; attempt: number; error: unknown },
  ): Promise<void> {
    if (error instanceof JobEndedError || error instanceof RunStoppedError || context.signal.aborted) return;
    const parameters = [id, name, errorKindOf(error), explainJobError(error), attempt];
    // The job keeps the error, too: with the database away there is nothing to be done here.
    await this.dataSource.query(FAIL, parameters).catch(() => undefined);
  }
}
