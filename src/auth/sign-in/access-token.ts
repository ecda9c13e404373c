/** Constant rather than the public URL: replicas and a moved installation keep accepting each other's tokens. */
export const TOKEN_ISSUER = 'toolcrib';
export const TOKEN_AUDIENCE = 'toolcrib-api';
/** What the sender of one is told. */
export const TOKEN_EXPIRED = 'The access token has expired; use POST /api/v1/auth/refresh';

/** What an access token says. Roles are not in it: they are read anew on every request. */
export type AccessTokenClaims = {
  /** The user. */
  readonly sub: string;
  /** The user's tenant. */
  readonly tid: string;
  /** The sign-in, which is the family of its refresh tokens; a sign-out ends both. */
  readonly sid: string;
};

/** The `kid` of a token's header, unverified: it only says which of our keys to try. */
export function keyIdOf(token: unknown): string | undefined {
  if (typeof token !== 'string') return undefined;
  try {
    const header = JSON.parse(Buffer.from(token.split('.')[0], 'base64url').toString('utf8')) as {
      kid?: unknown;
    };
    return typeof header.kid === 'string' ? header.kid : undefined;
  } catch {
    return undefined;
  }
}
