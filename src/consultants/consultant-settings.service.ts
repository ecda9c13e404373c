import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditTrail } from '../access/audit/audit-trail.js';
import { differenceOf } from '../access/audit/difference.js';
import type { UserCaller } from '../access/caller.js';
import { ConflictError } from '../platform/errors.js';
import { given } from '../platform/rest/given.js';
import { type ReadVersions, requireVersion } from '../platform/rest/preconditions.js';
import { uniqueViolation } from '../platform/database/unique-violation.js';
import { ConsultantSettings, type EscalationLevel } from './consultant-settings.entity.js';
import { SETTING_DEFAULTS, type SettingsInForce } from './consultant-settings.js';
import type { ConsultantSettingsDto, PutConsultantSettingsDto } from './consultants.dto.js';

/** Version of settings that are not there. */
const UNSET = { version: 0 };

/** How a tenant finds consultants for customers, seen and set by administrators. */
@Injectable()
export class ConsultantSettingsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly audit: AuditTrail,
  ) {}

  async get({ tenantId }: UserCaller): Promise<ConsultantSettingsDto> {
    const found = await this.dataSource.getRepository(ConsultantSettings).findOneBy({ tenantId });
    return toDto(found ?? SETTING_DEFAULTS, found?.version ?? 0);
  }

  /**
   * Counts from the next announcement, offer and escalation on; what is planned already stays planned.
   *
   * @param ifMatch The version that the caller read, 0 where nothing was set.
   */
  async put(
    caller: UserCaller,
    input: PutConsultantSettingsDto,
    ifMatch?: ReadVersions,
  ): Promise<ConsultantSettingsDto> {
    await this.dataSource
      .transaction((manager) => this.save(manager, caller, input, ifMatch))
      .catch((error: unknown) => {
        if (uniqueViolation(error) === null) throw error;
        const message = 'Somebody set this at the same moment. Read it and repeat your change';
        throw new ConflictError(message, { cause: error });
      });
    return this.get(caller);
  }

  private async save(
    manager: EntityManager,
    caller: UserCaller,
    input: PutConsultantSettingsDto,
    ifMatch: ReadVersions | undefined,
  ): Promise<void> {
    const { tenantId } = caller;
    const lock = { mode: 'pessimistic_write' } as const;
    const found = await manager.findOne(ConsultantSettings, { where: { tenantId }, lock });
    requireVersion(found ?? UNSET, ifMatch);
    const columns = columnsOf(input);
    const values = found ? differenceOf(found, columns) : { after: columns };
    await (found
      ? manager.save(ConsultantSettings, Object.assign(found, columns))
      : manager.insert(ConsultantSettings, { tenantId, ...SETTING_DEFAULTS, ...columns }));
    const target = { kind: 'consultant_settings', id: tenantId };
    await this.audit.record(manager, caller, { action: 'consultant_settings.put', target, ...values });
  }
}

function columnsOf(input: PutConsultantSettingsDto) {
  const levels = input.levels?.map((level): EscalationLevel => {
    const { after_seconds, roles = [], user_ids = [], skills = [], consultant_level } = level;
    return { after_seconds, roles, user_ids, skills, consultant_level };
  });
  return given({
    allocation: input.allocation,
    offerSeconds: input.offer_seconds,
    expectedResponseSeconds: input.expected_response_seconds,
    conversationLink: input.conversation_link,
    tellConsultants: input.tell_consultants,
    language: input.language,
    levels,
    alertAfterSeconds: input.alert_after_seconds,
  });
}

function toDto(settings: SettingsInForce, version: number): ConsultantSettingsDto {
  return {
    allocation: settings.allocation,
    offer_seconds: settings.offerSeconds,
    expected_response_seconds: settings.expectedResponseSeconds,
    conversation_link: settings.conversationLink,
    tell_consultants: settings.tellConsultants,
    language: settings.language,
    levels: settings.levels.map((level) => ({
      ...level,
      roles: [...level.roles],
      user_ids: [...level.user_ids],
      skills: [...level.skills],
    })),
    alert_after_seconds: settings.alertAfterSeconds,
    version,
  };
}
