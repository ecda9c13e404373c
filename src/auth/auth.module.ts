import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { JwtModule, JwtSecretRequestType } from '@nestjs/jwt';
import { PassportModule } from '@nestjs/passport';
import { SecretBox } from '../common/secret-box.js';
import { Config } from '../config.js';
import { AccessGuard } from './access.guard.js';
import { keyIdOf, TOKEN_AUDIENCE, TOKEN_ISSUER } from './access-token.js';
import { AuthController } from './auth.controller.js';
import { AuthService } from './auth.service.js';
import { JwtStrategy } from './jwt.strategy.js';
import { LocalStrategy } from './local.strategy.js';
import { SignInThrottle } from './sign-in-throttle.js';
import { UserCallers } from './user-callers.js';
import { TokensService } from './tokens.service.js';

/** Tokens signed under the previous master key are good until they expire. */
function signingKeyOf(box: SecretBox, type: JwtSecretRequestType, token: unknown): Buffer {
  if (type === JwtSecretRequestType.SIGN) return box.tokenSigningKey;
  return box.tokenKeyOf(keyIdOf(token)) ?? box.tokenSigningKey;
}

/** Signing in, and the guard before every REST route. */
@Module({
  imports: [
    PassportModule,
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
  controllers: [AuthController],
  providers: [
    AuthService,
    TokensService,
    SignInThrottle,
    UserCallers,
    LocalStrategy,
    JwtStrategy,
    { provide: APP_GUARD, useClass: AccessGuard },
  ],
  exports: [UserCallers],
})
export class AuthModule {}
