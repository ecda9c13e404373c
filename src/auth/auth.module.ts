import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { JwtModule } from '@nestjs/jwt';
import { PassportModule } from '@nestjs/passport';
import { ThrottlerModule } from '@nestjs/throttler';
import { SecretBox } from '../common/secret-box.js';
import { Config } from '../config.js';
import { AccessGuard } from './access.guard.js';
import { TOKEN_AUDIENCE, TOKEN_ISSUER } from './access-token.js';
import { AuthRateLimitGuard } from './auth-rate-limit.guard.js';
import { AuthController } from './auth.controller.js';
import { AuthService } from './auth.service.js';
import { JwtStrategy } from './jwt.strategy.js';
import { LocalStrategy } from './local.strategy.js';
import { SignInThrottle } from './sign-in-throttle.js';
import { TokensService } from './tokens.service.js';

const AUTH_RATE_WINDOW_MS = 60_000;

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
        secret: box.tokenSigningKey,
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
    LocalStrategy,
    JwtStrategy,
    { provide: APP_GUARD, useClass: AuthRateLimitGuard },
    { provide: APP_GUARD, useClass: AccessGuard },
  ],
})
export class AuthModule {}
