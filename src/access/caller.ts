import type { CallLimits } from './call-limits.js';

/**
 * Who is calling. The first argument of every service method that touches a tenant's data; built by the guards and
 * the MCP endpoint from a verified credential, never from what a request claims.
 */
export type Caller = GroupKeyCaller | UserCaller | JobCaller;

/** An application that holds a group's key. Sees the whole group and nothing else. */
export type GroupKeyCaller = {
  readonly kind: 'group_key';
  readonly tenantId: string;
  readonly groupId: string;
  readonly keyId: string;
  /** Names of the tools that the key was given; undefined: all of the group. */
  readonly tools?: ReadonlySet<string>;
  /** The application that the key was made for. */
  readonly appId?: string;
  /** How much may be called with the key; undefined: as much as the group allows. */
  readonly limits?: CallLimits;
};

/** A person who signed in. */
export type UserCaller = {
  readonly kind: 'user';
  readonly tenantId: string;
  readonly userId: string;
  readonly email: string;
  readonly roles: readonly string[];
  /** Service level, e.g. `vip`; groups may ask for it. */
  readonly tier: string;
  /** Of the tenant that runs the installation. */
  readonly isOperatingTenant: boolean;
  /** What a personal access token was narrowed to; undefined: all that the roles grant. */
  readonly scopes?: readonly string[];
  /** The sign-in; undefined with a personal access token. */
  readonly sessionId?: string;
  /** The tenant asks people with this role for a second factor, and there is none yet: nothing but that may be done. */
  readonly secondFactorMissing?: boolean;
};

/** Work of our own: the sample generator, a background job. */
export type JobCaller = {
  readonly kind: 'job';
  readonly tenantId: string;
  readonly job: string;
};

/** The operator at the command line of the installation. */
export type SystemCaller = {
  readonly kind: 'system';
  readonly tenantId: string;
  /** The command, for the record. */
  readonly job: string;
};

/**
 * Whose rows a call may see: the whole tenant's, or only those about the calling person. It is not taken from the request: the
 * roles that let the person in decide (see `groups/person-scope.ts`), and the database keeps to it (`request-scope.ts`).
 */
export type CallerScope = 'own' | 'tenant';

/** The caller as a tool gets it. */
export type ToolCaller = Caller & { readonly scope: CallerScope };

/** The person who calls; null: an application, or work of our own. */
export function personOf(caller: Caller | AdminCaller): string | null {
  return caller.kind === 'user' ? caller.userId : null;
}

/** Who calls, in one short text: for what only the same caller may have again. */
export function callerName(caller: Caller): string {
  if (caller.kind === 'group_key') return `key:${caller.keyId}`;
  return caller.kind === 'user' ? `user:${caller.userId}` : `job:${caller.job}`;
}

/** Who sets a tenant up: over REST, or at the command line. */
export type AdminCaller = UserCaller | SystemCaller;
