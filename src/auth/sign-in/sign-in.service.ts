import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { UnauthenticatedError } from '../../platform/errors.js';
import { inTenant } from '../../platform/request-scope.js';
import type { MfaRequiredDto, ProfileDto, SignedInDto } from './auth.dto.js';
import type { UserCaller } from '../../access/caller.js';
import { ALL_PERMISSIONS, isAllowed } from '../../access/permissions.js';
import { Callers } from './callers.service.js';
import { OneTimeTokens, TOKEN_MINUTES } from './one-time-tokens.js';
import { SecondFactors } from './second-factors.service.js';
import type { SignInMethod } from './session.entity.js';
import { TokensService } from './tokens.service.js';
import { User } from '../../access/user.entity.js';

/** The way from "it is them" to tokens: straight, or by the second factor when the person has one. */
@Injectable()
export class SignInService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly tokens: TokensService,
    private readonly oneTime: OneTimeTokens,
    private readonly factors: SecondFactors,
    private readonly callers: Callers,
  ) {}

  /** @param caller Verified, by password or by an outside provider. */
  async begin(caller: UserCaller, method: SignInMethod): Promise<SignedInDto | MfaRequiredDto> {
    const { tenantId, userId } = caller;
    return inTenant(tenantId, async () => {
      if (!(await this.factors.isEnabled(userId))) return this.complete(caller, method);
      const token = { tenantId, userId, purpose: 'mfa', data: { method } } as const;
      return {
        mfa_required: true,
        mfa_token: await this.dataSource.transaction((manager) => this.oneTime.issue(manager, token)),
        expires_in: TOKEN_MINUTES.mfa * 60,
      };
    });
  }

  /**
   * @param code Of the authenticator app, or a recovery code.
   * @throws {UnauthenticatedError} The token is unknown, used or expired, or the code is wrong.
   * @throws {TooManyRequestsError} Too many wrong codes.
   */
  async finish(mfaToken: string, code: string): Promise<SignedInDto> {
    const row = await this.oneTime.find(mfaToken, 'mfa');
    if (!row) throw new UnauthenticatedError('The mfa_token is not valid any more; sign in again');
    return inTenant(row.tenantId, async () => {
      const caller = await this.callers.find(row.userId);
      if (!caller) throw new UnauthenticatedError('The mfa_token is not valid any more; sign in again');
      await this.factors.requireCode(caller, code);
      const first = await this.dataSource.transaction((manager) => this.oneTime.use(manager, row));
      if (!first) throw new UnauthenticatedError('The mfa_token is not valid any more; sign in again');
      return this.complete(caller, row.data['method'] as SignInMethod);
    });
  }

  async getProfile(caller: UserCaller): Promise<ProfileDto> {
    const user = await this.dataSource.getRepository(User).findOneOrFail({
      where: { id: caller.userId, tenantId: caller.tenantId },
      relations: { tenant: true },
    });
    return {
      id: user.id,
      email: user.email,
      username: user.username,
      display_name: user.displayName,
      roles: user.roles,
      tenant_id: user.tenantId,
      tenant_name: user.tenant!.name,
      permissions: ALL_PERMISSIONS.filter((permission) => isAllowed(caller, permission)),
    };
  }

  private async complete(caller: UserCaller, method: SignInMethod): Promise<SignedInDto> {
    return { ...(await this.tokens.begin(caller, method)), user: await this.getProfile(caller) };
  }
}
