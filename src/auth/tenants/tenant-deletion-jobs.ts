import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, In, QueryFailedError } from 'typeorm';
import { z } from 'zod';
import type { JobContext } from '../../jobs/job-context.js';
import { Job } from '../../jobs/job.decorator.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { messageOf } from '../../platform/errors.js';
import { TenantJob } from './tenant-job.entity.js';
import { TenantRemover } from './tenant-remover.js';

export const DELETE_JOB = 'tenants.delete';
const ENDED_JOB = 'tenants.deletion_ended';
/** A database that is away for a while is no reason to give up. */
const RETRY_SECONDS = [2, 2, 5, 15, 60, 300, 1800];
/** Of one run: the largest tenant of a slow database. The next one goes on where it ended. */
const TIMEOUT_SECONDS = 86_400;

/** The job whose end is told of. */
const IS_OVER = `SELECT state FROM jobs WHERE id = $1 AND state IN ('dead', 'cancelled')`;

/**
 * Deletes tenants, as jobs of the operating tenant. The rows are another tenant's, so a step works as the system role, whom the
 * database lets delete what belongs to a tenant that is being removed and nothing else. Each step is one transaction with the
 * progress: a run that died, or that another one follows, leaves nothing half-counted.
 */
@Injectable()
export class TenantDeletionJobs {
  private readonly logger = new Logger(TenantDeletionJobs.name);

  constructor(
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    private readonly remover: TenantRemover,
  ) {}

  @Job({
    kind: DELETE_JOB,
    description: 'Deletes everything of a tenant that was suspended and is to go',
    payload: z.object({ subject_id: z.uuid() }),
    retrySeconds: RETRY_SECONDS,
    timeoutSeconds: TIMEOUT_SECONDS,
    concurrency: { perReplica: 1 },
    whenDead: ENDED_JOB,
    whenCancelled: ENDED_JOB,
  })
  async delete(_payload: { subject_id: string }, { jobId, signal }: JobContext): Promise<void> {
    try {
      while (await this.step(jobId)) signal.throwIfAborted();
    } catch (error) {
      if (!signal.aborted) await this.noteFailure(jobId, error);
      throw error;
    }
  }

  @Job({
    kind: ENDED_JOB,
    description:
      'Notes that a deletion of a tenant was given up or cancelled; deleting again goes on from there',
    payload: z.object({ job_id: z.uuid() }),
    retrySeconds: RETRY_SECONDS,
  })
  async noteEnd({ job_id: jobId }: { job_id: string }): Promise<void> {
    await this.system.transaction(async (manager) => {
      const [over] = await manager.query<{ state: 'dead' | 'cancelled' }[]>(IS_OVER, [jobId]);
      if (!over) return; // somebody retried it meanwhile
      const open = { jobId, status: In(['queued', 'running']) };
      const why = over.state === 'cancelled' && { error: 'Its job was cancelled' };
      await manager.update(TenantJob, open, { status: 'failed', ...why });
    });
  }

  /** @returns Whether there is more to do. */
  private step(jobId: string): Promise<boolean> {
    return this.system.transaction(async (manager) => {
      const job = await manager.findOne(TenantJob, { where: { jobId }, lock: { mode: 'pessimistic_write' } });
      if (!job || job.status === 'done') return false;
      const progress = await this.remover.step(manager, job);
      const status = progress.status ?? 'running';
      const startedAt = job.startedAt ?? new Date();
      const finishedAt = status === 'done' ? new Date() : null;
      const told = { ...progress, status, startedAt, finishedAt, error: null };
      await manager.update(TenantJob, { id: job.id }, told);
      return status !== 'done';
    });
  }

  private async noteFailure(jobId: string, error: unknown): Promise<void> {
    this.logger.error(`A step of the deletion in job ${jobId} failed: ${messageOf(error)}`);
    await this.system
      .getRepository(TenantJob)
      .update({ jobId }, { error: explain(error) })
      .catch(() => undefined); // the database is away; the next attempt tries again
  }
}

/** For people; the log has the rest. */
function explain(error: unknown): string {
  if (!(error instanceof QueryFailedError)) return 'A step failed; the log of the service says why';
  const { code = 'unknown', table } = error.driverError as { code?: string; table?: string };
  return `The database refused a step (SQLSTATE ${code}${table ? `, table ${table}` : ''}); the log of the service says why`;
}
