import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager, IsNull, MoreThan } from 'typeorm';
import { agreedNow, agreedNowMs } from '../../platform/agreed-time.js';
import { newId } from '../../platform/new-id.js';
import { lock } from '../../platform/database/advisory-locks.js';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import type { Page } from '../../platform/rest/envelope.js';
import { ConflictError, NotFoundError, UnauthenticatedError } from '../../platform/errors.js';
import { decodeIdCursor, toPage } from '../../platform/rest/paging.js';
import { inTenant } from '../../platform/request-scope.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { invalidFields } from '../../platform/rest/validation.js';
import type { UserCaller } from '../../access/caller.js';
import { Callers } from './callers.service.js';
import { isAllowed } from '../../access/permissions.js';
import {
  generatePersonalToken,
  isWellFormedPersonalToken,
  shownTokenPrefix,
} from './personal-token-format.js';
import { PersonalToken } from './personal-token.entity.js';
import type { CreatePersonalTokenDto } from './personal-tokens.dto.js';
import { hashOf } from '../../platform/secrets/secure-token.js';

const LIFE_MAX_MS = 366 * 86_400_000;
const TOKENS_MAX = 50;
const USE_RECORDED_MS = 60_000;

/** Personal access tokens: for scripts that call the REST API as their person, for less than the person may do. */
@Injectable()
export class PersonalTokens {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    private readonly callers: Callers,
    private readonly audit: AuditTrail,
  ) {}

  /** A person's, also those that have ended, oldest first. */
  async list(userId: string, query: { limit: number; cursor?: string }): Promise<Page<PersonalToken>> {
    const found = this.dataSource
      .getRepository(PersonalToken)
      .createQueryBuilder('t')
      .where('t.user_id = :userId', { userId })
      .orderBy('t.id', 'ASC')
      .take(query.limit + 1);
    if (query.cursor) found.andWhere('t.id > :after', { after: decodeIdCursor(query.cursor) });
    return toPage(await found.getMany(), query.limit, (token) => [token.id]);
  }

  /**
   * @returns The token itself, too: it is never shown again.
   * @throws {InvalidInputError} A scope that the caller does not have, or an expiry that is past or over a year away.
   * @throws {ConflictError} There are too many already.
   */
  async create(
    caller: UserCaller,
    input: CreatePersonalTokenDto,
  ): Promise<{ readonly row: PersonalToken; readonly token: string }> {
    requireFitting(caller, input);
    const token = generatePersonalToken();
    const row = await this.dataSource.transaction(async (manager) => {
      await lock(manager, 'personalTokens', caller.userId);
      const live = { userId: caller.userId, revokedAt: IsNull(), expiresAt: MoreThan(agreedNow()) };
      if ((await manager.countBy(PersonalToken, live)) >= TOKENS_MAX) {
        throw new ConflictError(`You have ${TOKENS_MAX} tokens; revoke one first`);
      }
      const made = manager.create(PersonalToken, {
        id: newId(),
        tenantId: caller.tenantId,
        userId: caller.userId,
        name: input.name,
        tokenHash: hashOf(token),
        prefix: shownTokenPrefix(token),
        scopes: input.scopes,
        expiresAt: input.expires_at,
      });
      await manager.insert(PersonalToken, made);
      const after = { scopes: made.scopes, expires_at: made.expiresAt };
      await this.audit.record(manager, caller, { action: 'token.create', target: targetOf(made), after });
      return manager.findOneByOrFail(PersonalToken, { id: made.id });
    });
    return { row, token };
  }

  /**
   * @param userId Whose it is: the caller's own, or a colleague's whom the caller may change.
   * @throws {NotFoundError} Not there, or somebody else's. One that is revoked already stays so.
   */
  async revoke(caller: UserCaller, userId: string, id: string): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const row = await manager.findOneBy(PersonalToken, { id, userId });
      if (!row) throw new NotFoundError(`No token ${id}`);
      if (row.revokedAt) return;
      await manager.update(PersonalToken, { id }, { revokedAt: new Date() });
      await this.audit.record(manager, caller, { action: 'token.revoke', target: targetOf(row) });
    });
  }

  /** @throws {UnauthenticatedError} Unknown, expired, revoked, or its person may not come in. */
  async resolve(token: string): Promise<UserCaller> {
    const caller = await this.findCaller(token);
    if (caller) return caller;
    throw new UnauthenticatedError('The personal access token is unknown, expired or revoked; make another');
  }

  private async findCaller(token: string): Promise<UserCaller | null> {
    if (!isWellFormedPersonalToken(token)) return null;
    const row = await this.system.getRepository(PersonalToken).findOneBy({
      tokenHash: hashOf(token),
      revokedAt: IsNull(),
      expiresAt: MoreThan(agreedNow()),
    });
    if (!row) return null;
    return inTenant(row.tenantId, async () => {
      const caller = await this.callers.find(row.userId);
      if (!caller) return null;
      await this.recordUse(row);
      return { ...caller, scopes: row.scopes };
    });
  }

  private async recordUse({ id, lastUsedAt }: PersonalToken): Promise<void> {
    if (lastUsedAt && Date.now() - lastUsedAt.getTime() < USE_RECORDED_MS) return;
    await this.dataSource.getRepository(PersonalToken).update({ id }, { lastUsedAt: new Date() });
  }
}

/** Ends all tokens of a person. */
export async function revokePersonalTokens(manager: EntityManager, userId: string): Promise<void> {
  await manager.update(PersonalToken, { userId, revokedAt: IsNull() }, { revokedAt: new Date() });
}

function requireFitting(caller: UserCaller, { scopes, expires_at: expiresAt }: CreatePersonalTokenDto): void {
  const excess = scopes.filter((scope) => !isAllowed(caller, scope));
  if (excess.length > 0) {
    const message = `you do not have: ${excess.join(', ')}`;
    throw invalidFields([{ field: 'scopes', message }]);
  }
  const life = expiresAt.getTime() - agreedNowMs();
  if (life <= 0) throw invalidFields([{ field: 'expires_at', message: 'is past' }]);
  if (life > LIFE_MAX_MS) {
    throw invalidFields([{ field: 'expires_at', message: 'is more than a year away' }]);
  }
}

function targetOf({ id, name }: PersonalToken) {
  return { kind: 'token', id, name };
}
