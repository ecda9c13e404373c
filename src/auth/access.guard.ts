import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { Request } from 'express';
import { ForbiddenError, UnauthenticatedError } from '../common/errors.js';
import { Access, ADMIN_ROLES } from './access.js';
import type { UserCaller } from './caller.js';

/** Stands before every REST route. Closed by default: a route that says nothing is for owners and admins only. */
@Injectable()
export class AccessGuard extends AuthGuard('jwt') {
  constructor(private readonly reflector: Reflector) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const rule =
      this.reflector.getAllAndOverride(Access, [context.getHandler(), context.getClass()]) ?? ADMIN_ROLES;
    if (rule === 'public') return true;
    await super.canActivate(context);
    const caller = context.switchToHttp().getRequest<Request>().user as UserCaller;
    if (rule !== 'signed_in' && !caller.roles.some((role) => rule.includes(role))) {
      throw new ForbiddenError(`This needs one of the roles ${rule.join(', ')}`);
    }
    return true;
  }

  override handleRequest<TUser>(error: unknown, user: TUser | false, info: unknown): TUser {
    if (error) throw error;
    if (user) return user;
    throw new UnauthenticatedError(reasonOf(info));
  }
}

function reasonOf(info: unknown): string {
  const { name, message } = info instanceof Error ? info : new Error('');
  if (message === 'No auth token') return 'Sign in first: send Authorization: Bearer <access token>';
  if (name === 'TokenExpiredError') return 'The access token has expired; use POST /api/v1/auth/refresh';
  return 'The access token is not valid; sign in again';
}
