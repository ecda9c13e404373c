import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { newId } from '../platform/new-id.js';
import { AuditTrail } from '../access/audit/audit-trail.js';
import { differenceOf } from '../access/audit/difference.js';
import type { UserCaller } from '../access/caller.js';
import { ChangeBus } from '../platform/replicas/change-bus.js';
import { ConflictError, NotFoundError } from '../platform/errors.js';
import { given } from '../platform/rest/given.js';
import { type ReadVersions, requireVersion } from '../platform/rest/preconditions.js';
import { uniqueViolation } from '../platform/database/unique-violation.js';
import { type JobKind, JobRegistry } from './job-registry.js';
import { JobSetting } from './job-setting.entity.js';
import type { PutJobSettingDto } from './jobs.dto.js';

/** A kind and what the tenant set for it; undefined: nothing. */
export type KindSetting = { readonly kind: JobKind; readonly set: JobSetting | undefined };

type Values = { readonly before?: object; readonly after?: object };
/** Version of a setting that is not there. */
const UNSET = { version: 0 };

/** The operators' side of retry plans: seen and changed here, asked in {@link JobSettings}. */
@Injectable()
export class JobSettingsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly registry: JobRegistry,
    private readonly changeBus: ChangeBus,
    private readonly audit: AuditTrail,
  ) {}

  async list({ tenantId }: UserCaller): Promise<readonly KindSetting[]> {
    const found = await this.dataSource.getRepository(JobSetting).findBy({ tenantId });
    return this.registry
      .kinds()
      .map((kind) => ({ kind, set: found.find((setting) => setting.kind === kind.kind) }));
  }

  /** @throws {NotFoundError} There is no such kind. */
  async get({ tenantId }: UserCaller, name: string): Promise<KindSetting> {
    const kind = this.kindOf(name);
    const set = await this.dataSource.getRepository(JobSetting).findOneBy({ tenantId, kind: name });
    return { kind, set: set ?? undefined };
  }

  /** @param ifMatch The version that the caller read, 0 where nothing was set. */
  async put(
    caller: UserCaller,
    name: string,
    input: PutJobSettingDto,
    ifMatch?: ReadVersions,
  ): Promise<KindSetting> {
    const kind = this.kindOf(name);
    const columns = given({ retrySeconds: input.retry_seconds, timeoutSeconds: input.timeout_seconds });
    const set = await this.commit(async (manager) => {
      const found = await findLocked(manager, caller, name);
      requireVersion(found ?? UNSET, ifMatch);
      const setting =
        found ??
        manager.create(JobSetting, {
          id: newId(),
          tenantId: caller.tenantId,
          kind: name,
          retrySeconds: [...kind.retrySeconds],
        });
      const values = found ? differenceOf(found, columns) : { after: columns };
      const saved = await manager.save(JobSetting, Object.assign(setting, columns));
      await this.record(manager, caller, { action: 'job_setting.put', setting: saved, values });
      return saved;
    });
    return { kind, set };
  }

  /** @throws {NotFoundError} Nothing is set for the kind. */
  async delete(caller: UserCaller, name: string, ifMatch?: ReadVersions): Promise<KindSetting> {
    const kind = this.kindOf(name);
    await this.commit(async (manager) => {
      const setting = await findLocked(manager, caller, name);
      if (!setting) throw new NotFoundError(`Nothing is set for jobs '${name}'`);
      requireVersion(setting, ifMatch);
      await manager.delete(JobSetting, { id: setting.id });
      const { retrySeconds, timeoutSeconds } = setting;
      const values = { before: { retrySeconds, timeoutSeconds } };
      await this.record(manager, caller, { action: 'job_setting.delete', setting, values });
      return setting;
    });
    return { kind, set: undefined };
  }

  private kindOf(name: string): JobKind {
    const kind = this.registry.find(name);
    if (kind) return kind;
    throw new NotFoundError(`No kind of job '${name}'`);
  }

  private async commit(work: (manager: EntityManager) => Promise<JobSetting>): Promise<JobSetting> {
    const { result } = await this.changeBus
      .commit(async (manager) => {
        const setting = await work(manager);
        await this.changeBus.publish(manager, { kind: 'job_setting', id: setting.id });
        return setting;
      })
      .catch((error: unknown) => {
        if (uniqueViolation(error) === null) throw error;
        const message = 'Somebody set this at the same moment. Read it and repeat your change';
        throw new ConflictError(message, { cause: error });
      });
    return result;
  }

  private record(
    manager: EntityManager,
    caller: UserCaller,
    { action, setting, values }: { action: string; setting: JobSetting; values: Values },
  ): Promise<void> {
    const target = { kind: 'job_setting', id: setting.id, name: setting.kind };
    return this.audit.record(manager, caller, { action, target, ...values });
  }
}

function findLocked(
  manager: EntityManager,
  { tenantId }: UserCaller,
  kind: string,
): Promise<JobSetting | null> {
  return manager.findOne(JobSetting, { where: { tenantId, kind }, lock: { mode: 'pessimistic_write' } });
}
