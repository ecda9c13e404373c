import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditTrail } from '../access/audit/audit-trail.js';
import { differenceOf } from '../access/audit/difference.js';
import type { UserCaller } from '../access/caller.js';
import { ConflictError, NotFoundError } from '../platform/errors.js';
import { given } from '../platform/rest/given.js';
import { type ReadVersions, requireVersion } from '../platform/rest/preconditions.js';
import { uniqueViolation } from '../platform/database/unique-violation.js';
import type { Consultant } from './allocation.js';
import { ConsultantDirectory } from './consultant-directory.js';
import { ConsultantProfile, PROFILE_DEFAULTS } from './consultant-profile.entity.js';
import type { ConsultantDto, PutOwnProfileDto, PutProfileDto } from './consultants.dto.js';

/** Version of a profile that is not there. */
const UNSET = { version: 0 };

/** How consultants work, seen and set by administrators and by themselves. */
@Injectable()
export class ConsultantProfilesService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly directory: ConsultantDirectory,
    private readonly audit: AuditTrail,
  ) {}

  /** All of the tenant, with presence and load. */
  async list({ tenantId }: UserCaller): Promise<ConsultantDto[]> {
    const [consultants, profiles] = await Promise.all([
      this.directory.list(tenantId),
      this.dataSource.getRepository(ConsultantProfile).findBy({ tenantId }),
    ]);
    const versions = new Map(profiles.map(({ userId, version }) => [userId, version]));
    return consultants.map((one) => toDto(one, versions.get(one.id) ?? 0));
  }

  /** @throws {NotFoundError} No consultant of the tenant. */
  async get({ tenantId }: UserCaller, userId: string): Promise<ConsultantDto> {
    const consultant = await this.directory.find(tenantId, userId);
    if (!consultant) throw new NotFoundError(`No consultant ${userId}`);
    const profile = await this.dataSource.getRepository(ConsultantProfile).findOneBy({ tenantId, userId });
    return toDto(consultant, profile?.version ?? 0);
  }

  /** @param ifMatch The version that the caller read, 0 where nothing was set. */
  async put(
    caller: UserCaller,
    userId: string,
    { input, ifMatch }: { readonly input: PutProfileDto; readonly ifMatch?: ReadVersions },
  ): Promise<ConsultantDto> {
    await this.get(caller, userId);
    await this.dataSource
      .transaction((manager) => this.save(manager, caller, { userId, input, ifMatch }))
      .catch((error: unknown) => {
        if (uniqueViolation(error) === null) throw error;
        const message = 'Somebody set this at the same moment. Read it and repeat your change';
        throw new ConflictError(message, { cause: error });
      });
    return this.get(caller, userId);
  }

  /** All but the level, which is for administrators to set. */
  putOwn(caller: UserCaller, input: PutOwnProfileDto, ifMatch?: ReadVersions): Promise<ConsultantDto> {
    return this.put(caller, caller.userId, { input, ifMatch });
  }

  private async save(
    manager: EntityManager,
    caller: UserCaller,
    { userId, input, ifMatch }: { userId: string; input: PutProfileDto; ifMatch?: ReadVersions },
  ): Promise<void> {
    const { tenantId } = caller;
    const lock = { mode: 'pessimistic_write' } as const;
    const found = await manager.findOne(ConsultantProfile, { where: { tenantId, userId }, lock });
    requireVersion(found ?? UNSET, ifMatch);
    const columns = columnsOf(input);
    const values = found ? differenceOf(found, columns) : { after: columns };
    const profile = found ?? manager.create(ConsultantProfile, { tenantId, userId, ...PROFILE_DEFAULTS });
    await (found
      ? manager.save(ConsultantProfile, Object.assign(profile, columns))
      : manager.insert(ConsultantProfile, Object.assign(profile, columns)));
    const target = { kind: 'consultant_profile', id: userId };
    await this.audit.record(manager, caller, { action: 'consultant_profile.put', target, ...values });
  }
}

function columnsOf(input: PutProfileDto) {
  return given({
    skills: input.skills && [...new Set(input.skills.map((skill) => skill.trim().toLowerCase()))],
    level: input.level,
    maxOpenCustomers: input.max_open_customers,
    available: input.available,
  });
}

function toDto(consultant: Consultant, version: number): ConsultantDto {
  return {
    id: consultant.id,
    name: consultant.name,
    skills: [...consultant.skills],
    level: consultant.level,
    max_open_customers: consultant.maxOpenCustomers,
    available: consultant.available,
    online: consultant.online,
    open_customers: consultant.openCustomers,
    offered_customers: consultant.offeredCustomers,
    version,
  };
}
