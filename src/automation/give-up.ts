import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { newId } from '../platform/new-id.js';
import { JobAttempt } from '../jobs/job-attempt.entity.js';
import type { JobContext } from '../jobs/job-context.js';
import { Job } from '../jobs/job.decorator.js';
import { Job as JobRow } from '../jobs/job.entity.js';
import { AdminAlerts } from '../messaging/alerts/admin-alerts.js';
import { AutomationRun } from './automation-run.entity.js';
import { AutomationStep } from './automation-step.entity.js';
import { RunRecords } from './run-records.js';
import { GIVE_UP_JOB } from './greet-job.js';

type Why = { readonly errorKind: string; readonly error: string };
const PURGED: Why = { errorKind: 'purged', error: 'Its dead letter was purged before anybody looked at it' };

/** Puts on record that a run's job will not go on by itself, and tells the administrators. */
@Injectable()
export class GiveUp {
  constructor(
    private readonly alerts: AdminAlerts,
    private readonly records: RunRecords,
  ) {}

  @Job({
    kind: GIVE_UP_JOB,
    description: 'Marks a greeting that failed for good, and alerts the administrators',
    payload: z.object({ job_id: z.uuid() }),
    retrySeconds: [5, 15, 60, 300, 1800],
  })
  async giveUp({ job_id }: { job_id: string }, { step, tenantId }: JobContext): Promise<void> {
    await step('give-up', (manager) => this.markFailed(manager, tenantId, job_id), { transaction: true });
  }

  private async markFailed(manager: EntityManager, tenantId: string, jobId: string): Promise<void> {
    const lock = { mode: 'pessimistic_read' } as const;
    const job = await manager.findOne(JobRow, { where: { id: jobId, tenantId }, lock });
    if (job && job.state !== 'dead' && job.state !== 'cancelled') return; // somebody retried it meanwhile
    const known = await manager.findOneBy(AutomationRun, { tenantId, jobId });
    if (!known && !job) return this.tellOfNobody(manager, tenantId, jobId);
    const run = known ?? (await this.makeRun(manager, job!));
    if (!run || !['queued', 'running'].includes(run.state)) return;
    const why = job ? await this.explain(manager, run, job) : PURGED;
    const running = { runId: run.id, state: 'running' } as const;
    await manager.update(AutomationStep, running, { state: 'failed', endedAt: new Date(), ...why });
    await this.records.fail(manager, run.id, why);
    if (job?.state === 'cancelled') return;
    await this.alert(manager, { run, why, key: `${run.id}:${job?.fence ?? jobId}` });
  }

  /** Its beginning failed, and an operator purged the dead letter before this job ran: whom it was to greet went with it. */
  private async tellOfNobody(manager: EntityManager, tenantId: string, jobId: string): Promise<void> {
    await this.alerts.raise(manager, {
      tenantId,
      kind: 'automation_failed',
      title: 'A new customer could not be greeted, and the dead letter was purged before it was looked at',
      detail:
        `Job ${jobId} failed before its first step, so nothing says whom it was to greet. Look for a new customer without a ` +
        'conversation, and begin by hand with POST /api/v1/admin/automation/runs',
      key: `automation_job:${jobId}`,
    });
  }

  /** Its beginning was what failed, so that nothing is on record yet. Null: another run of the user is open. */
  private async makeRun(
    manager: EntityManager,
    { id, tenantId, payload }: JobRow,
  ): Promise<AutomationRun | null> {
    const { user_id: userId } = z.object({ user_id: z.uuid() }).parse(payload);
    const run = {
      id: newId(),
      tenantId,
      userId,
      jobId: id,
      source: 'registration',
      state: 'running',
    } as const;
    await manager.createQueryBuilder().insert().into(AutomationRun).values(run).orIgnore().execute();
    return manager.findOneBy(AutomationRun, { tenantId, id: run.id });
  }

  private async explain(manager: EntityManager, run: AutomationRun, job: JobRow): Promise<Why> {
    if (job.state === 'cancelled') return { errorKind: 'cancelled', error: 'Its job was cancelled' };
    const [last] = await manager.find(JobAttempt, {
      where: { jobId: job.id },
      order: { number: 'DESC' },
      take: 1,
    });
    const step = await manager.findOneBy(AutomationStep, { runId: run.id, state: 'failed' });
    const isOfStep = step !== null && last?.outcome === 'failed';
    return {
      errorKind: (isOfStep ? step.errorKind : last?.outcome) ?? 'failed',
      error: job.lastError ?? 'It failed without a word',
    };
  }

  private async alert(
    manager: EntityManager,
    { run, why, key }: { run: AutomationRun; why: Why; key: string },
  ): Promise<void> {
    const step = await manager.findOneBy(AutomationStep, { runId: run.id, state: 'failed' });
    const where = step ? `in step '${step.name}'` : 'before its first step';
    await this.alerts.raise(manager, {
      tenantId: run.tenantId,
      kind: 'automation_failed',
      title: `A new customer could not be greeted: it failed ${where}`,
      detail:
        `${why.error} (${why.errorKind}). Run ${run.id}, user ${run.userId}. Once the cause is gone, let it go on from there with ` +
        `POST /api/v1/admin/automation/runs/${run.id}/retry`,
      target: { kind: 'automation_run', id: run.id },
      key: `automation_run:${key}`,
    });
  }
}
