import type { KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { agreedNowMs } from '../../platform/agreed-time.js';
import { SecretBox } from '../../platform/secrets/secret-box.js';
import { UnauthenticatedError } from '../../platform/errors.js';
import {
  type AccessTokenClaims,
  keyIdOf,
  TOKEN_EXPIRED,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
} from './access-token.js';
import { AuthService } from './auth.service.js';
import type { UserCaller } from '../../access/caller.js';

/** Verifies our own access tokens, and on every request that the person may still come in. */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, 'jwt') {
  constructor(
    box: SecretBox,
    private readonly auth: AuthService,
  ) {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKeyProvider: (_request, token, done) => {
        const key = box.tokenKeyOf(keyIdOf(token)) ?? box.tokenSigningKey;
        done(null, key as KeyObject & Buffer); // handed on to jsonwebtoken, which takes a KeyObject; the types do not say so
      },
      algorithms: ['HS256'],
      issuer: TOKEN_ISSUER,
      audience: TOKEN_AUDIENCE,
      ignoreExpiration: true, // by this machine's clock; see below
    });
  }

  async validate(claims: AccessTokenClaims & { readonly exp?: unknown }): Promise<UserCaller> {
    if (typeof claims.exp !== 'number' || claims.exp * 1000 <= agreedNowMs())
      throw new UnauthenticatedError(TOKEN_EXPIRED);
    return this.auth.resolveCaller(claims);
  }
}
