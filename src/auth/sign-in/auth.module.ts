import type { KeyObject } from 'node:crypto';
import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { JwtModule, JwtSecretRequestType } from '@nestjs/jwt';
import { PassportModule } from '@nestjs/passport';
import { ThrottlerModule } from '@nestjs/throttler';
import { SecretBox } from '../../platform/secrets/secret-box.js';
import { Config } from '../../platform/config.js';
import { AccessGuard } from './access.guard.js';
import { AccountMailService } from './account-mail.js';
import { AuthRateLimitGuard } from './auth-rate-limit.guard.js';
import { keyIdOf, TOKEN_AUDIENCE, TOKEN_ISSUER } from './access-token.js';
import { AuthController } from './auth.controller.js';
import { AuthService } from './auth.service.js';
import { BrowserCookie } from './browser-cookie.js';
import { BrowserSignInController } from './browser-sign-in.controller.js';
import { Callers } from './callers.service.js';
import { JwtStrategy } from './jwt.strategy.js';
import { LocalStrategy } from './local.strategy.js';
import { OneTimeTokens } from './one-time-tokens.js';
import { OwnSecondFactor } from './own-second-factor.service.js';
import { PasswordsController } from './passwords.controller.js';
import { PasswordsService } from './passwords.service.js';
import { PersonalTokensController } from './personal-tokens.controller.js';
import { PersonalTokens } from './personal-tokens.service.js';
import { SecondFactorController } from './second-factor.controller.js';
import { SecondFactors } from './second-factors.service.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsService } from './sessions.service.js';
import { SignInLockout } from './sign-in-lockout.js';
import { SignInService } from './sign-in.service.js';
import { UserCallers } from './user-callers.js';
import { UserChanges } from './user-changes.js';
import { TokensService } from './tokens.service.js';

const AUTH_RATE_WINDOW_MS = 60_000;

/** Tokens signed under the previous master key are good until they expire. */
function signingKeyOf(box: SecretBox, type: JwtSecretRequestType, token: unknown): KeyObject {
  if (type === JwtSecretRequestType.SIGN) return box.tokenSigningKey;
  return box.tokenKeyOf(keyIdOf(token)) ?? box.tokenSigningKey;
}

/** Signing in, and the guard before every REST route. */
@Module({
  imports: [
    PassportModule,
    ThrottlerModule.forRootAsync({
      inject: [Config],
      useFactory: ({ env }: Config) => ({
        throttlers: [{ ttl: AUTH_RATE_WINDOW_MS, limit: env.AUTH_RATE_LIMIT }],
        setHeaders: false,
      }),
    }),
    JwtModule.registerAsync({
      inject: [SecretBox, Config],
      useFactory: (box: SecretBox, config: Config) => ({
        secretOrKeyProvider: (type, token) => signingKeyOf(box, type, token),
        signOptions: {
          algorithm: 'HS256',
          issuer: TOKEN_ISSUER,
          audience: TOKEN_AUDIENCE,
          expiresIn: config.env.ACCESS_TOKEN_MINUTES * 60,
        },
      }),
    }),
  ],
  controllers: [
    AuthController,
    BrowserSignInController,
    PasswordsController,
    PersonalTokensController,
    SecondFactorController,
    SessionsController,
  ],
  providers: [
    AccountMailService,
    AuthService,
    BrowserCookie,
    Callers,
    OneTimeTokens,
    OwnSecondFactor,
    PasswordsService,
    PersonalTokens,
    SecondFactors,
    SessionsService,
    SignInLockout,
    SignInService,
    TokensService,
    UserCallers,
    UserChanges,
    LocalStrategy,
    JwtStrategy,
    { provide: APP_GUARD, useClass: AuthRateLimitGuard },
    { provide: APP_GUARD, useClass: AccessGuard },
  ],
  exports: [
    AccountMailService,
    AuthService,
    Callers,
    OneTimeTokens,
    PasswordsService,
    PersonalTokens,
    SecondFactors,
    SessionsService,
    SignInLockout,
    SignInService,
    UserCallers,
    UserChanges,
  ],
})
export class AuthModule {}
