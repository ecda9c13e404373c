import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { agreedNowMs } from '../../platform/agreed-time.js';
import { ChangeBus } from '../../platform/replicas/change-bus.js';
import { UnauthenticatedError } from '../../platform/errors.js';
import { type AccessTokenClaims, TOKEN_AUDIENCE, TOKEN_ISSUER } from './access-token.js';
import { SECOND_FACTOR_MISSING } from '../../access/access.js';
import { AuthService } from './auth.service.js';
import type { UserCaller } from '../../access/caller.js';

const ENTRIES_MAX = 10_000;
/** Rights are forgotten when a change is heard of; this is for the case that something went unheard. */
const FRESH_MS = 30_000;
const EXPIRY_CHECK_MS = 1000;

type Known = { readonly caller: UserCaller; readonly freshUntilMs: number; readonly expiresAtMs: number };
type Verified = AccessTokenClaims & { readonly exp: number };

/**
 * Who access tokens stand for, for callers that come often: the signature is checked every time, the person's rights are
 * remembered until they change. Personal access tokens are not known here.
 */
@Injectable()
export class UserCallers implements OnModuleInit, OnApplicationShutdown {
  /** By sign-in. The oldest goes first. */
  private readonly known = new Map<string, Known>();
  private readonly listeners: (() => void)[] = [];
  /** Grows with every change that was heard of: rights that were being read meanwhile may be old. */
  private changesHeard = 0;
  /** Runs only while somebody is known. */
  private expiryTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly jwt: JwtService,
    private readonly auth: AuthService,
    private readonly changeBus: ChangeBus,
  ) {}

  onModuleInit(): void {
    // Published by triggers on the tables themselves (migration `key-lifecycle`) and by the services that change people.
    this.changeBus.subscribe('user', async (change) => {
      this.changesHeard++;
      this.forget(({ caller }) => !change || caller.userId === change.id);
    });
    this.changeBus.subscribe('tenant', async (change) => {
      this.changesHeard++;
      this.forget(({ caller }) => !change || caller.tenantId === change.id);
    });
  }

  onApplicationShutdown(): void {
    clearInterval(this.expiryTimer);
  }

  /** Told whenever {@link isUnchanged} may have become false for somebody. */
  onForgotten(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Whether a text could be one of our access tokens; a group key never does. */
  static isToken(text: string): boolean {
    return text.startsWith('eyJ');
  }

  /** @throws {UnauthenticatedError} Not ours, expired, or the sign-in has ended. */
  async resolve(token: string): Promise<UserCaller> {
    const claims = await this.verify(token);
    const known = this.known.get(claims.sid);
    // A newer token of the same sign-in is good for longer than what is remembered of the older one.
    const isCovered = known !== undefined && known.expiresAtMs >= claims.exp * 1000;
    if (isCovered && known.freshUntilMs > performance.now()) return known.caller;
    return this.read(claims);
  }

  /** Whether the caller may still do what it could when it was resolved; standing connections ask before every call. */
  isUnchanged(caller: UserCaller): boolean {
    const known = caller.sessionId === undefined ? undefined : this.known.get(caller.sessionId);
    return known?.caller === caller && known.expiresAtMs > agreedNowMs();
  }

  private async read(claims: Verified): Promise<UserCaller> {
    for (;;) {
      const heardBefore = this.changesHeard;
      const caller = await this.auth.resolveCaller(claims);
      if (this.changesHeard !== heardBefore) continue;
      if (caller.secondFactorMissing) throw new UnauthenticatedError(SECOND_FACTOR_MISSING);
      const known = this.known.get(claims.sid);
      return this.remember(claims, known && isSame(known.caller, caller) ? known.caller : caller);
    }
  }

  private remember({ sid, exp }: Verified, caller: UserCaller): UserCaller {
    this.known.delete(sid);
    this.known.set(sid, { caller, freshUntilMs: performance.now() + FRESH_MS, expiresAtMs: exp * 1000 });
    if (this.known.size > ENTRIES_MAX) this.known.delete(this.known.keys().next().value!);
    this.expiryTimer ??= setInterval(() => this.forgetExpired(), EXPIRY_CHECK_MS).unref();
    return caller;
  }

  private async verify(token: string): Promise<Verified> {
    try {
      return await this.jwt.verifyAsync<Verified>(token, {
        algorithms: ['HS256'],
        issuer: TOKEN_ISSUER,
        audience: TOKEN_AUDIENCE,
        clockTimestamp: Math.floor(agreedNowMs() / 1000),
      });
    } catch (cause) {
      throw new UnauthenticatedError('The access token is not valid or has expired; sign in again', {
        cause,
      });
    }
  }

  private forgetExpired(): void {
    this.forget(({ expiresAtMs }) => expiresAtMs <= agreedNowMs());
    if (this.known.size > 0) return;
    clearInterval(this.expiryTimer);
    this.expiryTimer = undefined;
  }

  private forget(isMeant: (known: Known) => boolean): void {
    const before = this.known.size;
    for (const [sessionId, known] of this.known) if (isMeant(known)) this.known.delete(sessionId);
    if (this.known.size < before) for (const listener of this.listeners) listener();
  }
}

function isSame(one: UserCaller, other: UserCaller): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
