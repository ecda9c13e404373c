import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import type { Page } from '../../platform/rest/envelope.js';
import { NotFoundError } from '../../platform/errors.js';
import { decodeIdCursor, toPage } from '../../platform/rest/paging.js';
import type { UserCaller } from '../../access/caller.js';
import { OneTimeToken } from './one-time-token.entity.js';
import { revokePersonalTokens } from './personal-tokens.service.js';
import { Session } from './session.entity.js';
import { lockSignIns, revokeFamily, revokeSignIns } from './tokens.service.js';
import { UserChanges } from './user-changes.js';

type Whose = { readonly userId: string; readonly name: string };

/** The sign-ins of a person that still hold, for themselves and for administrators. */
@Injectable()
export class SessionsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly audit: AuditTrail,
    private readonly changes: UserChanges,
  ) {}

  /** Newest first. */
  async list(userId: string, query: { limit: number; cursor?: string }): Promise<Page<Session>> {
    const found = this.dataSource
      .getRepository(Session)
      .createQueryBuilder('s')
      .where('s.user_id = :userId', { userId })
      .andWhere(
        `EXISTS (SELECT 1 FROM refresh_tokens t WHERE t.family_id = s.id AND t.revoked_at IS NULL
           AND t.used_at IS NULL AND t.expires_at > now())`,
      )
      .orderBy('s.id', 'DESC')
      .take(query.limit + 1);
    if (query.cursor) found.andWhere('s.id < :before', { before: decodeIdCursor(query.cursor) });
    return toPage(await found.getMany(), query.limit, (session) => [session.id]);
  }

  /** Its access and refresh tokens stop at once. @throws {NotFoundError} Not there, or somebody else's. */
  async end(caller: UserCaller, { userId, name }: Whose, id: string): Promise<void> {
    await this.changes.change(userId, async (manager) => {
      await lockSignIns(manager, userId);
      if (!(await manager.existsBy(Session, { id, userId }))) throw new NotFoundError(`No session ${id}`);
      await revokeFamily(manager, id);
      const target = { kind: 'user', id: userId, name };
      await this.audit.record(manager, caller, { action: 'session.end', target, before: { session: id } });
    });
  }

  /** Personal access tokens end, too: whoever ends everything fears that somebody else has got in. @param but The sign-in that may stay. */
  async endAll(caller: UserCaller, { userId, name }: Whose, but?: string): Promise<void> {
    await this.changes.change(userId, async (manager) => {
      await lockSignIns(manager, userId);
      await revokeSignIns(manager, userId, but);
      await revokePersonalTokens(manager, userId);
      await manager.delete(OneTimeToken, { userId });
      const target = { kind: 'user', id: userId, name };
      await this.audit.record(manager, caller, { action: 'session.end_all', target });
    });
  }
}
