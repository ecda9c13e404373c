import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { newId } from '../../platform/new-id.js';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import { UserChanges } from '../sign-in/user-changes.js';
import { User } from '../../access/user.entity.js';
import { ConflictError, ForbiddenError } from '../../platform/errors.js';
import { uniqueViolation } from '../../platform/database/unique-violation.js';
import { newUsername } from '../users/user-views.js';
import { canBeKept, type Claims, isUnverified, type Person, readClaims } from './claims.js';
import { findIdentity, OidcIdentity } from './oidc-identity.entity.js';
import type { OidcProvider } from './oidc-provider.entity.js';
import { toDomain } from '../../platform/identity-text.js';
import { cutText } from '../../platform/cut-text.js';

const UNFIT =
  'The sign-in provider knows you by a name that cannot be kept here: at most 255 characters, none of them a control character';

/** Who a verified ID token stands for: somebody whose issuer and subject are known here, or somebody to be made. */
@Injectable()
export class OidcPeople {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly audit: AuditTrail,
    private readonly changes: UserChanges,
  ) {}

  /**
   * Inside the provider's tenant.
   *
   * @param claims Verified; `iss` and `sub` among them.
   * @returns The person's id. Whether they may come in is for the caller to see.
   * @throws {ForbiddenError} Not known here, and the provider makes nobody; or no subject or address that can be kept.
   * @throws {ConflictError} Somebody here has the address. They are never taken for the same person on its account.
   */
  async resolve(provider: OidcProvider, claims: Claims & { iss: string; sub: string }): Promise<string> {
    const person = readClaims(claims, provider);
    if (!canBeKept(claims)) throw new ForbiddenError(UNFIT);
    try {
      return await this.dataSource.transaction(async (manager) => {
        const { iss: issuer, sub: subject } = claims;
        const known = await findIdentity(manager, { issuer, subject });
        if (known) return this.bringUpToDate(manager, { provider, userId: known.userId, person });
        const userId = await this.create(manager, { provider, person, unverified: isUnverified(claims) });
        const { tenantId } = provider;
        await manager.insert(OidcIdentity, { id: newId(), tenantId, userId, issuer, subject });
        return userId;
      });
    } catch (error) {
      if (uniqueViolation(error) === null) throw error;
      throw new ConflictError('Somebody here has this address; ask an administrator to link your account', {
        cause: error,
      });
    }
  }

  /** Roles and tier follow the provider where it decides about them; never those of an owner, who must not be lost. */
  private async bringUpToDate(
    manager: EntityManager,
    found: { readonly provider: OidcProvider; readonly userId: string; readonly person: Person },
  ): Promise<string> {
    const { provider, userId, person } = found;
    const lock = { mode: 'pessimistic_write' } as const;
    const user = await manager.findOneOrFail(User, { where: { id: userId }, lock });
    if (user.roles.includes('owner')) return userId;
    const before = { roles: user.roles, tier: user.tier };
    const after = { roles: [...(person.roles ?? user.roles)], tier: person.tier ?? user.tier };
    if (sameRoles(before.roles, after.roles) && before.tier === after.tier) return userId;
    await manager.save(User, Object.assign(user, after));
    await this.changes.announce(manager, userId);
    const target = { kind: 'user', id: userId, name: user.email };
    await this.audit.record(manager, jobOf(provider), { action: 'user.update', target, before, after });
    return userId;
  }

  private async create(
    manager: EntityManager,
    wanted: { readonly provider: OidcProvider; readonly person: Person; readonly unverified: boolean },
  ): Promise<string> {
    const { provider, person, unverified } = wanted;
    if (!provider.createUsers) {
      throw new ForbiddenError('You are not known here; ask an administrator to link your account');
    }
    const { email, tier } = person;
    if (email === null || unverified) {
      throw new ForbiddenError('The provider vouches for no e-mail address of yours');
    }
    const domain = email.slice(email.lastIndexOf('@') + 1);
    if (provider.emailDomains.length > 0 && !provider.emailDomains.map(toDomain).includes(domain)) {
      throw new ForbiddenError('People with addresses of this domain are not let in');
    }
    const id = newId();
    const roles = [...(person.roles ?? provider.defaultRoles)];
    await manager.insert(User, {
      id,
      tenantId: provider.tenantId,
      username: newUsername(email),
      email,
      displayName: person.displayName ?? cutText(email, 100),
      roles,
      ...(tier === null ? {} : { tier }),
    });
    const entry = { target: { kind: 'user', id, name: email }, after: { email, roles, tier } };
    await this.audit.record(manager, jobOf(provider), { action: 'user.create', ...entry });
    return id;
  }
}

/** Whoever acts here is the provider, on behalf of the administrator who set it up. */
function jobOf({ tenantId, name }: OidcProvider) {
  return { kind: 'job', tenantId, job: `OIDC: ${name}` };
}

function sameRoles(one: readonly string[], other: readonly string[]): boolean {
  return one.toSorted().join() === other.toSorted().join();
}
