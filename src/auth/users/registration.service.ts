import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { requireGoodPassword } from '../sign-in/password-rules.js';
import { hashPassword } from '../sign-in/passwords.js';
import { PasswordsService } from '../sign-in/passwords.service.js';
import { inTenant } from '../../platform/request-scope.js';
import { AddressProofService } from './address-proof.service.js';
import { CUSTOMER_ROLES, NewCustomers } from './new-customers.js';
import { OpenTenantsService } from './open-tenants.service.js';
import type { RegisteredDto, RegisterDto } from './registration.dto.js';
import { newPerson } from './user-views.js';
import { explained, takenField } from './users.service.js';

/** People who make their own account. They are customers; what else follows is done by whoever reads the domain events. */
@Injectable()
export class RegistrationService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly openTenants: OpenTenantsService,
    private readonly proof: AddressProofService,
    private readonly newCustomers: NewCustomers,
    private readonly passwords: PasswordsService,
  ) {}

  /**
   * Where addresses are proven by mail, an answer tells nobody whether one is taken: its owner gets a mail.
   *
   * @throws {ForbiddenError} Nobody registers there; the same for an unknown tenant and a wrong code.
   * @throws {ConflictError} The username is taken; the address, too, where it needs no proof.
   * @throws {TooManyRequestsError} Too many from this address, or with this one.
   */
  async register(input: RegisterDto): Promise<RegisteredDto> {
    const settings = await this.openTenants.require(input);
    const { tenantId } = settings;
    const person = newPerson(tenantId, input);
    const { id, email, username } = person;
    const names = [username, email, input.display_name, input.tenant];
    requireGoodPassword('password', input.password, names);
    const isVerified = !(await this.proof.isWanted(settings));
    if (!isVerified) await this.proof.spendMail(tenantId, email);
    const user = {
      ...person,
      passwordHash: await hashPassword(input.password),
      roles: [...CUSTOMER_ROLES],
      enabled: isVerified,
      unverifiedSince: isVerified ? null : new Date(),
    };
    try {
      const actor = { kind: 'user', tenantId, userId: id, email };
      await inTenant(tenantId, () =>
        this.dataSource.transaction((manager) => this.newCustomers.store(manager, actor, user)),
      );
    } catch (error) {
      if (isVerified || takenField(error) !== 'email') throw explained(error);
      await this.passwords.recordForgotten({ email, tenant: input.tenant });
    }
    return { id, email, username, roles: user.roles, verified: isVerified };
  }
}
