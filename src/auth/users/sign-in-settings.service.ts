import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import type { UserCaller } from '../../access/caller.js';
import { hashOf } from '../../platform/secrets/secure-token.js';
import { SignInSettings } from '../sign-in/sign-in-settings.entity.js';
import { UserChanges } from '../sign-in/user-changes.js';
import { type ReadVersions, requireVersion } from '../../platform/rest/preconditions.js';
import { type UpdateSignInSettingsDto, toSignInSettingsDto } from './registration.dto.js';

const CODE_BYTES = 15;

/** Who may register in a tenant, and who needs a second factor. */
@Injectable()
export class SignInSettingsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly audit: AuditTrail,
    private readonly changes: UserChanges,
  ) {}

  async get({ tenantId }: UserCaller): Promise<SignInSettings> {
    const repository = this.dataSource.getRepository(SignInSettings);
    return (await repository.findOneBy({ tenantId })) ?? defaults(tenantId);
  }

  async update(
    caller: UserCaller,
    input: UpdateSignInSettingsDto,
    ifMatch?: ReadVersions,
  ): Promise<SignInSettings> {
    return this.change(caller, 'sign_in_settings.update', (row) => {
      requireVersion(row, ifMatch);
      if (input.registration !== undefined) row.registration = input.registration;
      if (input.require_second_factor !== undefined) row.requireSecondFactor = input.require_second_factor;
      if (input.verify_addresses !== undefined) row.verifyAddresses = input.verify_addresses;
    });
  }

  /** @returns The code, which is not shown again; the one before stops working. */
  async newRegistrationCode(caller: UserCaller): Promise<string> {
    const code = randomBytes(CODE_BYTES).toString('base64url');
    await this.change(caller, 'sign_in_settings.new_code', (row) => {
      row.registrationCodeHash = hashOf(code);
    });
    return code;
  }

  private async change(
    caller: UserCaller,
    action: string,
    apply: (row: SignInSettings) => void,
  ): Promise<SignInSettings> {
    const { tenantId } = caller;
    return this.changes.changeAll(tenantId, async (manager) => {
      const row = await findLocked(manager, tenantId);
      const before = toSignInSettingsDto(row);
      apply(row);
      await manager.save(SignInSettings, row);
      const saved = await manager.findOneByOrFail(SignInSettings, { tenantId });
      const target = { kind: 'sign_in_settings', id: tenantId };
      await this.audit.record(manager, caller, { action, target, before, after: toSignInSettingsDto(saved) });
      return saved;
    });
  }
}

async function findLocked(manager: EntityManager, tenantId: string): Promise<SignInSettings> {
  await manager.createQueryBuilder().insert().into(SignInSettings).values({ tenantId }).orIgnore().execute();
  return manager.findOneOrFail(SignInSettings, { where: { tenantId }, lock: { mode: 'pessimistic_write' } });
}

/** What holds for a tenant that never decided. */
function defaults(tenantId: string): SignInSettings {
  return Object.assign(new SignInSettings(), {
    tenantId,
    registration: 'off',
    registrationCodeHash: null,
    requireSecondFactor: false,
    verifyAddresses: true,
    version: 1,
  } as const);
}
