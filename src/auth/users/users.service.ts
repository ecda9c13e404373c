import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager, In, IsNull, Not } from 'typeorm';
import { given } from '../../platform/rest/given.js';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import type { UserCaller } from '../../access/caller.js';
import { OneTimeToken } from '../sign-in/one-time-token.entity.js';
import { hashPassword } from '../sign-in/passwords.js';
import { requireGoodPassword } from '../sign-in/password-rules.js';
import { revokePersonalTokens } from '../sign-in/personal-tokens.service.js';
import { SecondFactor } from '../sign-in/second-factor.entity.js';
import { lockSignIns, revokeSignIns } from '../sign-in/tokens.service.js';
import { UserChanges } from '../sign-in/user-changes.js';
import { User } from '../../access/user.entity.js';
import { storeEvent } from '../../platform/replicas/domain-events.js';
import type { Page } from '../../platform/rest/envelope.js';
import { ConflictError, ForbiddenError, NotFoundError } from '../../platform/errors.js';
import { decodeIdCursor, toPage } from '../../platform/rest/paging.js';
import { type ReadVersions, requireVersion } from '../../platform/rest/preconditions.js';
import { containing } from '../../platform/database/search.js';
import { uniqueViolation } from '../../platform/database/unique-violation.js';
import { Config } from '../../platform/config.js';
import {
  isOwner,
  lockOwners,
  requireAnotherOwner,
  requireMayChange,
  requireMayGive,
  requireNotOneself,
  requireTier,
} from './user-rules.js';
import { auditedFields, newPerson, type UserSummary } from './user-views.js';
import type { CreateUserDto, UpdateUserDto, UserQueryDto } from './users.dto.js';

type Attempt = { readonly action: string; readonly id?: string; readonly name?: string };

/** The people of a tenant, as administrators see and change them. */
@Injectable()
export class UsersService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly audit: AuditTrail,
    private readonly changes: UserChanges,
    private readonly config: Config,
  ) {}

  /** Oldest first. */
  async list(query: UserQueryDto): Promise<Page<UserSummary>> {
    const found = this.dataSource
      .getRepository(User)
      .createQueryBuilder('u')
      .orderBy('u.id', 'ASC')
      .take(query.limit + 1);
    if (query.cursor) found.andWhere('u.id > :after', { after: decodeIdCursor(query.cursor) });
    if (query.q) {
      const anywhere =
        '(u.display_name ILIKE :q OR u.username ILIKE :q OR u.email ILIKE :q OR u.phone ILIKE :q)';
      found.andWhere(anywhere, { q: containing(query.q) });
    }
    if (query.role) found.andWhere(':role = ANY(u.roles)', { role: query.role });
    if (query.tier !== undefined) found.andWhere('u.tier = :tier', { tier: query.tier });
    if (query.enabled !== undefined) found.andWhere('u.enabled = :enabled', { enabled: query.enabled });
    const page = toPage(await found.getMany(), query.limit, (user) => [user.id]);
    return { ...page, items: await this.summarize(page.items) };
  }

  /** @throws {NotFoundError} Not there, or another tenant's. */
  async get(id: string): Promise<UserSummary> {
    const user = await this.dataSource.getRepository(User).findOneBy({ id });
    if (!user) throw new NotFoundError(`No user ${id}`);
    const [summary] = await this.summarize([user]);
    return summary;
  }

  /** @throws {ConflictError} The address or the username is taken. */
  async create(caller: UserCaller, input: CreateUserDto): Promise<UserSummary> {
    const person = newPerson(caller.tenantId, input);
    requireTier(input.tier, this.config.env.USER_TIERS);
    const names = [person.username, input.email, input.display_name];
    if (input.password !== undefined) requireGoodPassword('password', input.password, names);
    const user: Partial<User> & Pick<User, 'id' | 'email' | 'roles'> = {
      ...person,
      roles: input.roles,
      ...(input.tier === undefined ? {} : { tier: input.tier }),
      passwordHash: input.password === undefined ? null : await hashPassword(input.password),
    };
    await this.changing(caller, { action: 'user.create', name: input.email }, async (manager) => {
      requireMayGive(caller, input.roles);
      await manager.insert(User, user);
      const after = auditedFields(await manager.findOneByOrFail(User, { id: user.id }));
      const target = { kind: 'user', id: user.id, name: input.email };
      await this.audit.record(manager, caller, { action: 'user.create', target, after });
    });
    return this.get(user.id);
  }

  /**
   * @param ifMatch The version that the caller read.
   * @throws {ConflictError} The tenant would have no owner left, or the caller would lock themselves out.
   */
  async update(
    caller: UserCaller,
    id: string,
    input: UpdateUserDto,
    ifMatch?: ReadVersions,
  ): Promise<UserSummary> {
    requireTier(input.tier, this.config.env.USER_TIERS);
    await this.changing(caller, { action: 'user.update', id }, async (manager) => {
      const user = await findLocked(manager, caller, id);
      requireVersion(user, ifMatch);
      requireMayChange(caller, user);
      if (input.roles) requireMayGive(caller, input.roles);
      requireNotOneself(caller, user, input);
      const before = auditedFields(user);
      const changes = columnsOf(input);
      const next = { roles: changes.roles ?? user.roles, enabled: changes.enabled ?? user.enabled };
      if (!isOwner(next)) await requireAnotherOwner(manager, user);
      if (changes.enabled === false) {
        await endAccess(manager, id);
        user.unverifiedSince = null; // whoever proves the address afterwards does not overrule the administrator
      }
      // What went to the address before opens nothing any more.
      if (changes.email !== undefined && changes.email !== user.email)
        await manager.delete(OneTimeToken, { userId: id });
      if (next.enabled && user.unverifiedSince) {
        // An administrator vouches for the address.
        user.unverifiedSince = null;
        await storeEvent(manager, {
          tenantId: caller.tenantId,
          kind: 'user.registered',
          payload: { user_id: id },
        });
      }
      const after = auditedFields(await manager.save(User, Object.assign(user, changes)));
      const target = { kind: 'user', id, name: user.email };
      await this.audit.record(manager, caller, { action: 'user.update', target, before, after });
    });
    return this.get(id);
  }

  /** All that is theirs goes with them; call and audit records stay. */
  async delete(caller: UserCaller, id: string, ifMatch?: ReadVersions): Promise<void> {
    await this.changing(caller, { action: 'user.delete', id }, async (manager) => {
      const user = await findLocked(manager, caller, id);
      requireVersion(user, ifMatch);
      requireMayChange(caller, user);
      if (id === caller.userId) throw new ConflictError('You cannot delete yourself; ask a colleague');
      await requireAnotherOwner(manager, user);
      await manager.delete(User, { id });
      const entry = { target: { kind: 'user', id, name: user.email }, before: auditedFields(user) };
      await this.audit.record(manager, caller, { action: 'user.delete', ...entry });
    });
  }

  /** A person whom the caller may change. @throws {NotFoundError} @throws {ForbiddenError} On record. */
  async requireChangeable(caller: UserCaller, id: string, action: string): Promise<User> {
    const { user } = await this.get(id);
    await this.recordingRefusal(caller, { action, id, name: user.email }, () =>
      requireMayChange(caller, user),
    );
    return user;
  }

  /** One transaction; a person who is there already changes for all replicas. */
  private async changing(
    caller: UserCaller,
    attempt: Attempt,
    work: (manager: EntityManager) => Promise<void>,
  ): Promise<void> {
    const { id } = attempt;
    await this.recordingRefusal(caller, attempt, () =>
      id === undefined ? this.dataSource.transaction(work) : this.changes.change(id, work),
    );
  }

  /** What is refused for lack of rank is put on record. */
  private async recordingRefusal(
    caller: UserCaller,
    { action, id, name }: Attempt,
    work: () => void | Promise<void>,
  ): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof ForbiddenError) {
        const target = id === undefined ? undefined : { kind: 'user', id, name };
        await this.audit.recordRefusal(caller, { action, target, reason: error.message });
      }
      throw explained(error);
    }
  }

  private async summarize(users: readonly User[]): Promise<UserSummary[]> {
    const userId = In(users.map(({ id }) => id));
    const factors = await this.dataSource
      .getRepository(SecondFactor)
      .find({ where: { userId, confirmedAt: Not(IsNull()) }, select: { userId: true } });
    const having = new Set(factors.map((factor) => factor.userId));
    return users.map((user) => ({ user, hasSecondFactor: having.has(user.id) }));
  }
}

async function findLocked(manager: EntityManager, caller: UserCaller, id: string): Promise<User> {
  await lockOwners(manager, caller.tenantId);
  // Before the row, as everybody does who needs both: otherwise two would wait for each other.
  await lockSignIns(manager, id);
  const user = await manager.findOne(User, { where: { id }, lock: { mode: 'pessimistic_write' } });
  if (!user) throw new NotFoundError(`No user ${id}`);
  return user;
}

/** Sign-ins and tokens, those sent by mail included, end for good: enabling the person again does not bring them back. After {@link lockSignIns}. */
async function endAccess(manager: EntityManager, userId: string): Promise<void> {
  await revokeSignIns(manager, userId);
  await revokePersonalTokens(manager, userId);
  await manager.delete(OneTimeToken, { userId });
}

const TAKEN: Readonly<Record<string, string>> = {
  uq_users_tenant_email: 'email',
  uq_users_tenant_username: 'username',
};

/** Whether it is the address or the username that somebody else has; undefined: it is something else. */
export function takenField(error: unknown): string | undefined {
  return TAKEN[uniqueViolation(error) ?? ''];
}

/** Says which of address and username is taken. */
export function explained(error: unknown): unknown {
  const field = takenField(error);
  if (field === undefined) return error;
  const details = [{ field, message: 'is taken' }];
  return new ConflictError(`Somebody else has this ${field}`, { details, cause: error });
}

/** Absent fields are left out, so that an update keeps them. */
function columnsOf(input: UpdateUserDto): Partial<User> {
  const columns = {
    email: input.email,
    username: input.username,
    displayName: input.display_name,
    phone: input.phone,
    roles: input.roles,
    tier: input.tier,
    enabled: input.enabled,
  };
  return given(columns);
}
