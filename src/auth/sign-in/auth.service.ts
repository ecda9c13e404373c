import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, In } from 'typeorm';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import { InvalidInputError, UnauthenticatedError, messageOf } from '../../platform/errors.js';
import { addressForms, toAddress, toName, toUsername } from '../../platform/identity-text.js';
import { inTenant } from '../../platform/request-scope.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import type { AccessTokenClaims } from './access-token.js';
import type { UserCaller } from '../../access/caller.js';
import { callerOf, Callers } from './callers.service.js';
import { tryInEqualTime } from './equal-time.js';
import { fitOfPassword, hashPassword } from './passwords.js';
import { SignInLockout, type Try } from './sign-in-lockout.js';
import { User } from '../../access/user.entity.js';

/** How many tenants may know the same address before the tenant must be named; each costs one password check. */
const CANDIDATES_MAX = 5;

/** How somebody says who they are: by address or username, and by tenant where that is not enough. */
export type Login = { readonly email?: string; readonly username?: string; readonly tenant?: string };
export type Credentials = Login & { readonly password: string };

/** Who somebody is: by password when signing in, by access token after that. */
@Injectable()
export class AuthService {
  private readonly logger = new Logger(AuthService.name);

  constructor(
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly lockout: SignInLockout,
    private readonly callers: Callers,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * @param ip Where the sign-in comes from, for the lockout.
   * @throws {UnauthenticatedError} The same for an unknown address, a wrong password and a disabled account.
   * @throws {TooManyRequestsError} Too many failures before; the same whether the account exists or not.
   * @throws {InvalidInputError} The password fits accounts in several tenants, and none was named.
   */
  async verifyPassword(credentials: Credentials, ip: string): Promise<UserCaller> {
    const candidates = await this.findUsers(credentials);
    const { email, username = '', password } = credentials;
    const login = `login ${email === undefined ? toUsername(username) : toAddress(email)}`;
    const attempt = { login, accounts: candidates.map(({ id }) => id), ip };
    await this.lockout.requireOpen(attempt);
    const slots = credentials.tenant === undefined ? CANDIDATES_MAX : 1;
    const outdated: User[] = [];
    const matching = await tryInEqualTime(candidates, slots, async (candidate) => {
      const fit = await fitOfPassword(candidate?.passwordHash ?? null, password);
      if (fit === 'as_typed' && candidate) outdated.push(candidate);
      return fit !== 'no';
    });
    const [user, second] = matching;
    if (!user) return this.refuse(attempt, candidates);
    await this.lockout.recordSuccess(
      attempt,
      matching.map(({ id }) => id),
    );
    if (second) {
      const message = 'You belong to several tenants; name the one to sign in to';
      throw new InvalidInputError(message, { details: [{ field: 'tenant', message: 'is needed here' }] });
    }
    if (outdated.includes(user)) await this.hashAnew(user, password);
    return callerOf(user);
  }

  /** The person behind an access token. */
  async resolveCaller(claims: AccessTokenClaims): Promise<UserCaller> {
    const caller = await inTenant(claims.tid, () => this.callers.findSignedIn(claims.sub, claims.sid));
    if (!caller) throw new UnauthenticatedError('This sign-in has ended; sign in again');
    return caller;
  }

  /** People who may come in and are meant by a login; of several tenants when none is named. */
  async findUsers({ email, username = '', tenant }: Login): Promise<User[]> {
    const forms = email === undefined ? [toUsername(username)] : addressForms(email);
    const found = await this.system.getRepository(User).find({
      where: {
        [email === undefined ? 'username' : 'email']: In(forms),
        enabled: true,
        tenant: { enabled: true, ...(tenant === undefined ? {} : { name: In([tenant, toName(tenant)]) }) },
      },
      relations: { tenant: true },
      order: { createdAt: 'ASC' },
      take: CANDIDATES_MAX,
    });
    // Rows from before addresses were written in one way may be two people: what was typed then is who is meant.
    const rankOf = (user: User) => (email === undefined ? 0 : forms.indexOf(user.email));
    return found.filter(
      (user) => !found.some((other) => other.tenantId === user.tenantId && rankOf(other) < rankOf(user)),
    );
  }

  /** The hash of a password as it was typed becomes one of how it is written everywhere, unless it has changed meanwhile. */
  private async hashAnew({ id, tenantId, passwordHash }: User, password: string): Promise<void> {
    const anew = await hashPassword(password);
    const sql = 'UPDATE users SET password_hash = $1 WHERE id = $2 AND tenant_id = $3 AND password_hash = $4';
    await inTenant(tenantId, () => this.dataSource.query(sql, [anew, id, tenantId, passwordHash]));
  }

  /** On record for the account's owner only when a delay begins: an attacker must not fill the record. */
  private async refuse(attempt: Try, candidates: readonly User[]): Promise<never> {
    const locked = await this.lockout.recordFailure(attempt);
    this.logger.warn({ message: 'Sign-in refused', ip: attempt.ip });
    // Not waited for: the time of the answer must not tell that there is an account to put something on record of.
    for (const user of locked ? candidates : []) void this.recordLockout(user);
    throw new UnauthenticatedError('E-mail or password is wrong');
  }

  private async recordLockout(user: User): Promise<void> {
    const entry = {
      action: 'session.lockout',
      target: { kind: 'user', id: user.id, name: user.email },
      reason: 'Too many failed sign-ins from this address',
    };
    try {
      await this.audit.recordRefusal(callerOf(user), entry);
    } catch (error) {
      this.logger.error(`A lockout could not be put on record: ${messageOf(error)}`);
    }
  }
}
