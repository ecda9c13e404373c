import { Injectable, Logger } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager, IsNull, Not } from 'typeorm';
import { agreedNow, agreedNowMs } from '../../platform/agreed-time.js';
import { newId } from '../../platform/new-id.js';
import { lock, lockShared } from '../../platform/database/advisory-locks.js';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import { UnauthenticatedError } from '../../platform/errors.js';
import { SecretBox } from '../../platform/secrets/secret-box.js';
import { Config } from '../../platform/config.js';
import { currentScope, inTenant } from '../../platform/request-scope.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import type { AccessTokenClaims } from './access-token.js';
import type { Tokens } from './auth.dto.js';
import type { UserCaller } from '../../access/caller.js';
import { RefreshToken } from './refresh-token.entity.js';
import { hashOf, newSecret } from '../../platform/secrets/secure-token.js';
import { Session, type SignInMethod } from './session.entity.js';
import { UserChanges } from './user-changes.js';
import { User } from '../../access/user.entity.js';
import { cutText } from '../../platform/cut-text.js';

const DAY_MS = 86_400_000;

/**
 * Access tokens (JWT, minutes) and the refresh tokens that renew them (random, days, used once). A refresh token that
 * comes a second time was copied by someone: the whole sign-in ends (RFC 9700, section 4.14.2).
 */
@Injectable()
export class TokensService {
  private readonly logger = new Logger(TokensService.name);

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    private readonly jwt: JwtService,
    private readonly config: Config,
    private readonly audit: AuditTrail,
    private readonly changes: UserChanges,
    private readonly box: SecretBox,
  ) {}

  /** Begins a sign-in, which is put on record. Forgets the user's expired ones on the way, so the tables stay small. */
  async begin(caller: UserCaller, method: SignInMethod): Promise<Tokens> {
    const { tenantId, userId, email } = caller;
    return this.dataSource.transaction(async (manager) => {
      await joinSignIns(manager, tenantId);
      await lockSignIns(manager, userId);
      await forgetExpired(manager, userId);
      const familyId = newId();
      await manager.insert(Session, { id: familyId, tenantId, userId, method, ...whereFrom() });
      const target = { kind: 'user', id: userId, name: email };
      await this.audit.record(manager, caller, { action: 'session.begin', target, after: { method } });
      return this.issue(manager, { tenantId, userId, familyId });
    });
  }

  /**
   * @param repeatMs How long after its first use a token may come again.
   * @throws {UnauthenticatedError} Unknown, expired, revoked, already used, or its user is disabled.
   */
  async rotate(token: string, repeatMs = 0): Promise<Tokens> {
    const tokens = await this.inTokensTenant(token, async (manager) => {
      const row = await findLocked(manager, token);
      if (!row || row.revokedAt || row.expiresAt <= agreedNow()) return null;
      if (row.usedAt && row.usedAt.getTime() + repeatMs <= Date.now()) {
        this.logger.warn({ message: 'A refresh token was used twice; its sign-in ends', userId: row.userId });
        await revokeFamily(manager, row.familyId);
        await this.changes.announce(manager, row.userId);
        return null;
      }
      const mayComeIn = { id: row.userId, enabled: true, tenant: { enabled: true } };
      if (!(await manager.existsBy(User, mayComeIn))) return null;
      if (!row.usedAt) await manager.update(RefreshToken, { id: row.id }, { usedAt: new Date() });
      await manager.update(Session, { id: row.familyId }, { lastUsedAt: new Date(), ...whereFrom() });
      await forgetExpired(manager, row.userId); // a sign-in may be renewed for years
      return this.issue(manager, row);
    });
    // Thrown out here: inside, it would roll the revocation back.
    if (!tokens) throw new UnauthenticatedError('The refresh token is not valid any more; sign in again');
    return tokens;
  }

  /** Ends the sign-in of this refresh token, also for its access tokens. An unknown token is no error. */
  async end(token: string): Promise<void> {
    const found = await this.findToken(token);
    if (!found) return;
    await inTenant(found.tenantId, () =>
      this.changes.change(found.userId, async (manager) => {
        const row = await findLocked(manager, token);
        if (row) await revokeFamily(manager, row.familyId);
      }),
    );
  }

  /** One transaction in the tenant that the token belongs to. @returns Null for an unknown token. */
  private async inTokensTenant<T>(
    token: string,
    work: (manager: EntityManager) => Promise<T>,
  ): Promise<T | null> {
    const found = await this.findToken(token);
    return found && inTenant(found.tenantId, () => this.dataSource.transaction(work));
  }

  private findToken(token: string): Promise<RefreshToken | null> {
    return this.system.getRepository(RefreshToken).findOneBy({ tokenHash: hashOf(token) });
  }

  private async issue(
    manager: EntityManager,
    { tenantId, userId, familyId }: Pick<RefreshToken, 'tenantId' | 'userId' | 'familyId'>,
  ): Promise<Tokens> {
    const token = newSecret();
    await manager.insert(RefreshToken, {
      id: newId(),
      tenantId,
      userId,
      familyId,
      tokenHash: hashOf(token),
      expiresAt: new Date(agreedNowMs() + this.config.env.REFRESH_TOKEN_DAYS * DAY_MS),
    });
    const iat = Math.floor(agreedNowMs() / 1000); // its end is counted from it
    const claims: AccessTokenClaims & { iat: number } = { sub: userId, tid: tenantId, sid: familyId, iat };
    return {
      access_token: await this.jwt.signAsync(claims, { keyid: this.box.keyId }),
      token_type: 'Bearer',
      expires_in: this.config.env.ACCESS_TOKEN_MINUTES * 60,
      refresh_token: token,
    };
  }
}

/** The row as it is once nobody else is changing this user's sign-ins. */
async function findLocked(manager: EntityManager, token: string): Promise<RefreshToken | null> {
  const where = { tokenHash: hashOf(token) };
  const seen = await manager.findOneBy(RefreshToken, where);
  if (!seen) return null;
  await joinSignIns(manager, seen.tenantId);
  await lockSignIns(manager, seen.userId);
  return manager.findOneBy(RefreshToken, where);
}

/**
 * Until the transaction ends, no other one renews or ends a sign-in of this user. Row locks alone do not do: an UPDATE that
 * revokes a family does not see the token that a renewal is just adding to it.
 */
export async function lockSignIns(manager: EntityManager, userId: string): Promise<void> {
  await lock(manager, 'signIns', userId);
}

/** Until the transaction ends, nobody ends the sign-ins of many people of the tenant. Before {@link lockSignIns}. */
export async function joinSignIns(manager: EntityManager, tenantId: string): Promise<void> {
  await lockShared(manager, 'tenantSignIns', tenantId);
}

/** @param familyId The id of the session. */
export async function revokeFamily(manager: EntityManager, familyId: string): Promise<void> {
  await manager.update(RefreshToken, { familyId, revokedAt: IsNull() }, { revokedAt: new Date() });
}

/** Ends the sign-ins of a person, but for one that may stay. {@link lockSignIns} first. */
export async function revokeSignIns(manager: EntityManager, userId: string, but?: string): Promise<void> {
  const others = but === undefined ? {} : { familyId: Not(but) };
  await manager.update(RefreshToken, { userId, revokedAt: IsNull(), ...others }, { revokedAt: new Date() });
}

/** Ends the sign-ins of a person that an outside provider vouched for, half-done ones included. {@link lockSignIns} first. */
export async function revokeOutsideSignIns(manager: EntityManager, userId: string): Promise<void> {
  await manager.query(REVOKE_OUTSIDE, [userId]);
  await manager.query("DELETE FROM one_time_tokens WHERE user_id = $1 AND purpose IN ('oidc', 'mfa')", [
    userId,
  ]);
}

const REVOKE_OUTSIDE = `UPDATE refresh_tokens SET revoked_at = now() WHERE user_id = $1 AND revoked_at IS NULL
  AND family_id IN (SELECT id FROM sessions WHERE user_id = $1 AND method = 'oidc')`;

async function forgetExpired(manager: EntityManager, userId: string): Promise<void> {
  await manager.query('DELETE FROM refresh_tokens WHERE user_id = $1 AND expires_at < trusted_now()', [
    userId,
  ]);
  await manager.query(
    `DELETE FROM sessions WHERE user_id = $1 AND NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE family_id = sessions.id)`,
    [userId],
  );
}

function whereFrom(): Pick<Session, 'ip' | 'userAgent'> {
  const { ip = null, userAgent = null } = currentScope() ?? {};
  return { ip, userAgent: userAgent === null || userAgent === undefined ? null : cutText(userAgent, 300) };
}
