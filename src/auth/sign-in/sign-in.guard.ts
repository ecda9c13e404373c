import { type ExecutionContext, Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { Request } from 'express';
import { RestValidationPipe } from '../../platform/rest/validation.js';
import { SignInDto } from './auth.dto.js';

/**
 * Runs the local strategy. Guards come before pipes, and the strategy would answer 401 to a body without a password;
 * so the body is checked here first and a wrong one is told field by field.
 */
@Injectable()
export class SignInGuard extends AuthGuard('local') {
  private readonly pipe = new RestValidationPipe();

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const body = (await this.pipe.transform(request.body, {
      type: 'body',
      metatype: SignInDto,
    })) as SignInDto;
    request.body = Object.assign(body, { login: body.email ?? body.username });
    return super.canActivate(context) as Promise<boolean>;
  }
}
