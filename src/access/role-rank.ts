import type { UserCaller } from './caller.js';
import { ROLES, type Role } from './permissions.js';

const RANK: Readonly<Record<Role, number>> = {
  owner: 4,
  admin: 3,
  operator: 2,
  auditor: 2,
  consultant: 1,
  customer: 0,
};

export const PLATFORM_ROLES: readonly string[] = ['owner', 'admin', 'operator', 'auditor'] satisfies Role[];

export function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text);
}

/** Of the highest role; a role that nobody knows counts as none. */
export function rankOf(roles: readonly string[]): number {
  return Math.max(-1, ...roles.filter(isRole).map((role) => RANK[role]));
}

/** Whether the caller stands at least as high: gives these roles, changes a person who has them. Only an owner makes an owner. */
export function standsAbove(caller: UserCaller, roles: readonly string[]): boolean {
  return rankOf(caller.roles) >= rankOf(roles);
}
