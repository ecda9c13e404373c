import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import type { UserCaller } from '../../access/caller.js';
import { OneTimeTokens, TOKEN_MINUTES } from '../sign-in/one-time-tokens.js';
import { SecondFactor } from '../sign-in/second-factor.entity.js';
import { UserChanges } from '../sign-in/user-changes.js';
import { NotFoundError } from '../../platform/errors.js';
import type { PasswordResetDto } from './users.dto.js';
import { UsersService } from './users.service.js';

/** New passwords and second factors that administrators give people: never someone above them. */
@Injectable()
export class UserAccess {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly users: UsersService,
    private readonly oneTime: OneTimeTokens,
    private readonly audit: AuditTrail,
    private readonly changes: UserChanges,
  ) {}

  /** The old password works until the token is used. */
  async resetPassword(caller: UserCaller, id: string): Promise<PasswordResetDto> {
    const user = await this.users.requireChangeable(caller, id, 'user.reset_password');
    return this.dataSource.transaction(async (manager) => {
      const { tenantId } = user;
      const token = await this.oneTime.issue(manager, { tenantId, userId: id, purpose: 'password_reset' });
      const target = { kind: 'user', id, name: user.email };
      await this.audit.record(manager, caller, { action: 'user.reset_password', target });
      return { token, expires_in: TOKEN_MINUTES.password_reset * 60 };
    });
  }

  /** For somebody who lost phone and recovery codes. */
  async resetSecondFactor(caller: UserCaller, id: string): Promise<void> {
    const user = await this.users.requireChangeable(caller, id, 'user.reset_second_factor');
    await this.changes.change(id, async (manager) => {
      const { affected } = await manager.delete(SecondFactor, { userId: id });
      if (affected !== 1) throw new NotFoundError('This person has no second factor');
      const target = { kind: 'user', id, name: user.email };
      await this.audit.record(manager, caller, { action: 'user.reset_second_factor', target });
    });
  }
}
