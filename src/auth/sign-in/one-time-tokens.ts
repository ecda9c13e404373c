import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager, MoreThan } from 'typeorm';
import { agreedNow, agreedNowMs } from '../../platform/agreed-time.js';
import { newId } from '../../platform/new-id.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { OneTimeToken, type TokenData, type TokenPurpose } from './one-time-token.entity.js';
import { hashOf, newSecret } from '../../platform/secrets/secure-token.js';
import { joinSignIns, lockSignIns } from './tokens.service.js';

/** How long each kind is good for. */
export const TOKEN_MINUTES: Readonly<Record<TokenPurpose, number>> = {
  password_reset: 60,
  address: 24 * 60,
  mfa: 5,
  oidc: 1,
};

type NewToken = {
  readonly tenantId: string;
  readonly userId: string;
  readonly purpose: TokenPurpose;
  readonly data?: TokenData;
};

/** Random secrets that work once, for one purpose, for some minutes. They open nothing else: an access token is no such thing. */
@Injectable()
export class OneTimeTokens {
  constructor(@InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource) {}

  /** Forgets the person's expired ones on the way; a new one that goes by mail also takes back the ones before. */
  async issue(manager: EntityManager, { data = {}, ...token }: NewToken): Promise<string> {
    const { tenantId, userId, purpose } = token;
    await joinSignIns(manager, tenantId);
    await lockSignIns(manager, userId);
    await manager.query('DELETE FROM one_time_tokens WHERE user_id = $1 AND expires_at < trusted_now()', [
      userId,
    ]);
    if (purpose === 'password_reset' || purpose === 'address')
      await manager.delete(OneTimeToken, { userId, purpose });
    const secret = newSecret();
    const expiresAt = new Date(agreedNowMs() + TOKEN_MINUTES[purpose] * 60_000);
    await manager.insert(OneTimeToken, { id: newId(), ...token, data, tokenHash: hashOf(secret), expiresAt });
    return secret;
  }

  /** Who a token stands for, also before their tenant is known. Does not use it up. */
  find(secret: string, purpose: TokenPurpose): Promise<OneTimeToken | null> {
    return this.system
      .getRepository(OneTimeToken)
      .findOneBy({ tokenHash: hashOf(secret), purpose, expiresAt: MoreThan(agreedNow()) });
  }

  /** Takes back all of a person that are not used yet: resets, half-done sign-ins. After {@link lockSignIns}. */
  async forget(manager: EntityManager, userId: string): Promise<void> {
    await manager.delete(OneTimeToken, { userId });
  }

  /** @returns Whether this transaction is the one that uses it. */
  async use(manager: EntityManager, { id }: OneTimeToken): Promise<boolean> {
    const { affected } = await manager.delete(OneTimeToken, { id });
    return affected === 1;
  }
}
