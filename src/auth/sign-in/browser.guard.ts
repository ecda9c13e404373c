import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { ForbiddenError } from '../../platform/errors.js';

/** Lets a cookie count only where a page of ours asks. `SameSite` alone would trust every neighbouring host. */
@Injectable()
export class BrowserGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const site = context.switchToHttp().getRequest<Request>().headers['sec-fetch-site'];
    if (site === undefined || site === 'same-origin') return true;
    throw new ForbiddenError('Only pages of this service sign in with a cookie; others use /auth/login');
  }
}
