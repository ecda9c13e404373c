import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { newId } from '../../platform/new-id.js';
import type { UserCaller } from '../../access/caller.js';
import type { Tenant } from '../../access/tenant.entity.js';
import { Jobs } from '../../jobs/jobs.js';
import type { Page } from '../../platform/rest/envelope.js';
import { ConflictError, NotFoundError } from '../../platform/errors.js';
import type { PageQueryDto } from '../../platform/rest/rest.dto.js';
import { decodeIdCursor, toPage } from '../../platform/rest/paging.js';
import { invalidFields } from '../../platform/rest/validation.js';
import { TenantChanges, type TenantChangeOptions } from './tenant-changes.js';
import { DELETE_JOB } from './tenant-deletion-jobs.js';
import { TenantJob } from './tenant-job.entity.js';

/** Deleting tenants: who asked for it and how far it is. The work is `TenantDeletionJobs`'s. */
@Injectable()
export class TenantRemovalService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly changes: TenantChanges,
    private readonly jobs: Jobs,
  ) {}

  /**
   * Begins to delete a suspended tenant with everything. Calls of it that still run are aborted. After a job that was given
   * up, it goes on where that one ended.
   *
   * @param confirm The tenant's name.
   */
  async begin(
    caller: UserCaller,
    id: string,
    confirm: string,
    { ifMatch }: TenantChangeOptions,
  ): Promise<TenantJob> {
    const jobId = newId();
    const change = {
      action: 'tenant.delete',
      columns: { removingAt: new Date() },
      check: (tenant: Tenant) => requireDeletable(tenant, confirm),
      also: (manager: EntityManager, tenant: Tenant) => this.queue(manager, caller, tenant, jobId),
    };
    await this.changes.change(caller, id, change, { ifMatch, inFlight: 'cut' });
    return this.getJob(caller, jobId);
  }

  /** Newest first. */
  async listJobs(caller: UserCaller, query: PageQueryDto): Promise<Page<TenantJob>> {
    const found = this.dataSource
      .getRepository(TenantJob)
      .createQueryBuilder('job')
      .where('job.tenant_id = :tenantId', { tenantId: caller.tenantId })
      .orderBy('job.id', 'DESC')
      .take(query.limit + 1);
    if (query.cursor) found.andWhere('job.id < :before', { before: decodeIdCursor(query.cursor) });
    return toPage(await found.getMany(), query.limit, (job) => [job.id]);
  }

  async getJob(caller: UserCaller, id: string): Promise<TenantJob> {
    const job = await this.dataSource.getRepository(TenantJob).findOneBy({ id, tenantId: caller.tenantId });
    if (!job) throw new NotFoundError(`No tenant job ${id}`);
    return job;
  }

  private async queue(
    manager: EntityManager,
    caller: UserCaller,
    tenant: Tenant,
    jobId: string,
  ): Promise<void> {
    const isUnderWay = await manager
      .createQueryBuilder(TenantJob, 'job')
      .where('job.subject_id = :id', { id: tenant.id })
      .andWhere(`job.status IN ('queued', 'running')`)
      .getExists();
    if (isUnderWay) throw new ConflictError('This tenant is being deleted already');
    const { tenantId } = caller;
    const job = await this.jobs.enqueue(manager, DELETE_JOB, { subject_id: tenant.id }, { tenantId });
    await manager.insert(TenantJob, {
      id: jobId,
      tenantId,
      jobId: job.id,
      kind: 'delete',
      subjectId: tenant.id,
      subjectName: tenant.name,
      requestedBy: caller.userId,
    });
  }
}

function requireDeletable(tenant: Tenant, confirm: string): void {
  if (tenant.isOperating) {
    throw new ConflictError('This tenant runs the installation: it can be neither suspended nor deleted');
  }
  if (confirm !== tenant.name) {
    throw invalidFields([{ field: 'confirm', message: "must be the tenant's name" }]);
  }
  if (tenant.enabled) throw new ConflictError('Suspend the tenant first, then delete it');
}
