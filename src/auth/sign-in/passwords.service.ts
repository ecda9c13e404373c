import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager, MoreThan } from 'typeorm';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import { DomainEvent } from '../../platform/replicas/domain-event.entity.js';
import { storeEvent } from '../../platform/replicas/domain-events.js';
import { ConflictError, UnauthenticatedError, messageOf } from '../../platform/errors.js';
import { currentScope, inTenant } from '../../platform/request-scope.js';
import { AuthService, type Login } from './auth.service.js';
import type { UserCaller } from '../../access/caller.js';
import { callerOf } from './callers.service.js';
import { OneTimeTokens } from './one-time-tokens.js';
import { requireGoodPassword } from './password-rules.js';
import { revokePersonalTokens } from './personal-tokens.service.js';
import { hashPassword, verifyPassword } from './passwords.js';
import { SignInLockout } from './sign-in-lockout.js';
import { lockSignIns, revokeSignIns } from './tokens.service.js';
import { UserChanges } from './user-changes.js';
import { User } from '../../access/user.entity.js';

const FORGOTTEN_PER_HOUR = 10;
/** Longer than the work takes: the time of the answer does not tell who is known. */
const FORGOTTEN_ANSWER_MS = 250;
const MAIL_PAUSE_MS = 5 * 60_000;
const RESET_INVALID = 'The token is not valid any more; ask for a new one';

/** Changing, forgetting and resetting passwords. */
@Injectable()
export class PasswordsService {
  private readonly logger = new Logger(PasswordsService.name);

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly auth: AuthService,
    private readonly lockout: SignInLockout,
    private readonly oneTime: OneTimeTokens,
    private readonly audit: AuditTrail,
    private readonly changes: UserChanges,
  ) {}

  /** Ends all other sign-ins, all tokens and unused resets of the person. */
  async change(caller: UserCaller, oldPassword: string, newPassword: string): Promise<void> {
    const user = await this.requirePassword(caller, oldPassword, 'old_password');
    requireGoodPassword('new_password', newPassword, namesOf(user));
    const passwordHash = await hashPassword(newPassword);
    await this.changes.change(caller.userId, async (manager) => {
      await this.store(manager, caller, { passwordHash, keep: caller.sessionId, action: 'password.change' });
    });
  }

  /**
   * Before something that a stolen access token must not do.
   *
   * @throws {UnauthenticatedError} The password is wrong. @throws {TooManyRequestsError} It was wrong too often.
   */
  async requirePassword(caller: UserCaller, password: string, field = 'password'): Promise<User> {
    const user = await this.dataSource
      .getRepository(User)
      .findOneOrFail({ where: { id: caller.userId }, relations: { tenant: true } });
    if (user.passwordHash === null) {
      throw new ConflictError(
        'You sign in without a password; an administrator can reset it to give you one',
      );
    }
    // Counted with the account's sign-ins: it is the same password that is guessed.
    const attempt = { login: user.id, accounts: [user.id], ip: currentScope()?.ip ?? '' };
    await this.lockout.requireOpen(attempt);
    if (await verifyPassword(user.passwordHash, password)) {
      await this.lockout.recordSuccess(attempt, attempt.accounts);
      return user;
    }
    await this.lockout.recordFailure(attempt);
    throw new UnauthenticatedError(`The ${field} is wrong`);
  }

  /**
   * Puts on record that somebody wants a new password; a later job makes the token and sends it. Answers the same, in the
   * same time, for everybody.
   */
  async forget(login: Login): Promise<void> {
    const ip = currentScope()?.ip ?? '';
    await this.lockout.spend('password.forgotten', ip, FORGOTTEN_PER_HOUR);
    const recording = this.recordForgotten(login).catch((error: unknown) => {
      this.logger.error(`A forgotten password could not be put on record: ${messageOf(error)}`);
    });
    await Promise.all([recording, delay(FORGOTTEN_ANSWER_MS)]);
  }

  /** Ends all sign-ins and tokens of the person. @throws {UnauthenticatedError} The token is unknown, used or expired. */
  async reset(token: string, newPassword: string): Promise<void> {
    const row = await this.oneTime.find(token, 'password_reset');
    if (!row) throw new UnauthenticatedError(RESET_INVALID);
    await inTenant(row.tenantId, async () => {
      const user = await this.dataSource
        .getRepository(User)
        .findOne({ where: { id: row.userId, enabled: true }, relations: { tenant: true } });
      if (!user?.tenant?.enabled) throw new UnauthenticatedError(RESET_INVALID);
      requireGoodPassword('new_password', newPassword, namesOf(user));
      const passwordHash = await hashPassword(newPassword);
      await this.changes.change(user.id, async (manager) => {
        if (!(await this.oneTime.use(manager, row))) throw new UnauthenticatedError(RESET_INVALID);
        await this.store(manager, callerOf(user), { passwordHash, action: 'password.reset' });
      });
    });
  }

  private async store(
    manager: EntityManager,
    caller: UserCaller,
    change: { readonly passwordHash: string; readonly keep?: string; readonly action: string },
  ): Promise<void> {
    const { userId, email } = caller;
    await lockSignIns(manager, userId);
    await manager.update(User, { id: userId }, { passwordHash: change.passwordHash });
    await revokeSignIns(manager, userId, change.keep);
    await revokePersonalTokens(manager, userId);
    await this.oneTime.forget(manager, userId);
    const target = { kind: 'user', id: userId, name: email };
    await this.audit.record(manager, caller, { action: change.action, target });
  }

  /** Once in a while for each person: whoever asks again and again fills no mailbox. */
  async recordForgotten(login: Login): Promise<void> {
    for (const { id, tenantId } of await this.auth.findUsers(login)) {
      await inTenant(tenantId, () =>
        this.dataSource.transaction(async (manager) => {
          await lockSignIns(manager, id);
          const event = {
            tenantId,
            kind: 'user.password_forgotten',
            payload: { user_id: id },
          } as const;
          const recent = MoreThan(new Date(Date.now() - MAIL_PAUSE_MS));
          if (await manager.existsBy(DomainEvent, { ...event, createdAt: recent })) return;
          await storeEvent(manager, event);
        }),
      );
    }
  }
}

/** What a person's password must not consist of. @param user With their tenant. */
export function namesOf(user: Pick<User, 'username' | 'email' | 'displayName' | 'tenant'>): string[] {
  return [user.username, user.email, user.displayName, user.tenant?.name ?? ''];
}
