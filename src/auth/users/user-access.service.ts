import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import type { UserCaller } from '../../access/caller.js';
import { OneTimeTokens, TOKEN_MINUTES } from '../sign-in/one-time-tokens.js';
import type { PersonalToken } from '../sign-in/personal-token.entity.js';
import { PersonalTokens } from '../sign-in/personal-tokens.service.js';
import { SecondFactor } from '../sign-in/second-factor.entity.js';
import type { Session } from '../sign-in/session.entity.js';
import { UserChanges } from '../sign-in/user-changes.js';
import { SessionsService } from '../sign-in/sessions.service.js';
import type { Page } from '../../platform/rest/envelope.js';
import { NotFoundError } from '../../platform/errors.js';
import type { PasswordResetDto } from './users.dto.js';
import { UsersService } from './users.service.js';

/** How people come in, as administrators see and change it: never for someone above them. */
@Injectable()
export class UserAccess {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly users: UsersService,
    private readonly sessions: SessionsService,
    private readonly tokens: PersonalTokens,
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

  /** @throws {NotFoundError} No such person. */
  async listSessions(id: string, query: { limit: number; cursor?: string }): Promise<Page<Session>> {
    await this.users.get(id);
    return this.sessions.list(id, query);
  }

  async endSession(caller: UserCaller, id: string, sessionId: string): Promise<void> {
    const user = await this.users.requireChangeable(caller, id, 'session.end');
    await this.sessions.end(caller, { userId: id, name: user.email }, sessionId);
  }

  async endSessions(caller: UserCaller, id: string): Promise<void> {
    const user = await this.users.requireChangeable(caller, id, 'session.end_all');
    await this.sessions.endAll(caller, { userId: id, name: user.email });
  }

  /** @throws {NotFoundError} No such person. */
  async listTokens(id: string, query: { limit: number; cursor?: string }): Promise<Page<PersonalToken>> {
    await this.users.get(id);
    return this.tokens.list(id, query);
  }

  async revokeToken(caller: UserCaller, id: string, tokenId: string): Promise<void> {
    await this.users.requireChangeable(caller, id, 'token.revoke');
    await this.tokens.revoke(caller, id, tokenId);
  }
}
