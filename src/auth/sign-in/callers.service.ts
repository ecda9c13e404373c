import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type SelectQueryBuilder } from 'typeorm';
import type { UserCaller } from '../../access/caller.js';
import { RefreshToken } from './refresh-token.entity.js';
import { PLATFORM_ROLES } from '../../access/role-rank.js';
import { SecondFactor } from './second-factor.entity.js';
import { SignInSettings } from './sign-in-settings.entity.js';
import { User } from '../../access/user.entity.js';

/**
 * Makes callers out of rows, read anew each time: a disabled user or tenant, a changed role, a sign-out and a tenant's new
 * rule count on the next request. Works inside the person's tenant.
 */
@Injectable()
export class Callers {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** @returns Null when the person or their tenant may not come in. */
  find(userId: string): Promise<UserCaller | null> {
    return this.read(this.query(userId));
  }

  /** @returns Null also when the sign-in has ended. */
  async findSignedIn(userId: string, sessionId: string): Promise<UserCaller | null> {
    const query = this.query(userId)
      .innerJoin(RefreshToken, 'token', 'token.user_id = user.id AND token.revoked_at IS NULL')
      .andWhere('token.family_id = :sessionId', { sessionId });
    const caller = await this.read(query);
    return caller && { ...caller, sessionId };
  }

  private query(userId: string): SelectQueryBuilder<User> {
    return this.dataSource
      .getRepository(User)
      .createQueryBuilder('user')
      .innerJoinAndSelect('user.tenant', 'tenant', 'tenant.enabled')
      .leftJoin(SignInSettings, 'settings', 'settings.tenant_id = user.tenant_id')
      .leftJoin(SecondFactor, 'factor', 'factor.user_id = user.id AND factor.confirmed_at IS NOT NULL')
      .addSelect(
        'coalesce(settings.require_second_factor, false) AND factor.user_id IS NULL',
        'second_factor_missing',
      )
      .where('user.id = :userId AND user.enabled', { userId });
  }

  private async read(query: SelectQueryBuilder<User>): Promise<UserCaller | null> {
    const { entities, raw } = await query.getRawAndEntities<{ second_factor_missing: boolean }>();
    const [user] = entities;
    if (!user) return null;
    const isPlatform = user.roles.some((role) => PLATFORM_ROLES.includes(role));
    return { ...callerOf(user), secondFactorMissing: isPlatform && raw[0].second_factor_missing };
  }
}

/** @param user With their tenant. */
export function callerOf(user: User): UserCaller {
  return {
    kind: 'user',
    tenantId: user.tenantId,
    userId: user.id,
    email: user.email,
    roles: user.roles,
    tier: user.tier,
    isOperatingTenant: user.tenant!.isOperating,
  };
}
