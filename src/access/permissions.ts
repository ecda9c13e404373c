import type { UserCaller } from './caller.js';

/** Roles of the platform (the first four) and of the business (the last two). */
export const ROLES = ['owner', 'admin', 'operator', 'auditor', 'consultant', 'customer'] as const;
export type Role = (typeof ROLES)[number];

const EVERY_PLATFORM_ROLE = ['owner', 'admin', 'operator', 'auditor'] as const;

/**
 * Who may do what: the one place that says so. A role that is not named may not. `docs/administration.md` prints this
 * table (a test compares). Every route names its permission with `@Requires`; a personal access token holds some of these
 * as its scopes and never more than its user has.
 */
export const PERMISSIONS = {
  'groups.read': EVERY_PLATFORM_ROLE,
  'groups.write': ['owner', 'admin'],
  'tools.read': EVERY_PLATFORM_ROLE,
  'tools.write': ['owner', 'admin', 'operator'],
  'tools.test': ['owner', 'admin', 'operator'],
  /** Names, states and last use of keys; never the keys. */
  'keys.read': EVERY_PLATFORM_ROLE,
  /** The key itself. Every showing is on record. */
  'keys.reveal': ['owner', 'admin'],
  'keys.write': ['owner', 'admin'],
  /** What administrators should see: signs that a key is in the wrong hands, work that failed for good. */
  'alerts.read': EVERY_PLATFORM_ROLE,
  'alerts.write': ['owner', 'admin', 'operator'],
  'calls.read': EVERY_PLATFORM_ROLE,
  /** How long records are kept: what has been kept longer is removed. */
  'calls.retention': ['owner', 'admin'],
  /** A signed checkpoint of the call log, now. */
  'calls.checkpoint': ['owner', 'admin', 'auditor'],
  /** What calls asked and answered, for good. */
  'calls.erase': ['owner', 'admin'],
  'users.read': ['owner', 'admin', 'auditor'],
  'users.write': ['owner', 'admin'],
  /** Making accounts for customers, from the tenant's own backend; nothing else about people. */
  'customers.register': ['owner', 'admin'],
  'audit.read': ['owner', 'admin', 'auditor'],
  'config.read': EVERY_PLATFORM_ROLE,
  'config.write': ['owner', 'admin'],
  'features.read': EVERY_PLATFORM_ROLE,
  'features.write': ['owner', 'admin'],
  /** Dify apps that we ask; never the keys to them. */
  'agents.read': EVERY_PLATFORM_ROLE,
  'agents.write': ['owner', 'admin'],
  /** Other MCP servers behind the groups; never the secrets. */
  'upstreams.read': EVERY_PLATFORM_ROLE,
  'upstreams.write': ['owner', 'admin'],
  /** Greetings of new customers, with their errors, and what is set for them. */
  'automation.read': EVERY_PLATFORM_ROLE,
  'automation.write': ['owner', 'admin'],
  /** How people are told things, and what became of it; never the secrets. */
  'notifications.read': EVERY_PLATFORM_ROLE,
  'notifications.write': ['owner', 'admin'],
  'jobs.read': EVERY_PLATFORM_ROLE,
  /** Retrying, cancelling and purging background jobs, and their retry plans. */
  'jobs.write': ['owner', 'admin', 'operator'],
  /** Consultants, their load, and the customers they look after. */
  'consultants.read': [...EVERY_PLATFORM_ROLE, 'consultant'],
  /** Profiles, allocation, escalation, and giving customers to somebody. */
  'consultants.write': ['owner', 'admin'],
  /** Taking customers, and giving back or closing one's own. */
  'consultants.claim': ['owner', 'admin', 'consultant'],
  /** Treatment plans: what customers want and what their health allows. */
  'plans.read': ['owner', 'admin', 'consultant'],
  /** Making, improving and changing them. */
  'plans.write': ['owner', 'admin', 'consultant'],
  /** Approving and rejecting them. */
  'plans.decide': ['owner', 'admin', 'consultant'],
  /** What all customers of the tenant and their consultants write to each other; one's own needs no permission. */
  'conversations.read': ['owner', 'admin'],
  /** What belongs to whoever asks: own events, conversations, notifications, features. Everybody has it; a token needs the scope. */
  'own.read': ROLES,
  'own.write': ROLES,
  'status.read': EVERY_PLATFORM_ROLE,
  /** All data of the own tenant, in one file. */
  'tenant.export': ['owner'],
  /** Making, suspending and deleting tenants: only owners of the tenant that runs the installation. */
  'tenants.manage': ['owner'],
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof PERMISSIONS;
export const ALL_PERMISSIONS = Object.keys(PERMISSIONS) as readonly Permission[];

/** Held by nobody outside the tenant that runs the installation. */
const OPERATING_TENANT_ONLY: readonly Permission[] = ['tenants.manage'];

/** Whether the caller's roles grant it, and the token they came with does not narrow it away. */
export function isAllowed(caller: UserCaller, permission: Permission): boolean {
  if (!roleAllows(caller, permission)) return false;
  return caller.scopes === undefined || caller.scopes.includes(permission);
}

/** Whether the caller's roles grant it, whatever the token they came with says. */
export function roleAllows({ roles, isOperatingTenant }: UserCaller, permission: Permission): boolean {
  const granting: readonly string[] = PERMISSIONS[permission];
  if (OPERATING_TENANT_ONLY.includes(permission) && !isOperatingTenant) return false;
  return granting === ROLES || roles.some((role) => granting.includes(role));
}
