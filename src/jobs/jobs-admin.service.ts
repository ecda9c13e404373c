import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditTrail } from '../access/audit/audit-trail.js';
import type { UserCaller } from '../access/caller.js';
import type { Page } from '../platform/rest/envelope.js';
import { ConflictError, NotFoundError } from '../platform/errors.js';
import { decodeIdCursor, toPage } from '../platform/rest/paging.js';
import { uniqueViolation } from '../platform/database/unique-violation.js';
import { JobAttempt } from './job-attempt.entity.js';
import { JobRegistry } from './job-registry.js';
import { JobSettings } from './job-settings.js';
import { JobStep } from './job-step.entity.js';
import type { JobDetail } from './job-views.js';
import { Job } from './job.entity.js';
import type { JobQueryDto, PurgeDeadJobsDto, PurgedDto } from './jobs.dto.js';
import { Jobs } from './jobs.js';

const ATTEMPTS_SHOWN = 100;
const PURGED_AT_ONCE = 5000;
const PURGE = `WITH dead AS (
    SELECT id FROM jobs WHERE tenant_id = $1 AND state = 'dead' AND ($2::text IS NULL OR kind = $2)
      AND ($3::timestamptz IS NULL OR finished_at < $3) ORDER BY id LIMIT ${PURGED_AT_ONCE} FOR UPDATE SKIP LOCKED),
  gone AS (DELETE FROM jobs j USING dead WHERE j.id = dead.id RETURNING j.id)
  SELECT count(*)::int AS count FROM gone`;

/** The operators' side of jobs: looked at and put right. */
@Injectable()
export class JobsAdminService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly registry: JobRegistry,
    private readonly settings: JobSettings,
    private readonly jobs: Jobs,
    private readonly audit: AuditTrail,
  ) {}

  /** Newest first. */
  async list({ tenantId }: UserCaller, query: JobQueryDto): Promise<Page<Job>> {
    const found = this.dataSource
      .getRepository(Job)
      .createQueryBuilder('j')
      .where({ tenantId })
      .orderBy('j.id', 'DESC')
      .take(query.limit + 1);
    if (query.state !== undefined) found.andWhere('j.state = :state', { state: query.state });
    if (query.kind !== undefined) found.andWhere('j.kind = :kind', { kind: query.kind });
    if (query.cursor) found.andWhere('j.id < :before', { before: decodeIdCursor(query.cursor) });
    return toPage(await found.getMany(), query.limit, (job) => [job.id]);
  }

  /** @throws {NotFoundError} Not there, or another tenant's. */
  async get({ tenantId }: UserCaller, id: string): Promise<JobDetail> {
    const { manager } = this.dataSource;
    const job = orNotFound(await manager.findOneBy(Job, { id, tenantId }), id);
    const [attempts, steps] = await Promise.all([
      manager.find(JobAttempt, { where: { jobId: id }, order: { number: 'DESC' }, take: ATTEMPTS_SHOWN }),
      manager.find(JobStep, { where: { jobId: id }, order: { finishedAt: 'ASC' } }),
    ]);
    return { job, retrySeconds: this.planOf(job), attempts: attempts.toReversed(), steps };
  }

  /**
   * Lets a job that is dead, cancelled or waits for its next attempt run now, with its whole plan before it. Steps that are done
   * stay done: it goes on from the one that failed.
   *
   * @throws {ConflictError} It runs or is done, or another job has its unique key.
   */
  async retry(caller: UserCaller, id: string): Promise<JobDetail> {
    await this.dataSource
      .transaction(async (manager) => {
        const job = await findLocked(manager, caller, id);
        if (job.state === 'running' || job.state === 'done')
          throw new ConflictError(
            `This job is ${job.state}; only one that is dead, cancelled or waiting can be retried`,
          );
        await this.jobs.retry(manager, id);
        await this.record(manager, caller, {
          action: 'job.retry',
          job,
          after: { state: 'queued', attempts: 0 },
        });
      })
      .catch((error: unknown) => {
        if (uniqueViolation(error) === null) throw error;
        throw new ConflictError('Another job has taken its unique key meanwhile', { cause: error });
      });
    return this.get(caller, id);
  }

  /** @throws {ConflictError} It is neither waiting nor running. */
  async cancel(caller: UserCaller, id: string): Promise<JobDetail> {
    await this.dataSource.transaction(async (manager) => {
      const job = await findLocked(manager, caller, id);
      if (!(await this.jobs.cancel(manager, id)))
        throw new ConflictError(`This job is ${job.state}; only one that waits or runs can be cancelled`);
      await this.record(manager, caller, { action: 'job.cancel', job, after: { state: 'cancelled' } });
    });
    return this.get(caller, id);
  }

  /** Removes dead letters, the oldest first, so many at a time. */
  async purge(caller: UserCaller, { kind, before }: PurgeDeadJobsDto): Promise<PurgedDto> {
    return this.dataSource.transaction(async (manager) => {
      const parameters = [caller.tenantId, kind ?? null, before ?? null];
      const [{ count }] = await manager.query<[{ count: number }]>(PURGE, parameters);
      await this.audit.record(manager, caller, {
        action: 'job.purge',
        after: { kind, before, purged: count },
      });
      return { purged: count, more: count === PURGED_AT_ONCE };
    });
  }

  private planOf(job: Job): readonly number[] {
    const kind = this.registry.find(job.kind);
    return job.retrySeconds ?? (kind ? this.settings.planOf(job.tenantId, kind).retrySeconds : []);
  }

  private record(
    manager: EntityManager,
    caller: UserCaller,
    { action, job, after }: { action: string; job: Job; after: object },
  ): Promise<void> {
    const target = { kind: 'job', id: job.id, name: job.kind };
    const { state, attempts } = job;
    return this.audit.record(manager, caller, { action, target, before: { state, attempts }, after });
  }
}

async function findLocked(manager: EntityManager, { tenantId }: UserCaller, id: string): Promise<Job> {
  const lock = { mode: 'for_no_key_update' } as const;
  return orNotFound(await manager.findOne(Job, { where: { id, tenantId }, lock }), id);
}

function orNotFound(job: Job | null, id: string): Job {
  if (job) return job;
  throw new NotFoundError(`No job ${id}`);
}
