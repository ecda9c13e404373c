import { type ExecutionContext, Injectable } from '@nestjs/common';
import { ThrottlerGuard, type ThrottlerLimitDetail } from '@nestjs/throttler';
import type { Request } from 'express';
import { TooManyRequestsError } from '../../platform/errors.js';
import { clientOf } from '../../platform/network/client-network.js';
import { currentScope } from '../../platform/request-scope.js';
import { Access } from '../../access/access.js';

const AUTH_ROUTES = '/api/v1/auth/';

/**
 * How often one client address may use what takes passwords, codes and tokens: everything below `/api/v1/auth/` but reading
 * what is one's own. Counted over all of these routes together, per replica. It is no lockout: that one knows the account.
 */
@Injectable()
export class AuthRateLimitGuard extends ThrottlerGuard {
  protected override async shouldSkip(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const route: unknown = request.route?.path;
    if (typeof route !== 'string' || !route.startsWith(AUTH_ROUTES)) return true;
    const rule = this.reflector.getAllAndOverride(Access, [context.getHandler(), context.getClass()]);
    return request.method === 'GET' && rule !== 'public';
  }

  /** An IPv6 client has a whole /64 of addresses. */
  protected override async getTracker(): Promise<string> {
    return clientOf(currentScope()?.ip ?? '');
  }

  protected override generateKey(_context: ExecutionContext, address: string): string {
    return address;
  }

  protected override async throwThrottlingException(
    _context: ExecutionContext,
    { timeToBlockExpire }: ThrottlerLimitDetail,
  ): Promise<void> {
    const seconds = Math.max(1, timeToBlockExpire);
    throw new TooManyRequestsError(
      `Too many requests to sign in from your address; try again in ${seconds} seconds`,
      seconds,
    );
  }
}
