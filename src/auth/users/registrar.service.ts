import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { UserCaller } from '../../access/caller.js';
import { Config } from '../../platform/config.js';
import { passwordPlaces } from '../sign-in/password-places.js';
import { requireGoodPassword } from '../sign-in/password-rules.js';
import { hashPassword } from '../sign-in/passwords.js';
import { SignInLockout } from '../sign-in/sign-in-lockout.js';
import { CUSTOMER_ROLES, NewCustomers } from './new-customers.js';
import type { RegisteredDto, RegisterForDto } from './registration.dto.js';
import { newPerson } from './user-views.js';
import { explained } from './users.service.js';

/** Of the places where passwords wait, shared with all who sign in: a backend's burst takes no more than these. */
const AT_ONCE = 8;
/** Half a minute's worth on one core. */
const WAITING_MAX = 500;

/**
 * Registers customers for the tenant's own backend: it comes from one address with a token, and has a limit of its own. The
 * backend vouches for the address, so nobody has to prove it.
 */
@Injectable()
export class RegistrarService {
  private readonly places = passwordPlaces(AT_ONCE, WAITING_MAX);

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly newCustomers: NewCustomers,
    private readonly lockout: SignInLockout,
    private readonly config: Config,
  ) {}

  /**
   * @throws {TooManyRequestsError} More than the tenant may register in a minute.
   * @throws {ConflictError} The address or the username is taken.
   */
  async register(caller: UserCaller, input: RegisterForDto): Promise<RegisteredDto> {
    const { tenantId } = caller;
    const perMinute = this.config.env.TENANT_REGISTRATIONS_PER_MINUTE;
    await this.lockout.spendOfTenant('register', tenantId, perMinute);
    const person = newPerson(tenantId, input);
    const { id, email, username } = person;
    const user = {
      ...person,
      passwordHash: await this.hashOf(tenantId, input, username),
      roles: [...CUSTOMER_ROLES],
    };
    await this.dataSource
      .transaction((manager) => this.newCustomers.store(manager, caller, user))
      .catch((error: unknown) => {
        throw explained(error);
      });
    return { id, email, username, roles: user.roles, verified: true };
  }

  private async hashOf(
    tenantId: string,
    { password, email, display_name: displayName }: RegisterForDto,
    username: string,
  ): Promise<string | null> {
    if (password === undefined) return null;
    requireGoodPassword('password', password, [username, email, displayName]);
    return this.places([tenantId, tenantId], () => hashPassword(password));
  }
}
