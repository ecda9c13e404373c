import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { InvalidInputError, UnauthenticatedError } from '../common/errors.js';
import { inTenant } from '../common/request-scope.js';
import { SYSTEM_DATABASE } from '../common/system-database.js';
import type { AccessTokenClaims } from './access-token.js';
import type { ProfileDto, SignedInDto } from './auth.dto.js';
import type { UserCaller } from './caller.js';
import { verifyPassword } from './passwords.js';
import { RefreshToken } from './refresh-token.entity.js';
import { TokensService } from './tokens.service.js';
import { SignInThrottle } from './sign-in-throttle.js';
import { User } from './user.entity.js';

/** How many tenants may know the same address before the tenant must be named; each costs one password check. */
const CANDIDATES_MAX = 5;

export type Credentials = { readonly email: string; readonly password: string; readonly tenant?: string };

/** Who somebody is: by password when signing in, by access token after that. */
@Injectable()
export class AuthService {
  private readonly logger = new Logger(AuthService.name);

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    private readonly throttle: SignInThrottle,
    private readonly tokens: TokensService,
  ) {}

  /**
   * @param ip Where the sign-in comes from, for the throttle.
   * @throws {UnauthenticatedError} The same for an unknown address, a wrong password and a disabled account.
   * @throws {InvalidInputError} The password fits accounts in several tenants, and none was named.
   */
  async verifyPassword(credentials: Credentials, ip: string): Promise<UserCaller> {
    const { email, password } = credentials;
    this.throttle.admit(email, ip);
    const matching: User[] = [];
    const candidates = await this.findCandidates(credentials);
    for (const user of candidates) if (await verifyPassword(user.passwordHash, password)) matching.push(user);
    if (candidates.length === 0) await verifyPassword(null, password);
    const [user, second] = matching;
    if (!user) {
      this.logger.warn({ message: 'Sign-in refused', ip });
      throw new UnauthenticatedError('E-mail or password is wrong');
    }
    if (second) {
      const message = 'You belong to several tenants; name the one to sign in to';
      throw new InvalidInputError(message, { details: [{ field: 'tenant', message: 'is needed here' }] });
    }
    this.throttle.recordSuccess(email, ip);
    return callerOf(user);
  }

  /** Begins a sign-in of someone whose credentials were checked. */
  async signIn(caller: UserCaller): Promise<SignedInDto> {
    return inTenant(caller.tenantId, async () => ({
      ...(await this.tokens.begin(caller)),
      user: await this.getProfile(caller),
    }));
  }

  /**
   * The person behind an access token, read anew each time: a disabled user or tenant, a changed role and a sign-out
   * count on the next request.
   */
  async resolveCaller(claims: AccessTokenClaims): Promise<UserCaller> {
    const user = await inTenant(claims.tid, () => this.findSignedIn(claims));
    if (!user) throw new UnauthenticatedError('This sign-in has ended; sign in again');
    return { ...callerOf(user), sessionId: claims.sid };
  }

  async getProfile(caller: UserCaller): Promise<ProfileDto> {
    const user = await this.dataSource.getRepository(User).findOneOrFail({
      where: { id: caller.userId, tenantId: caller.tenantId },
      relations: { tenant: true },
    });
    return {
      id: user.id,
      email: user.email,
      username: user.username,
      display_name: user.displayName,
      roles: user.roles,
      tenant_id: user.tenantId,
      tenant_name: user.tenant!.name,
    };
  }

  private findSignedIn(claims: AccessTokenClaims): Promise<User | null> {
    return this.dataSource
      .getRepository(User)
      .createQueryBuilder('user')
      .innerJoinAndSelect('user.tenant', 'tenant', 'tenant.enabled')
      .innerJoin(RefreshToken, 'token', 'token.user_id = user.id AND token.revoked_at IS NULL')
      .where('user.id = :userId AND user.enabled', { userId: claims.sub })
      .andWhere('token.family_id = :familyId', { familyId: claims.sid })
      .getOne();
  }

  private findCandidates({ email, tenant }: Credentials): Promise<User[]> {
    return this.system.getRepository(User).find({
      where: {
        email,
        enabled: true,
        tenant: { enabled: true, ...(tenant === undefined ? {} : { name: tenant }) },
      },
      relations: { tenant: true },
      order: { createdAt: 'ASC' },
      take: CANDIDATES_MAX,
    });
  }
}

function callerOf(user: User): UserCaller {
  return {
    kind: 'user',
    tenantId: user.tenantId,
    userId: user.id,
    email: user.email,
    roles: user.roles,
    tier: user.tier,
    isOperatingTenant: user.tenant!.isOperating,
  };
}
