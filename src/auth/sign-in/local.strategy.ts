import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import { Strategy } from 'passport-local';
import { AuthService } from './auth.service.js';
import type { SignInDto } from './auth.dto.js';
import { currentScope } from '../../platform/request-scope.js';
import type { UserCaller } from '../../access/caller.js';

/** Checks address or username, and password, of a sign-in. */
@Injectable()
export class LocalStrategy extends PassportStrategy(Strategy, 'local') {
  constructor(private readonly auth: AuthService) {
    super({ usernameField: 'login', passReqToCallback: true });
  }

  validate(
    request: Request<unknown, unknown, SignInDto>,
    _login: string,
    password: string,
  ): Promise<UserCaller> {
    const { email, username, tenant } = request.body;
    return this.auth.verifyPassword(
      { email, username: email === undefined ? username : undefined, password, tenant },
      currentScope()?.ip ?? '',
    );
  }
}
