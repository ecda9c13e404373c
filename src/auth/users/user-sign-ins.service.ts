import { Injectable } from '@nestjs/common';
import type { UserCaller } from '../../access/caller.js';
import type { Page } from '../../platform/rest/envelope.js';
import type { PersonalToken } from '../sign-in/personal-token.entity.js';
import { PersonalTokens } from '../sign-in/personal-tokens.service.js';
import type { Session } from '../sign-in/session.entity.js';
import { SessionsService } from '../sign-in/sessions.service.js';
import { UsersService } from './users.service.js';

/** Sign-ins and tokens of people, as administrators see and end them: never of someone above them. */
@Injectable()
export class UserSignInsService {
  constructor(
    private readonly users: UsersService,
    private readonly sessions: SessionsService,
    private readonly tokens: PersonalTokens,
  ) {}

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
