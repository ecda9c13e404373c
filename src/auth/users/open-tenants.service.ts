import { timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, In } from 'typeorm';
import { Tenant } from '../../access/tenant.entity.js';
import { Config } from '../../platform/config.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { ForbiddenError } from '../../platform/errors.js';
import { toName } from '../../platform/identity-text.js';
import { currentScope } from '../../platform/request-scope.js';
import { hashOf } from '../../platform/secrets/secure-token.js';
import { SignInLockout } from '../sign-in/sign-in-lockout.js';
import { SignInSettings } from '../sign-in/sign-in-settings.entity.js';
import type { RegisterDto } from './registration.dto.js';

/** Knows the tenants where people register themselves, and how often an address may try. */
@Injectable()
export class OpenTenantsService {
  constructor(
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    private readonly lockout: SignInLockout,
    private readonly config: Config,
  ) {}

  /**
   * @throws {ForbiddenError} Nobody registers there; the same for an unknown tenant and a wrong code.
   * @throws {TooManyRequestsError} Too many from this address.
   */
  async require(input: RegisterDto): Promise<SignInSettings> {
    const perHour = this.config.env.REGISTRATIONS_PER_HOUR;
    await this.lockout.spend('register', currentScope()?.ip ?? '', perHour);
    const settings = await this.find(input);
    if (settings) return settings;
    throw new ForbiddenError('Registration is not open there; check the tenant and the code');
  }

  private async find({ tenant, code }: RegisterDto): Promise<SignInSettings | null> {
    const found = await this.system
      .getRepository(Tenant)
      .findOneBy({ name: In([tenant, toName(tenant)]), enabled: true });
    if (!found) return null;
    const settings = await this.system.getRepository(SignInSettings).findOneBy({ tenantId: found.id });
    if (settings?.registration === 'open') return settings;
    if (settings?.registration !== 'code' || !settings.registrationCodeHash) return null;
    return timingSafeEqual(settings.registrationCodeHash, hashOf(code ?? '')) ? settings : null;
  }
}
