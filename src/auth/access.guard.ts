import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { Request } from 'express';
import { AuditTrail } from '../audit/audit-trail.js';
import { ForbiddenError, UnauthenticatedError } from '../common/errors.js';
import { currentScope } from '../common/request-scope.js';
import { Access, type AccessRule } from './access.js';
import type { UserCaller } from './caller.js';
import { isAllowed, PERMISSIONS } from './permissions.js';

/**
 * Stands before every REST route. Closed by default: a route that declares nothing is refused. From here on the request's
 * work sees the caller's tenant and no other. A refusal is put on record, too.
 */
@Injectable()
export class AccessGuard extends AuthGuard('jwt') {
  constructor(
    private readonly reflector: Reflector,
    private readonly audit: AuditTrail,
  ) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const rule = this.reflector.getAllAndOverride(Access, [context.getHandler(), context.getClass()]);
    if (rule === 'public') return true;
    await super.canActivate(context);
    const request = context.switchToHttp().getRequest<Request>();
    const caller = request.user as UserCaller;
    const scope = currentScope();
    if (scope) scope.tenantId = caller.tenantId;
    const refusal = refusalOf(caller, rule);
    if (refusal === null) return true;
    await this.audit.recordRefusal(caller, {
      action: `${request.method} ${request.path}`,
      reason: refusal,
    });
    throw new ForbiddenError(refusal);
  }

  override handleRequest<TUser>(error: unknown, user: TUser | false, info: unknown): TUser {
    if (error) throw error;
    if (user) return user;
    throw new UnauthenticatedError(reasonOf(info));
  }
}

function refusalOf(caller: UserCaller, rule: AccessRule | undefined): string | null {
  if (rule === 'signed_in') return null;
  if (rule === undefined || rule === 'public')
    return 'This route declares no permission, so nobody may use it';
  if (isAllowed(caller, rule.permission)) return null;
  const roles = PERMISSIONS[rule.permission].join(', ');
  return `This needs the permission ${rule.permission}, which these roles have: ${roles}`;
}

function reasonOf(info: unknown): string {
  const { name, message } = info instanceof Error ? info : new Error('');
  if (message === 'No auth token') return 'Sign in first: send Authorization: Bearer <access token>';
  if (name === 'TokenExpiredError') return 'The access token has expired; use POST /api/v1/auth/refresh';
  return 'The access token is not valid; sign in again';
}
