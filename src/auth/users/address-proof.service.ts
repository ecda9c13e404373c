import { Injectable } from '@nestjs/common';
import { IsNull, Not } from 'typeorm';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import { User } from '../../access/user.entity.js';
import { UnauthenticatedError } from '../../platform/errors.js';
import { storeEvent } from '../../platform/replicas/domain-events.js';
import { inTenant } from '../../platform/request-scope.js';
import { AccountMailService } from '../sign-in/account-mail.js';
import { OneTimeTokens } from '../sign-in/one-time-tokens.js';
import type { SignInSettings } from '../sign-in/sign-in-settings.entity.js';
import { SignInLockout } from '../sign-in/sign-in-lockout.js';
import { UserChanges } from '../sign-in/user-changes.js';

/** To one address, which may be somebody else's, whoever registers with it and from where. */
const MAILS_PER_HOUR = 3;
const TOKEN_INVALID = 'The token is not valid any more; register again';

/** Proves that who registered with an address reads its mail; before that the account does not count. */
@Injectable()
export class AddressProofService {
  constructor(
    private readonly mail: AccountMailService,
    private readonly oneTime: OneTimeTokens,
    private readonly changes: UserChanges,
    private readonly audit: AuditTrail,
    private readonly lockout: SignInLockout,
  ) {}

  /** Whether a tenant's new addresses are to be proven, and can be. */
  async isWanted({ tenantId, verifyAddresses }: SignInSettings): Promise<boolean> {
    return verifyAddresses && (await this.mail.isSetUp(tenantId));
  }

  /** Counts a mail that is about to go to an address. @throws {TooManyRequestsError} It got enough of them. */
  spendMail(tenantId: string, email: string): Promise<void> {
    return this.lockout.spend(`registration ${tenantId} ${email}`, '', MAILS_PER_HOUR);
  }

  /** The address is proven: the account counts from now on. @throws {UnauthenticatedError} The token is unknown, used or expired. */
  async verify(token: string): Promise<void> {
    const row = await this.oneTime.find(token, 'address');
    if (!row) throw new UnauthenticatedError(TOKEN_INVALID);
    const { userId, tenantId } = row;
    await inTenant(tenantId, () =>
      this.changes.change(userId, async (manager) => {
        const user = await manager.findOneBy(User, { id: userId, unverifiedSince: Not(IsNull()) });
        if (!user || !(await this.oneTime.use(manager, row))) throw new UnauthenticatedError(TOKEN_INVALID);
        await manager.update(User, { id: userId }, { enabled: true, unverifiedSince: null });
        await storeEvent(manager, { tenantId, kind: 'user.registered', payload: { user_id: userId } });
        const actor = { kind: 'user', tenantId, userId, email: user.email };
        const target = { kind: 'user', id: userId, name: user.email };
        await this.audit.record(manager, actor, { action: 'user.verify_address', target });
      }),
    );
  }
}
