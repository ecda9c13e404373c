import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { Request } from 'express';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import { ForbiddenError, UnauthenticatedError } from '../../platform/errors.js';
import { requireSmallBody } from '../../platform/rest/body.js';
import { currentScope } from '../../platform/request-scope.js';
import { demandOf, refusalOf } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import { looksLikePersonalToken } from './personal-token-format.js';
import { PersonalTokens } from './personal-tokens.service.js';

const BEARER = /^Bearer +(\S+)$/i;

/**
 * Stands before every REST route. Closed by default: a route that declares nothing is refused. From here on the request's
 * work sees the caller's tenant and no other. A refusal is put on record, too.
 */
@Injectable()
export class AccessGuard extends AuthGuard('jwt') {
  constructor(
    private readonly reflector: Reflector,
    private readonly audit: AuditTrail,
    private readonly personalTokens: PersonalTokens,
  ) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const demand = demandOf(this.reflector, context);
    const request = context.switchToHttp().getRequest<Request>();
    if (demand.rule === 'public') {
      requireSmallBody(request);
      return true;
    }
    const caller = await this.authenticate(context, request);
    const scope = currentScope();
    if (scope) scope.tenantId = caller.tenantId;
    const refusal = refusalOf(caller, demand);
    if (refusal === null) return true;
    await this.audit.recordRefusal(caller, {
      action: `${request.method} ${request.path}`,
      reason: refusal,
    });
    throw new ForbiddenError(refusal);
  }

  private async authenticate(context: ExecutionContext, request: Request): Promise<UserCaller> {
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
    if (token !== undefined && looksLikePersonalToken(token)) {
      request.user = await this.personalTokens.resolve(token);
    } else {
      await super.canActivate(context);
    }
    return request.user as UserCaller;
  }

  override handleRequest<TUser>(error: unknown, user: TUser | false, info: unknown): TUser {
    if (error) throw error;
    if (user) return user;
    throw new UnauthenticatedError(reasonOf(info));
  }
}

function reasonOf(info: unknown): string {
  const { message } = info instanceof Error ? info : new Error('');
  if (message === 'No auth token') return 'Sign in first: send Authorization: Bearer <access token>';
  return 'The access token is not valid; sign in again';
}
