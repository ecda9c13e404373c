import type { EntityManager } from 'typeorm';
import { ArrayContains, Not } from 'typeorm';
import { lock } from '../../platform/database/advisory-locks.js';
import type { UserCaller } from '../../access/caller.js';
import { rankOf, standsAbove } from '../../access/role-rank.js';
import { User } from '../../access/user.entity.js';
import { ConflictError, ForbiddenError } from '../../platform/errors.js';
import { invalidFields } from '../../platform/rest/validation.js';

/** Nobody gives a role above their own. @throws {ForbiddenError} */
export function requireMayGive(caller: UserCaller, roles: readonly string[]): void {
  if (!standsAbove(caller, roles)) {
    throw new ForbiddenError('You cannot give a role above your own; only an owner makes an owner');
  }
}

/** Nobody changes a person who stands above them. @throws {ForbiddenError} */
export function requireMayChange(caller: UserCaller, user: Pick<User, 'roles'>): void {
  if (!standsAbove(caller, user.roles)) {
    throw new ForbiddenError('You cannot change someone with a role above your own');
  }
}

/** @throws {InvalidInputError} */
export function requireTier(tier: string | undefined, tiers: readonly string[]): void {
  if (tier === undefined || tiers.includes(tier)) return;
  throw invalidFields([{ field: 'tier', message: `tier must be one of ${tiers.join(', ')}` }]);
}

/** Nobody locks themselves out by accident. @throws {ConflictError} */
export function requireNotOneself(
  caller: UserCaller,
  user: User,
  change: { readonly enabled?: boolean; readonly roles?: readonly string[] },
): void {
  if (caller.userId !== user.id) return;
  if (change.enabled === false) throw new ConflictError('You cannot disable yourself; ask a colleague');
  if (change.roles && rankOf(change.roles) < rankOf(user.roles)) {
    throw new ConflictError('You cannot take your own highest role away; ask a colleague');
  }
}

/**
 * Until the transaction ends, nobody else changes who the tenant's owners are: two owners who remove each other at the same
 * moment would leave none. Before the rows are read.
 */
export async function lockOwners(manager: EntityManager, tenantId: string): Promise<void> {
  await lock(manager, 'owners', tenantId);
}

/** @param user As it is now; about to stop being an enabled owner. @throws {ConflictError} */
export async function requireAnotherOwner(manager: EntityManager, user: User): Promise<void> {
  if (!isOwner(user)) return;
  const others = { id: Not(user.id), enabled: true, roles: ArrayContains(['owner']) };
  if (await manager.existsBy(User, others)) return;
  throw new ConflictError('This is the last enabled owner of the tenant; make another owner first');
}

export function isOwner({ roles, enabled }: { roles: readonly string[]; enabled: boolean }): boolean {
  return enabled && roles.includes('owner');
}
