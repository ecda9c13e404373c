import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import { Strategy } from 'passport-local';
import { AuthService } from './auth.service.js';
import type { SignInDto } from './auth.dto.js';
import type { UserCaller } from './caller.js';

/** Checks e-mail and password of a sign-in. */
@Injectable()
export class LocalStrategy extends PassportStrategy(Strategy, 'local') {
  constructor(private readonly auth: AuthService) {
    super({ usernameField: 'email', passReqToCallback: true });
  }

  validate(
    request: Request<unknown, unknown, SignInDto>,
    email: string,
    password: string,
  ): Promise<UserCaller> {
    return this.auth.verifyPassword(
      { email, password, tenant: request.body.tenant },
      request.ip ?? request.socket.remoteAddress ?? '',
    );
  }
}
