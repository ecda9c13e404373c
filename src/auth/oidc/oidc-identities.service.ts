import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { newId } from '../../platform/new-id.js';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import type { UserCaller } from '../../access/caller.js';
import { ConflictError, NotFoundError } from '../../platform/errors.js';
import { uniqueViolation } from '../../platform/database/unique-violation.js';
import { lockSignIns, revokeOutsideSignIns } from '../sign-in/tokens.service.js';
import { UserChanges } from '../sign-in/user-changes.js';
import { UsersService } from '../users/users.service.js';
import { findIdentity, OidcIdentity } from './oidc-identity.entity.js';
import type { LinkIdentityDto } from './oidc-providers.dto.js';
import { OidcProvidersService } from './oidc-providers.service.js';

const TAKEN = 'This account at the provider is linked to somebody already';

/** Which accounts at outside providers are somebody's, as administrators see and change it. */
@Injectable()
export class OidcIdentities {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly users: UsersService,
    private readonly providers: OidcProvidersService,
    private readonly audit: AuditTrail,
    private readonly changes: UserChanges,
  ) {}

  async list(userId: string): Promise<OidcIdentity[]> {
    await this.users.get(userId);
    return this.dataSource.getRepository(OidcIdentity).find({ where: { userId }, order: { id: 'ASC' } });
  }

  /** @throws {ConflictError} The account is somebody's already. */
  async link(caller: UserCaller, userId: string, input: LinkIdentityDto): Promise<OidcIdentity> {
    const user = await this.users.requireChangeable(caller, userId, 'user.link');
    const { issuer } = await this.providers.get(input.provider_id);
    const { tenantId } = user;
    const identity = { id: newId(), tenantId, userId, issuer, subject: input.subject };
    try {
      return await this.dataSource.transaction(async (manager) => {
        if (await findIdentity(manager, identity)) throw new ConflictError(TAKEN);
        await manager.insert(OidcIdentity, identity);
        const entry = { target: { kind: 'user', id: userId, name: user.email }, after: { issuer } };
        await this.audit.record(manager, caller, { action: 'user.link', ...entry });
        return manager.findOneByOrFail(OidcIdentity, { id: identity.id });
      });
    } catch (error) {
      if (uniqueViolation(error) === null) throw error;
      throw new ConflictError(TAKEN, { cause: error });
    }
  }

  /** Ends the sign-ins that the person made through providers, finished or not. */
  async unlink(caller: UserCaller, userId: string, id: string): Promise<void> {
    const user = await this.users.requireChangeable(caller, userId, 'user.unlink');
    await this.changes.change(userId, async (manager) => {
      await lockSignIns(manager, userId);
      const row = await manager.findOneBy(OidcIdentity, { id, userId });
      if (!row) throw new NotFoundError(`No linked account ${id}`);
      await manager.delete(OidcIdentity, { id });
      await revokeOutsideSignIns(manager, userId);
      const entry = {
        target: { kind: 'user', id: userId, name: user.email },
        before: { issuer: row.issuer },
      };
      await this.audit.record(manager, caller, { action: 'user.unlink', ...entry });
    });
  }
}
