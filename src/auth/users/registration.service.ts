import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { newId } from '../../platform/new-id.js';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import { requireGoodPassword } from '../sign-in/password-rules.js';
import { hashPassword } from '../sign-in/passwords.js';
import { PasswordsService } from '../sign-in/passwords.service.js';
import { User } from '../../access/user.entity.js';
import { storeEvent } from '../../platform/replicas/domain-events.js';
import { inTenant } from '../../platform/request-scope.js';
import { AddressProofService } from './address-proof.service.js';
import { OpenTenantsService } from './open-tenants.service.js';
import type { RegisteredDto, RegisterDto } from './registration.dto.js';
import { newUsername } from './user-views.js';
import { explained, takenField } from './users.service.js';

const ROLES = ['customer'] as const;
const UNVERIFIED_DAYS = 7;
/** Who registered with the address and did not prove it, and some of those who will not any more. */
const FORGET_UNVERIFIED = `DELETE FROM users WHERE tenant_id = $1 AND unverified_since IS NOT NULL AND (email = $2 OR id IN (
  SELECT id FROM users WHERE tenant_id = $1 AND unverified_since < trusted_now() - make_interval(days => $3) LIMIT 20))`;

/** People who make their own account. They are customers; what else follows is done by whoever reads the domain events. */
@Injectable()
export class RegistrationService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly openTenants: OpenTenantsService,
    private readonly proof: AddressProofService,
    private readonly audit: AuditTrail,
    private readonly passwords: PasswordsService,
  ) {}

  /**
   * @throws {ForbiddenError} Nobody registers there; the same for an unknown tenant and a wrong code.
   * Where addresses are proven by mail, an answer tells nobody whether one is taken: its owner gets a mail.
   *
   * @throws {ConflictError} The username is taken; the address, too, where it needs no proof.
   * @throws {TooManyRequestsError} Too many from this address, or with this one.
   */
  async register(input: RegisterDto): Promise<RegisteredDto> {
    const settings = await this.openTenants.require(input);
    const { tenantId } = settings;
    const username = input.username ?? newUsername(input.email);
    const names = [username, input.email, input.display_name, input.tenant];
    requireGoodPassword('password', input.password, names);
    const isVerified = !(await this.proof.isWanted(settings));
    if (!isVerified) await this.proof.spendMail(tenantId, input.email);
    const user = {
      id: newId(),
      tenantId,
      username,
      email: input.email,
      displayName: input.display_name,
      phone: input.phone ?? null,
      passwordHash: await hashPassword(input.password),
      roles: [...ROLES],
      enabled: isVerified,
      unverifiedSince: isVerified ? null : new Date(),
    };
    try {
      await inTenant(tenantId, () => this.store(user));
    } catch (error) {
      if (isVerified || takenField(error) !== 'email') throw explained(error);
      await this.passwords.recordForgotten({ email: input.email, tenant: input.tenant });
    }
    return { id: user.id, email: user.email, username, roles: user.roles, verified: isVerified };
  }

  private async store(
    user: Partial<User> & Pick<User, 'id' | 'tenantId' | 'email' | 'unverifiedSince'>,
  ): Promise<void> {
    const { id, tenantId, email, unverifiedSince } = user;
    const kind = unverifiedSince === null ? 'user.registered' : 'user.address_claimed';
    await this.dataSource.transaction(async (manager) => {
      // Nobody keeps an address from its owner by registering with it first.
      await manager.query(FORGET_UNVERIFIED, [tenantId, email, UNVERIFIED_DAYS]);
      await manager.insert(User, user);
      await storeEvent(manager, { tenantId, kind, payload: { user_id: id } });
      const actor = { kind: 'user', tenantId, userId: id, email };
      const target = { kind: 'user', id, name: email };
      await this.audit.record(manager, actor, { action: 'user.register', target, after: { roles: ROLES } });
    });
  }
}
