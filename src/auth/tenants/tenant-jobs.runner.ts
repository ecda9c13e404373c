import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, QueryFailedError } from 'typeorm';
import { ChangeBus } from '../../platform/replicas/change-bus.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { TenantJob } from './tenant-job.entity.js';
import { TenantRemover } from './tenant-remover.js';

/** How long a job may stand still after the replica that worked on it died. */
const LOOK_EVERY_MS = 2000;
const FAILURES_MAX = 5;

type Step = 'went_on' | 'nothing_to_do' | 'failed';

/**
 * Runs the jobs on tenants, on every replica. A step is one transaction that holds the job's row (`FOR UPDATE SKIP LOCKED`),
 * so one replica takes it and the others pass by; when a replica dies, Postgres rolls its step back and the next one to look
 * goes on from there. A step that fails is tried again; after five failures in a row the job is given up, with the reason.
 */
@Injectable()
export class TenantJobsRunner implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(TenantJobsRunner.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isStopping = false;

  constructor(
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    private readonly changeBus: ChangeBus,
    private readonly remover: TenantRemover,
  ) {}

  onModuleInit(): void {
    this.changeBus.subscribe('tenant_job', async () => this.wake());
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.wake(), LOOK_EVERY_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.timer);
    await this.running;
  }

  private wake(): void {
    this.running ??= this.work().finally(() => {
      this.running = undefined;
    });
  }

  /** Until nothing is left to do; after a failure the next look tries again. */
  private async work(): Promise<void> {
    let step: Step = 'went_on';
    while (step === 'went_on' && !this.isStopping) step = await this.step();
  }

  private async step(): Promise<Step> {
    let job: TenantJob | undefined;
    try {
      return await this.system.transaction(async (manager) => {
        job = await this.take(manager.getRepository(TenantJob));
        if (!job) return 'nothing_to_do';
        const progress = await this.remover.step(manager, job);
        const status = progress.status ?? 'running';
        await manager.update(
          TenantJob,
          { id: job.id },
          {
            ...progress,
            status,
            failures: 0,
            error: null,
            startedAt: job.startedAt ?? new Date(),
            finishedAt: status === 'done' ? new Date() : null,
          },
        );
        return 'went_on';
      });
    } catch (error) {
      if (job) await this.noteFailure(job, error);
      return 'failed';
    }
  }

  private async take(jobs: ReturnType<DataSource['getRepository']>): Promise<TenantJob | undefined> {
    const job = await jobs
      .createQueryBuilder('job')
      .where(`job.status IN ('queued', 'running')`)
      .orderBy('job.id', 'ASC')
      .limit(1)
      .setLock('pessimistic_write')
      .setOnLocked('skip_locked')
      .getOne();
    return (job as TenantJob | null) ?? undefined;
  }

  private async noteFailure(job: TenantJob, error: unknown): Promise<void> {
    this.logger.error(`A step of job ${job.id} (${job.kind} ${job.subjectId}) failed: ${String(error)}`);
    const failures = job.failures + 1;
    const status = failures < FAILURES_MAX ? job.status : 'failed';
    await this.system
      .getRepository(TenantJob)
      .update({ id: job.id }, { failures, status, error: explain(error) })
      .catch(() => undefined); // the database is away; the next look tries again
  }
}

/** For people; the log has the rest. */
function explain(error: unknown): string {
  if (!(error instanceof QueryFailedError)) return 'A step failed; the log of the service says why';
  const { code = 'unknown', table } = error.driverError as { code?: string; table?: string };
  return `The database refused a step (SQLSTATE ${code}${table ? `, table ${table}` : ''}); the log of the service says why`;
}
