import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager, IsNull, Not } from 'typeorm';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import { ConflictError, NotFoundError, UnauthenticatedError } from '../../platform/errors.js';
import { currentScope } from '../../platform/request-scope.js';
import { SecretBox } from '../../platform/secrets/secret-box.js';
import { SealedColumn } from '../../platform/secrets/sealed-column.js';
import { invalidFields } from '../../platform/rest/validation.js';
import type { UserCaller } from '../../access/caller.js';
import { SecondFactor } from './second-factor.entity.js';
import { hashOf } from '../../platform/secrets/secure-token.js';
import { SignInLockout } from './sign-in-lockout.js';
import { lockSignIns } from './tokens.service.js';
import { UserChanges } from './user-changes.js';
import { newRecoveryCodes, newTotpSecret, normalizeRecoveryCode, otpauthUri, stepOfCode } from './totp.js';

const APP_CODE = /^\d{6}$/;

export type SecondFactorState = { readonly enabled: boolean; readonly recoveryCodesLeft: number };

/** The second factor of a person: an authenticator app, and recovery codes for the day the phone is lost. */
@Injectable()
export class SecondFactors {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly lockout: SignInLockout,
    private readonly box: SecretBox,
    private readonly audit: AuditTrail,
    private readonly changes: UserChanges,
  ) {}

  isEnabled(userId: string): Promise<boolean> {
    return this.dataSource.getRepository(SecondFactor).existsBy({ userId, confirmedAt: Not(IsNull()) });
  }

  async getState({ userId }: UserCaller): Promise<SecondFactorState> {
    const row = await this.dataSource.getRepository(SecondFactor).findOneBy({ userId });
    const enabled = row !== null && row.confirmedAt !== null;
    return { enabled, recoveryCodesLeft: enabled ? row.recoveryHashes.length : 0 };
  }

  /** A secret for the app; it does not count before {@link confirm}. Beginning again replaces it. */
  async enrol(caller: UserCaller): Promise<{ readonly secret: string; readonly uri: string }> {
    const { tenantId, userId } = caller;
    const secret = newTotpSecret();
    await this.dataSource.transaction(async (manager) => {
      await lockSignIns(manager, userId);
      const row = await findLocked(manager, userId);
      if (row?.confirmedAt) throw new ConflictError('A second factor is set up already; disable it first');
      const sealed = this.box.seal(secret, FACTOR_SECRET.contextOf(tenantId, userId));
      await manager.delete(SecondFactor, { userId });
      await manager.insert(SecondFactor, { userId, tenantId, secret: sealed });
      const target = ownTarget(caller);
      await this.audit.record(manager, caller, { action: 'second_factor.begin', target });
    });
    return { secret, uri: otpauthUri(secret, caller.email) };
  }

  /**
   * @returns The recovery codes, which are not shown again.
   * @throws {InvalidInputError} The code is wrong.
   */
  async confirm(caller: UserCaller, code: string): Promise<readonly string[]> {
    return this.changes.change(caller.userId, async (manager) => {
      const row = await findLocked(manager, caller.userId);
      if (!row || row.confirmedAt) throw new ConflictError('There is nothing to confirm; begin anew');
      const step = stepOfCode(this.secretOf(row), code);
      if (step === null)
        throw invalidFields([{ field: 'code', message: 'is wrong; check the clock of the phone' }]);
      const codes = newRecoveryCodes();
      const changes = { confirmedAt: new Date(), lastStep: String(step), recoveryHashes: hashesOf(codes) };
      await manager.update(SecondFactor, { userId: caller.userId }, changes);
      await this.audit.record(manager, caller, { action: 'second_factor.enable', target: ownTarget(caller) });
      return codes;
    });
  }

  /** New recovery codes for the old ones. Check a code of the app first: {@link requireCode}. */
  async replaceRecoveryCodes(caller: UserCaller): Promise<readonly string[]> {
    const codes = newRecoveryCodes();
    await this.dataSource.transaction(async (manager) => {
      const { userId } = caller;
      await manager.update(SecondFactor, { userId }, { recoveryHashes: hashesOf(codes) });
      const target = ownTarget(caller);
      await this.audit.record(manager, caller, { action: 'second_factor.new_recovery_codes', target });
    });
    return codes;
  }

  /** Check password and code first. */
  async disable(caller: UserCaller): Promise<void> {
    await this.changes.change(caller.userId, async (manager) => {
      await manager.delete(SecondFactor, { userId: caller.userId });
      const target = ownTarget(caller);
      await this.audit.record(manager, caller, { action: 'second_factor.disable', target });
    });
  }

  /**
   * Takes a code of the app or a recovery code; each counts once, also for requests at the same time.
   *
   * @throws {UnauthenticatedError} Wrong, or used before.
   * @throws {TooManyRequestsError} Too many wrong ones; the delay grows as for passwords.
   */
  async requireCode(caller: UserCaller, code: string): Promise<void> {
    const login = `second-factor ${caller.userId}`;
    const attempt = { login, accounts: [login], ip: currentScope()?.ip ?? '' };
    await this.lockout.requireOpen(attempt);
    const ok = await this.dataSource.transaction((manager) => this.take(manager, caller, code));
    if (ok) return this.lockout.recordSuccess(attempt, attempt.accounts);
    const locked = await this.lockout.recordFailure(attempt);
    const reason = 'Too many wrong codes of the second factor';
    const entry = { action: 'session.lockout', target: ownTarget(caller), reason };
    if (locked) await this.audit.recordRefusal(caller, entry);
    throw new UnauthenticatedError('The code is wrong or was used already; take the next one');
  }

  private async take(manager: EntityManager, caller: UserCaller, code: string): Promise<boolean> {
    const { userId } = caller;
    const row = await findLocked(manager, userId);
    if (!row?.confirmedAt) throw new NotFoundError('There is no second factor');
    const typed = code.replace(/\s/g, '');
    if (APP_CODE.test(typed)) {
      const step = stepOfCode(this.secretOf(row), typed);
      if (step === null || step <= Number(row.lastStep)) return false;
      await manager.update(SecondFactor, { userId }, { lastStep: String(step) });
      return true;
    }
    const [hash = Buffer.alloc(0)] = hashesOf([typed]);
    const left = row.recoveryHashes.filter((stored) => !stored.equals(hash));
    if (left.length === row.recoveryHashes.length) return false;
    await manager.update(SecondFactor, { userId }, { recoveryHashes: left });
    const after = { recovery_codes_left: left.length };
    const target = ownTarget(caller);
    await this.audit.record(manager, caller, { action: 'second_factor.recovery_code_used', target, after });
    return true;
  }

  private secretOf({ tenantId, userId, secret }: SecondFactor): string {
    return this.box.open(secret, FACTOR_SECRET.contextOf(tenantId, userId));
  }
}

function findLocked(manager: EntityManager, userId: string): Promise<SecondFactor | null> {
  return manager.findOne(SecondFactor, { where: { userId }, lock: { mode: 'pessimistic_write' } });
}

function hashesOf(codes: readonly string[]): Buffer[] {
  return codes.map((code) => hashOf(normalizeRecoveryCode(code)));
}

/** The secrets of people's apps. */
export const FACTOR_SECRET = new SealedColumn('second_factors', 'secret');

function ownTarget({ userId, email }: UserCaller) {
  return { kind: 'user', id: userId, name: email };
}
