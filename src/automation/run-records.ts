import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { newId } from '../platform/new-id.js';
import { AutomationRun } from './automation-run.entity.js';
import { AutomationStep, STEP_NAMES } from './automation-step.entity.js';
import { RunGate, type Skip } from './run-gate.js';
import type { OpenRun } from './run-steps.js';
import { MissingTools } from './troubles/missing-tools.js';

export type Beginning = {
  readonly tenantId: string;
  readonly userId: string;
  readonly jobId: string;
  /** Of a run that somebody asked for; undefined: the registration began it. */
  readonly runId: string | undefined;
};

const RESUME = `UPDATE automation_runs SET state = 'running', started_at = coalesce(started_at, clock_timestamp()),
    resumed_at = CASE WHEN state = 'running' THEN coalesce(resumed_at, clock_timestamp()) ELSE clock_timestamp() END,
    asked = CASE WHEN state = 'failed' THEN 0 ELSE asked END, finished_at = NULL, duration_ms = NULL, error_kind = NULL, error = NULL
  WHERE id = $1 AND state IN ('queued', 'running', 'failed')`;
const ENDED = `finished_at = clock_timestamp(),
  duration_ms = extract(epoch FROM clock_timestamp() - coalesce(resumed_at, clock_timestamp()))::float8 * 1000`;
const FINISH = `UPDATE automation_runs SET state = 'done', ${ENDED} WHERE id = $1`;
const FAIL = `UPDATE automation_runs SET state = 'failed', error_kind = $2, error = $3, ${ENDED} WHERE id = $1`;
const SKIP = `UPDATE automation_runs SET state = 'skipped', skip_reason = $2, skip_detail = $3, ${ENDED} WHERE id = $1`;
/** What was begun or would have been done next comes to nothing. */
const END_STEPS = `UPDATE automation_steps SET state = 'skipped', ended_at = CASE WHEN state = 'running' THEN clock_timestamp() END,
    duration_ms = CASE WHEN state = 'running' THEN extract(epoch FROM clock_timestamp() - started_at)::float8 * 1000 END
  WHERE run_id = $1 AND state IN ('waiting', 'running')`;
/** The welcome that was written and will not be said. */
const FORGET = `UPDATE automation_steps SET result = result - 'text' WHERE run_id = $1 AND result ? 'text'`;

/** The rows of runs, from their beginning to their end. */
@Injectable()
export class RunRecords {
  constructor(
    private readonly gate: RunGate,
    private readonly missingTools: MissingTools,
  ) {}

  /** Decides whether there is something to do, and puts that on record. @returns Null: there is not. */
  async begin(manager: EntityManager, beginning: Beginning): Promise<string | null> {
    const known = await this.findKnown(manager, beginning);
    if (beginning.runId !== undefined && !known) return null;
    if (known && known.startedAt !== null) return known.id; // it goes on where it was
    const { tenantId, userId } = beginning;
    const isAgain = known?.source === 'manual'; // whoever asked for it was told
    const candidate = { tenantId, userId, isAgain, isNew: known === null };
    const obstacle = await this.gate.findObstacle(manager, candidate);
    const id = known?.id ?? newId();
    if (!known && !(await this.make(manager, id, beginning, obstacle))) return null;
    if (obstacle) {
      await this.skip(manager, id, obstacle);
      if (obstacle.reason === 'tools_unavailable')
        await this.missingTools.see(manager, tenantId, obstacle.detail ?? '');
      return null;
    }
    const steps = STEP_NAMES.map((name) => ({ id: newId(), tenantId, runId: id, name }));
    await manager.insert(AutomationStep, steps);
    return id;
  }

  /**
   * With the job's fencing: a process that was thought dead, and goes on when the run has been given up, changes nothing.
   *
   * @throws {JobEndedError} The job is not this process's any more.
   */
  async resume({ id, context }: OpenRun): Promise<void> {
    const { attempt, step } = context;
    // Each attempt resumes, so each one's step has a name of its own.
    await step(`resume ${attempt}`, (manager) => this.markRunning(manager, id), { transaction: true });
  }

  async finish(manager: EntityManager, id: string): Promise<void> {
    await manager.query(FINISH, [id]);
  }

  async fail(
    manager: EntityManager,
    id: string,
    { errorKind, error }: { readonly errorKind: string; readonly error: string },
  ): Promise<void> {
    await manager.query(FAIL, [id, errorKind, error]);
  }

  async skip(manager: EntityManager, id: string, { reason, detail }: Skip): Promise<void> {
    await manager.query(SKIP, [id, reason, detail]);
    await manager.query(END_STEPS, [id]);
    await manager.query(FORGET, [id]);
  }

  private async markRunning(manager: EntityManager, id: string): Promise<void> {
    await manager.query(RESUME, [id]);
  }

  /** One that a registration began is known when its beginning failed for good before. */
  private findKnown(
    manager: EntityManager,
    { tenantId, runId, jobId }: Beginning,
  ): Promise<AutomationRun | null> {
    const lock = { mode: 'pessimistic_write' } as const;
    const where = runId === undefined ? { jobId, tenantId } : { id: runId, tenantId };
    return manager.findOne(AutomationRun, { where, lock });
  }

  /** @returns False: another run greets this user, and that was put on record. */
  private async make(
    manager: EntityManager,
    id: string,
    { tenantId, userId, jobId }: Beginning,
    obstacle: Skip | null,
  ): Promise<boolean> {
    const run = { id, tenantId, userId, jobId, source: 'registration' } as const;
    if (obstacle) {
      await manager.insert(AutomationRun, { ...run, state: 'skipped' });
      return true;
    }
    const made = await manager
      .createQueryBuilder()
      .insert()
      .into(AutomationRun)
      .values({ ...run, state: 'queued' })
      .orIgnore()
      .returning('id')
      .execute();
    if ((made.raw as unknown[]).length > 0) return true;
    await manager.insert(AutomationRun, {
      ...run,
      state: 'skipped',
      skipReason: 'other_run',
      finishedAt: new Date(),
    });
    return false;
  }
}
